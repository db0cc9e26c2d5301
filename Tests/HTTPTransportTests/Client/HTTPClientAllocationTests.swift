import CAllocationCounter
import NIOCore
import NIOHPACK
import NIOPosix
import Testing

@testable import HTTPTransport

/// Heap allocations that one request and its response cost the client's thread, from `execute` to
/// `completed`: the harness's own (ready headers, a shared body) are none.
@Suite("The client's allocations", .serialized, .timeLimit(.minutes(2)))
struct HTTPClientAllocationTests {
    /// Debug builds of NIO and its HTTP/2 keep a hundred temporaries per request that release
    /// builds do not, so each has its own limit, a little above what was measured (120.3 and 4.6).
    #if DEBUG
        private static let permittedPerRequest = 126.0
    #else
        private static let permittedPerRequest = 6.0
    #endif

    /// Keeps `width` requests in flight until all are answered, without a future per request.
    private final class Driver: HTTPClientDelegate {
        let request: HTTPClientRequest
        var pool: HTTPClientPool?
        var remaining = 0
        var outstanding = 0
        var failures = 0
        var before: UInt64 = 0
        var done: EventLoopPromise<UInt64>?

        init(request: HTTPClientRequest) {
            self.request = request
        }

        func run(_ count: Int, width: Int, done: EventLoopPromise<UInt64>) {
            self.done = done
            remaining = count
            before = millrace_thread_allocations()
            for _ in 0..<width { next() }
        }

        private func next() {
            guard remaining > 0 else { return }
            remaining -= 1
            outstanding += 1
            pool?.execute(request, token: 1, deadline: .distantFuture)
        }

        func completed(_ token: UInt64, _ result: HTTPClientResult) {
            outstanding -= 1
            if result.response?.status != 200 { failures += 1 }
            next()
        }

        func completionsDelivered() {
            guard remaining == 0, outstanding == 0, let done else { return }
            self.done = nil
            done.succeed(millrace_thread_allocations() - before)
        }
    }

    @Test("per request, with many in flight")
    func perRequest() async throws {
        let server = try await TestHTTP2Server.start()
        let port = server.port
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let driver = try await loop.submit {
            let headers: HPACKHeaders = [
                ":method": "POST", ":scheme": "http", ":authority": "localhost", ":path": "/echo",
            ]
            let driver = Driver(request: .init(headers: headers, body: ByteBuffer(repeating: 97, count: 200)))
            var configuration = HTTPClientConfiguration(host: "127.0.0.1", port: port, authority: "localhost")
            configuration.connections = .init(minimum: 1, maximum: 1)
            let pool = HTTPClientPool(eventLoop: loop, configuration: configuration, delegate: driver)
            driver.pool = pool
            pool.start()
            return NIOLoopBound(driver, eventLoop: loop)
        }.get()
        let count = 2_000
        var allocations: [UInt64] = []
        for _ in 0..<3 {
            let done = loop.makePromise(of: UInt64.self)
            loop.execute { driver.value.run(count, width: 32, done: done) }
            allocations.append(try await done.futureResult.get())
        }
        // The first run grows tables and buffers.
        let perRequest = Double(allocations.dropFirst().min()!) / Double(count)
        #expect(perRequest > 1, "the counter counts: \(allocations)")
        #expect(perRequest <= Self.permittedPerRequest, "\(perRequest) per request")
        let failures = try await loop.submit { driver.value.failures }.get()
        #expect(failures == 0)
        try await loop.flatSubmit { driver.value.pool!.shutdown() }.get()
        try await loop.submit { driver.value.pool = nil }.get()
        try await server.shutdown()
        try await group.shutdownGracefully()
    }
}
