import NIOCore

/// Reads a client's offer of application protocols before TLS does. A client whose offer has
/// nothing that the server speaks gets the alert `no_application_protocol` (RFC 7301 section 3.2).
/// The TLS library cannot be made to send that alert. This handler passes everything else on and
/// removes itself.
final class ProtocolGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A fatal alert of type 120 in a record of its own.
    static let alert: [UInt8] = [21, 3, 3, 0, 2, 2, 120]

    private let loop: HTTPServerLoop
    /// What has come of the ClientHello.
    private var held = ByteBuffer()
    private var hasDecided = false

    init(loop: HTTPServerLoop) { self.loop = loop }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasDecided else { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        held.writeBuffer(&bytes)
        switch ClientHello.offer(in: Array(held.readableBytesView), spoken: loop.spokenProtocols) {
        case .incomplete: break
        case .unspoken: refuse(context)
        case .none where loop.configuration.requiresALPN: refuse(context)
        case .none, .spoken, .unreadable: pass(context)
        }
    }

    private func pass(_ context: ChannelHandlerContext) {
        hasDecided = true
        let bytes = held
        held = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(bytes))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func refuse(_ context: ChannelHandlerContext) {
        hasDecided = true
        held = ByteBuffer()
        loop.statistics.protocolsRefused += 1
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Self.alert)), promise: nil)
        context.close(promise: nil)
    }
}
