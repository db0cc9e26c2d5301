package import NIOCore
package import NIOHPACK

/// A request of a pooled client. `headers` begin with the pseudo headers.
package struct HTTPClientRequest {
    package var headers: HPACKHeaders
    package var body: ByteBuffer?

    package init(headers: HPACKHeaders, body: ByteBuffer?) {
        self.headers = headers
        self.body = body
    }
}

package struct HTTPClientResponse: Sendable {
    package var status: Int
    package var headers: HPACKHeaders
    package var body: ByteBuffer

    package init(status: Int, headers: HPACKHeaders, body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What became of a request. `notExecuted` is promised only where it is proved. Either nothing of
/// the request was written, or a graceful GOAWAY named a lower stream (RFC 9113 section 6.8). A
/// reset of the stream proves nothing, REFUSED_STREAM included: proxies send it for requests that
/// the server behind them has executed.
package enum HTTPClientResult: Sendable {
    case response(HTTPClientResponse)
    case notExecuted(HTTPClientFailure)
    case unknown(HTTPClientFailure)
}

package enum HTTPClientFailure: Sendable, Equatable {
    /// The deadline passed.
    case timeout
    /// No connection could be made (includes TLS and ALPN failures).
    case connectFailed
    /// The connection closed while the request was in flight.
    case connectionLost
    /// The peer reset the stream with this HTTP/2 error code.
    case streamReset(code: UInt32)
    /// A GOAWAY dropped the stream; only a graceful one (NO_ERROR) proves that it was not
    /// processed.
    case goAway
    /// The queue in front of the pool is full.
    case queueFull
    /// The pool is shutting down.
    case shutdown
    /// Its caller took it back before it was sent.
    case withdrawn
    /// The answer is larger than configured, or not HTTP.
    case badResponse
    /// The request's header block is not valid HTTP/2 and was not sent.
    case badRequest
}

/// Where results go. All calls come on the pool's event loop; a result is delivered exactly once
/// per request, never from inside `execute`.
package protocol HTTPClientDelegate: AnyObject {
    func completed(_ token: UInt64, _ result: HTTPClientResult)
    /// The read cycle ended: results that arrived together have been delivered.
    func completionsDelivered()
}
