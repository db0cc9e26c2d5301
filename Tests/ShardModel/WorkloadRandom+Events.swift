import Ledger
import Money
import Payments
import ShardCore

// What may be told of a payment: mostly something that fits it, sometimes not.
extension WorkloadRandom {
    mutating func event(_ payment: Int, _ driver: borrowing ShardDriver) -> Step {
        // What is disputed goes on being disputed.
        if chance(30), let view = driver.glance(disputed) { return dispute(disputed, view: view, in: driver) }
        guard let view = driver.glance(payment) else { return .read(payment) }
        var event: Step.Event
        switch below(100) {
        case ..<20: event = settlement(view)
        case ..<40: event = authorization(view)
        case ..<46: event = captureFailed(view)
        case ..<56: event = refund(driver.refundCount(payment))
        case ..<64: event = money()
        default:
            // Few disputes are about what was not captured.
            guard view.capturedMinor == 0, chance(80) else { return dispute(payment, view: view, in: driver) }
            event = authorization(view)
        }
        if chance(2) { event.currency = .gbp }
        if chance(2) { event.connector = UInt16(1 + below(4)) }
        if let earlier = view.endedAttempts.first, chance(25) { event.connector = earlier.connector.rawValue }
        if view.status == .conflicted, chance(50) { event = Step.Event(.conflictResolved) }
        return .event(payment, event)
    }

    /// Up to `most` or all of it, now and then more.
    mutating func part(of most: Int64) -> Int64 {
        switch below(20) {
        case ..<11 where most > 0: most
        case 19: most + 1
        default: 1 + Int64(next() % UInt64(max(1, most)))
        }
    }

    private mutating func settlement(_ view: PaymentView) -> Step.Event {
        var event = Step.Event(.settlementMatched, amount: part(of: view.capturedMinor - view.settledMinor))
        if chance(70) { event.fee = Int64(below(500)) }
        return event
    }

    private mutating func authorization(_ view: PaymentView) -> Step.Event {
        switch below(24) {
        case 20: return Step.Event(.cancelFailed)
        case 21: return Step.Event(.incrementFailed)
        case 22: return Step.Event(.incrementSucceeded, amount: part(of: 2 * view.amountMinor))
        case 23: return Step.Event(.conflictResolved)
        case ..<6: return Step.Event(.authorizationSucceeded, amount: part(of: view.amountMinor))
        case ..<9: return Step.Event(.authorizationFailed)
        case ..<12: return Step.Event(.authorizationExpired)
        case ..<14: return Step.Event(.cancelSucceeded)
        default:
            let isOpen = view.capturableMinor > 0
            let amount = part(of: isOpen ? view.capturableMinor : view.amountMinor)
            var event = Step.Event(.captureSucceeded, amount: amount)
            if chance(30) { event.capture = UInt16(1 + below(3)) }
            return event
        }
    }

    private mutating func captureFailed(_ view: PaymentView) -> Step.Event {
        Step.Event(.captureFailed, amount: chance(40) ? nil : part(of: view.capturedMinor - view.refundedMinor))
    }

    private mutating func refund(_ count: Int) -> Step.Event {
        var event = Step.Event(chance(40) ? .refundSucceeded : .refundFailed)
        event.refund = UInt16(1 + below(max(1, count)))
        if chance(5) { event.amount = Int64(1 + below(1_000)) }
        return event
    }

    private mutating func money() -> Step.Event {
        var event: Step.Event
        switch below(10) {
        case ..<5: event = Step.Event(.moneyUnexplained, amount: Int64(1 + below(10_000)))
        case ..<8:
            event = Step.Event(.moneyReclassified, amount: Int64(1 + below(8_000)))
            event.target = SuspenseTarget.allCases[below(SuspenseTarget.allCases.count)]
        default: event = Step.Event(.balanceWrittenOff, amount: Int64(1 + below(20_000)))
        }
        if chance(30) { event.flags = [.isTaken] }
        let currencies: [Currency?] = [nil, nil, nil, .eur, .usd]
        event.currency = currencies[below(currencies.count)]
        return event
    }
}

extension ShardDriver {
    /// A payment in memory.
    func glance(_ payment: Int) -> PaymentView? {
        guard let id = payments[payment]?.id else { return nil }
        var found: PaymentView?
        _ = core.forEachPayment(from: Int(id.sequence) - 1, count: 1) { view, _ in found = view }
        return found
    }

    func disputes(_ payment: Int) -> [DisputeView] {
        payments[payment].flatMap { core.disputes(ofPayment: $0.id.sequence) } ?? []
    }

    func isHeld(_ payment: Int) -> Bool { glance(payment)?.status == .review }
}
