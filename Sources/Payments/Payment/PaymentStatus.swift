/// The public status of a payment, as the API names it.
package enum PaymentStatus: UInt8, Sendable, CaseIterable {
    /// Accepted and journaled; the outcome is not known yet.
    case processing = 1
    /// Authorized in full, waiting for capture or cancel.
    case authorized = 2
    /// Captured (in full or in part); nothing refunded.
    case captured = 3
    /// Part of the captured amount was refunded.
    case partiallyRefunded = 4
    /// All of the captured amount was refunded.
    case refunded = 5
    /// Cancelled before capture.
    case cancelled = 6
    /// Declined or failed; no money moved.
    case failed = 7
    /// The PSP executed another amount or currency than asked; held for an operator.
    case conflicted = 8
    /// A part was captured; the rest can still be captured or cancelled.
    case partiallyCaptured = 9
    /// The shopper must do something first: see `next_action`.
    case requiresAction = 10
    /// Held for manual review: an operator or the merchant approves or rejects it.
    case review = 11
    /// The authorization ran out before anything was captured.
    case expired = 12

    package var name: StaticString {
        switch self {
        case .processing: "processing"
        case .authorized: "authorized"
        case .captured: "captured"
        case .partiallyRefunded: "partially_refunded"
        case .refunded: "refunded"
        case .cancelled: "cancelled"
        case .failed: "failed"
        case .conflicted: "conflicted"
        case .partiallyCaptured: "partially_captured"
        case .requiresAction: "requires_action"
        case .review: "review"
        case .expired: "expired"
        }
    }
}

/// The status of a refund, as the API names it.
package enum RefundStatus: UInt8, Sendable, CaseIterable {
    /// Requested; the PSP has not confirmed it yet, or its outcome is being resolved.
    case pending = 1
    case succeeded = 2
    case failed = 3

    package var name: StaticString {
        switch self {
        case .pending: "pending"
        case .succeeded: "succeeded"
        case .failed: "failed"
        }
    }
}
