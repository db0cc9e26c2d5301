import Ledger
import Money
import Payments

// What a payment takes of what is told of it (docs/payments.md; docs/disputes.md), and what that
// does.
extension NaivePayment {
    func rule(_ event: Step.Event, _ situation: NaiveSituation) -> NaiveRuling {
        if isFromWallet { return .refused("eventNotAllowed") }
        if situation.isHeldBack, event.type.needsSomethingSent { return .refused("eventNotAllowed") }
        let same = event.currency ?? currency == currency
        switch event.type {
        case .settlementMatched: return ruleSettlement(event, same)
        case .authorizationSucceeded: return ruleAuthorized(event, same: same, in: situation)
        case .authorizationFailed: return ruleNotAuthorized(situation)
        case .authorizationExpired: return ruleExpired()
        case .captureSucceeded: return ruleCaptured(event, same: same, in: situation)
        case .captureFailed: return ruleCaptureFailed(event, same: same, in: situation)
        case .cancelSucceeded: return ruleCancelled()
        case .cancelFailed: return ruleNotCancelled(situation)
        case .incrementSucceeded: return ruleIncremented(event, same)
        case .incrementFailed: return ruleNotIncremented(situation)
        case .conflictResolved: return ruleResolved(situation)
        case .refundSucceeded, .refundFailed: return ruleRefund(event, same: same, in: situation)
        case .moneyUnexplained, .moneyReclassified, .balanceWrittenOff: return ruleMoney(event, situation)
        default: return ruleDispute(event, situation)
        }
    }

    private var isAuthorizing: Bool { running?.decidesAuthorization == true }
    private var isOver: Bool { phase == .voided || phase == .expired || phase == .failed }

    private func ruleSettlement(_ event: Step.Event, _ same: Bool) -> NaiveRuling {
        let amount = event.amount ?? 0
        let fits = same && amount <= captured - settled
        // A capture that is under way may be what is settled.
        if !fits, running != nil { return .refused("operationInProgress") }
        guard phase == .captured || phase == .partiallyCaptured else { return .refused("eventNotAllowed") }
        guard fits, event.fee ?? 0 <= amount else { return .refused("eventAmountMismatch") }
        return .happens(NaiveFact(effect: "settled", amount: amount, currency: currency, fee: event.fee ?? 0))
    }

    private func ruleAuthorized(_ event: Step.Event, same: Bool, in situation: NaiveSituation) -> NaiveRuling {
        if isAuthorizing, let running {
            return .ends(running, .ok(amount: event.amount, currency: event.currency, expiresIn: 0))
        }
        if isOpen || phase == .captured { return .known }
        if phase == .requiresAction {
            // The plan for sellers is followed by the confirmation.
            guard running == nil, !isShared else { return .refused("operationInProgress") }
            return authorization("authorized", by: event, same: same, in: situation)
        }
        guard isOver else { return .refused("eventNotAllowed") }
        return authorized > 0 ? .known : authorization("authorized_late", by: event, same: same, in: situation)
    }

    private func authorization(
        _ effect: String,
        by event: Step.Event,
        same: Bool,
        in situation: NaiveSituation
    ) -> NaiveRuling {
        let told = event.amount ?? 0
        // What came too late is taken back, however much it is.
        let isTaken = told == amount || !isSale || acceptsPartial || effect == "authorized_late"
        guard same, told <= amount, isTaken else { return conflict(event, moved: isSale) }
        let deadline = isSale ? 0 : situation.now + situation.lifetime
        return .happens(NaiveFact(effect: effect, amount: told, currency: currency, deadline: deadline))
    }

    private func conflict(_ event: Step.Event, moved: Bool) -> NaiveRuling {
        let amount = moved ? event.amount ?? 0 : 0
        return .happens(NaiveFact(effect: "conflicted", amount: amount, currency: event.currency ?? currency))
    }

    private func ruleNotAuthorized(_ situation: NaiveSituation) -> NaiveRuling {
        if isAuthorizing, let running {
            // The answer that is on its way decides.
            return situation.isSent ? .refused("operationInProgress") : .ends(running, .declined(.genericDecline))
        }
        if running != nil { return .refused("operationInProgress") }
        if isOver { return .known }
        guard phase == .requiresAction else { return .refused("eventNotAllowed") }
        return .happens(NaiveFact(effect: "authorization_failed", currency: currency))
    }

    private func ruleExpired() -> NaiveRuling {
        if running != nil { return .refused("operationInProgress") }
        if phase == .expired { return .known }
        guard isOpen else { return .refused("eventNotAllowed") }
        return .happens(NaiveFact(effect: "authorization_expired", currency: currency))
    }

    /// The operation whose end is a capture: the capture that the event names, else the only one,
    /// or the authorization of a sale.
    private func capturing(_ event: Step.Event) -> Operation? {
        guard let running else { return nil }
        switch running.kind {
        case .capture: return running.ordinal == event.capture.map({ Int($0) }) ?? 1 ? running : nil
        case .authorize, .confirm: return isSale ? running : nil
        case .cancel, .increment, .refund: return nil
        }
    }

    /// A capture that was never asked for. The first may be a sale's.
    private func isNoCapture(_ number: UInt16?) -> Bool {
        guard let number, number > 1 else { return false }
        return Int(number) > counts[.capture, default: 0]
    }

    private func ruleCaptured(_ event: Step.Event, same: Bool, in situation: NaiveSituation) -> NaiveRuling {
        if isNoCapture(event.capture) { return .refused("eventNotAllowed") }
        if running?.kind == .capture, event.capture != nil, capturing(event) == nil { return .known }
        if let capturing = capturing(event) {
            return .ends(capturing, .ok(amount: event.amount, currency: event.currency, expiresIn: 0))
        }
        if let running {
            // "processing(void): the PSP says already captured": all of it, and nothing else.
            let isCrossing = running.kind == .cancel && isOpen && same && event.amount == capturable
            return isCrossing ? .ends(running, .declined(.alreadyCaptured)) : .refused("operationInProgress")
        }
        if phase == .captured || phase == .partiallyCaptured { return .known }
        if phase == .requiresAction, isSale, isShared { return .refused("operationInProgress") }
        if phase == .requiresAction, isSale { return authorization("authorized", by: event, same: same, in: situation) }
        guard isOver else { return .refused("eventNotAllowed") }
        if failure == "captureFailed" { return .known }
        guard same, event.amount ?? 0 <= amount else { return conflict(event, moved: true) }
        return .happens(NaiveFact(effect: "captured_late", amount: event.amount ?? 0, currency: currency))
    }

    private func ruleCaptureFailed(_ event: Step.Event, same: Bool, in situation: NaiveSituation) -> NaiveRuling {
        if isNoCapture(event.capture) { return .refused("eventNotAllowed") }
        if let capturing = capturing(event) {
            return situation.isSent ? .refused("operationInProgress") : .ends(capturing, .declined(.genericDecline))
        }
        if running != nil { return .refused("operationInProgress") }
        if phase == .failed, failure == "captureFailed" { return .known }
        // Nobody can say which of the sellers loses it.
        guard !isShared, funding == nil else { return .refused("eventNotAllowed") }
        guard phase == .captured || phase == .partiallyCaptured, refundable > 0 else {
            return .refused("eventNotAllowed")
        }
        let amount = event.amount ?? refundable
        guard same, amount <= refundable else { return .refused("eventAmountMismatch") }
        return .happens(NaiveFact(effect: "capture_reversed", amount: amount, currency: currency))
    }

    /// The hold stayed, as is known; of one that was let go it cannot be said.
    private func ruleNotCancelled(_ situation: NaiveSituation) -> NaiveRuling {
        if let running {
            guard running.kind == .cancel, !situation.isSent else { return .refused("operationInProgress") }
            return .ends(running, .declined(.genericDecline))
        }
        let stayed = isOpen || phase == .captured || phase == .requiresAction
        return stayed && counts[.cancel, default: 0] > 0 ? .known : .refused("eventNotAllowed")
    }

    /// An increment says how much is held in all.
    private func ruleIncremented(_ event: Step.Event, _ same: Bool) -> NaiveRuling {
        if let running, running.kind == .increment {
            return .ends(running, .ok(amount: event.amount, currency: event.currency, expiresIn: 0))
        }
        let total = event.amount ?? 0
        guard same else { return .refused("eventAmountMismatch") }
        if running != nil, total > authorized { return .refused("operationInProgress") }
        guard counts[.increment, default: 0] > 0 else { return .refused("eventNotAllowed") }
        if total <= authorized { return .known }
        guard phase == .authorized, failure == nil else { return .refused("eventNotAllowed") }
        return .happens(NaiveFact(effect: "incremented", amount: total, currency: currency))
    }

    private func ruleNotIncremented(_ situation: NaiveSituation) -> NaiveRuling {
        if let running {
            guard running.kind == .increment, !situation.isSent else { return .refused("operationInProgress") }
            return .ends(running, .declined(.genericDecline))
        }
        return counts[.increment, default: 0] > 0 ? .known : .refused("eventNotAllowed")
    }

    /// An operator has looked at a conflict: what is held, if anything, is let go.
    private func ruleResolved(_ situation: NaiveSituation) -> NaiveRuling {
        if running != nil { return .refused("operationInProgress") }
        if phase != .conflicted { return failure == "conflict" ? .known : .refused("eventNotAllowed") }
        let deadline = situation.now + situation.lifetime
        return .happens(NaiveFact(effect: "conflict_resolved", currency: currency, deadline: deadline))
    }

    private func ruleCancelled() -> NaiveRuling {
        if let running {
            guard running.kind == .cancel else { return .refused("operationInProgress") }
            return .ends(running, .ok(amount: nil, currency: nil, expiresIn: 0))
        }
        return phase == .voided ? .known : .refused("eventNotAllowed")
    }

    private func ruleRefund(_ event: Step.Event, same: Bool, in situation: NaiveSituation) -> NaiveRuling {
        guard let number = event.refund.map({ Int($0) }), number <= refunds.count else { return .refused("notFound") }
        let refund = refunds[number - 1]
        guard same, event.amount ?? refund.amount == refund.amount else { return .refused("eventAmountMismatch") }
        let succeeded = event.type == .refundSucceeded
        switch refund.status {
        case "pending":
            guard let operation = refunding[number] else {
                // Executed for another amount: people say what it comes to.
                let effect = succeeded ? "refund_confirmed" : "refund_reversed"
                return .happens(NaiveFact(effect: effect, amount: refund.amount, currency: currency, refund: number))
            }
            if !succeeded, situation.sentRefunds.contains(number) { return .refused("operationInProgress") }
            let reply: Step.Reply =
                succeeded ? .ok(amount: nil, currency: nil, expiresIn: 0) : .declined(.genericDecline)
            return .ends(operation, reply)
        case "succeeded" where succeeded, "failed" where !succeeded, "bounced" where !succeeded: return .known
        case "succeeded":
            return .happens(
                NaiveFact(effect: "refund_bounced", amount: refund.amount, currency: currency, refund: number)
            )
        default: return .refused("eventNotAllowed")
        }
    }

    /// What an earlier connector of the route says that had said no. Only that it executed the
    /// payment after all, and what operators say of that money; nil for what it has no business to
    /// say.
    func ruleEarlier(_ event: Step.Event, _ situation: NaiveSituation, from connector: UInt16) -> NaiveRuling? {
        guard let number = route.firstIndex(of: connector), number < place else { return nil }
        let ruling: NaiveRuling
        switch event.type {
        case .authorizationSucceeded, .captureSucceeded:
            let level = level(event.type)
            guard reported[connector, default: 0] < level else { return .known }
            let amount = level == 2 ? event.amount ?? 0 : 0
            ruling = .happens(NaiveFact(effect: "unexplained", amount: amount, currency: event.currency ?? currency))
        case .moneyUnexplained, .moneyReclassified: ruling = ruleMoney(event, situation)
        default: return nil
        }
        guard case .happens(var fact) = ruling else { return ruling }
        fact.earlier = connector
        return .happens(fact)
    }

    /// 1: it holds money; 2: it moved some.
    func level(_ type: PaymentEventType) -> Int {
        type == .captureSucceeded || (type == .authorizationSucceeded && isSale) ? 2 : 1
    }

    private func ruleMoney(_ event: Step.Event, _ situation: NaiveSituation) -> NaiveRuling {
        let isTaken = event.flags.contains(.isTaken)
        let amount = event.amount ?? 0
        var fact = NaiveFact(effect: "unexplained", amount: amount, currency: event.currency ?? currency)
        if event.type == .balanceWrittenOff {
            guard situation.available < 0 else { return .refused("eventNotAllowed") }
            guard amount <= -situation.available else { return .refused("eventAmountMismatch") }
            fact.effect = "written_off"
            return .happens(fact)
        }
        if isTaken { fact.amount = -amount }
        guard event.type == .moneyReclassified else { return .happens(fact) }
        guard amount <= (isTaken ? -situation.suspense : situation.suspense) else {
            return .refused("eventAmountMismatch")
        }
        fact.effect = "reclassified"
        fact.target = event.target.map { "\($0.name)" }
        return .happens(fact)
    }
}

extension PaymentEventType {
    /// Whether it can only be about something that was sent to the PSP.
    var needsSomethingSent: Bool {
        switch self {
        case .authorizationSucceeded, .authorizationFailed, .authorizationExpired, .captureSucceeded, .captureFailed,
            .cancelSucceeded, .settlementMatched, .cancelFailed, .incrementSucceeded, .incrementFailed:
            true
        default: false
        }
    }
}
