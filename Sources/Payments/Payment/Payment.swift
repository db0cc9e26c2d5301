package import Money
package import Time

/// How far a payment has come, apart from any operation that is running on it (docs/payments.md,
/// "Phases").
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
    /// The shopper must do something first (3-D Secure, a redirect); the PSP has the payment and
    /// waits.
    case requiresAction = 8
    /// Held for manual review: an operator or the merchant approves or rejects it. Nothing was sent
    /// to the PSP.
    case review = 9
    /// The authorization ran out before anything was captured.
    case expired = 10
}

/// What a payment was created with or has become, apart from its phase; the raw value is journaled.
@usableFromInline package struct PaymentFlags: OptionSet, Hashable, Sendable {
    @usableFromInline package let rawValue: UInt8

    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The merchant takes an authorization for less than asked.
    @inlinable package static var acceptsPartialAuthorization: PaymentFlags { PaymentFlags(rawValue: 1) }
    /// Money that open disputes hold may still be refunded, because the PSP said so of all of them.
    @inlinable package static var refundableWhileDisputed: PaymentFlags { PaymentFlags(rawValue: 8) }
    /// Nothing is sent to the PSP with the creation (`PaymentPhase.review`, or refused at once).
    @inlinable package static var heldBack: PaymentFlags { PaymentFlags(rawValue: 4) }
}

/// One payment: its phase, its money and its counters, its route, why it was declined or failed. A
/// flat value of fixed size that knows of no table, journal or provider.
///
/// Invariants, which `checkInvariants()` checks on every apply. The authorized amount is from 0 to
/// `amountMinor`. The captured amount is from 0 to the authorized amount, plus the excess that the
/// provider permits. Refunded and pending refunds are not negative, and together at most the
/// captured amount. At most one of the operations other than refunds runs at a time.
@usableFromInline package struct Payment: Sendable {
    package let id: PaymentID
    package let merchant: MerchantID
    /// What the merchant asked for, in minor units; increments raise it.
    package internal(set) var amountMinor: Int64
    package internal(set) var authorizedMinor: Int64 = 0
    package internal(set) var capturedMinor: Int64 = 0
    package internal(set) var refundedMinor: Int64 = 0
    package internal(set) var refundPendingMinor: Int64 = 0
    /// What open disputes have charged back.
    package internal(set) var disputedMinor: Int64 = 0
    /// What lost disputes have charged back.
    package internal(set) var disputeLostMinor: Int64 = 0
    /// Of the captured amount, what the provider has settled.
    package internal(set) var settledMinor: Int64 = 0
    /// What the payment has put on its merchant's pending balance and not taken from it. It is the
    /// sum of what its transfers booked there (`booked`); `feeMinor` is the sum of the platform's
    /// fees. For a top-up it is the part that is not settled (`setUnsettled`).
    package internal(set) var pendingFundsMinor: Int64 = 0
    package internal(set) var feeMinor: Int64 = 0
    /// When time ends the phase; `.none` for never. It is the authorization's end as the PSP says,
    /// or the last moment of the shopper's action or of a review.
    package internal(set) var deadline: Timestamp = .none
    /// The time of the last transition.
    package internal(set) var updatedAt: Timestamp
    package let currency: Currency
    package let feeBasisPoints: UInt16
    /// How far captures may exceed the authorization, in basis points of it: what the provider
    /// declared when it was created.
    package let overCaptureBasisPoints: UInt16
    package internal(set) var captureCount: UInt16 = 0
    package internal(set) var cancelCount: UInt16 = 0
    package internal(set) var refundCount: UInt16 = 0
    package internal(set) var incrementCount: UInt16 = 0
    package internal(set) var confirmCount: UInt16 = 0
    package internal(set) var authorizeCount: UInt16
    /// Disputes it ever had; at most `maximumDisputes`.
    package internal(set) var disputeCount: UInt16 = 0
    package internal(set) var flags: PaymentFlags
    package internal(set) var phase: PaymentPhase = .created
    /// The operation that is running or being resolved, if any (refunds run beside it and are not
    /// shown here).
    package internal(set) var running: ProviderOperation?
    package let capturesAutomatically: Bool
    /// The connectors that its authorization may try, in order.
    package let route: RoutePlan
    /// The connector that has, or had, the payment: where its authorization was sent last, and
    /// where all that follows it goes.
    package internal(set) var connector: ConnectorID
    /// The place of `connector` in `route`, from 0.
    package internal(set) var routePosition: UInt8 = 0
    package internal(set) var traits: PaymentTraits
    package internal(set) var declineCode: DeclineCode?
    package internal(set) var declineCategory: DeclineClass?
    /// What the network or the issuer advised with the decline.
    package internal(set) var declineAdvice = DeclineAdvice.none
    /// Why it failed, where the PSP did not decline it. On an authorized or captured payment it
    /// says why the gateway reverses what was executed.
    package internal(set) var failure: FailureReason?

    /// A payment just accepted: its authorization is about to be sent, unless it is held back.
    package init(
        id: PaymentID,
        merchant: MerchantID,
        amountMinor: Int64,
        currency: Currency,
        feeBasisPoints: UInt16,
        capturesAutomatically: Bool,
        route: RoutePlan,
        flags: PaymentFlags = [],
        overCaptureBasisPoints: UInt16 = 0,
        traits: PaymentTraits = [],
        createdAt: Timestamp
    ) {
        precondition(amountMinor > 0, "a payment moves a positive amount")
        precondition(feeBasisPoints <= 10_000, "a fee cannot exceed the payment")
        self.id = id
        self.merchant = merchant
        self.amountMinor = amountMinor
        self.currency = currency
        self.feeBasisPoints = feeBasisPoints
        self.capturesAutomatically = capturesAutomatically
        self.route = route
        self.connector = route.first
        self.flags = flags
        self.overCaptureBasisPoints = overCaptureBasisPoints
        self.traits = traits
        self.updatedAt = createdAt
        self.running = flags.contains(.heldBack) ? nil : .authorize
        self.authorizeCount = flags.contains(.heldBack) ? 0 : 1
    }

    /// Whether the authorization is open: it can be captured and cancelled.
    package var isOpen: Bool { phase == .authorized || phase == .partiallyCaptured }

    /// What is held and can still be captured. A final capture ends the authorization, the rest is
    /// released.
    package var capturableMinor: Int64 { isOpen ? max(0, authorizedMinor - capturedMinor) : 0 }

    /// The most that captures may take in all.
    package var captureLimitMinor: Int64 {
        authorizedMinor + BasisPoints.share(of: authorizedMinor, basisPoints: overCaptureBasisPoints)
    }

    /// What can still be refunded. Money that a dispute has charged back cannot be refunded as
    /// well.
    package var refundableMinor: Int64 {
        // A chargeback may include what was refunded: the difference may be negative.
        max(0, capturedMinor - refundedMinor - refundPendingMinor - disputedMinor - disputeLostMinor)
    }

    /// Whether the gateway must reverse what the PSP executed: it came too late, or was less than
    /// the merchant accepts.
    package var needsReversal: Bool {
        switch failure {
        // What was captured before the conflict stays captured.
        case .reversal(.conflict): isOpen
        case .reversal: phase == .authorized || (phase == .captured && refundableMinor > 0)
        case .call, .risk, .captureFailed, nil: false
        }
    }

    /// The public status (docs/payments.md, "Phases"): derived from phase and counters.
    package var status: PaymentStatus {
        if running != nil { return .processing }
        switch phase {
        case .created: return .processing
        case .requiresAction: return .requiresAction
        case .review: return .review
        case .expired: return failure == nil ? .expired : .failed
        // For the shopper the payment has failed, and the gateway reverses it.
        case .authorized: return failure == nil ? .authorized : .failed
        case .captured:
            if refundedMinor == 0 { return .captured }
            return refundedMinor == capturedMinor ? .refunded : .partiallyRefunded
        case .partiallyCaptured: return .partiallyCaptured
        case .voided: return failure == nil ? .cancelled : .failed
        case .failed: return .failed
        case .conflicted: return .conflicted
        }
    }

    /// Nothing runs on it and nothing more is expected.
    package var isSettled: Bool {
        guard running == nil, refundPendingMinor == 0 else { return false }
        switch phase {
        case .captured: return disputedMinor == 0 && !needsReversal
        case .voided, .failed, .expired: return true
        case .created, .authorized, .partiallyCaptured, .conflicted, .requiresAction, .review: return false
        }
    }

    /// As `checkInvariants`, for bytes that come from outside.
    var holdsInvariants: Bool {
        // Checks each number by itself before it makes sums of them. None may be negative or near
        // the end of its range.
        let numbers =
            amountMinor | authorizedMinor | capturedMinor | refundedMinor | refundPendingMinor | disputedMinor
            | disputeLostMinor | settledMinor
        // A PSP sets the deadline, so a journal may hold one far in the future. Such a deadline
        // must not prevent a start.
        return numbers >= 0 && numbers < 1 << 56 && deadline >= .none && countersFit
    }

    private var countersFit: Bool {
        capturedMinor >= 0 && capturedMinor <= captureLimitMinor && authorizedMinor <= amountMinor && refundedMinor >= 0
            && refundPendingMinor >= 0 && refundedMinor <= capturedMinor
            && refundPendingMinor <= capturedMinor - refundedMinor && disputedMinor >= 0 && disputeLostMinor >= 0
            && disputedMinor <= capturedMinor && disputeLostMinor <= capturedMinor - disputedMinor
            && settledMinor >= 0 && settledMinor <= capturedMinor && capturedFitsPhase
    }

    private var capturedFitsPhase: Bool {
        switch phase {
        case .created, .authorized, .voided, .failed, .requiresAction, .review, .expired: capturedMinor == 0
        case .partiallyCaptured: capturedMinor > 0 && capturedMinor < authorizedMinor
        // A payment is in conflict also after a part was captured, when the PSP did something else
        // with the rest.
        case .captured, .conflicted: true
        }
    }

    func checkInvariants() {
        precondition(capturedMinor >= 0 && capturedMinor <= captureLimitMinor, "captured more than authorized")
        precondition(authorizedMinor <= amountMinor, "authorized more than asked")
        precondition(refundedMinor >= 0 && refundPendingMinor >= 0, "negative refund counter")
        precondition(refundedMinor + refundPendingMinor <= capturedMinor, "refunded more than captured")
        precondition(disputedMinor >= 0 && disputeLostMinor >= 0, "negative dispute counter")
        precondition(disputedMinor + disputeLostMinor <= capturedMinor, "disputed more than captured")
        precondition(settledMinor >= 0 && settledMinor <= capturedMinor, "settled more than captured")
        precondition(capturedFitsPhase, "captured \(capturedMinor) in \(phase)")
    }
}
