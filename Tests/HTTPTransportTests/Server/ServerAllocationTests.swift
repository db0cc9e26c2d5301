import CAllocationCounter
import HTTPTransport
import NIOCore
import NIOHPACK
import NIOPosix
import Testing

/// Heap allocations of one request at the front, counted on the loop's thread over real sockets,
/// with headers that the connection's HPACK table knows, as on any connection after its first
/// requests.
@Suite(.timeLimit(.minutes(1))) struct ServerAllocationTests {
    /// Allowed per request. Optimised code was measured at 6.0, nearly all of it inside
    /// `NIOHTTP2Handler` (decoded headers; the boxes of HEADERS and DATA frames). Unoptimised code
    /// makes 99 of it and only shows gross regressions.
    #if DEBUG
        static let maximumPerRequest = 110.0
    #else
        static let maximumPerRequest = 7.0
    #endif

    private static let warmUp = 500
    private static let measured = 2_000
    private static let batch = 32

    /// Answers at once and counts allocations of its thread between two requests.
    private final class CountingApplication: HTTPServerApplication {
        private let loop: HTTPServerLoop
        private let result: AsyncStream<Double>.Continuation
        private let answer = HTTPServerResponse(
            headers: [":status": "200", "content-type": "application/json"],
            body: ByteBuffer(repeating: 0x20, count: 185)
        )
        private var count = 0
        private var start: UInt64 = 0

        init(loop: HTTPServerLoop, result: AsyncStream<Double>.Continuation) {
            self.loop = loop
            self.result = result
        }

        func receive(_ request: HTTPServerRequest) {
            count += 1
            if count == warmUp { start = millrace_thread_allocations() }
            if count == warmUp + measured {
                result.yield(Double(millrace_thread_allocations() - start) / Double(measured))
            }
            loop.respond(request.token, answer)
        }

        func receiveComplete() {}

        func response(to fault: HTTPRequestFault) -> HTTPServerResponse { answer }
    }

    /// The header block of a request, first with the fields that enter the table, then without.
    private func blocks() throws -> (first: [UInt8], later: [UInt8]) {
        var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
        let headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "https", ":authority": "gateway.example.test", ":path": "/v1/payments",
            "content-type": "application/json", "authorization": "Bearer 0123456789abcdef0123456789abcdef",
            "idempotency-key": "0123456789abcdef", "user-agent": "merchant/1.0 (test)",
        ]
        var encoded: [[UInt8]] = []
        for _ in 0..<2 {
            var buffer = ByteBuffer()
            try encoder.encode(headers: headers, to: &buffer)
            encoded.append(Array(buffer.readableBytesView))
        }
        return (encoded[0], encoded[1])
    }

    @Test func `A request allocates no more than allowed`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let result = AsyncStream.makeStream(of: Double.self)
        let server = try await HTTPServer.start(loops: [group.next()], configuration: HTTPServerConfiguration()) {
            CountingApplication(loop: $0, result: result.continuation)
        }
        let peer = try await SocketPeer.connect(port: server.port)
        try await peer.send(RawFrame.preface + RawFrame.settings([(4, 1 << 20)]).bytes + RawFrame.settingsAck.bytes)
        try await peer.send([.windowUpdate(0, 1 << 30)])
        let (first, later) = try blocks()
        let body = [UInt8](repeating: 0x20, count: 247)
        var stream: UInt32 = 1
        while stream / 2 < Self.warmUp + Self.measured {
            var bytes: [UInt8] = []
            for _ in 0..<Self.batch {
                let block = stream == 1 ? first : later
                bytes += RawFrame(kind: .headers, flags: RawFrame.endHeaders, stream: stream, payload: block).bytes
                bytes += RawFrame.data(stream, body, end: true).bytes
                stream += 2
            }
            try await peer.send(bytes)
            await peer.streamsEnded(Self.batch)
        }
        var perRequest = Double.infinity
        for await value in result.stream {
            perRequest = value
            break
        }
        #expect(perRequest <= Self.maximumPerRequest)
        #expect(perRequest >= 1, "the counter is not linked in")
        try await peer.channel.close()
        await server.drain(within: .zero)
        try await group.shutdownGracefully()
    }
}
