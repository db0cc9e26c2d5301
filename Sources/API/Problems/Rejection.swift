/// Why the edge itself refuses a request, before any shard sees it.
struct Rejection: Error, Sendable {
    var code: ProblemCode
    /// The parameter at fault, where one is.
    var parameter: ParameterName?
    /// For `methodNotAllowed`: the value of `Allow`.
    var allow: StaticString?

    init(_ code: ProblemCode, _ parameter: ParameterName? = nil, allow: StaticString? = nil) {
        self.code = code
        self.parameter = parameter
        self.allow = allow
    }
}

/// What `param` names in a problem document.
enum ParameterName: Sendable {
    case known(StaticString)
    /// A name that the client made up. Only after the whole request was searched for card numbers,
    /// and only short visible ASCII (see `ParameterName.init(unknown:)`).
    case unknown(String)

    /// The longest made-up name that an answer repeats, in bytes.
    static let maximumUnknownLength = 40

    /// `nil` for a name that is not fit to be repeated.
    init?(unknown name: Span<UInt8>) {
        guard (1...Self.maximumUnknownLength).contains(name.count), VisibleASCII.isAll(name) else { return nil }
        self = .unknown(String(copying: name))
    }
}

/// Characters U+0021...U+007E.
enum VisibleASCII {
    static func isAll(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            guard text[index] > 0x20, text[index] < 0x7F else { return false }
        }
        return true
    }
}

extension String {
    /// The text of UTF-8 bytes; malformed ones become U+FFFD.
    init(copying utf8: Span<UInt8>) {
        self = utf8.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

extension Span<UInt8> {
    /// Whether the bytes from `offset` on begin with `text`.
    func matches(_ text: StaticString, at offset: Int = 0) -> Bool {
        let length = text.utf8CodeUnitCount
        guard offset + length <= count else { return false }
        let other = text.utf8Start
        for index in 0..<length where self[offset + index] != other[index] { return false }
        return true
    }

    /// Whether the bytes are exactly `text`.
    func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && matches(text)
    }
}
