import NIOHPACK

/// The header block of an HTTP/2 request, read once. It checks the rules of RFC 9113 sections 8.2
/// and 8.3, and keeps the fields that find the route.
struct RequestHeaderBlock {
    let fields: HPACKHeaders
    let method: String
    /// Nil for CONNECT, which has none.
    let path: String?

    /// Nil when the block is malformed: the stream ends with PROTOCOL_ERROR.
    init?(_ headers: HPACKHeaders) {
        var seen: Pseudo = []
        var method: String?
        var path: String?
        var hasRegular = false
        for (name, value, _) in headers {
            guard name.utf8.first == UInt8(ascii: ":") else {
                hasRegular = true
                guard HeaderFieldRules.isRegular(name, value) else { return nil }
                continue
            }
            // Pseudo-fields come first, and each of them once.
            guard !hasRegular, let field = Pseudo(name), seen.insert(field).inserted,
                HeaderFieldRules.isPseudoValue(value)
            else {
                return nil
            }
            if field == .method { method = value }
            if field == .path { path = value }
        }
        guard let method,
            seen == Pseudo.all || seen == Pseudo.all.subtracting(.authority) || Self.isConnect(method, seen),
            path?.isEmpty != true
        else { return nil }
        fields = headers
        self.method = method
        self.path = path
    }

    /// RFC 9113 section 8.5: the target of CONNECT is its authority.
    private static func isConnect(_ method: String, _ seen: Pseudo) -> Bool {
        method == "CONNECT" && seen == [.method, .authority]
    }

    private struct Pseudo: OptionSet {
        let rawValue: UInt8

        static let method = Pseudo(rawValue: 1)
        static let scheme = Pseudo(rawValue: 2)
        static let path = Pseudo(rawValue: 4)
        static let authority = Pseudo(rawValue: 8)
        static let all: Pseudo = [.method, .scheme, .path, .authority]

        init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Nil for what is no pseudo-field of a request.
        init?(_ name: String) {
            switch name {
            case ":method": self = .method
            case ":scheme": self = .scheme
            case ":path": self = .path
            case ":authority": self = .authority
            default: return nil
            }
        }
    }
}
