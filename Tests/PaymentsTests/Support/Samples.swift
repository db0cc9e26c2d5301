import Money
import Payments
import Time

/// SplitMix64: the same sequence on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Payments of 1,000 minor units in each phase, reached by the transitions themselves.
enum Samples {
    static let id = PaymentID(createdAt: 1, shard: 0, sequence: 1)
    static let merchant = MerchantID(rawValue: 7)

    static func created(
        _ amount: Int64 = 1_000,
        isSale: Bool = false,
        fee: UInt16 = 100,
        flags: PaymentFlags = [],
        overCapture: UInt16 = 0,
        traits: PaymentTraits = []
    ) -> Payment {
        Payment(
            id: id,
            merchant: merchant,
            amountMinor: amount,
            currency: .eur,
            feeBasisPoints: fee,
            capturesAutomatically: isSale,
            route: RoutePlan(.first),
            flags: flags,
            overCaptureBasisPoints: overCapture,
            traits: traits,
            createdAt: 1
        )
    }

    static func authorized(_ amount: Int64 = 1_000, overCapture: UInt16 = 0, traits: PaymentTraits = []) -> Payment {
        var payment = created(amount, overCapture: overCapture, traits: traits)
        payment.operationFinished(.authorize, .succeeded, amountMinor: amount, deadline: 900, at: 2)
        return payment
    }

    static func partiallyCaptured(_ amount: Int64 = 400) -> Payment {
        var payment = authorized()
        payment.operationStarted(.capture, at: 3)
        payment.operationFinished(.capture, .succeeded, amountMinor: amount, staysOpen: true, at: 4)
        return payment
    }

    static func captured(_ amount: Int64 = 1_000, traits: PaymentTraits = []) -> Payment {
        var payment = created(amount, isSale: true, traits: traits)
        payment.operationFinished(.authorize, .succeeded, amountMinor: amount, at: 2)
        return payment
    }

    static func voided() -> Payment {
        var payment = authorized()
        payment.operationStarted(.cancel, at: 3)
        payment.operationFinished(.cancel, .succeeded, amountMinor: 1_000, at: 4)
        return payment
    }

    static func failed(isSale: Bool = false) -> Payment {
        var payment = created(isSale: isSale)
        payment.operationFinished(.authorize, .declined(.hard, .lostCard), amountMinor: 1_000, at: 2)
        return payment
    }

    static func expired() -> Payment {
        var payment = authorized()
        payment.changed(.expired, amountMinor: 1_000, deadline: 0, at: 3)
        return payment
    }

    static func requiresAction(isSale: Bool = false) -> Payment {
        var payment = created(isSale: isSale)
        payment.operationFinished(.authorize, .actionRequired, amountMinor: 1_000, deadline: 800, at: 2)
        return payment
    }

    static func inReview() -> Payment {
        var payment = created()
        payment.heldForReview(until: 700, at: 2)
        return payment
    }

    static func conflicted() -> Payment {
        var payment = created()
        payment.operationFinished(.authorize, .conflicted, amountMinor: 1_000, at: 2)
        return payment
    }

    /// One payment of each phase, with nothing running; `created` runs its authorization.
    static let ofEachPhase: [(phase: PaymentPhase, payment: Payment)] = [
        (.created, created()), (.authorized, authorized()), (.partiallyCaptured, partiallyCaptured()),
        (.captured, captured()), (.voided, voided()), (.failed, failed()), (.expired, expired()),
        (.requiresAction, requiresAction()), (.review, inReview()), (.conflicted, conflicted()),
    ]

    static func event(
        _ type: PaymentEventType,
        _ amount: Int64? = nil,
        changing change: (inout ProviderEvent) -> Void = { _ in }
    ) -> ProviderEvent {
        var event = ProviderEvent(type: type, payment: id, id: "evt_1", provider: "simulated")
        event.amountMinor = amount
        change(&event)
        return event
    }

    static func context(_ change: (inout EventContext) -> Void = { _ in }) -> EventContext {
        var context = EventContext(now: 100, authorizationLifetime: 50)
        change(&context)
        return context
    }

    static func dispute(_ amount: Int64 = 1_000) -> Dispute {
        Dispute(
            id: DisputeID(createdAt: 1, shard: 0, paymentSequence: 1, ordinal: 1),
            payment: id,
            amountMinor: amount,
            at: 5
        )
    }
}
