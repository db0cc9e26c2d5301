/// Three capital letters in fifteen bits. The simulator knows no list of currencies: any three
/// letters are one.
struct CurrencyCode: Equatable, Hashable, Sendable {
    private let packed: UInt16

    /// Nil unless the bytes are three capital letters.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count == 3 else { return nil }
        var packed: UInt16 = 0
        for index in bytes.indices {
            guard bytes[index] >= 65, bytes[index] <= 90 else { return nil }
            packed = packed << 5 | UInt16(bytes[index] - 65)
        }
        self.packed = packed
    }

    private init(packed: UInt16) {
        self.packed = packed
    }

    // Letters count from 0: E is 4, U is 20, R is 17; U is 20, S is 18, D is 3.
    static let eur = CurrencyCode(packed: 4 << 10 | 20 << 5 | 17)
    static let usd = CurrencyCode(packed: 20 << 10 | 18 << 5 | 3)

    var fingerprint: UInt64 { UInt64(packed) }

    /// The three letters.
    var letters: (UInt8, UInt8, UInt8) {
        (UInt8(packed >> 10) + 65, UInt8(packed >> 5 & 31) + 65, UInt8(packed & 31) + 65)
    }
}
