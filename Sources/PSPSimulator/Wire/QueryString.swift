/// Reads `name=value` pairs behind a path's question mark.
enum QueryString {
    /// The value of the first pair of that name, percent-decoded; nil without one or when its
    /// encoding is broken.
    static func value(of name: StaticString, in query: Span<UInt8>) -> [UInt8]? {
        var start = 0
        while start < query.count {
            let rest = query.extracting(start..<query.count)
            let pair = rest.extracting(0..<(rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.count))
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
            if pair.extracting(0..<equals).equals(name) {
                return decode(pair.extracting(min(equals + 1, pair.count)..<pair.count))
            }
            start += pair.count + 1
        }
        return nil
    }

    /// A whole number of at most nine digits.
    static func number(of name: StaticString, in query: Span<UInt8>) -> Int? {
        guard let digits = value(of: name, in: query), digits.count <= 9 else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%") {
                guard index + 2 < text.count, let high = digit(text[index + 1]), let low = digit(text[index + 2])
                else { return nil }
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(text[index] == UInt8(ascii: "+") ? 32 : text[index])
                index += 1
            }
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
