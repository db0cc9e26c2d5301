/// Finds the bytes of a JSON string that need attention. It looks at the eight bytes of a word at
/// once.
///
/// Word arithmetic marks bytes by their highest bit. Borrows can also mark bytes above a rightly
/// marked one. The lowest mark is always right, and only that one is used.
enum PlainBytes {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The index of the first byte at or after `start` that is a quote, a backslash, below U+0020
    /// or not ASCII. It is the length of the text if there is none.
    static func end(_ input: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index + 8 <= input.count {
            let word = load(input, at: index)
            let marks = escapes(word) | word & highBits
            if marks != 0 { return index + marks.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < input.count, isPlain(input[index]) { index += 1 }
        return index
    }

    /// Whether a quote, a backslash or a byte below U+0020 is in `input`.
    static func needEscaping(_ input: Span<UInt8>) -> Bool {
        var index = 0
        while index + 8 <= input.count {
            guard escapes(load(input, at: index)) == 0 else { return true }
            index += 8
        }
        while index < input.count {
            let byte = input[index]
            guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { return true }
            index += 1
        }
        return false
    }

    /// Whether a backslash or a byte that is not ASCII is in `input`.
    static func containBackslashOrNonASCII(_ input: Span<UInt8>) -> Bool {
        var index = 0
        while index + 8 <= input.count {
            let word = load(input, at: index)
            guard (zeros(word ^ ones &* UInt64(UInt8(ascii: "\\"))) | word & highBits) == 0 else { return true }
            index += 8
        }
        while index < input.count {
            guard input[index] != UInt8(ascii: "\\"), input[index] < 0x80 else { return true }
            index += 1
        }
        return false
    }

    /// Whether a byte that is not ASCII is in `input`.
    static func containNonASCII(_ input: Span<UInt8>) -> Bool {
        var index = 0
        while index + 8 <= input.count {
            guard load(input, at: index) & highBits == 0 else { return true }
            index += 8
        }
        while index < input.count {
            guard input[index] < 0x80 else { return true }
            index += 1
        }
        return false
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    @inline(__always)
    private static func load(_ input: Span<UInt8>, at index: Int) -> UInt64 {
        // The load checks its bounds. It is called unsafe because it makes an integer of any bytes.
        UInt64(littleEndian: input.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// Marks quotes, backslashes and bytes below U+0020.
    @inline(__always)
    private static func escapes(_ word: UInt64) -> UInt64 {
        let controls = (word &- ones &* 0x20) & ~word & highBits
        let quotes = zeros(word ^ ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = zeros(word ^ ones &* UInt64(UInt8(ascii: "\\")))
        return controls | quotes | backslashes
    }

    /// Marks bytes that are zero.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highBits }
}
