/// A query parameter that some route has.
enum QueryParameter: UInt8, CaseIterable, Sendable {
    case cursor
    case limit
    case account
    case currency
    case at

    var name: StaticString {
        switch self {
        case .cursor: "cursor"
        case .limit: "limit"
        case .account: "account"
        case .currency: "currency"
        case .at: "at"
        }
    }
}

/// The query of a request: `name=value` pairs between `&`. Strict: a route says which names it
/// knows. Another name is refused, and so is a name twice. A value is refused if it is empty or not
/// what the parameter holds. The refusal names the parameter.
struct QueryParameters {
    /// The longest value, in bytes as it is sent. No parameter needs more than a time with every
    /// character escaped.
    static let maximumValueBytes = 128

    /// No query; allocates nothing.
    static var none: QueryParameters { QueryParameters() }

    /// By raw value of the parameter; empty until one was sent.
    private var values: [[UInt8]?] = []

    private init() {}

    /// - Parameter query: what stands behind the question mark.
    init(_ query: Span<UInt8>, allowing allowed: [QueryParameter]) throws(Rejection) {
        values = [[UInt8]?](repeating: nil, count: QueryParameter.allCases.count)
        var start = 0
        while start < query.count {
            var end = start
            while end < query.count && query[end] != UInt8(ascii: "&") { end += 1 }
            try add(query.extracting(start..<end), allowed)
            start = end + 1
        }
    }

    /// The bytes of a value, percent-encoding undone; nil when the parameter was not sent. Never
    /// empty.
    subscript(parameter: QueryParameter) -> [UInt8]? { values.isEmpty ? nil : values[Int(parameter.rawValue)] }

    private mutating func add(_ pair: Span<UInt8>, _ allowed: [QueryParameter]) throws(Rejection) {
        var end = 0
        while end < pair.count && pair[end] != UInt8(ascii: "=") { end += 1 }
        let name = pair.extracting(0..<end)
        guard let parameter = Self.parameter(name, allowed) else {
            throw Rejection(.parameterUnknown, ParameterName(unknown: name))
        }
        guard values[Int(parameter.rawValue)] == nil else {
            throw Rejection(.parameterRepeated, .known(parameter.name))
        }
        guard end + 1 < pair.count else { throw Rejection(.parameterTooShort, .known(parameter.name)) }
        let value = pair.extracting(end + 1..<pair.count)
        guard value.count <= Self.maximumValueBytes else { throw Rejection(.parameterTooLong, .known(parameter.name)) }
        guard let decoded = Self.decoded(value) else {
            throw Rejection(.parameterCharactersInvalid, .known(parameter.name))
        }
        values[Int(parameter.rawValue)] = decoded
    }

    private static func parameter(_ name: Span<UInt8>, _ allowed: [QueryParameter]) -> QueryParameter? {
        for parameter in allowed where name.equals(parameter.name) { return parameter }
        return nil
    }

    /// Undoes percent-encoding (RFC 3986, section 2.1). A plus sign stands for itself. nil for what
    /// is no visible ASCII, or no escape.
    private static func decoded(_ value: Span<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var index = 0
        while index < value.count {
            var byte = value[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < value.count, let high = digit(value[index + 1]), let low = digit(value[index + 2])
                else {
                    return nil
                }
                byte = high << 4 | low
                index += 2
            }
            guard byte > 0x20, byte < 0x7F else { return nil }
            bytes.append(byte)
            index += 1
        }
        return bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
