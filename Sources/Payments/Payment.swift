package import Money

/// A piece of the shard's byte arena: where a payment's variable-length parts live.
package struct ArenaSlice: Hashable, Sendable {
    package var chunk: UInt32
    package var offset: UInt32
    package var length: UInt32

    package init(chunk: UInt32, offset: UInt32, length: UInt32) {
        self.chunk = chunk
        self.offset = offset
        self.length = length
    }

    package static let empty = ArenaSlice(chunk: 0, offset: 0, length: 0)
}

/// How far a payment has come, apart from any operation that is running on it (payments.md, section 4.1).
package enum PaymentPhase: UInt8, Sendable, CaseIterable {
    /// Accepted; nothing is known from the PSP yet.
    case created = 1
    case authorized = 2
    case captured = 3
    case voided = 4
    case failed = 5
    /// The PSP executed another amount or currency than asked.
    case conflicted = 6
    /// A part was captured, and the rest of the authorization is open.
    case partiallyCaptured = 7
}

/// One payment as its shard holds it in memory: a flat value of fixed size, so that a million of them are a million
/// times `MemoryLayout<Payment>.stride` and nothing else but their arena bytes.
///
/// Invariants, checked by `checkInvariants()` on every apply:
/// 0 <= captured <= authorized <= amount; 0 <= refunded, refundPending; refunded + refundPending <= captured;
/// at most one of {authorize, capture, cancel} runs at a time.
package struct Payment: Sendable {
    package let id: PaymentID
    package let merchant: MerchantID
    /// What the merchant asked for, in minor units.
    package let amountMinor: Int64
    package internal(set) var authorizedMinor: Int64 = 0
    package internal(set) var capturedMinor: Int64 = 0
    package internal(set) var refundedMinor: Int64 = 0
    package internal(set) var refundPendingMinor: Int64 = 0
    /// Milliseconds since 1970 of the last transition.
    package internal(set) var updatedAt: Int64
    /// The journal position of the last record that changed this payment: what an answer about it rests on.
    package var lastRecord: UInt64 = 0 {
        didSet { isStored = false }
    }
    package var details: ArenaSlice = .empty
    package var providerReference: ArenaSlice = .empty
    /// The PSP's own code of the decline, when `declineCode` is set.
    package var declineProviderCode: ArenaSlice = .empty
    /// The newest refund's slot plus one; 0 for none. Refunds link to the one before.
    package var newestRefund: UInt32 = 0
    /// The slot plus one of the running operation in the shard's memory; 0 for none.
    package var operationSlot: UInt32 = 0
    package let currency: Currency
    package let feeBasisPoints: UInt16
    package internal(set) var captureCount: UInt16 = 0
    package internal(set) var cancelCount: UInt16 = 0
    package internal(set) var refundCount: UInt16 = 0
    package internal(set) var phase: PaymentPhase = .created
    /// The operation that is running or being resolved, if any (refunds run beside it and are not shown here).
    package internal(set) var running: ProviderOperation?
    package let capturesAutomatically: Bool
    package let provider: UInt8
    package internal(set) var declineCode: DeclineCode?
    package internal(set) var declineCategory: DeclineClass?
    package internal(set) var failure: FailureReason?
    /// A cold file holds the payment as it is now: it came from there and was not changed since.
    package var isStored = false

    /// A payment just accepted: its authorization is about to be sent.
    package init(
        id: PaymentID,
        merchant: MerchantID,
        amountMinor: Int64,
        currency: Currency,
        feeBasisPoints: UInt16,
        capturesAutomatically: Bool,
        provider: UInt8,
        createdAt: Int64
    ) {
        precondition(amountMinor > 0, "a payment moves a positive amount")
        precondition(feeBasisPoints <= 10_000, "a fee cannot exceed the payment")
        self.id = id
        self.merchant = merchant
        self.amountMinor = amountMinor
        self.currency = currency
        self.feeBasisPoints = feeBasisPoints
        self.capturesAutomatically = capturesAutomatically
        self.provider = provider
        self.updatedAt = createdAt
        self.running = .authorize
    }

    /// Whether the authorization is open: it can be captured and cancelled.
    package var isOpen: Bool { phase == .authorized || phase == .partiallyCaptured }

    /// What can still be captured. A final capture ends the authorization, the rest is released.
    package var capturableMinor: Int64 { isOpen ? authorizedMinor - capturedMinor : 0 }

    package var refundableMinor: Int64 { capturedMinor - refundedMinor - refundPendingMinor }

    /// The public status (payments.md, section 4.1: aliases derived from phase and counters).
    package var status: PaymentStatus {
        if running != nil { return .processing }
        switch phase {
        case .created: return .processing
        case .authorized: return .authorized
        case .captured:
            if refundedMinor == 0 { return .captured }
            return refundedMinor == capturedMinor ? .refunded : .partiallyRefunded
        case .partiallyCaptured: return .partiallyCaptured
        case .voided: return .cancelled
        case .failed: return .failed
        case .conflicted: return .conflicted
        }
    }

    /// Nothing runs on it and nothing more is expected: it can leave memory until somebody asks for it.
    package var isSettled: Bool {
        guard running == nil, refundPendingMinor == 0, operationSlot == 0 else { return false }
        switch phase {
        case .captured, .voided, .failed: return true
        case .created, .authorized, .partiallyCaptured, .conflicted: return false
        }
    }

    /// As `checkInvariants`, for bytes that come from outside.
    var holdsInvariants: Bool {
        capturedMinor >= 0 && capturedMinor <= authorizedMinor && authorizedMinor <= amountMinor && refundedMinor >= 0
            && refundPendingMinor >= 0 && refundedMinor <= capturedMinor
            && refundPendingMinor <= capturedMinor - refundedMinor && capturedFitsPhase
    }

    private var capturedFitsPhase: Bool {
        switch phase {
        case .created, .authorized, .voided, .failed: capturedMinor == 0
        case .partiallyCaptured: capturedMinor > 0 && capturedMinor < authorizedMinor
        // Conflicted also after a part was captured, when the PSP did something else with the rest.
        case .captured, .conflicted: true
        }
    }

    func checkInvariants() {
        precondition(capturedMinor >= 0 && capturedMinor <= authorizedMinor, "captured more than authorized")
        precondition(authorizedMinor <= amountMinor, "authorized more than asked")
        precondition(refundedMinor >= 0 && refundPendingMinor >= 0, "negative refund counter")
        precondition(refundedMinor + refundPendingMinor <= capturedMinor, "refunded more than captured")
        precondition(capturedFitsPhase, "captured \(capturedMinor) in \(phase)")
    }
}

/// One refund of a payment.
package struct Refund: Sendable {
    package let id: RefundID
    package let payment: PaymentID
    package let amountMinor: Int64
    package internal(set) var status: RefundStatus = .pending
    package internal(set) var declineCode: DeclineCode?
    package internal(set) var declineCategory: DeclineClass?
    package internal(set) var failure: FailureReason?
    /// The PSP refunded another amount or currency than asked: stays pending until people decide.
    package internal(set) var isConflicted = false
    /// Milliseconds since 1970 of the last transition.
    package internal(set) var updatedAt: Int64
    package var lastRecord: UInt64 = 0
    package var providerReference: ArenaSlice = .empty
    package var declineProviderCode: ArenaSlice = .empty
    /// The slot plus one of the payment's refund before this one; 0 for none.
    package let older: UInt32
    /// The slot plus one of the running operation in the shard's memory; 0 for none.
    package var operationSlot: UInt32 = 0

    package init(id: RefundID, payment: PaymentID, amountMinor: Int64, requestedAt: Int64, older: UInt32) {
        precondition(amountMinor > 0, "a refund moves a positive amount")
        self.id = id
        self.payment = payment
        self.amountMinor = amountMinor
        self.updatedAt = requestedAt
        self.older = older
    }
}
