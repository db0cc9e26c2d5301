/// Walks the top level of one JSON object, values as byte ranges. Audits read millions of such
/// lines, and need neither escapes nor nesting.
enum FlatJSON {
    /// Calls `body` with the range of each member's name (without quotation marks) and of its
    /// value.
    static func forEachMember(_ bytes: Span<UInt8>, _ body: (Range<Int>, Range<Int>) -> Void) {
        var index = 0
        while index < bytes.count, bytes[index] != UInt8(ascii: "{") { index += 1 }
        index += 1
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\"") else {
                if bytes[index] == UInt8(ascii: "}") { return }
                index += 1
                continue
            }
            let name = index + 1..<bytes.endOfString(from: index + 1)
            let start = bytes.valueStart(after: name)
            let end = endOfValue(bytes, from: start)
            guard end > start else { return }
            body(name, start..<end)
            index = end
        }
    }

    /// A string value's range without its quotation marks; other values as they are.
    static func unquoted(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Range<Int> {
        guard value.count >= 2, bytes[value.lowerBound] == UInt8(ascii: "\"") else { return value }
        return value.lowerBound + 1..<value.upperBound - 1
    }

    private static func endOfValue(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        var depth = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = bytes.endOfString(from: index + 1)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return index }
                depth -= 1
            case UInt8(ascii: ","):
                if depth == 0 { return index }
            default:
                break
            }
            index += 1
        }
        return Swift.min(index, bytes.count)
    }
}
