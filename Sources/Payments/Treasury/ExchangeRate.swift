package import Money

/// A price as decimal text said it: units of the bought currency for one unit of the sold one, both
/// major units. Exact: a mantissa and a power of ten, never a floating-point number.
package struct ExchangeRate: Sendable, Hashable {
    /// The most digits behind the point.
    package static let maximumScale = 12
    /// Every rate is below this, in units of its last digit.
    package static let maximumMantissa: Int64 = 1_000_000_000_000_000_000

    package let mantissa: Int64
    package let scale: UInt8

    /// nil for a rate that is not above zero or out of range.
    package init?(mantissa: Int64, scale: UInt8) {
        guard mantissa > 0, mantissa <= Self.maximumMantissa, scale <= Self.maximumScale else { return nil }
        self.mantissa = mantissa
        self.scale = scale
    }

    /// Reads `1.0842`: digits, at most one point with digits on both sides, no sign, no exponent.
    /// nil for anything else.
    package init?(_ text: String) {
        var mantissa: Int64 = 0
        var scale: UInt8?
        var digits = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "."), scale == nil, digits > 0 {
                scale = 0
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            mantissa = sum
            digits += 1
            if let places = scale {
                guard places < Self.maximumScale else { return nil }
                scale = places + 1
            }
        }
        guard digits > 0, scale != 0 else { return nil }
        self.init(mantissa: mantissa, scale: scale ?? 0)
    }

    /// What `minor` units of `sold` are worth in minor units of `bought`. It is rounded down, so
    /// that the liquidity account never pays more than the rate. nil when it does not fit 64 bits.
    /// The arithmetic is exact in 128 bits. An amount below 2^63 times a mantissa of at most 10^18
    /// is below 2^123. Powers of ten are divided before they could overflow.
    package func convert(_ minor: Int64, from sold: Currency, to bought: Currency) -> Int64? {
        precondition(minor >= 0, "amounts are positive")
        let product = Int128(minor) * Int128(mantissa)
        // major = minor / 10^sold; result = major * mantissa / 10^scale * 10^bought
        let shift = bought.exponent - sold.exponent - Int(scale)
        if shift >= 0 {
            let (result, overflow) = product.multipliedReportingOverflow(by: Self.power(shift))
            return overflow ? nil : Int64(exactly: result)
        }
        return Int64(exactly: product / Self.power(-shift))
    }

    private static func power(_ exponent: Int) -> Int128 {
        var value: Int128 = 1
        for _ in 0..<exponent { value *= 10 }
        return value
    }
}

extension ExchangeRate: CustomStringConvertible {
    /// The decimal text, as an answer shows it; `init?(_ text:)` reads it back.
    package var description: String {
        var digits = String(mantissa)
        let places = Int(scale)
        guard places > 0 else { return digits }
        while digits.utf8.count <= places { digits = "0" + digits }
        let point = digits.index(digits.endIndex, offsetBy: -places)
        return "\(digits[..<point]).\(digits[point...])"
    }
}
