import NIOCore
import NIOHPACK
import NIOHTTP2

extension HTTP2ServerConnection {
    /// Begins an answer in pieces. False when the stream is gone or answered.
    func begin(_ identifier: UInt32, _ headers: HPACKHeaders) -> Bool {
        guard let place = dispatchedPlace(identifier) else { return false }
        streams[place].phase = .answered
        loop.statistics.responses += 1
        markDirty()
        return writeHead(headers, endStream: false, of: identifier)
    }

    /// Sends a piece of an answer. False when the stream is gone. Pieces do not count towards
    /// `maxBufferedOutboundBytes`: their sender waits for one to leave before it sends the next.
    func send(_ identifier: UInt32, _ piece: ByteBuffer, isLast: Bool, promise: EventLoopPromise<Void>?) -> Bool {
        guard let context, let place = streams.place(of: identifier), streams[place].phase == .answered else {
            return false
        }
        loop.statistics.bodyBytesSent += piece.readableBytes
        let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(piece), endStream: isLast)
        let frame = HTTP2Frame(streamID: HTTP2StreamID(number: identifier), payload: .data(data))
        context.write(wrapOutboundOut(frame), promise: promise)
        markDirty()
        return true
    }

    /// Resets a stream that is being answered or still to be. False when it is gone.
    func abort(_ identifier: UInt32, _ code: HTTP2ErrorCode) -> Bool {
        guard context != nil, let place = streams.place(of: identifier), streams[place].phase != .receiving else {
            return false
        }
        streams[place].phase = .answered
        write(.rstStream(code), on: HTTP2StreamID(number: identifier))
        markDirty()
        return true
    }

    private func dispatchedPlace(_ identifier: UInt32) -> Int? {
        guard context != nil, let place = streams.place(of: identifier), streams[place].phase == .dispatched else {
            return nil
        }
        return place
    }
}
