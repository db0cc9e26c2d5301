import API
import HTTPTransport
import Journal
import Logging
import NIOCore
import NIOHPACK
import NIOPosix
import PSPSimulator
import Payments
import ShardHost
import Synchronization
import Telemetry
import Testing

@testable import Gateway

/// A whole gateway of two loops and three shards, one of which another host takes.
@Suite(.timeLimit(.minutes(5))) struct ShardOwnershipTests {
    @Test("a shard that another host takes is refused, followed and owned again, without a restart; the others go on")
    func lostAndOwnedAgain() async throws {
        try await OwnedGateway.run { gateway in
            var paid: [String: String] = [:]
            for shard in 0..<3 { paid["before-\(shard)"] = try await gateway.pay(shard, key: "before-\(shard)") }

            let other = try await gateway.takeShard(0)
            let refused = try await gateway.waitForAnswer(of: 0, status: 503)
            #expect(refused.body.contains("\"code\":\"shard_unavailable\""))
            #expect(refused.retryAfter == "1")
            for shard in 1..<3 { paid["meanwhile-\(shard)"] = try await gateway.pay(shard, key: "meanwhile-\(shard)") }
            #expect(gateway.parts.roles.missing == [0])
            #expect(gateway.parts.readiness.current == .ready)
            #expect(try await gateway.metrics().contains("millrace_shard_role{shard=\"0\",role=\"owner\"} 0"))
            #expect(try await gateway.metrics().contains("millrace_shard_role{shard=\"1\",role=\"owner\"} 1"))
            await #expect(throws: ShardNotOwned.self) { try await gateway.parts.onShard(0) { $0.host.trialBalance() } }
            // It is refused for as long as the other host has its lease, however often it claims.
            try await gateway.waitForMetric { $0.contains("millrace_shard_claims_refused_total{shard=\"0\"} 3") }
            #expect(gateway.parts.roles.missing == [0])

            try await gateway.blocking { other.close() }
            let again = try await gateway.waitForAnswer(of: 0, status: 201)
            paid[again.key] = again.payment
            #expect(gateway.parts.roles.missing == [])
            // What was acknowledged is there, and what was refused was not executed.
            for (key, payment) in paid {
                let shard = Int(key.suffix(1)) ?? 0
                #expect(try await gateway.pay(shard, key: key) == payment)
            }
            let metrics = try await gateway.metrics()
            #expect(metrics.contains("millrace_shard_role{shard=\"0\",role=\"owner\"} 1"))
            #expect(metrics.contains("millrace_shard_losses_total{shard=\"0\"} 1"))
            #expect(metrics.contains("millrace_shard_acquisitions_total{shard=\"0\"} 2"))
            #expect(metrics.contains("millrace_shard_acquisitions_total{shard=\"1\"} 1"))
            #expect(metrics.contains("millrace_shard_follower_lag_records{shard=\"0\"} 0"))
            let balance = try await TrialBalanceDocument.make(from: gateway.parts)
            #expect(String(buffer: balance).hasPrefix("{\"balanced\":true"))
        }
    }

    @Test("a start with a clock that is days ahead or behind is refused, and nothing was expired")
    func implausibleClock() async throws {
        let directory = try TemporaryDirectory()
        let now: Int64 = 1_790_000_000_000
        let day: Int64 = 86_400_000
        let first = try await OwnedGateway.run(in: directory, at: now) { try await $0.pay(0, key: "a-0") }
        for wrong in [now + 2 * day, now - 2 * day] {
            await #expect(throws: ConfigurationError.self) {
                try await OwnedGateway.run(in: directory, at: wrong) { _ in }
            }
        }
        // An operator who knows better lets it through once; then the time of that start counts.
        try await OwnedGateway.run(in: directory, at: now + 2 * day, maximum: .seconds(3 * 86_400)) { gateway in
            let second = try await gateway.pay(0, key: "b-0")
            #expect(second != first)
        }
        try await OwnedGateway.run(in: directory, at: now + 2 * day + 1_000) { _ in }
        // An hour back is no mistake that matters: time goes on from the newest record.
        try await OwnedGateway.run(in: directory, at: now + 2 * day - 3_600_000) { gateway in
            let metrics = try await gateway.metrics()
            #expect(metrics.contains("millrace_shard_clock_ahead_milliseconds{shard=\"0\"} 3600000"))
        }
    }

    @Test("a clock that is set while the gateway runs: deadlines wait, payments go on with times that never fall")
    func steppedClock() async throws {
        let hands = GatewayClockTests.Hands()
        try await OwnedGateway.run(in: TemporaryDirectory(), at: nil, machine: hands.machine) { gateway in
            _ = try await gateway.pay(0, key: "a-0")
            try await gateway.waitForMetric { $0.contains("millrace_shard_deadlines_held{shard=\"0\"} 0") }
            hands.set(by: -3_600_000)
            try await gateway.waitForMetric { $0.contains("millrace_shard_deadlines_held{shard=\"0\"} 1") }
            try await gateway.waitForMetric { $0.contains("millrace_clock_error_milliseconds 3600000") }
            let during = try await gateway.post(0, key: "b-0")
            #expect(during.status == 201)
            // Set right again.
            hands.set(by: 3_600_000)
            try await gateway.waitForMetric { $0.contains("millrace_shard_deadlines_held{shard=\"0\"} 0") }
            try await gateway.waitForMetric { $0.contains("millrace_clock_error_milliseconds 0") }
        }
    }

    @Test("an answer to a former ownership's call reaches nobody, and another shard's call on the same client goes on")
    func formerAnswerDropped() async throws {
        try await OwnedGateway.run { gateway in
            // Shards 0 and 2 share loop 0, and with it its one client of the provider.
            async let lost = gateway.post(0, key: "slow-0", token: "tok_slow_5s")
            async let kept = gateway.post(2, key: "slow-2", token: "tok_slow_5s")
            try await gateway.waitForMetric { $0.contains("millrace_provider_in_flight{provider=\"simulated\"} 2") }

            let other = try await gateway.takeShard(0)
            // The slow call's request is refused as well: only the shard's next owner can say what
            // became of it.
            _ = try await gateway.waitForAnswer(of: 0, status: 503)
            #expect(try await lost.status == 503)
            #expect(try await kept.status == 201)
            try await gateway.waitForMetric { $0.contains("millrace_call_answers_dropped_total 1") }

            try await gateway.blocking { other.close() }
            _ = try await gateway.waitForAnswer(of: 0, status: 201)
            // The new ownership learns the fate of the payment from the provider, which executed it
            // once.
            let again = try await gateway.waitForEnd(of: 0, key: "slow-0", token: "tok_slow_5s")
            #expect(again.status == 201)
            #expect(try await gateway.metrics().contains("millrace_call_answers_dropped_total 1"))
        }
    }

    @Test("a gateway that drains answers the calls under way on its shared clients before it closes them")
    func drainedWithCallsUnderWay() async throws {
        try await OwnedGateway.run { gateway in
            async let first = gateway.post(0, key: "slow-0", token: "tok_slow_5s")
            async let second = gateway.post(1, key: "slow-1", token: "tok_slow_5s")
            async let third = gateway.post(2, key: "slow-2", token: "tok_slow_5s")
            try await gateway.waitForMetric { $0.contains("millrace_provider_in_flight{provider=\"simulated\"} 3") }
            async let drained: Void = gateway.drain()
            for answer in [try await first, try await second, try await third] { #expect(answer.status == 201) }
            await drained
        }
    }

    @Test("shards are found again in their logs whatever the number of loops; a log is flushed for all its shards")
    func otherLoops() async throws {
        let directory = try TemporaryDirectory()
        var paid: [String: String] = [:]
        for (round, loops) in [2, 1, 3, 2].enumerated() {
            paid = try await OwnedGateway.run(in: directory, at: nil, loops: loops) { [paid] gateway in
                var paid = paid
                for (key, payment) in paid {
                    #expect(try await gateway.pay(Int(key.suffix(1)) ?? 0, key: key) == payment)
                }
                for shard in 0..<3 {
                    let key = "\(round)-\(shard)"
                    paid[key] = try await gateway.pay(shard, key: key)
                }
                #expect(gateway.parts.logs.all.map(\.number) == [0, 1], "as when the directory was made")
                let metrics = try await gateway.metrics()
                for log in 0..<2 { #expect(metrics.contains("millrace_journal_runs_total{log=\"\(log)\"}")) }
                for shard in 0..<3 { #expect(metrics.contains("millrace_journal_records_total{shard=\"\(shard)\"}")) }
                return paid
            }
        }
        #expect(paid.count == 12)
        for log in 0..<2 {
            let found = JournalVerifier.verify(
                directory: DataDirectory.logDirectory(in: directory.file("data"), log: log),
                isLog: true
            )
            #expect(found.isSound && found.streams.map { Int($0.number) } == (log == 0 ? [0, 2] : [1]))
        }
    }

    @Test("a gateway that is stopped while another host has a shard stops")
    func stoppedWhileFollowing() async throws {
        try await OwnedGateway.run { gateway in
            _ = try await gateway.pay(0, key: "first-0")
            let other = try await gateway.takeShard(0)
            _ = try await gateway.waitForAnswer(of: 0, status: 503)
            withExtendedLifetime(other) {}
        }
    }
}

/// A gateway in this process with one merchant for each shard, its provider, and a client.
private final class OwnedGateway: Sendable {
    private let server: GatewayServer
    private let client: TestClient
    private let keys: [APIKey]
    private let isDrained = Mutex(false)

    var parts: GatewayParts { server.parts }

    struct Answer {
        var key: String
        var status: Int
        var retryAfter: String?
        var body: String

        /// The identifier in the answer.
        var payment: String {
            guard let start = body.firstRange(of: "\"id\":\"")?.upperBound else { return "" }
            return String(body[start...].prefix { $0 != "\"" })
        }
    }

    private init(_ server: GatewayServer, client: TestClient, keys: [APIKey]) {
        self.server = server
        self.client = client
        self.keys = keys
    }

    static func run(_ body: (OwnedGateway) async throws -> Void) async throws {
        try await run(in: TemporaryDirectory(), at: nil, body)
    }

    /// - Parameter time: what the clock says for as long as it runs; nil for the machine's.
    static func run<Value>(
        in directory: TemporaryDirectory,
        at time: Int64?,
        loops: Int = 2,
        maximum: Duration = .seconds(86_400),
        machine: MachineClock? = nil,
        _ body: (OwnedGateway) async throws -> Value
    ) async throws -> Value {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let simulator = try await PSPSimulatorServer.start(configuration: PSPSimulatorConfiguration(), logger: logger)
        var configuration = GatewayConfiguration(loops: loops, dataDirectory: directory.file("data"))
        configuration.shards = 3
        configuration.maxClockJump = maximum
        configuration.listen.port = 0
        configuration.listen.cleartextHTTP2 = true
        configuration.admin.port = 0
        configuration.journal.segmentBytes = 4 << 20
        configuration.idempotency.capacityPerShard = 1 << 10
        configuration.connectors[0].url = "http://127.0.0.1:\(simulator.port)"
        let isNew = !Files.exists(configuration.dataDirectory)
        let keys = (0..<3).map { _ in APIKey.generate() }
        configuration.merchants = keys.enumerated().map { merchant(of: UInt16($0), $1) }
        let server: GatewayServer
        do {
            server = try await GatewayServer.start(
                configuration: configuration,
                makesDataDirectory: isNew,
                machine: machine ?? time.map { time in
                    MachineClock(monotonic: { 0 }, asleep: { 0 }, wall: { time })
                } ?? .system,
                logger: logger
            )
        } catch {
            await simulator.drain()
            throw error
        }
        let client = try await TestClient(port: server.port)
        let gateway = OwnedGateway(server, client: client, keys: keys)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(gateway))
        } catch {
            result = .failure(error)
        }
        await client.close()
        await gateway.drain()
        await simulator.drain()
        return try result.get()
    }

    private static func merchant(of shard: UInt16, _ key: APIKey) -> GatewayConfiguration.Merchant {
        var number = 0
        while true {
            var merchant = GatewayConfiguration.Merchant(
                id: "m\(number)",
                name: "m\(number)",
                feeBasisPoints: 0,
                apiKeyHashes: [key.hash]
            )
            merchant.route = ["simulated"]
            if merchant.merchantID.shard(of: 3) == shard { return merchant }
            number += 1
        }
    }

    // MARK: Merchants

    func post(_ shard: Int, key: String, token: String = "tok_visa") async throws -> Answer {
        let body = "{\"amount\":1999,\"currency\":\"EUR\",\"payment_method\":\"\(token)\",\"capture\":true}"
        let response = try await client.post("/v1/payments", key: key, bearer: keys[shard].text, body)
        return Answer(
            key: key,
            status: response.status,
            retryAfter: response.headers.first(name: "retry-after"),
            body: String(buffer: response.body)
        )
    }

    /// Pays, which must succeed at once; returns the payment's identifier.
    func pay(_ shard: Int, key: String) async throws -> String {
        let answer = try await post(shard, key: key)
        try #require(answer.status == 201, "\(answer)")
        return answer.payment
    }

    /// Sends one request again and again until it is answered so.
    func waitForAnswer(of shard: Int, status: Int) async throws -> Answer {
        let key = "wait-\(status)-\(shard)"
        while true {
            let answer = try await post(shard, key: key)
            if answer.status == status { return answer }
            try #require([201, 503].contains(answer.status), "\(answer)")
            await Task.yield()
        }
    }

    /// Sends one request again and again until what it asked for has come to its end.
    func waitForEnd(of shard: Int, key: String, token: String) async throws -> Answer {
        while true {
            let answer = try await post(shard, key: key, token: token)
            if answer.status == 201 { return answer }
            try #require([202, 409, 503].contains(answer.status), "\(answer)")
            await Task.yield()
        }
    }

    // MARK: Operators

    /// Stops the gateway; once is enough.
    func drain() async {
        let isFirst = isDrained.withLock { isDrained in
            defer { isDrained = true }
            return !isDrained
        }
        if isFirst { await server.drain() }
    }

    func metrics() async throws -> String {
        String(decoding: PrometheusText.render(try await GatewayMetrics.gather(from: parts)), as: UTF8.self)
    }

    func waitForMetric(_ isTrue: (String) -> Bool) async throws {
        while !isTrue(try await metrics()) { await Task.yield() }
    }

    func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await parts.onDisk(body)
    }

    /// Another host acquires the journal of a shard, and keeps it until it closes.
    func takeShard(_ shard: Int) async throws -> any JournalEngine {
        let store = try await parts.onSlot(shard) { $0.store }
        return try await blocking {
            let clock = JournalConfiguration(journalID: 0).clock
            while true {
                // The gateway's lease has no end, so the first claim is made in its name; the
                // second takes over from that.
                let first = JournalClaim(holder: ShardSlot.holder, now: clock(), nanoseconds: 1)
                let claimed = try? store.own(first, owner: OtherHost())
                let second = JournalClaim(holder: "another host", now: clock() + 1, nanoseconds: .max)
                if let engine = try? store.own(second, owner: OtherHost()) { return engine }
                claimed?.close()
            }
        }
    }
}

/// Owns a journal and does nothing with it.
private final class OtherHost: JournalOwner {
    func journalDurable(upTo position: RecordPosition) {}
    func journalFailed(_ error: JournalError) {}
}

/// Requests of a test, one connection.
private final class TestClient: Sendable {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let state: NIOLoopBoundBox<ClientState?>
    private let authority: String

    init(port: Int) async throws {
        authority = "127.0.0.1:\(port)"
        let authority = self.authority
        let loop = self.loop
        state = try await loop.submit {
            let configuration = HTTPClientConfiguration(
                host: "127.0.0.1",
                port: port,
                authority: authority,
                tls: nil,
                connections: .init(minimum: 1, maximum: 1)
            )
            return NIOLoopBoundBox(ClientState(loop, configuration), eventLoop: loop)
        }.get()
    }

    func post(_ path: String, key: String, bearer: String, _ body: String) async throws -> HTTPClientResponse {
        let headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": path, ":authority": authority,
            "authorization": "Bearer \(bearer)", "content-type": "application/json",
            "idempotency-key": key, "content-length": "\(body.utf8.count)",
        ]
        let request = HTTPClientRequest(headers: headers, body: ByteBuffer(string: body))
        let state = self.state
        let result = try await loop.flatSubmit { () -> EventLoopFuture<HTTPClientResult> in
            state.value?.send(request) ?? state.eventLoop.makeFailedFuture(Unanswered())
        }.get()
        guard case .response(let response) = result else { throw Unanswered(result: "\(result)") }
        return response
    }

    struct Unanswered: Error { var result = "closed" }

    func close() async {
        let state = self.state
        try? await loop.flatSubmit { state.value?.pool?.shutdown() ?? state.eventLoop.makeSucceededVoidFuture() }.get()
        try? await loop.submit { state.value = nil }.get()
    }
}

private final class ClientState: HTTPClientDelegate {
    private(set) var pool: HTTPClientPool?
    private let loop: any EventLoop
    private var waiting: [UInt64: EventLoopPromise<HTTPClientResult>] = [:]
    private var next: UInt64 = 0

    init(_ loop: any EventLoop, _ configuration: HTTPClientConfiguration) {
        self.loop = loop
        let pool = HTTPClientPool(eventLoop: loop, configuration: configuration, delegate: self)
        pool.start()
        self.pool = pool
    }

    func send(_ request: HTTPClientRequest) -> EventLoopFuture<HTTPClientResult> {
        let promise = loop.makePromise(of: HTTPClientResult.self)
        next += 1
        waiting[next] = promise
        pool?.execute(request, token: next, deadline: .now() + .seconds(60))
        return promise.futureResult
    }

    func completed(_ token: UInt64, _ result: HTTPClientResult) {
        waiting.removeValue(forKey: token)?.succeed(result)
    }

    func completionsDelivered() {}
}
