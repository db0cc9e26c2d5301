/// A transition of a payment that is not the end of an operation at the PSP; the raw value is
/// journaled.
package enum PaymentChange: UInt8, Sendable, CaseIterable {
    /// The authorization ran out: P2 for what was left of it.
    case expired = 1
    /// The authorization's outcome stayed unknown for too long (docs/payments.md, "Unknown
    /// outcomes"). The gateway reverses it if it succeeds later.
    case abandoned = 2
    /// A manual review ended with a rejection.
    case reviewRejected = 10
    /// Nobody ended a manual review in time.
    case reviewTimedOut = 11
}
