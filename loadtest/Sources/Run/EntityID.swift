/// The 128 bits that a Millrace identifier (`pay_…`, `ref_…`) spells in Crockford's base 32. Kept
/// as two words because a run remembers hundreds of thousands of them. The harness reads the format
/// from the API's description and shares no code with the gateway: it must not inherit a mistake.
struct EntityID: Hashable, Sendable, Comparable {
    /// Means "none": the gateway numbers from 1.
    static let none = EntityID(high: 0, low: 0)
    static let textLength = 30

    var high: UInt64
    var low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Milliseconds since 1970 at which it was made.
    var milliseconds: UInt64 { high >> 16 }

    static func < (left: EntityID, right: EntityID) -> Bool { (left.high, left.low) < (right.high, right.low) }

    /// Reads the 26 characters at `start`; `nil` if they are not base 32.
    init?(_ bytes: Span<UInt8>, at start: Int) {
        guard start + 26 <= bytes.count else { return nil }
        var value: UInt128 = 0
        for index in start..<start + 26 {
            let digit = decodeDigit(bytes[index])
            guard digit < 32 else { return nil }
            value = value << 5 | UInt128(digit)
        }
        self.init(high: UInt64(truncatingIfNeeded: value >> 64), low: UInt64(truncatingIfNeeded: value))
    }

    /// Reads a prefix such as `pay_` and 26 characters.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == Self.textLength, bytes[3] == UInt8(ascii: "_") else { return nil }
        self.init(bytes.span, at: 4)
    }

    /// `prefix` (four characters) and 26 characters.
    func text(_ prefix: StaticString) -> String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            prefix.withUTF8Buffer { for index in 0..<4 { buffer[index] = $0[index] } }
            let value = UInt128(high) << 64 | UInt128(low)
            for index in 0..<26 {
                let digit = UInt8(truncatingIfNeeded: value >> UInt128(125 - 5 * index)) & 31
                buffer[4 + index] = encodeDigit(digit)
            }
            return Self.textLength
        }
    }

    var payment: String { text("pay_") }
    var refund: String { text("ref_") }
}

private func encodeDigit(_ digit: UInt8) -> UInt8 {
    let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"
    return alphabet.withUTF8Buffer { $0[Int(digit)] }
}

private let digits: [UInt8] = {
    var table = [UInt8](repeating: 255, count: 256)
    for digit in UInt8(0)..<32 { table[Int(encodeDigit(digit))] = digit }
    return table
}()

private func decodeDigit(_ character: UInt8) -> UInt8 { digits[Int(character)] }
