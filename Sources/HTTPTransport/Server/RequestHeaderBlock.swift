import NIOHPACK

/// The header block of an HTTP/2 request, read once. It checks the rules of RFC 9113 sections 8.2
/// and 8.3, and keeps the fields that find the route.
struct RequestHeaderBlock {
    let fields: HPACKHeaders
    let method: String
    /// Nil for CONNECT, which has none.
    let path: String?
    /// The size of the list (`HeaderFieldRules.byteCount`), in bytes.
    let byteCount: Int

    /// Nil when the block is malformed: the stream ends with PROTOCOL_ERROR.
    init?(_ headers: HPACKHeaders) {
        var reader = Reader()
        for (name, value, _) in headers {
            guard reader.read(name, value) else { return nil }
        }
        guard let method = reader.method, reader.isWhole else { return nil }
        fields = headers
        self.method = method
        path = reader.path
        byteCount = reader.byteCount
    }

    /// What is known of a block up to one of its fields.
    private struct Reader {
        private var seen: Pseudo = []
        private var scheme = ""
        private var authority: String?
        private var host: String?
        private var hasLength = false
        private var hasRegular = false
        private(set) var method: String?
        private(set) var path: String?
        private(set) var byteCount = 0

        /// False when no field of that name and value may follow those before.
        mutating func read(_ name: String, _ value: String) -> Bool {
            byteCount += HeaderFieldRules.byteCount(name: name, value: value)
            guard name.utf8.first == UInt8(ascii: ":") else {
                hasRegular = true
                return HeaderFieldRules.isRegular(name, value) && readRegular(name, value)
            }
            // Pseudo-fields come first, each of them once, and none is empty.
            guard !hasRegular, !value.isEmpty, let field = Pseudo(name), seen.insert(field).inserted,
                HeaderFieldRules.isPseudoValue(value)
            else { return false }
            switch field {
            case .method:
                method = value
                return HeaderFieldRules.isMethod(value)
            case .scheme: scheme = value
            case .path: path = value
            default:
                authority = value
                return RequestAuthority.isValid(value)
            }
            return true
        }

        /// The fields of which a request has one.
        private mutating func readRegular(_ name: String, _ value: String) -> Bool {
            // The length tells apart nearly all names before any text is compared.
            switch name.utf8.count {
            case 4 where name == "host":
                guard host == nil, RequestAuthority.isValid(value) else { return false }
                host = value
            case 14 where name == "content-length":
                guard !hasLength, HeaderFieldRules.isLength(value) else { return false }
                hasLength = true
            default: break
            }
            return true
        }

        /// Whether nothing is missing, and host and authority name the same (RFC 9113 section
        /// 8.3.1).
        var isWhole: Bool {
            guard seen == Pseudo.all || seen == Pseudo.all.subtracting(.authority) || isConnect else { return false }
            guard let host, let authority else { return true }
            return RequestAuthority.isSame(host, authority, scheme: scheme)
        }

        /// RFC 9113 section 8.5: the target of CONNECT is its authority.
        private var isConnect: Bool { method == "CONNECT" && seen == [.method, .authority] }
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
