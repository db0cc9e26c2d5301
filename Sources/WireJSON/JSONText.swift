package import NIOCore

/// The pieces of JSON text that writers share.
package enum JSONText {
    /// Whether `utf8` holds a byte that a JSON string must escape: a quote, a backslash, or a byte
    /// below U+0020.
    package static func needsEscaping(_ utf8: Span<UInt8>) -> Bool {
        PlainBytes.needEscaping(utf8)
    }

    /// Writes the inside of a JSON string with minimal escapes (those RFC 8785 asks for). One copy
    /// if nothing needs escaping.
    package static func writeEscaped(_ utf8: Span<UInt8>, into buffer: inout ByteBuffer) {
        guard needsEscaping(utf8) else {
            buffer.writeBytes(utf8.bytes)
            return
        }
        for index in utf8.indices {
            let byte = utf8[index]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                buffer.writeInteger(byte)
            } else {
                let escape = JSONEscape(byte)
                for position in 0..<escape.count { buffer.writeInteger(escape[position]) }
            }
        }
    }

    /// Writes decimal digits without a `String`.
    package static func writeInteger(_ value: Int64, into buffer: inout ByteBuffer) {
        let digits = DecimalDigits(value)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { output in
            for position in 0..<digits.count { output[position] = digits[position] }
            return digits.count
        }
    }
}

/// The escape of one byte that needs it.
struct JSONEscape {
    private let bytes: (UInt8, UInt8)
    /// 2 for `\n` and its like, 6 for `\u001f`.
    let count: Int

    init(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): (bytes, count) = ((byte, 0), 2)
        case 0x08: (bytes, count) = ((UInt8(ascii: "b"), 0), 2)
        case 0x09: (bytes, count) = ((UInt8(ascii: "t"), 0), 2)
        case 0x0A: (bytes, count) = ((UInt8(ascii: "n"), 0), 2)
        case 0x0C: (bytes, count) = ((UInt8(ascii: "f"), 0), 2)
        case 0x0D: (bytes, count) = ((UInt8(ascii: "r"), 0), 2)
        default: (bytes, count) = ((Self.hex(byte >> 4), Self.hex(byte & 15)), 6)
        }
    }

    subscript(_ position: Int) -> UInt8 {
        switch (position, count) {
        case (0, _): UInt8(ascii: "\\")
        case (1, 2): bytes.0
        case (1, _): UInt8(ascii: "u")
        case (4, _): bytes.0
        case (5, _): bytes.1
        default: UInt8(ascii: "0")
        }
    }

    private static func hex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}

/// The decimal digits of an integer, with its sign, in place.
struct DecimalDigits {
    private var storage: [20 of UInt8]
    private let start: Int

    var count: Int { 20 - start }

    init(_ value: Int64) {
        storage = [20 of UInt8](repeating: 0)
        var index = 20
        var rest = value.magnitude
        repeat {
            index -= 1
            storage[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if value < 0 {
            index -= 1
            storage[index] = UInt8(ascii: "-")
        }
        start = index
    }

    subscript(_ position: Int) -> UInt8 { storage[start + position] }
}
