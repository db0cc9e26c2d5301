import NIOCore
import NIOTLS

/// The first handler of a connection. It finds out which protocol the client speaks: by ALPN, or in
/// cleartext by the preface of HTTP/2 (RFC 9113 section 3.4). It installs the handlers for that
/// protocol and removes itself.
final class ProtocolSelector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    let loop: HTTPServerLoop
    let key: ConnectionTable.Key
    let source: SourceAddress
    /// The connection's first handler; the handlers of the protocol that is chosen ask it.
    let meter = OutboundMeter()
    private let deadline: NIODeadline
    private let isEncrypted: Bool
    private var buffered = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var isSelected = false

    init(loop: HTTPServerLoop, key: ConnectionTable.Key, source: SourceAddress) {
        self.loop = loop
        self.key = key
        self.source = source
        isEncrypted = loop.configuration.tls != nil
        deadline = loop.now + loop.configuration.handshakeTimeout
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !isSelected else { return context.fireChannelRead(wrapInboundOut(bytes)) }
        buffered.writeBuffer(&bytes)
        // With TLS the end of the handshake chooses the protocol, and application data comes after
        // it.
        guard !isEncrypted else { return close() }
        guard let choice = Self.sniff(buffered.readableBytesView) else { return }
        select(choice)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            selectNegotiated(negotiated)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    func timePassed(now: NIODeadline) {
        if now >= deadline { close() }
    }

    /// The client has sent no request yet, so nothing is lost.
    func close() { context?.close(promise: nil) }

    enum Choice {
        case http2
        case http1
    }

    /// What the first bytes mean; nil when more are needed. Any difference from the preface is
    /// HTTP/1.1.
    static func sniff(_ bytes: some Collection<UInt8>) -> Choice? {
        let count = min(bytes.count, preface.count)
        guard bytes.prefix(count).elementsEqual(preface.prefix(count)) else { return .http1 }
        return count == preface.count ? .http2 : nil
    }

    private func selectNegotiated(_ negotiated: String?) {
        switch negotiated {
        case "h2": select(.http2)
        case "http/1.1": select(.http1)
        case nil where !loop.configuration.requiresALPN: select(.http1)
        default: close()
        }
    }

    private func select(_ choice: Choice) {
        guard let context, !isSelected else { return }
        isSelected = true
        do {
            try loop.install(choice, self, on: context.channel)
        } catch {
            return close()
        }
        if buffered.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(buffered)) }
        buffered = ByteBuffer()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func leave() {
        guard context != nil else { return }
        context = nil
        loop.selectionEnded(key, isSelected: isSelected)
    }
}
