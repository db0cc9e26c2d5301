import Payments

/// The text form of identifiers (see `Base32`), read from bytes.
enum Identifier {
    static func parse(_ prefix: StaticString, _ text: Span<UInt8>) -> (high: UInt64, low: UInt64)? {
        let skipped = prefix.utf8CodeUnitCount
        guard text.count == skipped + Base32.length, text.matches(prefix), text[skipped] <= UInt8(ascii: "7") else {
            return nil
        }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in skipped..<text.count {
            let digit = digits[Int(text[index])]
            guard digit < 32 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(digit)
        }
        return (high, low)
    }

    private static let digits: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (index, character) in "0123456789abcdefghjkmnpqrstvwxyz".utf8.enumerated() {
            table[Int(character)] = UInt8(index)
        }
        return table
    }()
}
