import CAllocationCounter
import HTTPTransport
import NIOCore
import NIOHPACK
import NIOPosix
import NIOSSL
import TransportTLS

/// The front alone: TLS, HTTP/2 and the stream table, with an application that answers at once.
enum Edge {
    /// Allocations of one request on the server's loop.
    static func measure(_ setting: Setting) async throws -> Double {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let result = AsyncStream.makeStream(of: Double.self)
        let tls = try NIOSSLContext(configuration: setting.serverTLS())
        let server = try await HTTPServer.start(
            loops: [group.next()],
            configuration: HTTPServerConfiguration(tls: tls)
        ) { loop in
            Application(loop: loop, result: result.continuation)
        }
        let client = try setting.client(port: server.port)
        try await Sender.send(
            Setting.warmUp + Setting.measured,
            from: 0,
            on: setting.loop,
            client: client,
            key: "mk_edge"
        )
        await server.drain(within: .zero)
        try await group.shutdownGracefully()
        for await value in result.stream { return value }
        preconditionFailure("as many requests are answered as are waited for")
    }

    private final class Application: HTTPServerApplication {
        private let loop: HTTPServerLoop
        private let result: AsyncStream<Double>.Continuation
        private let answer = HTTPServerResponse(
            headers: [":status": "201", "content-type": "application/json"],
            body: ByteBuffer(repeating: 0x20, count: 512)
        )
        private var count = 0
        private var start: UInt64 = 0

        init(loop: HTTPServerLoop, result: AsyncStream<Double>.Continuation) {
            self.loop = loop
            self.result = result
        }

        func receive(_ request: HTTPServerRequest) {
            count += 1
            if count == Setting.warmUp { start = millrace_thread_allocations() }
            if count == Setting.warmUp + Setting.measured {
                result.yield(Double(millrace_thread_allocations() - start) / Double(Setting.measured))
                result.finish()
            }
            loop.respond(request.token, answer)
        }

        func receiveComplete() {}

        func response(to fault: HTTPRequestFault) -> HTTPServerResponse { answer }
    }
}
