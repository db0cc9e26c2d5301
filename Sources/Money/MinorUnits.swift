/// Checked arithmetic on amounts in minor units. Amounts are `Int64` at the currency's ISO 4217
/// exponent.
///
/// There are two kinds of callers. Input that a merchant or a provider chose is added with the
/// optional forms, and an overflow becomes a refusal. Sums that invariants bound are added with
/// plain `+`, which traps.
package enum MinorUnits {
    /// The largest amount of one operation by default: eight digits, as Stripe has it. A provider
    /// may allow more.
    package static let defaultMaximum: Int64 = 99_999_999

    /// The sum, or `nil` when it does not fit.
    package static func adding(_ left: Int64, _ right: Int64) -> Int64? {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? nil : sum
    }

    /// The difference, or `nil` when it does not fit.
    package static func subtracting(_ left: Int64, _ right: Int64) -> Int64? {
        let (difference, overflow) = left.subtractingReportingOverflow(right)
        return overflow ? nil : difference
    }
}
