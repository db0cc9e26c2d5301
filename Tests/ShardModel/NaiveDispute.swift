import Money
import Payments

/// A dispute as docs/payments.md and docs/disputes.md describe it, in the plainest way that works.
struct NaiveDispute {
    enum Status: String {
        case warning, open, won, lost
        case underReview = "under_review"
        case warningClosed = "warning_closed"
    }

    var reference: String
    var amount: Int64
    /// Of all its chargebacks that the merchant bears.
    var fee: Int64 = 0
    var reserved: Int64 = 0
    var status = Status.warning
    var chargebacks = 0
    var refundable = false
    var due: Int64 = 0
    var evidence = "-"
    var createdAt: Int64
    var updatedAt: Int64

    /// The money is gone, and may still come back.
    var isOpen: Bool { status == .open || status == .underReview }

    /// As `WorkloadRenderer` writes it.
    func text(_ number: Int, _ currency: Currency) -> String {
        "dispute \(number) \(status.rawValue) \(amount) \(fee) \(reserved) \(currency) \(chargebacks)"
            + " \(refundable ? "refundable" : "-") \(reference) \(evidence) \(due) \(createdAt) \(updatedAt)"
    }
}

/// What came of an event, with its numbers.
struct NaiveFact: Equatable {
    /// As answers name it.
    var effect: String
    var amount: Int64 = 0
    var currency: Currency
    var fee: Int64 = 0
    var reserved: Int64 = 0
    var due: Int64 = 0
    var deadline: Int64 = 0
    var refundable = false
    var feeReturned = false
    var target: String?
    /// Counted from 1; 0 for none, one more than there are for a new one.
    var dispute = 0
    var refund = 0
    var ended: ProviderOperation?
    /// Of money in suspense: an earlier connector of the route that moved it, by number; nil for
    /// the payment's own.
    var earlier: UInt16?
}

/// What the table says of an event in a state.
enum NaiveRuling {
    case refused(String)
    case known
    /// It ends the operation as this answer of the PSP would.
    case ends(NaivePayment.Operation, Step.Reply)
    case happens(NaiveFact)
}

/// What an event is judged by beside the payment.
struct NaiveSituation {
    var now: Int64
    /// The evidence's last moment, as told.
    var due: Int64
    var suspense: Int64
    var available: Int64
    var disputeFee: Int64
    var reservesOnWarning: Bool
    var lifetime: Int64
    /// Authorizations that no answer ended are behind the fraud hook: nothing of them was sent.
    var isHeldBack = false
    /// A call of the payment's own operation, or of these refunds, is under way.
    var isSent = false
    var sentRefunds: Set<Int> = []
}

// MARK: What a payment takes of what is told of its disputes

extension NaivePayment {
    /// Refunds wait while a dispute is open that does not let them go on.
    var isDisputed: Bool { disputes.contains { $0.isOpen && !$0.refundable } }

    /// Taken by disputes that are open or lost.
    var disputed: Int64 {
        disputes.filter { $0.isOpen || $0.status == .lost }.reduce(0) { $0 + $1.amount }
    }

    func dispute(_ event: Step.Event) -> Int? {
        disputes.firstIndex { $0.reference == event.reference ?? "dp_1" }
    }

    /// A chargeback takes what was neither refunded nor taken before, or more where it says so.
    private func most(_ event: Step.Event) -> Int64 {
        event.flags.contains(.includesRefunded) ? captured - disputed : refundable
    }

    func ruleDispute(_ event: Step.Event, _ situation: NaiveSituation) -> NaiveRuling {
        guard event.currency ?? currency == currency else { return .refused("eventAmountMismatch") }
        let index = dispute(event)
        guard event.type != .disputeWarning, event.type != .disputeOpened else {
            return ruleNewDispute(event, known: index, in: situation)
        }
        guard let index else { return .refused("notFound") }
        var fact = NaiveFact(effect: "", currency: currency, dispute: index + 1)
        switch (event.type, disputes[index].status) {
        case (.disputeWarningClosed, .warning): fact.effect = "dispute_warning_closed"
        case (.disputeUnderReview, .open): fact.effect = "dispute_under_review"
        case (.disputeWarningClosed, .warningClosed), (.disputeUnderReview, .underReview), (.disputeWon, .won),
            (.disputeLost, .lost):
            return .known
        // The merchant defends it by another way, or in arbitration.
        case (.disputeUnderReview, .lost), (.disputeUnderReview, .won): return .known
        case (.disputeWon, .lost):
            return ruleWon(event, as: "dispute_won_after_all", fact: fact)
        case (.disputeWon, .open), (.disputeWon, .underReview): return ruleWon(event, as: "dispute_won", fact: fact)
        case (.disputeLost, .open), (.disputeLost, .underReview):
            fact.effect = "dispute_lost"
            fact.amount = disputes[index].amount
        case (.disputeLost, .won):
            fact.effect = "dispute_lost_after_all"
            fact.amount = event.amount ?? disputes[index].amount
            fact.fee = event.fee ?? situation.disputeFee
            guard fact.amount <= most(event) else { return .refused("eventAmountMismatch") }
        default: return .refused("eventNotAllowed")
        }
        return .happens(fact)
    }

    private func ruleWon(_ event: Step.Event, as effect: String, fact: NaiveFact) -> NaiveRuling {
        let dispute = disputes[fact.dispute - 1]
        guard event.amount ?? dispute.amount == dispute.amount else { return .refused("eventAmountMismatch") }
        var fact = fact
        fact.effect = effect
        fact.amount = dispute.amount
        fact.feeReturned = event.flags.contains(.isFeeReturned)
        fact.fee = fact.feeReturned ? dispute.fee : 0
        return .happens(fact)
    }

    private func ruleNewDispute(_ event: Step.Event, known index: Int?, in situation: NaiveSituation) -> NaiveRuling {
        let isWarning = event.type == .disputeWarning
        if let index {
            if isWarning || disputes[index].isOpen { return .known }
            guard disputes[index].status != .lost else {
                return .refused("eventNotAllowed")
            }
        } else if !isWarning, disputes.count >= 16 {
            return .refused("tooManyDisputes")
        }
        guard captured > 0, phase == .captured || phase == .partiallyCaptured else {
            return .refused("eventNotAllowed")
        }
        if isWarning, disputes.count >= 16 { return .refused("tooManyDisputes") }
        let amount = event.amount ?? 0
        guard amount <= most(event) else { return .refused("eventAmountMismatch") }
        var fact = NaiveFact(
            effect: isWarning ? "dispute_warned" : "dispute_opened",
            amount: amount,
            currency: currency
        )
        fact.dispute = (index ?? disputes.count) + 1
        fact.due = situation.due
        if isWarning {
            fact.reserved = situation.reservesOnWarning ? amount : 0
        } else {
            fact.fee = event.fee ?? situation.disputeFee
            fact.refundable = event.flags.contains(.isChargeRefundable)
        }
        return .happens(fact)
    }

    // MARK: What it does to them

    /// - Returns: what is booked.
    mutating func takeDispute(_ fact: NaiveFact, _ reference: String, at now: Int64) -> [NaivePosting] {
        if fact.dispute > disputes.count {
            disputes.append(
                NaiveDispute(reference: reference, amount: fact.amount, createdAt: now, updatedAt: now)
            )
        }
        var dispute = disputes[fact.dispute - 1]
        defer { disputes[fact.dispute - 1] = dispute }
        dispute.updatedAt = now
        let released = dispute.reserved
        let chargeback = move(.available, .receivable, amount: fact.amount + fact.fee)
        switch fact.effect {
        case "dispute_warned":
            dispute.reserved = fact.reserved
            dispute.due = fact.due
            return move(.available, .reserve, amount: fact.reserved)
        case "dispute_warning_closed":
            dispute.status = .warningClosed
            dispute.reserved = 0
            return move(.reserve, .available, amount: released)
        case "dispute_under_review": dispute.status = .underReview
        case "dispute_opened":
            dispute.status = .open
            dispute.amount = fact.amount
            dispute.fee += fact.fee
            dispute.reserved = 0
            dispute.chargebacks += 1
            dispute.refundable = fact.refundable
            dispute.due = fact.due
            return move(.reserve, .available, amount: released) + chargeback
        case "dispute_won", "dispute_won_after_all":
            dispute.status = .won
            if fact.feeReturned { dispute.fee = 0 }
            return move(.receivable, .available, amount: fact.amount + fact.fee)
        case "dispute_lost_after_all":
            dispute.status = .lost
            dispute.amount = fact.amount
            dispute.fee += fact.fee
            dispute.chargebacks += 1
            return chargeback
        default:
            dispute.status = .lost
        }
        return []
    }
}
