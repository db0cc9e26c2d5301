import NIOCore
import NIOHPACK
import NIOHTTP1

/// Between the message shapes of HTTP/1.1 (RFC 9112) and HTTP/2 (RFC 9113 section 8.3).
enum HTTP1Translation {
    /// Fields that concern one HTTP/1.1 connection only (RFC 9113 section 8.2.2), and `host`, which
    /// becomes `:authority`.
    private static let connectionFields: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host", "http2-settings",
    ]

    struct Request {
        var method: String
        var path: String
        var headers: HPACKHeaders
    }

    enum Outcome {
        case request(Request)
        /// A server may not take the request.
        case fault(HTTPRequestFault)
    }

    /// The request, or what is wrong with it. It is malformed with no host or two, with a host that
    /// is none (RFC 9112 section 3.2), or with a target that is neither a path nor absolute. The
    /// scheme is that of the connection (RFC 9110 section 7.1), whatever an absolute target says.
    static func request(_ head: HTTPRequestHead, isEncrypted: Bool, maxHeaderBytes: Int) -> Outcome {
        let hosts = head.headers["host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.version == .http1_0),
            hosts.allSatisfy(RequestAuthority.isValid),
            let target = target(head.uri, method: head.method),
            target.authority.map(RequestAuthority.isValid) ?? true
        else { return .fault(.malformed) }
        if let fault = codingFault(head.headers) { return .fault(fault) }
        var headers = HPACKHeaders()
        headers.reserveCapacity(head.headers.count + 4)
        headers.add(name: ":method", value: head.method.rawValue)
        headers.add(name: ":scheme", value: isEncrypted ? "https" : "http")
        headers.add(name: ":authority", value: target.authority ?? hosts.first ?? "")
        headers.add(name: ":path", value: target.path)
        var bytes = 0
        for (name, value) in head.headers {
            bytes += HeaderFieldRules.byteCount(name: name, value: value)
            let name = name.lowercased()
            if !connectionFields.contains(name) { headers.add(name: name, value: value) }
        }
        guard bytes <= maxHeaderBytes else { return .fault(.headersTooLarge) }
        return .request(Request(method: head.method.rawValue, path: target.path, headers: headers))
    }

    /// What is wrong with the transfer codings. Chunks come last, and once, or the body has no end
    /// (RFC 9112 section 6.3). The server knows no other.
    private static func codingFault(_ headers: HTTPHeaders) -> HTTPRequestFault? {
        let codings = headers[canonicalForm: "transfer-encoding"].filter { !$0.isEmpty }
        guard let last = codings.last else { return nil }
        let others = codings.dropLast()
        guard isChunked(last), !others.contains(where: isChunked) else { return .malformed }
        return others.isEmpty ? nil : .transferCodingUnknown
    }

    private static func isChunked(_ coding: Substring) -> Bool { coding.lowercased() == "chunked" }

    /// The forms of RFC 9112 section 3.2: origin, absolute (the authority is then the target's),
    /// and asterisk.
    private static func target(_ uri: String, method: HTTPMethod) -> (authority: String?, path: String)? {
        if uri.utf8.first == UInt8(ascii: "/") { return (nil, uri) }
        if uri == "*" { return method == .OPTIONS ? (nil, uri) : nil }
        for scheme in ["http://", "https://"] where uri.lowercased().hasPrefix(scheme) {
            let rest = uri.dropFirst(scheme.count)
            guard let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return (String(rest), "/") }
            let path = rest[end] == "/" ? String(rest[end...]) : "/" + rest[end...]
            return (String(rest[..<end]), path)
        }
        return nil
    }

    /// The head of an answer. `content-length` is always there where a body could be, so that only
    /// an answer whose body comes in pieces is chunked. A peer of HTTP/1.0 knows no chunks: such a
    /// body lasts until its connection's end. It must be told when the connection stays open (RFC
    /// 9112 section 9.3).
    /// - Parameter version: the request's.
    static func head(
        _ response: HTTPServerResponse,
        keepsAlive: Bool,
        version: HTTPVersion,
        isInPieces: Bool = false
    ) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(response.headers.count + 2)
        var status = 500
        for (name, value, _) in response.headers {
            if name == ":status" {
                status = Int(value) ?? 500
            } else {
                headers.add(name: name, value: value)
            }
        }
        let hasBody = status != 204 && status != 304
        if hasBody, !isInPieces, !headers.contains(name: "content-length") {
            headers.add(name: "content-length", value: String(response.body.readableBytes))
        }
        let isOld = version == .http1_0
        if !keepsAlive {
            headers.add(name: "connection", value: "close")
        } else if isOld {
            headers.add(name: "connection", value: "keep-alive")
        }
        // The encoder would write chunks for version 1.1.
        return HTTPResponseHead(
            version: isOld && isInPieces ? .http1_0 : .http1_1,
            status: .init(statusCode: status),
            headers: headers
        )
    }
}
