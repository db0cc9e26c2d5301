extension JSONString {
    /// Appends the string's value (escapes resolved, UTF-8) to `output`. `input` is the text the
    /// string was read from.
    package func unescape(_ input: Span<UInt8>, into output: inout [UInt8]) {
        guard hasEscapes else {
            output.append(input, range)
            return
        }
        var unescaper = JSONUnescaper(self)
        while let byte = unescaper.next(input) { output.append(byte) }
    }

    /// The length of the value in UTF-8 bytes.
    package func unescapedCount(_ input: Span<UInt8>) -> Int {
        guard hasEscapes else { return range.count }
        var unescaper = JSONUnescaper(self)
        var count = 0
        while unescaper.next(input) != nil { count += 1 }
        return count
    }

    /// The length of the value in Unicode scalars. Limits on characters count these.
    package func scalarCount(_ input: Span<UInt8>) -> Int {
        var unescaper = JSONUnescaper(self)
        var count = 0
        while let byte = unescaper.next(input) { count += byte & 0xC0 == 0x80 ? 0 : 1 }
        return count
    }

    /// Whether the value is `text`, without allocating.
    package func equals(_ text: StaticString, in input: Span<UInt8>) -> Bool {
        if !hasEscapes, range.count != text.utf8CodeUnitCount { return false }
        return text.withUTF8Buffer { expected in
            if hasEscapes {
                var unescaper = JSONUnescaper(self)
                for byte in expected where unescaper.next(input) != byte { return false }
                return unescaper.next(input) == nil
            }
            let start = range.lowerBound
            for index in 0..<expected.count where input[start + index] != expected[index] { return false }
            return true
        }
    }

    /// The value as a `String` (allocates beyond 15 bytes).
    package func string(in input: Span<UInt8>) -> String {
        let count = unescapedCount(input)
        return String(unsafeUninitializedCapacity: count) { buffer in
            var unescaper = JSONUnescaper(self)
            var index = 0
            while let byte = unescaper.next(input) {
                buffer[index] = byte
                index += 1
            }
            return index
        }
    }

    /// Whether two strings of one text have the same value.
    func equals(_ other: JSONString, _ input: Span<UInt8>) -> Bool {
        var (left, right) = (JSONUnescaper(self), JSONUnescaper(other))
        while let byte = left.next(input) {
            guard right.next(input) == byte else { return false }
        }
        return right.next(input) == nil
    }
}

/// Walks over the value of a string that was read before, byte by byte. The string's escapes are
/// known to be right.
struct JSONUnescaper {
    private var index: Int
    private let end: Int
    /// The bytes of a resolved escape that are still to be given, the next one lowest.
    private var pending: UInt32 = 0
    private var pendingCount = 0

    init(_ string: JSONString) {
        index = string.range.lowerBound
        end = string.range.upperBound
    }

    mutating func next(_ input: Span<UInt8>) -> UInt8? {
        if pendingCount > 0 { return takePending() }
        guard index < end else { return nil }
        let byte = input[index]
        guard byte == UInt8(ascii: "\\") else {
            index += 1
            return byte
        }
        return resolveEscape(input)
    }

    private mutating func takePending() -> UInt8 {
        let byte = UInt8(truncatingIfNeeded: pending)
        pending >>= 8
        pendingCount -= 1
        return byte
    }

    private mutating func resolveEscape(_ input: Span<UInt8>) -> UInt8 {
        let letter = input[index + 1]
        guard letter == UInt8(ascii: "u") else {
            index += 2
            switch letter {
            case UInt8(ascii: "b"): return 0x08
            case UInt8(ascii: "f"): return 0x0C
            case UInt8(ascii: "n"): return 0x0A
            case UInt8(ascii: "r"): return 0x0D
            case UInt8(ascii: "t"): return 0x09
            default: return letter
            }
        }
        var scalar = unit(input, at: index + 2)
        index += 6
        if scalar & 0xFC00 == 0xD800 {
            scalar = 0x10000 + (scalar & 0x3FF) << 10 + (unit(input, at: index + 2) & 0x3FF)
            index += 6
        }
        encode(scalar)
        return takePending()
    }

    private func unit(_ input: Span<UInt8>, at start: Int) -> UInt32 {
        var unit: UInt32 = 0
        for index in start..<start + 4 { unit = unit << 4 | (hexDigit(input[index]) ?? 0) }
        return unit
    }

    /// Puts the UTF-8 form of a scalar into `pending`.
    private mutating func encode(_ scalar: UInt32) {
        switch scalar {
        case 0..<0x80:
            (pending, pendingCount) = (scalar, 1)
        case 0x80..<0x800:
            (pending, pendingCount) = (0xC0 | scalar >> 6 | continuation(scalar, 0) << 8, 2)
        case 0x800..<0x10000:
            pending = 0xE0 | scalar >> 12 | continuation(scalar, 6) << 8 | continuation(scalar, 0) << 16
            pendingCount = 3
        default:
            pending = 0xF0 | scalar >> 18 | continuation(scalar, 12) << 8
            pending |= continuation(scalar, 6) << 16 | continuation(scalar, 0) << 24
            pendingCount = 4
        }
    }

    private func continuation(_ scalar: UInt32, _ shift: UInt32) -> UInt32 { 0x80 | scalar >> shift & 0x3F }
}

extension [UInt8] {
    /// Appends a part of a span by one copy.
    mutating func append(_ input: Span<UInt8>, _ range: Range<Int>) {
        input.extracting(range).withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
