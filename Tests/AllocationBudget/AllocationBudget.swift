import API
import CAllocationCounter
import Gateway
import Glibc
import HTTPTransport
import Logging
import NIOCore
import NIOHPACK
import NIOPosix
import NIOSSL
import PSPSimulator

/// Counts the heap allocations that the gateway makes for one payment, whole path: TLS, HTTP/2, JSON, idempotency, two
/// journal records, the PSP call and back. Runs the real gateway, simulator and client in one process on real sockets and
/// disk; the counter tells threads apart, and only the gateway's are counted.
///
/// Fails when the committed budget (`budget.txt`, read by the test script) is exceeded. Allocations are deterministic where
/// seconds are not.
@main
struct AllocationBudget {
    static let warmUp = 2_000
    static let measured = 10_000

    static func main() async throws {
        guard CommandLine.arguments.count == 3, let budget = Double(CommandLine.arguments[2]) else {
            print("usage: allocation-budget DIRECTORY ALLOCATIONS-PER-PAYMENT")
            exit(2)
        }
        let directory = CommandLine.arguments[1]
        let logger = Logger(label: "allocation-budget") { _ in SwiftLogNoOpLogHandler() }

        let simulator = try await PSPSimulatorServer.start(configuration: PSPSimulatorConfiguration(), logger: logger)
        let certificates = try DevelopmentCertificates.ensure(directory: directory + "/certs", force: false, now: now())
        let key = APIKey.generate()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // Everything that runs by now, client and simulator, is not the gateway.
        _ = try await group.next().submit { Array(0..<100).map(String.init) }.get()
        let others = Set(threads().keys)

        var configuration = GatewayConfiguration(loops: 1, dataDirectory: directory + "/data")
        configuration.listen.port = 0
        configuration.admin.port = 0
        configuration.tls.certificateFile = certificates.certificateFile
        configuration.tls.keyFile = certificates.keyFile
        configuration.idempotency.capacityPerShard = 1 << 17
        configuration.provider.url = "http://127.0.0.1:\(simulator.port)"
        configuration.merchants = [
            GatewayConfiguration.Merchant(id: "m", name: "m", feeBasisPoints: 250, apiKeyHashes: [key.hash])
        ]
        let gateway = try await GatewayServer.start(configuration: configuration, logger: logger)

        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(certificates.authorityFile)
        tls.applicationProtocols = ["h2"]
        var client = HTTPClientConfiguration(
            host: "127.0.0.1",
            port: gateway.port,
            authority: "localhost:\(gateway.port)",
            tls: try NIOSSLContext(configuration: tls),
            connections: .init(minimum: 4, maximum: 4)
        )
        client.maxQueued = 10_000
        try await send(warmUp, from: 0, group.next(), client, key.text)
        let before = gatewayAllocations(except: others)
        try await send(measured, from: warmUp, group.next(), client, key.text)
        let after = gatewayAllocations(except: others)
        await gateway.drain()
        await simulator.drain()
        try await group.shutdownGracefully()

        let perPayment = Double(after - before) / Double(measured)
        let text = String(perPayment * 100).prefix { $0 != "." }
        print("allocations per payment, whole path: \(Double(text)! / 100) (budget \(budget))")
        if perPayment > budget {
            print("FAILED: the budget is exceeded")
            exit(1)
        }
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }

    private static func threads() -> [Int32: UInt64] {
        var identifiers = [Int32](repeating: 0, count: 1024)
        var counts = [UInt64](repeating: 0, count: 1024)
        let total = Int(millrace_all_allocations(&identifiers, &counts, 1024))
        return Dictionary(zip(identifiers[..<total], counts[..<total])) { $0 + $1 }
    }

    private static func gatewayAllocations(except others: Set<Int32>) -> UInt64 {
        threads().filter { !others.contains($0.key) }.reduce(0) { $0 + $1.value }
    }

    private static func send(
        _ count: Int,
        from first: Int,
        _ loop: any EventLoop,
        _ client: HTTPClientConfiguration,
        _ key: String
    ) async throws {
        let done = loop.makePromise(of: Void.self)
        loop.execute {
            Sender(loop: loop, client: client, key: key, first: first, count: count, done: done).start()
        }
        try await done.futureResult.get()
    }
}

/// Posts payments with 32 in flight, and ends when all were answered 201.
private final class Sender: HTTPClientDelegate {
    private let loop: any EventLoop
    private var pool: HTTPClientPool?
    private let client: HTTPClientConfiguration
    private let key: String
    private let end: Int
    private let done: EventLoopPromise<Void>
    private var next: Int
    private var inFlight = 0

    struct Unexpected: Error {
        var result: String
    }

    init(
        loop: any EventLoop,
        client: HTTPClientConfiguration,
        key: String,
        first: Int,
        count: Int,
        done: EventLoopPromise<Void>
    ) {
        self.loop = loop
        self.client = client
        self.key = key
        self.next = first
        self.end = first + count
        self.done = done
    }

    func start() {
        let pool = HTTPClientPool(eventLoop: loop, configuration: client, delegate: self)
        self.pool = pool
        // The pool does not keep its delegate alive; what it works for does.
        let bound = NIOLoopBound(self, eventLoop: loop)
        done.futureResult.whenComplete { _ in bound.value.pool = nil }
        pool.start()
        fill()
    }

    private func fill() {
        while inFlight < 32, next < end {
            post(next)
            next += 1
            inFlight += 1
        }
        guard inFlight == 0, let pool else { return }
        pool.shutdown().cascade(to: done)
    }

    private func post(_ number: Int) {
        let body =
            "{\"amount\":1999,\"currency\":\"EUR\",\"payment_method\":\"tok_visa\",\"capture\":true,"
            + "\"reference\":\"order-\(number)\",\"description\":\"Two books and a pen\","
            + "\"statement_descriptor\":\"BOOKSHOP\",\"metadata\":{\"basket\":\"b-17\",\"campaign\":\"autumn\"}}"
        let headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "https", ":path": "/v1/payments", ":authority": client.authority,
            "authorization": "Bearer \(key)", "content-type": "application/json",
            "idempotency-key": "allocation-budget-\(number)", "content-length": "\(body.utf8.count)",
        ]
        let request = HTTPClientRequest(headers: headers, body: ByteBuffer(string: body))
        pool?.execute(request, token: UInt64(number), deadline: .now() + .seconds(20))
    }

    func completed(_ token: UInt64, _ result: HTTPClientResult) {
        inFlight -= 1
        guard case .response(let response) = result, response.status == 201 else {
            next = end
            return done.fail(Unexpected(result: "\(result)"))
        }
    }

    func completionsDelivered() { fill() }
}
