/// Fees as basis points: hundredths of a per cent.
package enum BasisPoints {
    /// All of the amount.
    package static let whole: UInt16 = 10_000

    /// That part of `amountMinor`, rounded down; for limits.
    /// - Precondition: `amountMinor` >= 0, `basisPoints` <= 10,000.
    package static func share(of amountMinor: Int64, basisPoints: UInt16) -> Int64 {
        precondition(amountMinor >= 0 && basisPoints <= whole, "a share is a part of an amount")
        return Int64(Int128(amountMinor) * Int128(basisPoints) / 10_000)
    }

    /// The fee on `amountMinor`, rounded half to even, so that fees over many payments do not drift
    /// to one side. Between 0 and the amount; the multiplication is in 128 bits, so no amount
    /// overflows.
    /// - Precondition: `amountMinor` >= 0, `basisPoints` <= 10,000.
    package static func fee(of amountMinor: Int64, basisPoints: UInt16) -> Int64 {
        precondition(amountMinor >= 0, "a fee is taken from an amount that came in")
        precondition(basisPoints <= whole, "a fee is a part of the amount")
        let (quotient, remainder) = (Int128(amountMinor) * Int128(basisPoints)).quotientAndRemainder(dividingBy: 10_000)
        let isRoundedUp = remainder > 5_000 || (remainder == 5_000 && quotient & 1 == 1)
        let fee = Int64(quotient) + (isRoundedUp ? 1 : 0)
        precondition(fee >= 0 && fee <= amountMinor, "rounding never leaves the amount")
        return fee
    }
}
