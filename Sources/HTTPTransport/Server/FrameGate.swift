import NIOCore
import NIOHTTP2

/// Hands the frames of a client on to `NIOHTTP2Handler`, in turns: after some work the rest waits
/// until other connections have had their turn. Frames that are one too many end the connection
/// before they cost anything. Headers on a stream that the client has ended get the error code that
/// RFC 9113 section 5.1 names.
///
/// It also tells `NIOHTTP2Handler` at once that the client knows the server's settings, which only
/// makes it more lenient (see `AdvertisedSettings`). The client's own acknowledgement is left out.
final class FrameGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// An acknowledgement of settings, as bytes.
    private static let acknowledgement = ByteBuffer(bytes: [0, 0, 0, 4, 1, 0, 0, 0, 0])

    private enum Settings {
        /// The client's have not come.
        case expected
        /// They have come, or are coming.
        case received
        /// `NIOHTTP2Handler` takes the server's for acknowledged; the client has yet to do it.
        case unacknowledged
        case acknowledged
    }

    /// Bytes on their way.
    private struct Passage {
        let bytes: ByteBuffer
        /// The first byte that was not handed on.
        var begin: Int
    }

    /// The connection behind; nil after the end, so that the two do not hold each other.
    private var connection: HTTP2ServerConnection?
    private var context: ChannelHandlerContext?
    private var scanner = FrameScanner()
    private var rules: FrameRules
    private var settings = Settings.expected
    /// The highest stream whose headers have come.
    private var highestStream: UInt32 = 0
    /// Streams that the client had ended when more headers came on them. `NIOHTTP2Handler` is about
    /// to reset them, by PROTOCOL_ERROR.
    private var endedStreams: Set<UInt32> = []
    /// What waits for the next turn, or the part of a frame's header that has come.
    private var held = ByteBuffer()
    /// Work done in this turn (`FrameRules.Work`).
    private var work = 0
    /// Whether frames wait for the next turn.
    private(set) var isBehind = false

    init(_ connection: HTTP2ServerConnection) {
        self.connection = connection
        rules = FrameRules(connection.loop.configuration, now: connection.loop.now)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard connection?.isListening == true else { return }
        var bytes = unwrapInboundIn(data)
        if held.readableBytes > 0 {
            held.writeBuffer(&bytes)
            guard !isBehind else { return }
            bytes = held
            held = ByteBuffer()
        }
        pass(bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !isBehind { work = 0 }
        context.fireChannelReadComplete()
    }

    /// Hands on more of what waits; the work that it was.
    func takeTurn() -> Int {
        guard isBehind, let context else { return 0 }
        isBehind = false
        work = 0
        let bytes = held
        held = ByteBuffer()
        pass(bytes)
        let done = work
        context.fireChannelReadComplete()
        if !isBehind { connection?.resumeReading() }
        return done
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !endedStreams.isEmpty, case .byteBuffer(var bytes) = unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        correctReset(&bytes)
        context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }

    /// Makes the reset of such a stream say STREAM_CLOSED.
    private func correctReset(_ bytes: inout ByteBuffer) {
        let start = bytes.readerIndex
        guard bytes.readableBytes == FrameScanner.headerBytes + 4,
            bytes.getInteger(at: start + 3, as: UInt8.self) == FrameScanner.Header.rstStream,
            let stream = bytes.getInteger(at: start + 5, as: UInt32.self), endedStreams.remove(stream) != nil
        else { return }
        bytes.setInteger(UInt32(HTTP2ErrorCode.streamClosed.networkCode), at: start + FrameScanner.headerBytes)
    }

    func timePassed(now: NIODeadline) { rules.timePassed(now: now) }

    private func pass(_ bytes: ByteBuffer) {
        var passage = Passage(bytes: bytes, begin: bytes.readerIndex)
        var position = passage.begin
        while let header = scanner.header(in: bytes, at: &position) {
            guard work < HTTPServerLoop.connectionTurnWork else { return wait(&passage, from: position) }
            guard rules.admit(header) else {
                forward(&passage, to: position)
                connection?.refuseFlood()
                return
            }
            if settings != .acknowledged { settle(header, at: position, &passage) }
            if header.kind == FrameScanner.Header.headers { announce(header, at: position, &passage) }
            work += FrameRules.work(of: header)
            scanner.enter(header, at: &position)
        }
        forward(&passage, to: position)
        // Part of a frame's header.
        if passage.begin < bytes.writerIndex, connection?.isListening == true { hold(passage) }
    }

    /// The acknowledgement that `NIOHTTP2Handler` gets is right behind the client's settings.
    private func settle(_ header: FrameScanner.Header, at position: Int, _ passage: inout Passage) {
        if settings == .received {
            forward(&passage, to: position)
            settings = .unacknowledged
            if connection?.isListening == true { context?.fireChannelRead(wrapInboundOut(Self.acknowledgement)) }
        }
        guard header.kind == FrameScanner.Header.settings else { return }
        if settings == .expected {
            settings = .received
        } else if header.isAcknowledgement, header.length == 0 {
            forward(&passage, to: position)
            settings = .acknowledged
            passage.begin = position + FrameScanner.headerBytes
            connection?.settingsAcknowledged()
        }
    }

    /// Looks at headers on a stream that is not new, before they are handed on.
    private func announce(_ header: FrameScanner.Header, at position: Int, _ passage: inout Passage) {
        guard header.stream <= highestStream else {
            highestStream = header.stream
            return
        }
        forward(&passage, to: position)
        if header.stream > 0, connection?.isEnded(header.stream) == true { endedStreams.insert(header.stream) }
    }

    private func forward(_ passage: inout Passage, to end: Int) {
        let (bytes, begin) = (passage.bytes, passage.begin)
        guard begin < end, let context, connection?.isListening == true else { return }
        passage.begin = end
        guard begin > bytes.readerIndex || end < bytes.writerIndex else {
            return context.fireChannelRead(wrapInboundOut(bytes))
        }
        if let slice = bytes.getSlice(at: begin, length: end - begin) {
            context.fireChannelRead(wrapInboundOut(slice))
        }
    }

    private func wait(_ passage: inout Passage, from position: Int) {
        forward(&passage, to: position)
        guard let connection, connection.isListening else { return }
        hold(passage)
        isBehind = true
        connection.loop.statistics.readsDeferred += 1
        connection.loop.enlistForTurn(connection.key)
    }

    private func hold(_ passage: Passage) {
        let (bytes, begin) = (passage.bytes, passage.begin)
        held = bytes.getSlice(at: begin, length: bytes.writerIndex - begin) ?? ByteBuffer()
    }

    private func leave() {
        endedStreams = []
        context = nil
        connection = nil
        held = ByteBuffer()
        isBehind = false
    }
}
