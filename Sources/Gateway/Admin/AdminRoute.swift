package import NIOCore

/// A request to the admin server. Its body has been read and dropped, because no route uses one.
package struct AdminRequest: Sendable, Equatable {
    package var method: String
    /// Without the query.
    package var path: String
    /// Decoded `name=value` pairs in order.
    package var query: [QueryItem]

    package struct QueryItem: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    package init(method: String, path: String, query: [QueryItem] = []) {
        self.method = method
        self.path = path
        self.query = query
    }

    /// The first value of that name.
    package func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// An answer of the admin server.
package struct AdminResponse: Sendable {
    package enum Body: Sendable {
        case bytes(ByteBuffer)
        /// Sent in chunks as they come, no faster than the client reads. An error cuts the
        /// connection, so that the client sees that the answer is not whole.
        case stream(any AsyncSequence<ByteBuffer, any Error> & Sendable)
    }

    package var status: Int
    package var contentType: String
    package var body: Body

    package init(status: Int = 200, contentType: String, body: Body) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// A short text.
    package static func text(_ text: String, status: Int = 200) -> AdminResponse {
        AdminResponse(status: status, contentType: "text/plain; charset=utf-8", body: .bytes(ByteBuffer(string: text)))
    }

    /// A JSON document that is already written.
    package static func json(_ bytes: ByteBuffer, status: Int = 200) -> AdminResponse {
        AdminResponse(status: status, contentType: "application/json", body: .bytes(bytes))
    }

    /// JSON lines, one value a line, of any length.
    package static func jsonLines(_ lines: some AsyncSequence<ByteBuffer, any Error> & Sendable) -> AdminResponse {
        AdminResponse(contentType: "application/x-ndjson", body: .stream(lines))
    }

    /// The Prometheus text exposition.
    package static func metrics(_ bytes: ByteBuffer) -> AdminResponse {
        AdminResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", body: .bytes(bytes))
    }

    /// A problem document (RFC 9457). `title`, `detail` and `code` must need no escaping in JSON.
    package static func problem(_ status: Int, code: String, _ title: String, detail: String = "") -> AdminResponse {
        let detail = detail.isEmpty ? "" : ",\"detail\":\"\(detail)\""
        let text =
            "{\"type\":\"about:blank\",\"title\":\"\(title)\",\"status\":\(status),\"code\":\"\(code)\"\(detail)}"
        return AdminResponse(
            status: status,
            contentType: "application/problem+json",
            body: .bytes(ByteBuffer(string: text))
        )
    }
}

/// One row of the admin server's table: answers `GET` (and `HEAD`) of exactly `path`.
package struct AdminRoute: Sendable {
    package var path: String
    package var handler: @Sendable (AdminRequest) async throws -> AdminResponse

    package init(_ path: String, handler: @escaping @Sendable (AdminRequest) async throws -> AdminResponse) {
        self.path = path
        self.handler = handler
    }
}
