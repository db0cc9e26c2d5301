/// A charge: what an authorisation made, and how much of it moved since.
struct ChargeRecord {
    /// How long a hold lasts, in milliseconds: seven days.
    static let holdMilliseconds: UInt32 = 7 * 86_400_000

    var authorized: Int64
    /// Captured, including captures that are still pending.
    var captured: Int64 = 0
    /// Refunded, including refunds that are still pending.
    var refunded: Int64 = 0
    /// Position of the reference in the arena.
    var reference: UInt32 = OperationRecord.none
    /// The authorisation that made it.
    var operation: UInt32
    /// The newest capture, cancellation or refund that was executed or is pending.
    var followUps: UInt32 = OperationRecord.none
    /// Milliseconds since start at which the hold lapses.
    var expiresAt: UInt32
    var currency: CurrencyCode
    var isCancelled = false
    /// Whether an operation in `followUps` may still be pending.
    var hasPending = false
    var behaviour: PaymentToken.FollowUp = .none

    /// What a capture or a cancellation can still take.
    var open: Int64 { isCancelled ? 0 : authorized - captured }

    /// Invariant: 0 <= refunded <= captured <= authorized.
    func checkInvariants() {
        precondition(refunded >= 0 && refunded <= captured, "refunded more than captured")
        precondition(captured <= authorized, "captured more than authorised")
    }
}
