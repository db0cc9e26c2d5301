import NIOCore

/// Puts the server's limits into its SETTINGS on their way to the client. `NIOHTTP2Handler` is told
/// higher ones, because it ends the connection of a client that exceeds them. The server itself
/// refuses the one request that does: by 431, or by RST_STREAM (REFUSED_STREAM).
///
/// It is in the pipeline only while `NIOHTTP2Handler` is added, which writes the settings then.
final class AdvertisedSettings: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private static let maxConcurrentStreams: UInt16 = 3
    private static let maxHeaderListSize: UInt16 = 6
    /// An identifier of two bytes and a value of four.
    private static let settingBytes = 6

    private let configuration: HTTPServerConfiguration

    init(_ configuration: HTTPServerConfiguration) { self.configuration = configuration }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .byteBuffer(var bytes) = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        adjust(&bytes)
        context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }

    private func adjust(_ bytes: inout ByteBuffer) {
        let kind = bytes.getInteger(at: bytes.readerIndex + 3, as: UInt8.self)
        guard kind == FrameScanner.Header.settings else { return }
        var position = bytes.readerIndex + FrameScanner.headerBytes
        while position + Self.settingBytes <= bytes.writerIndex {
            switch bytes.getInteger(at: position, as: UInt16.self) {
            case Self.maxConcurrentStreams:
                bytes.setInteger(UInt32(configuration.maxConcurrentStreams), at: position + 2)
            case Self.maxHeaderListSize:
                bytes.setInteger(UInt32(configuration.maxHeaderListBytes), at: position + 2)
            default: break
            }
            position += Self.settingBytes
        }
    }
}
