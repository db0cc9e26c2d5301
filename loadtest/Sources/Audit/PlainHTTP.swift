import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A plain HTTP/1.1 client for the few requests around a run (audit, oracle, profile, metrics): one
/// connection each, the body handed over line by line as it comes, so that a listing of any length
/// needs no memory of its own.
struct PlainHTTP: Sendable {
    /// Longer lines are an error: they are not what these addresses answer.
    static let maximumLineBytes = 1 << 20
    static let connectTimeout = TimeAmount.seconds(5)
    /// No byte for this long ends a request.
    static let idleTimeout = TimeAmount.seconds(60)

    let group: any EventLoopGroup
    let trust: LoadTestConfiguration.Trust

    /// Sends one request. `onLine` is called on the connection's loop with every line of a 200's
    /// body, without its end; other answers' bodies are dropped. Returns the status.
    func request(
        _ method: String,
        _ url: String,
        body: String? = nil,
        onLine: @escaping @Sendable (Span<UInt8>) -> Void
    ) async throws -> Int {
        let address = try TargetAddress(url)
        let tls = address.isSecure ? try trust.context(protocols: ["http/1.1"]) : nil
        let promise = group.next().makePromise(of: Int.self)
        let bootstrap = ClientBootstrap(group: promise.futureResult.eventLoop)
            .connectTimeout(Self.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: address.serverName))
                    }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(IdleStateHandler(allTimeout: Self.idleTimeout))
                    try pipeline.addHandler(
                        PlainHTTPHandler(method, address, body: body, promise: promise, onLine: onLine)
                    )
                }
            }
        do {
            _ = try await bootstrap.connect(host: address.host, port: address.port).get()
        } catch {
            promise.fail(LoadUsageError("\(url) cannot be reached: \(error)"))
        }
        return try await promise.futureResult.get()
    }

    /// A whole answer as text; throws when the status is not 200.
    func text(_ url: String) async throws -> String {
        let lines = Collected<String>()
        let status = try await request("GET", url) { lines.append($0.string($0.indices)) }
        guard status == 200 else { throw LoadUsageError("GET \(url) answered \(status)") }
        return lines.take().joined(separator: "\n")
    }
}

private final class PlainHTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let method: String
    private let address: TargetAddress
    private let body: String?
    private let promise: EventLoopPromise<Int>
    private let onLine: @Sendable (Span<UInt8>) -> Void
    private var status = 0
    private var pending = ByteBuffer()
    private var isDone = false

    init(
        _ method: String,
        _ address: TargetAddress,
        body: String?,
        promise: EventLoopPromise<Int>,
        onLine: @escaping @Sendable (Span<UInt8>) -> Void
    ) {
        self.method = method
        self.address = address
        self.body = body
        self.promise = promise
        self.onLine = onLine
    }

    func channelActive(context: ChannelHandlerContext) {
        var headers = HTTPHeaders([("host", address.authority), ("connection", "close")])
        if let body {
            headers.add(name: "content-type", value: "application/json")
            headers.add(name: "content-length", value: "\(body.utf8.count)")
        }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: method),
            uri: address.requestTarget,
            headers: headers
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
        case .body(var bytes):
            guard status == 200 else { return }
            if pending.readableBytes == 0 { pending = bytes } else { pending.writeBuffer(&bytes) }
            takeLines(context)
        case .end:
            if status == 200, pending.readableBytes > 0 { onLine(pending.readableBytesUInt8Span) }
            isDone = true
            promise.succeed(status)
            context.close(promise: nil)
        }
    }

    private func takeLines(_ context: ChannelHandlerContext) {
        while let length = pending.readableBytesView.firstIndex(of: UInt8(ascii: "\n")).map({ $0 - pending.readerIndex }
        ) {
            if let line = pending.readSlice(length: length), length > 0 { onLine(line.readableBytesUInt8Span) }
            pending.moveReaderIndex(forwardBy: 1)
        }
        pending.discardReadBytes()
        if pending.readableBytes > PlainHTTP.maximumLineBytes {
            errorCaught(context: context, error: LoadUsageError("a line of \(address.authority) is too long"))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        errorCaught(context: context, error: LoadUsageError("\(address.authority) does not answer"))
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { promise.fail(LoadUsageError("\(address.authority)\(address.path): the answer was cut off")) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isDone = true
        promise.fail(error)
        context.close(promise: nil)
    }
}
