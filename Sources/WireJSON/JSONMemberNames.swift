/// The names one object has had so far, to refuse the second of two equal ones. Parsers disagree
/// about which of them counts. So one parser could check one value, and another could pay a
/// different one.
///
/// Holds offsets into the text and a one-word summary of each name, all in place. The largest
/// object of a request, its metadata, has at most 50 members, and 64 fit.
package struct JSONMemberNames: ~Copyable {
    /// The most members of an object; more are refused (`tooManyMembers`).
    package static let maximumCount = 64

    private struct Entry {
        var start: Int32
        var end: Int32
        /// Equal for equal names without escapes.
        var summary: UInt32
    }

    /// The summary of an escaped name, which is compared in full with every other name.
    private static let escaped = UInt32.max

    private var entries: [64 of Entry]
    private var count = 0

    package init() {
        entries = [64 of Entry](repeating: Entry(start: 0, end: 0, summary: 0))
    }

    mutating func insert(_ name: JSONString, _ input: Span<UInt8>) throws(JSONError) {
        let summary = Self.summary(name, input)
        for index in 0..<count {
            let entry = entries[index]
            guard entry.summary == summary || entry.summary == Self.escaped || summary == Self.escaped else { continue }
            let isEscaped = entry.summary == Self.escaped
            let other = JSONString(start: Int(entry.start), end: Int(entry.end), hasEscapes: isEscaped)
            guard !name.equals(other, input) else { throw JSONError(.duplicateKey, at: Int(name.start)) }
        }
        guard count < Self.maximumCount else { throw JSONError(.tooManyMembers, at: Int(name.start)) }
        entries[count] = Entry(start: name.start, end: name.end, summary: summary)
        count += 1
    }

    /// Length, first, middle and last byte. They tell names that people choose apart, at the cost
    /// of three loads.
    private static func summary(_ name: JSONString, _ input: Span<UInt8>) -> UInt32 {
        guard !name.hasEscapes else { return escaped }
        let range = name.range
        guard !range.isEmpty else { return 0 }
        let bytes = UInt32(input[range.lowerBound]) | UInt32(input[range.upperBound - 1]) << 8
        let middle = UInt32(input[range.lowerBound + range.count / 2]) << 16
        return bytes | middle | UInt32(min(range.count, 254)) << 24
    }
}
