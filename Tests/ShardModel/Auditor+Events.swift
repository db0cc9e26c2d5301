import Ledger
import Money
import Payments
import ShardCore
import ShardRecords
import Time

// What providers, operators and merchants tell of payments and their disputes, and what time does
// to those.
extension Auditor {
    mutating func expectEvent(_ event: Step.Event, _ number: Int, toldAt: Int64, at now: Int64) {
        guard let payment = payments[number] else { return }
        let teller = event.connector ?? payment.connector
        let situation = situation(event, payment, from: teller, toldAt: toldAt, at: now)
        let rule =
            teller == payment.connector
            ? payment.rule(event, situation) : payment.ruleEarlier(event, situation, from: teller)
        // What one connector says of another's payment would be booked at the wrong one.
        guard let rule else { return answers.append((409, "refused connectorMismatch")) }
        let none = NaiveFact(effect: "none", currency: payment.currency, refund: Int(event.refund ?? 0))
        let reference = event.type.isDispute ? event.reference ?? "dp_1" : ""
        switch rule {
        case .refused(let refusal): expectRefusal(refusal, of: event, about: payment, in: situation, at: now)
        case .known: told = Told(type: event.type, fact: none)
        case .happens(let fact): told = Told(type: event.type, fact: fact, reference: reference)
        case .ends(let operation, let reply):
            expectation = afterCall(payment, of: operation, with: reply, at: now)
            var fact = none
            fact.ended = operation.kind
            told = Told(type: event.type, fact: fact)
        }
    }

    private func situation(
        _ event: Step.Event,
        _ payment: NaivePayment,
        from teller: UInt16,
        toldAt: Int64,
        at now: Int64
    ) -> NaiveSituation {
        let currency = event.currency ?? payment.currency
        let connector = configuration[payment.connector]
        return NaiveSituation(
            now: now,
            due: event.dueIn > 0 ? toldAt + event.dueIn : 0,
            suspense: owed(.suspense, of: payment, currency, at: teller),
            available: owed(.available, of: payment, currency),
            disputeFee: connector.disputes.fees[currency] ?? 0,
            reservesOnWarning: connector.disputes.reservesOnWarning,
            lifetime: connector.capabilities.authorizationLifetime,
            isHeldBack: payment.running?.heldBack ?? false,
            isSent: sent(payment).contains { $0.operation != .refund },
            sentRefunds: Set(sent(payment).filter { $0.operation == .refund }.map(\.ordinal))
        )
    }

    /// The calls that execute something and are not answered.
    private func sent(_ payment: NaivePayment) -> [(operation: ProviderOperation, ordinal: Int)] {
        (calls[payment.number] ?? []).filter { $0.mode == .execute }.map { ($0.operation, $0.ordinal) }
    }

    /// Credits less debits of an account.
    private func owed(
        _ account: NaiveAccount,
        of payment: NaivePayment,
        _ currency: Currency,
        at connector: UInt16? = nil
    ) -> Int64 {
        let owner = account.owner(payment.merchant, connector: connector ?? payment.connector)
        let sums = totals[NaivePosting(account: "\(account.rawValue) \(currency)", owner: owner, amount: 0)]
        return (sums?.credits ?? 0) - (sums?.debits ?? 0)
    }

    private mutating func expectRefusal(
        _ refusal: String,
        of event: Step.Event,
        about payment: NaivePayment,
        in situation: NaiveSituation,
        at now: Int64
    ) {
        var text = "refused \(refusal)"
        if refusal != "notFound", refusal != "tooManyDisputes" { text += " | \(payment.text)" }
        if refusal == "eventNotAllowed" { text += " | \(allowed(event, of: payment, in: situation))" }
        answers.append((Self.status(refusal), text))
        guard refusal == "operationInProgress", let running = payment.running, running.uncertain,
            configuration[payment.connector].resolution[running.kind].canQuery
        else { return }
        let isUnderWay = calls[payment.number]?.contains {
            $0.operation == running.kind && $0.ordinal == running.ordinal
        }
        if isUnderWay != true { expectation = .asked }
    }

    /// What the payment would take now, of the same dispute and refund.
    private func allowed(_ event: Step.Event, of payment: NaivePayment, in situation: NaiveSituation) -> String {
        var names: [String] = []
        for type in PaymentEventType.allCases where type.isPosted {
            var other = Step.Event(type, amount: type.needsAmount ? 1 : nil)
            if event.type.isDispute { other.reference = event.reference ?? "dp_1" } else { other.reference = "" }
            other.refund = event.refund
            var own = situation
            own.suspense = owed(.suspense, of: payment, payment.currency)
            own.available = owed(.available, of: payment, payment.currency)
            switch payment.rule(other, own) {
            case .ends, .happens: names.append("\(type.name)")
            case .refused, .known: break
            }
        }
        return names.joined(separator: " ")
    }

    // MARK: Merchants

    mutating func expectDefence(_ type: PaymentEventType, of number: Int, dispute: Int, at now: Int64) {
        guard let payment = payments[number], dispute <= payment.disputes.count else { return }
        let found = payment.disputes[dispute - 1]
        let isLate = type == .disputeEvidence && found.due != 0 && found.due < now
        guard found.isOpen, !isLate else {
            return answers.append((409, "refused disputeUnexpectedState | \(disputeText(number, dispute))"))
        }
        var fact = NaiveFact(effect: "dispute_under_review", currency: payment.currency, dispute: dispute)
        if type == .disputeAccepted {
            fact.effect = "dispute_lost"
            fact.amount = found.amount
        }
        told = Told(type: type, fact: fact, isDefence: true)
    }

    func disputeText(_ number: Int, _ dispute: Int) -> String {
        guard let payment = payments[number], dispute <= payment.disputes.count else { return "no dispute" }
        return payment.disputes[dispute - 1].text(dispute, payment.currency)
    }

    // MARK: What came

    mutating func applied(_ record: EventApplied, _ number: Int, at now: Int64) throws(Mismatch) -> [NaivePosting] {
        guard var payment = payments[number] else { throw Mismatch(description: "no p\(number)") }
        defer { payments[number] = payment }
        let seen = Self.fact(record)
        guard case .nothing = expectation else { throw Mismatch(description: "applied before \(expectation)") }
        guard record.type != .disputeOverdue else {
            try checkOverdue(record, of: payment, as: seen, at: now)
            return payment.take(seen, "", at: now)
        }
        guard let told, told.type == record.type, told.fact == seen, record.key != nil else {
            throw Mismatch(
                description: "\(record.type): \(seen), not \(told?.fact.effect ?? "that") \(told?.fact ?? seen)"
            )
        }
        last?.key = .done(record: records)
        if let earlier = seen.earlier, record.type != .moneyUnexplained, record.type != .moneyReclassified {
            payment.reported[earlier] = max(payment.reported[earlier, default: 0], payment.level(record.type))
        }
        let postings = payment.take(seen, told.reference, at: now)
        if record.type == .disputeEvidence { payment.disputes[seen.dispute - 1].evidence = "file_1" }
        return postings
    }

    private func checkOverdue(
        _ record: EventApplied,
        of payment: NaivePayment,
        as seen: NaiveFact,
        at now: Int64
    ) throws(Mismatch) {
        guard record.key == nil, seen.dispute > 0, seen.dispute <= payment.disputes.count else {
            throw Mismatch(description: "overdue: \(seen)")
        }
        let dispute = payment.disputes[seen.dispute - 1]
        guard seen.effect == "dispute_overdue", seen.amount == dispute.amount, dispute.status == .open,
            dispute.due != 0,
            dispute.due < now
        else { throw Mismatch(description: "lost before its time: \(disputeText(payment.number, seen.dispute))") }
    }

    /// The answer to what was applied, with the balance behind it.
    mutating func answer(_ record: EventApplied, _ number: Int) throws(Mismatch) {
        guard let told, let payment = payments[number] else { return }
        self.told = nil
        guard record.responseStatus == 200 else { throw Mismatch(description: "stored \(record.responseStatus)") }
        let fact = told.fact
        guard !told.isDefence else { return answers.append((200, disputeText(number, fact.dispute))) }
        let owes = owed(.available, of: payment, fact.currency) < 0
        let words = [
            "event", "\(told.type.name)", fact.effect, payment.status, "\(fact.amount)", "\(fact.currency)",
            "\(fact.dispute)", fact.ended.map { "\($0.name)" } ?? "-", owes ? "owes" : "-",
        ]
        answers.append((200, words.joined(separator: " ")))
    }

    private static func fact(_ record: EventApplied) -> NaiveFact {
        let fact = record.fact
        return NaiveFact(
            effect: "\(fact.effect.name)",
            amount: fact.amountMinor,
            currency: fact.currency,
            fee: fact.feeMinor,
            reserved: fact.reservedMinor,
            due: fact.evidenceDueAt.milliseconds,
            deadline: fact.deadline.milliseconds,
            refundable: fact.isChargeRefundable,
            feeReturned: fact.isFeeReturned,
            target: fact.target.map { "\($0.name)" },
            dispute: Int(record.dispute),
            refund: Int(record.refund),
            ended: record.ended,
            earlier: fact.earlierConnector?.rawValue
        )
    }
}
