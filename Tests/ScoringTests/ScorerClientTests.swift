import Money
import NIOCore
import NIOPosix
import Payments
import Risk
import Synchronization
import Telemetry
import Testing
import Time

@testable import HTTPTransport
@testable import Scoring

/// The client against a scorer on a real socket.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ScorerClientTests {
    static let question = ScoreRequest(
        payment: PaymentID(createdAt: 1_700_000_000_000, shard: 3, sequence: 9),
        merchant: MerchantID(rawValue: 7),
        amountMinor: 1_250,
        currency: .eur,
        capturesAutomatically: true,
        paymentMethod: "tok_1",
        customer: "cus \"7\"",
        score: 20,
        reasons: ["fast"],
        createdAt: 1_700_000_000_123
    )

    @Test func `a score and its reasons come back, and the question holds the facts`() async throws {
        let server = try await ScorerServer(
            .answer(status: 200, body: #"{"model":{"v":[1]},"score":61,"reasons":["ip","4111111111111111",""]}"#)
        )
        let client = try await ScorerHarness(port: server.port)
        #expect(try await client.ask(Self.question) == .scored(61, reasons: ["ip"]))
        let statistics = try await client.statistics()
        #expect(statistics.questions == 1 && statistics.scored == 1 && statistics.latency.count == 1)
        #expect(statistics.inFlight == 0)
        let payment = Self.question.payment.description
        let body =
            #"{"payment_id":"\#(payment)","merchant_id":"shop","amount":1250,"currency":"EUR","capture":true,"#
            + #""payment_method":"tok_1","customer":"cus \"7\"","rules":{"score":20,"reasons":["fast"]},"#
            + #""created_at":"2023-11-14T22:13:20.123Z"}"#
        #expect(server.requests == ["POST /score Bearer secret \(body)"])
        try await client.shutdown()
        try await server.stop()
    }

    @Test(arguments: [
        (200, "", ScoreFailure.badAnswer),
        (200, "{}", .badAnswer),
        (200, #"{"score":101}"#, .badAnswer),
        (200, #"{"score":-1}"#, .badAnswer),
        (200, #"{"score":1.5}"#, .badAnswer),
        (200, #"{"score":"1"}"#, .badAnswer),
        (200, #"{"score":1} x"#, .badAnswer),
        (200, #"{"score":1,"reasons":[1]}"#, .badAnswer),
        (404, #"{"score":1}"#, .badAnswer),
        (500, #"{"score":1}"#, .badAnswer),
        (503, "", .overloaded),
    ])
    func `what is no score is a failure`(_ status: Int, _ body: String, _ failure: ScoreFailure) async throws {
        let server = try await ScorerServer(.answer(status: status, body: body))
        let client = try await ScorerHarness(port: server.port)
        #expect(try await client.ask(Self.question) == .failed(failure))
        try await client.shutdown()
        try await server.stop()
    }

    @Test func `reasons are bounded, and cut between characters`() async throws {
        let long = String(repeating: "€", count: 40)
        let reasons = ([long] + (1...20).map { "r\($0)" }).map { "\"\($0)\"" }.joined(separator: ",")
        let server = try await ScorerServer(.answer(status: 200, body: "{\"reasons\":[\(reasons)],\"score\":0}"))
        let client = try await ScorerHarness(port: server.port)
        let expected = [String(repeating: "€", count: 21)] + (1...15).map { "r\($0)" }
        #expect(try await client.ask(Self.question) == .scored(0, reasons: expected))
        try await client.shutdown()
        try await server.stop()
    }

    @Test func `no answer by the deadline is a timeout, and more than may be under way are refused at once`()
        async throws
    {
        let server = try await ScorerServer(.silence)
        let client = try await ScorerHarness(port: server.port, maximumInFlight: 2)
        async let first = client.ask(Self.question, timeout: .milliseconds(300))
        async let second = client.ask(Self.question, timeout: .milliseconds(300))
        async let third = client.ask(Self.question, timeout: .milliseconds(300))
        let outcomes = try await [first, second, third]
        #expect(outcomes.count { $0 == .failed(.timeout) } == 2)
        #expect(outcomes.count { $0 == .failed(.overloaded) } == 1)
        // Their places are free again.
        #expect(try await client.ask(Self.question, timeout: .milliseconds(50)) == .failed(.timeout))
        try await client.shutdown()
        try await server.stop()
    }

    @Test func `a scorer that is not there is unreachable`() async throws {
        let server = try await ScorerServer(.silence)
        let port = server.port
        try await server.stop()
        let client = try await ScorerHarness(port: port)
        #expect(try await client.ask(Self.question, timeout: .seconds(20)) == .failed(.unreachable))
        try await client.shutdown()
    }

    @Test func `a client that retires answers what it was asked, also what no stream has taken yet`() async throws {
        let server = try await ScorerServer(.answer(status: 200, body: #"{"score":7,"reasons":[]}"#))
        let client = try await ScorerHarness(port: server.port)
        let outcomes = try await client.askAndRetire(Self.question, count: 200)
        #expect(outcomes.count == 200 && outcomes.allSatisfy { $0 == .scored(7, reasons: []) })
        #expect(try await client.ask(Self.question) == .failed(.overloaded))
        try await client.shutdown()
        try await server.stop()
    }

    @Test func `a scorer that goes away in the middle is unreachable`() async throws {
        let server = try await ScorerServer(.silence)
        let client = try await ScorerHarness(port: server.port)
        async let outcome = client.ask(Self.question, timeout: .seconds(20))
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        try await server.stop()
        #expect(try await outcome == .failed(.unreachable))
        try await client.shutdown()
    }
}

@Suite struct ScorerClientStateMachineTests {
    typealias Machine = ScorerClient.StateMachine

    private static let all = MerchantShare(percent: 100)
    private static let merchant = MerchantID(rawValue: 7)

    @Test func `slots are used again, up to the maximum`() {
        var machine = Machine(.init(maxInFlight: 2), share: Self.all)
        let origin = CallOrigin(caller: 0, ownership: 1)
        let now = NIODeadline.uptimeNanoseconds(5)
        let asked = (0..<3).map { machine.ask(token: UInt64($0) + 10, about: Self.merchant, from: origin, at: now) }
        #expect(asked == [.send(slot: 0), .send(slot: 1), .refuse])
        let question = machine.answered(0)
        #expect(question == Machine.Question(token: 10, origin: origin, merchantPlace: 0, askedAt: now))
        #expect(machine.inFlightCount == 1)
        let again = machine.ask(token: 13, about: Self.merchant, from: origin, at: now)
        #expect(again == .send(slot: 0))
        machine.close()
        _ = machine.answered(1)
        let closed = machine.ask(token: 14, about: Self.merchant, from: origin, at: now)
        #expect(closed == .refuse && machine.inFlightCount == 1)
    }

    @Test func `no caller has all places`() {
        var machine = Machine(.init(callers: 2, maxInFlight: 4, maxInFlightPerCaller: 3), share: Self.all)
        let now = NIODeadline.uptimeNanoseconds(5)
        let busy = CallOrigin(caller: 0, ownership: 1)
        let asked = (0..<5).map { machine.ask(token: UInt64($0), about: Self.merchant, from: busy, at: now) }
        #expect(asked == [.send(slot: 0), .send(slot: 1), .send(slot: 2), .refuse, .refuse])
        // A merchant is one shard's.
        let (second, elsewhere) = (MerchantID(rawValue: 8), CallOrigin(caller: 1, ownership: 1))
        let other = machine.ask(token: 9, about: second, from: elsewhere, at: now)
        #expect(other == .send(slot: 3))
        _ = machine.answered(1)
        let again = machine.ask(token: 10, about: Self.merchant, from: busy, at: now)
        #expect(again == .send(slot: 1))
    }

    @Test func `no merchant has all places of its shard`() {
        // Of the 16 places that a shard may have, a merchant has 12.
        let sharing = HTTPClientConfiguration.Sharing(callers: 2, maxInFlight: 24, maxInFlightPerCaller: 16)
        var machine = Machine(sharing, share: MerchantShare(percent: 75))
        let now = NIODeadline.uptimeNanoseconds(5)
        let shard = CallOrigin(caller: 0, ownership: 1)
        let greedy = (0..<14).map { machine.ask(token: UInt64($0), about: Self.merchant, from: shard, at: now) }
        #expect(greedy.count { $0 != .refuse } == 12 && greedy.suffix(2) == [.refuse, .refuse])
        let neighbour = MerchantID(rawValue: 8)
        let others = (0..<5).map { machine.ask(token: UInt64($0) + 20, about: neighbour, from: shard, at: now) }
        #expect(others.count { $0 != .refuse } == 4 && others.last == .refuse, "the shard has its places")
        _ = machine.answered(0)
        let again = machine.ask(token: 30, about: Self.merchant, from: shard, at: now)
        #expect(again == .send(slot: 0))
    }
}

/// A value behind a lock, for what a server saw.
final class NIOLockedBox<Value: Sendable>: Sendable {
    private let storage: Mutex<Value>

    init(_ value: Value) { storage = Mutex(value) }

    var value: Value { storage.withLock { $0 } }
}

extension NIOLockedBox where Value == [String] {
    func append(_ text: String) { storage.withLock { $0.append(text) } }
}
