package import NIOCore
package import NIOHPACK

/// A stream of a connection of one event loop's server. A plain value: answering a stream that is
/// gone is harmless.
package struct HTTPStreamToken: Hashable, Sendable {
    /// The connection's slot in the loop's table.
    package var connection: UInt32
    /// Tells a reused slot from its predecessor.
    package var generation: UInt32
    /// The HTTP/2 stream identifier; a counter on HTTP/1.1 connections.
    package var stream: UInt32

    package init(connection: UInt32, generation: UInt32, stream: UInt32) {
        self.connection = connection
        self.generation = generation
        self.stream = stream
    }
}

/// A complete request: its body ended (END_STREAM), whatever pieces it came in. HTTP/1.1 requests
/// arrive in the same shape (`:method`, `:path`, `:authority`, `:scheme` in `headers`; names in
/// lower case).
package struct HTTPServerRequest {
    package var token: HTTPStreamToken
    package var method: String
    /// The path with its query, as sent.
    package var path: String
    package var headers: HPACKHeaders
    package var body: ByteBuffer

    package init(token: HTTPStreamToken, method: String, path: String, headers: HPACKHeaders, body: ByteBuffer) {
        self.token = token
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// An answer: `headers` begin with `:status`. Ready-made headers and bodies are meant to be shared
/// between answers.
package struct HTTPServerResponse {
    package var headers: HPACKHeaders
    package var body: ByteBuffer

    package init(headers: HPACKHeaders, body: ByteBuffer) {
        self.headers = headers
        self.body = body
    }
}

/// A request that the transport itself refuses; the application words the answer.
package enum HTTPRequestFault: Sendable, CaseIterable {
    /// The body is longer than the configured maximum (413).
    case bodyTooLarge
    /// The body did not arrive within the configured time (408).
    case bodyTimeout
    /// More requests are in flight on this loop than configured (503, Retry-After).
    case overloaded
    /// The request cannot be understood as HTTP (400), where an answer is still possible.
    case malformed
    /// The header fields are longer than the configured maximum (431).
    case headersTooLarge
    /// The body comes in a transfer coding that the server does not know (501).
    case transferCodingUnknown
}

/// What answers requests on one event loop. All calls come on that loop.
package protocol HTTPServerApplication: AnyObject {
    /// A complete request. Answer now or later with `HTTPServerLoop.respond`, exactly once.
    func receive(_ request: HTTPServerRequest)
    /// The read cycle ended: everything that arrived together has been delivered. Hand batches over
    /// now.
    func receiveComplete()
    /// The answer to a request that the transport refuses.
    func response(to fault: HTTPRequestFault) -> HTTPServerResponse
    /// The answer to a request that is to be refused because of its headers; nil to go on. The
    /// server asks only when a body comes later than its headers, before it spends memory on the
    /// body. It asks at most a few times for each request.
    func refusal(of headers: HPACKHeaders) -> HTTPServerResponse?
}

extension HTTPServerApplication {
    /// Goes on.
    package func refusal(of headers: HPACKHeaders) -> HTTPServerResponse? { nil }
}
