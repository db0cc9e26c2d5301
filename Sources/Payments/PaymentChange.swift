/// A transition of a payment that is not the end of an operation at the PSP; the raw value is journaled.
package enum PaymentChange: UInt8, Sendable, CaseIterable {
    /// The authorization ran out: P2 for what was left of it.
    case expired = 1
    /// The authorization stayed unknown for too long (payments.md, 4.3): whatever comes of it now is taken back.
    case abandoned = 2
    /// People said no to a payment that was held for them.
    case reviewRejected = 10
    /// Nobody has ended a review in time.
    case reviewTimedOut = 11
}
