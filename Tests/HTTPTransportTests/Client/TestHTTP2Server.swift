import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL

/// An HTTP/2 server on 127.0.0.1 that does to each request what its path says:
///
/// - `/echo`: 200 with the request's body; `/status/404`: that status;
/// - `/pieces`: 200 after a 103, its body in three DATA frames and trailers;
/// - `/size/N`: N bytes; `/early`: an answer with END_STREAM to the headers alone;
/// - `/reset/CODE`: RST_STREAM; `/goaway/LAST/CODE`: GOAWAY (LAST `self` or `below` the stream, or
///   a number), no answer;
/// - `/drop`: closes the connection; `/silent`: never answers; `/hold`: answers when released.
final class TestHTTP2Server: Sendable {
    private struct State {
        var connections: [any Channel] = []
        var held: [@Sendable () -> Void] = []
        var accepted = 0
        var received: [HPACKHeaders] = []
        var cancelled = 0
        var concurrent = 0
        var maxConcurrent = 0
    }

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    private let state: NIOLockedValueBox<State>

    var port: Int { channel.localAddress!.port! }
    var accepted: Int { state.withLockedValue(\.accepted) }
    var received: [HPACKHeaders] { state.withLockedValue(\.received) }
    var cancelled: Int { state.withLockedValue(\.cancelled) }
    var held: Int { state.withLockedValue { $0.held.count } }
    var openConnections: Int { state.withLockedValue { $0.connections.count(where: \.isActive) } }
    var maxConcurrent: Int { state.withLockedValue(\.maxConcurrent) }

    private init(group: MultiThreadedEventLoopGroup, channel: any Channel, state: NIOLockedValueBox<State>) {
        self.group = group
        self.channel = channel
        self.state = state
    }

    static func start(
        port: Int = 0,
        tls: NIOSSLContext? = nil,
        settings: HTTP2Settings = [HTTP2Setting(parameter: .maxConcurrentStreams, value: 100)]
    ) async throws -> TestHTTP2Server {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let state = NIOLockedValueBox(State())
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                state.withLockedValue {
                    $0.accepted += 1
                    $0.connections.append(channel)
                }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    var configuration = NIOHTTP2Handler.ConnectionConfiguration()
                    configuration.initialSettings = settings
                    try pipeline.addHandler(
                        NIOHTTP2Handler(mode: .server, connectionConfiguration: configuration)
                    )
                    try pipeline.addHandler(Handler(state: state))
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .get()
        return TestHTTP2Server(group: group, channel: channel, state: state)
    }

    func releaseHeld() {
        let held = state.withLockedValue { state in
            defer { state.held = [] }
            return state.held
        }
        for release in held { release() }
    }

    /// Sends GOAWAY on all connections.
    func goAway(last: Int, code: HTTP2ErrorCode) {
        let frame = HTTP2Frame.FramePayload.goAway(
            lastStreamID: HTTP2StreamID(last),
            errorCode: code,
            opaqueData: nil
        )
        send(frame)
    }

    func announce(maxConcurrentStreams: Int) {
        send(.settings(.settings([HTTP2Setting(parameter: .maxConcurrentStreams, value: maxConcurrentStreams)])))
    }

    private func send(_ payload: sending HTTP2Frame.FramePayload) {
        let payload = NIOLockedValueBox(payload)
        for connection in state.withLockedValue(\.connections) where connection.isActive {
            connection.eventLoop.execute {
                let frame = HTTP2Frame(streamID: .rootStream, payload: payload.withLockedValue { $0 })
                connection.pipeline.syncOperations.writeAndFlush(NIOAny(frame), promise: nil)
            }
        }
    }

    func closeConnections() {
        for connection in state.withLockedValue(\.connections) { connection.close(promise: nil) }
    }

    func shutdown() async throws {
        try await channel.close()
        closeConnections()
        try await group.shutdownGracefully()
    }
}

extension TestHTTP2Server {
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame
        typealias OutboundOut = HTTP2Frame

        private struct Stream {
            var path: String
            var body = ByteBuffer()
        }

        private let state: NIOLockedValueBox<State>
        private var streams: [HTTP2StreamID: Stream] = [:]

        init(state: NIOLockedValueBox<State>) {
            self.state = state
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            switch frame.payload {
            case .headers(let headers):
                state.withLockedValue { $0.received.append(headers.headers) }
                let path = headers.headers.first(name: ":path") ?? ""
                streams[frame.streamID] = Stream(path: path)
                countStreams()
                if headers.endStream || path == "/early" { act(frame.streamID, context) }
            case .data(let data):
                if case .byteBuffer(var bytes) = data.data {
                    let count = bytes.readableBytes
                    streams[frame.streamID]?.body.writeBuffer(&bytes)
                    if count > 0 { write(.rootStream, .windowUpdate(windowSizeIncrement: count), context: context) }
                }
                if data.endStream { act(frame.streamID, context) }
            case .rstStream:
                state.withLockedValue { $0.cancelled += 1 }
            default:
                break
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let closed = event as? StreamClosedEvent {
                streams[closed.streamID] = nil
                countStreams()
            }
        }

        private func countStreams() {
            state.withLockedValue { $0.maxConcurrent = max($0.maxConcurrent, streams.count) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func act(_ id: HTTP2StreamID, _ context: ChannelHandlerContext) {
            guard let stream = streams[id] else { return }
            let words = stream.path.split(separator: "/").map(String.init)
            switch words[0] {
            case "echo": respond(id, status: 200, body: stream.body, context: context)
            case "status": respond(id, status: Int(words[1])!, body: stream.body, context: context)
            case "size":
                respond(id, status: 200, body: ByteBuffer(repeating: 120, count: Int(words[1])!), context: context)
            case "early": respond(id, status: 413, body: ByteBuffer(), context: context)
            case "pieces": respondInPieces(id, context)
            case "reset": write(id, .rstStream(HTTP2ErrorCode(networkCode: Int(words[1])!)), context: context)
            case "goaway": goAway(id, last: words[1], code: Int(words[2])!, context: context)
            case "drop": context.close(promise: nil)
            case "hold": hold(id, stream.body, context: context)
            default: break
            }
        }

        private func hold(_ id: HTTP2StreamID, _ body: ByteBuffer, context: ChannelHandlerContext) {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let loop = context.eventLoop
            state.withLockedValue {
                $0.held.append {
                    loop.execute { bound.value.0.respond(id, status: 200, body: body, context: bound.value.1) }
                }
            }
        }

        private func goAway(_ id: HTTP2StreamID, last: String, code: Int, context: ChannelHandlerContext) {
            let lastStream =
                switch last {
                case "self": id
                case "below": HTTP2StreamID(max(0, Int(id) - 2))
                default: HTTP2StreamID(Int(last)!)
                }
            let payload = HTTP2Frame.FramePayload.goAway(
                lastStreamID: lastStream,
                errorCode: HTTP2ErrorCode(networkCode: code),
                opaqueData: nil
            )
            write(.rootStream, payload, context: context)
        }

        private func respond(_ id: HTTP2StreamID, status: Int, body: ByteBuffer, context: ChannelHandlerContext) {
            let isEmpty = body.readableBytes == 0
            write(
                id,
                .headers(.init(headers: [":status": "\(status)", "x": "y"], endStream: isEmpty)),
                context: context
            )
            if !isEmpty { write(id, .data(.init(data: .byteBuffer(body), endStream: true)), context: context) }
        }

        private func respondInPieces(_ id: HTTP2StreamID, _ context: ChannelHandlerContext) {
            write(id, .headers(.init(headers: [":status": "103"])), context: context)
            write(id, .headers(.init(headers: [":status": "200"])), context: context)
            for piece in ["one ", "two ", "three"] {
                write(id, .data(.init(data: .byteBuffer(ByteBuffer(string: piece)))), context: context)
            }
            write(id, .headers(.init(headers: ["trailer": "1"], endStream: true)), context: context)
        }

        private func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload, context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
        }
    }
}
