import NIOCore

/// Names like `ch_1f3a90c200000007`: a prefix, the store's epoch and a number, in lower-case
/// hexadecimal.
enum Identifier {
    static let chargePrefix: StaticString = "ch_"
    static let actionPrefix: StaticString = "act_"
    private static let digits = 16

    static func prefix(of kind: OperationKind) -> StaticString {
        switch kind {
        case .authorize, .confirm: chargePrefix
        case .increment: "inc_"
        case .capture: "cap_"
        case .cancel: "can_"
        case .refund: "re_"
        }
    }

    static func write(_ prefix: StaticString, epoch: UInt32, number: UInt32, into buffer: inout ByteBuffer) {
        buffer.writeStaticString(prefix)
        writeHexadecimal(epoch, into: &buffer)
        writeHexadecimal(number, into: &buffer)
    }

    /// The charge's number; nil for what is no charge identifier, or one of another epoch.
    static func chargeNumber(_ text: Span<UInt8>, epoch: UInt32) -> UInt32? {
        number(text, chargePrefix, epoch: epoch)
    }

    /// The number of the charge that an action's identifier belongs to.
    static func actionNumber(_ text: Span<UInt8>, epoch: UInt32) -> UInt32? {
        number(text, actionPrefix, epoch: epoch)
    }

    private static func number(_ text: Span<UInt8>, _ prefix: StaticString, epoch: UInt32) -> UInt32? {
        let prefixLength = prefix.utf8CodeUnitCount
        guard text.count == prefixLength + digits, text.starts(with: prefix) else { return nil }
        var value: UInt64 = 0
        for index in prefixLength..<text.count {
            guard let digit = hexadecimalDigit(text[index]) else { return nil }
            value = value << 4 | UInt64(digit)
        }
        return UInt32(value >> 32) == epoch ? UInt32(truncatingIfNeeded: value) : nil
    }

    private static func writeHexadecimal(_ value: UInt32, into buffer: inout ByteBuffer) {
        // Gathered in one word, because eight writes of a byte cost eight bounds checks and eight
        // index moves.
        var word: UInt64 = 0
        for shift in stride(from: UInt32(28), through: 0, by: -4) {
            let nibble = UInt64(value >> shift & 15)
            word = word << 8 | (nibble < 10 ? nibble + 48 : nibble + 87)
        }
        buffer.writeInteger(word)
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        default: nil
        }
    }
}
