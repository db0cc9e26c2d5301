import Money
import Payments

/// What a call asked for, as far as it bounds the amount that its answer can state.
///
/// An amount outside of these bounds says nothing about money. The answer is a bad one, so the
/// outcome is unknown and is asked for again. Another amount within the bounds is a fact that
/// differs from what was asked for (`conflicted`).
struct RequestedAmount: Equatable {
    /// No answer states more, in minor units of any currency.
    static let maximumMinor: Int64 = 1_000_000_000_000_000

    private let amountMinor: Int64
    private let currency: Currency
    /// Whether the answer states what was moved. A void moves nothing and may state 0, or what it
    /// released.
    private let isMovement: Bool
    /// Less than asked for is an answer of its own (a partial authorization).
    private let mayBeLess: Bool

    init(_ call: ProviderCall) {
        amountMinor = call.amountMinor
        currency = call.currency
        isMovement = call.mode != .cancelByReference && call.operation != .cancel
        mayBeLess = call.operation == .authorize || call.operation == .confirm
    }

    /// Whether a PSP can have executed `minor` of `currency` for this call. It is at least 1 where
    /// money moved, and at most `maximumMinor`. It is not the amount asked for with another number
    /// of decimals.
    func isPlausible(_ minor: Int64, _ currency: Currency) -> Bool {
        guard isMovement else { return (0...Self.maximumMinor).contains(minor) }
        guard (1...Self.maximumMinor).contains(minor) else { return false }
        return currency != self.currency || !isRescaled(minor)
    }

    /// Whether `minor` is the requested amount with one to four decimals more, or (except where
    /// less is possible) fewer.
    private func isRescaled(_ minor: Int64) -> Bool {
        var scale: Int64 = 1
        for _ in 0..<4 {
            scale *= 10
            if Self.isProduct(minor, of: amountMinor, and: scale) { return true }
            if !mayBeLess, Self.isProduct(amountMinor, of: minor, and: scale) { return true }
        }
        return false
    }

    private static func isProduct(_ product: Int64, of factor: Int64, and scale: Int64) -> Bool {
        let (expected, overflow) = factor.multipliedReportingOverflow(by: scale)
        return !overflow && product == expected
    }
}
