package import NIOCore
package import NIOHPACK
import NIOHTTP2

/// Answers whose body comes in pieces, for what is too large to be in memory at once. An
/// alternative to `respond`: begin, then pieces, the last of which ends the answer.
extension HTTPServerLoop {
    /// Begins an answer. Counts as the one answer of the request. False when the stream is gone;
    /// nothing is to be done then.
    package func beginResponse(_ token: HTTPStreamToken, headers: HPACKHeaders) -> Bool {
        settleRequest()
        let isBegun =
            switch connections.entry(token.key) {
            case .http2(let connection): connection.begin(token.stream, headers)
            case .http1(let connection):
                connection.begin(token.stream, HTTPServerResponse(headers: headers, body: ByteBuffer()))
            case .selecting, .free, nil: false
            }
        if !isBegun { statistics.responsesTooLate += 1 }
        return isBegun
    }

    /// Sends a piece of an answer that was begun. `promise` succeeds when it has gone to the
    /// socket; send the next piece then, because pieces waiting for a slow peer are not limited
    /// here. False, with the promise failed, when the stream is gone.
    package func sendPiece(
        _ token: HTTPStreamToken,
        _ piece: ByteBuffer,
        isLast: Bool,
        promise: EventLoopPromise<Void>?
    ) -> Bool {
        let isSent =
            switch connections.entry(token.key) {
            case .http2(let connection): connection.send(token.stream, piece, isLast: isLast, promise: promise)
            case .http1(let connection): connection.send(token.stream, piece, isLast: isLast, promise: promise)
            case .selecting, .free, nil: false
            }
        if !isSent { promise?.fail(ChannelError.ioOnClosedChannel) }
        return isSent
    }

    /// Cuts off an answer that was begun, so that the peer cannot take it for complete: RST_STREAM
    /// (INTERNAL_ERROR), or the end of an HTTP/1.1 connection.
    package func cutOff(_ token: HTTPStreamToken) {
        switch connections.entry(token.key) {
        case .http2(let connection): _ = connection.abort(token.stream, .internalError)
        case .http1(let connection): if connection.isOpen(token.stream) { connection.closeNow() }
        case .selecting, .free, nil: break
        }
    }
}

extension HTTPStreamToken {
    var key: ConnectionTable.Key { ConnectionTable.Key(slot: connection, generation: generation) }
}
