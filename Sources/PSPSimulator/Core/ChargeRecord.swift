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
    /// How far captures may exceed what was authorised, in basis points.
    var overCapture: UInt16 = 0
    var isCancelled = false
    /// A last capture has been made; the rest of the hold is gone.
    var isClosed = false
    /// Whether an operation in `followUps` may still be pending.
    var hasPending = false
    var behaviour: PaymentToken.FollowUp = .none

    /// Stands for a reference that was voided before anything was authorised under it; no charge at
    /// all.
    var isTombstone: Bool { authorized == 0 }

    /// What a capture or a cancellation can still take.
    var open: Int64 { isCancelled || isClosed ? 0 : max(0, authorized - captured) }

    /// The most that captures may take in all.
    var captureLimit: Int64 {
        guard overCapture > 0 else { return authorized }
        let (share, overflow) = authorized.multipliedReportingOverflow(by: Int64(overCapture))
        return overflow ? authorized : authorized + share / 10_000
    }

    /// Invariant: 0 <= refunded <= captured <= the limit.
    func checkInvariants() {
        precondition(refunded >= 0 && refunded <= captured, "refunded more than captured")
        precondition(captured <= captureLimit, "captured more than authorised")
    }
}
