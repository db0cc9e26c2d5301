import Ledger
import Money
import Payments
import ShardRecords

/// A dispute as the check follows it.
struct AuditedDispute {
    var status = DisputeStatus.warning
    var amount: Int64
    var fee: Int64 = 0
    var reserved: Int64 = 0
}

// What providers, operators and disputes do to a payment, written from docs/payments.md and
// docs/posting-rules.md.
extension AuditedPayment {
    /// Takes an event in; returns what it must have booked, or why it cannot have happened.
    mutating func take(_ record: EventApplied) -> Result<ExpectedPostings, Violation> {
        let fact = record.fact
        if fact.effect.isDispute { return takeDispute(record) }
        switch fact.effect {
        case .none: return .success([:])
        case .settled: return settle(fact)
        case .refundBounced: return .success(bounce(fact.amountMinor))
        case .captureReversed: return reverse(fact.amountMinor)
        case .authorizationExpired:
            guard isOpen, running == nil else { return .failure("an authorization runs out in \(phase)") }
            return .success(expire())
        case .authorized:
            guard phase == .requiresAction, running == nil else { return .failure("authorized in \(phase)") }
            return .success(authorized(fact.amountMinor))
        case .authorizedLate:
            guard hasEnded, authorized == 0 else { return .failure("authorized late in \(phase)") }
            // The whole capture is reversed, so sellers get nothing.
            plan = []
            return .success(authorized(fact.amountMinor))
        case .capturedLate:
            guard hasEnded else { return .failure("captured late in \(phase)") }
            plan = []
            authorized = max(authorized, fact.amountMinor)
            return .success(captured(fact.amountMinor, staysOpen: false))
        case .authorizationFailed:
            guard phase == .requiresAction, running == nil else { return .failure("refused in \(phase)") }
            phase = .failed
            return .success([:])
        case .conflicted:
            guard running == nil else { return .failure("conflicted while an operation runs") }
            // The hold is still booked only if the authorization is open.
            if !isOpen { authorized = min(authorized, captured) }
            phase = .conflicted
            return .success(unexplained(fact.amountMinor, fact.currency))
        case .conflictResolved:
            guard phase == .conflicted, running == nil else { return .failure("no conflict ends in \(phase)") }
            endConflict()
            return .success([:])
        case .incremented:
            guard phase == .authorized, running == nil, fact.amountMinor > authorized else {
                return .failure("raised to \(fact.amountMinor) in \(phase)")
            }
            return .success(incremented(to: fact.amountMinor))
        case .unexplained:
            guard isCalled(fact.earlierConnector) else { return .failure("money of a connector that was not called") }
            return .success(unexplained(fact.amountMinor, fact.currency, at: fact.earlierConnector))
        case .reclassified: return reclassified(fact)
        case .writtenOff:
            let available = Account(.merchantAvailable, owner: merchant, currency: fact.currency)
            return .success(
                elsewhere([
                    Account(.platformLosses, currency: fact.currency): fact.amountMinor, available: -fact.amountMinor,
                ])
            )
        case .refundConfirmed, .refundReversed:
            return .success(endRefund(fact.amountMinor, succeeded: fact.effect == .refundConfirmed))
        case .disputeWarned, .disputeOpened, .disputeUnderReview, .disputeWon, .disputeLost, .disputeLostAfterAll,
            .disputeWarningClosed, .disputeOverdue, .disputeWonAfterAll:
            return .failure("not reached")
        }
    }

    /// Opens the hold again that the PSP may still have, until it is voided or expires.
    private mutating func endConflict() {
        isOfConflict = true
        if captured > 0 {
            phase = captured < authorized ? .partiallyCaptured : .captured
        } else {
            phase = authorized > 0 || !capturesAutomatically ? .authorized : .failed
        }
    }

    private var hasEnded: Bool {
        running == nil && captured == 0 && (phase == .voided || phase == .expired || phase == .failed)
    }

    /// Keeps what is booked beside the counters, for the balances at the end.
    mutating func elsewhere(_ lines: [Account: Int64]) -> ExpectedPostings {
        var postings: ExpectedPostings = [:]
        for (account, amount) in lines {
            postings[account, default: 0] += Int128(amount)
            others[account, default: 0] += Int128(amount)
        }
        return postings
    }

    mutating func unexplained(
        _ amount: Int64,
        _ currency: Currency,
        at earlier: ConnectorID? = nil
    ) -> ExpectedPostings {
        guard amount != 0 else { return [:] }
        let owner = UInt64((earlier ?? connector).rawValue)
        return elsewhere([
            Account(.providerReceivable, owner: owner, currency: currency): amount,
            Account(.suspense, owner: owner, currency: currency): -amount,
        ])
    }

    private mutating func reclassified(_ fact: PaymentFact) -> Result<ExpectedPostings, Violation> {
        guard let target = fact.target else { return .failure("explained money goes nowhere") }
        guard isCalled(fact.earlierConnector) else { return .failure("money of a connector that was not called") }
        let owner = UInt64((fact.earlierConnector ?? connector).rawValue)
        let account =
            switch target {
            case .merchantAvailable: Account(.merchantAvailable, owner: merchant, currency: fact.currency)
            case .platformFees: Account(.platformFees, currency: fact.currency)
            case .platformLosses: Account(.platformLosses, currency: fact.currency)
            case .providerReceivable:
                Account(.providerReceivable, owner: owner, currency: fact.currency)
            }
        let suspense = Account(.suspense, owner: owner, currency: fact.currency)
        return .success(elsewhere([suspense: fact.amountMinor, account: -fact.amountMinor]))
    }

    // MARK: Settlement

    /// P4: bank and provider's fee against the receivable; the merchant's share moves from pending
    /// to available.
    private mutating func settle(_ fact: PaymentFact) -> Result<ExpectedPostings, Violation> {
        guard phase == .captured || phase == .partiallyCaptured, fact.amountMinor > 0,
            fact.amountMinor <= captured - settled
        else {
            return .failure("\(fact.amountMinor) settled in \(phase), \(settled) of \(captured) before")
        }
        // A record that was written before fees were bounded may hold any fee.
        guard fact.feeMinor >= 0, fact.feeMinor <= fact.amountMinor || !fact.isFeeBounded else {
            return .failure("a fee of \(fact.feeMinor) for \(fact.amountMinor) settled")
        }
        let outstanding = captured - settled
        let unsettledBefore = unsettledOfTopUp
        settled += fact.amountMinor
        let share = Int64(Int128(pending) * Int128(fact.amountMinor) / Int128(outstanding))
        let released = settled == captured ? pending : max(0, share)
        let net = fact.amountMinor - fact.feeMinor
        var postings = elsewhere([
            Account(.bankCash, owner: 1, currency: currency): net,
            Account(.providerFees, owner: UInt64(connector.rawValue), currency: currency): fact.feeMinor,
            account(.providerReceivable): -fact.amountMinor,
        ])
        if case .topUp = funding {
            // The wallet has the captured money, and the merchant has what the wallet paid it.
            let released = walletSettles(unsettledBefore - unsettledOfTopUp)
            postings.merge(becomesAvailable(released)) { $0 + $1 }
        } else {
            pending -= released
            available += released
            postings[account(.merchantPending), default: 0] += Int128(released)
            postings[account(.merchantAvailable), default: 0] -= Int128(released)
        }
        // Of what sellers have pending the same proportion follows, rounded down until all is
        // settled.
        for (owner, amount) in sellers {
            let open = amount - sellersSettled[owner, default: 0]
            let part = Int64(Int128(open) * Int128(fact.amountMinor) / Int128(outstanding))
            guard part > 0 else { continue }
            sellersSettled[owner, default: 0] += part
            postings[Account(.sellerPending, owner: owner, currency: currency), default: 0] += Int128(part)
            postings[Account(.sellerAvailable, owner: owner, currency: currency), default: 0] -= Int128(part)
        }
        return .success(postings)
    }

    /// P3 backwards: from what the payment has pending, and available money for the rest. If all
    /// that is left was settled, nothing stays pending.
    private mutating func reverse(_ amount: Int64) -> Result<ExpectedPostings, Violation> {
        let free = captured - refunded - refundPending - disputed - disputeLost
        guard phase == .captured || phase == .partiallyCaptured, running == nil, amount > 0, amount <= free else {
            return .failure("\(amount) of \(free) fails in \(phase)")
        }
        captured -= amount
        let back = captured == 0 ? min(amount, fee) : min(fee, BasisPoints.fee(of: amount, basisPoints: feeBasisPoints))
        let fromPending = settled >= captured ? pending : max(0, min(amount - back, pending))
        let fromAvailable = amount - back - fromPending
        fee -= back
        settled = min(settled, captured)
        pending -= fromPending
        available -= fromAvailable
        if phase == .partiallyCaptured {
            authorized -= amount
            if captured == 0 { phase = .authorized }
        } else if captured == 0 {
            phase = .failed
        }
        // On other rails some of these are one account.
        let postings: [(Account, Int128)] = [
            (account(.merchantPending), Int128(fromPending)), (account(.merchantAvailable), Int128(fromAvailable)),
            (account(.platformFees), Int128(back)), (account(.providerReceivable), -Int128(amount)),
        ]
        return .success(ExpectedPostings(postings) { $0 + $1 })
    }

    // MARK: Disputes

    private mutating func takeDispute(_ record: EventApplied) -> Result<ExpectedPostings, Violation> {
        let number = Int(record.dispute)
        guard number >= 1, number <= disputes.count + 1 else {
            return .failure("dispute \(number) of \(disputes.count)")
        }
        if number > disputes.count { disputes.append(AuditedDispute(amount: record.fact.amountMinor)) }
        var dispute = disputes[number - 1]
        let isNew = lastDispute < number
        lastDispute = max(lastDispute, number)
        let result = change(&dispute, record.fact, isNew: isNew, type: record.type)
        if case .success = result { disputes[number - 1] = dispute }
        if case .success = result, disputed + disputeLost > captured { return .failure("disputed more than captured") }
        return result
    }

    private mutating func change(
        _ dispute: inout AuditedDispute,
        _ fact: PaymentFact,
        isNew: Bool,
        type: PaymentEventType
    ) -> Result<ExpectedPostings, Violation> {
        switch (fact.effect, dispute.status) {
        case (.disputeWarned, .warning) where isNew:
            dispute.reserved = fact.reservedMinor
            return .success(reserve(fact.reservedMinor))
        case (.disputeOpened, .warning), (.disputeOpened, .warningClosed), (.disputeOpened, .won):
            var postings = reserve(-dispute.reserved)
            dispute = AuditedDispute(status: .open, amount: fact.amountMinor, fee: dispute.fee + fact.feeMinor)
            disputed += fact.amountMinor
            for (account, amount) in chargeback(fact.amountMinor + fact.feeMinor) {
                postings[account, default: 0] += amount
            }
            return .success(postings)
        case (.disputeUnderReview, .open), (.disputeUnderReview, .underReview):
            dispute.status = .underReview
            return .success([:])
        case (.disputeWon, .open), (.disputeWon, .underReview), (.disputeWonAfterAll, .lost):
            guard fact.amountMinor == dispute.amount, fact.feeMinor == (fact.isFeeReturned ? dispute.fee : 0) else {
                return .failure("\(fact.amountMinor) and \(fact.feeMinor) come back of \(dispute.amount)")
            }
            if fact.isFeeReturned { dispute.fee = 0 }
            if dispute.status == .lost { disputeLost -= fact.amountMinor } else { disputed -= fact.amountMinor }
            dispute.status = .won
            return .success(chargeback(-fact.amountMinor - fact.feeMinor))
        case (.disputeLost, .open), (.disputeLost, .underReview), (.disputeOverdue, .open):
            guard fact.amountMinor == dispute.amount, type != .disputeOverdue || dispute.status == .open else {
                return .failure("\(fact.amountMinor) of \(dispute.amount) are lost")
            }
            dispute.status = .lost
            disputed -= fact.amountMinor
            disputeLost += fact.amountMinor
            return .success([:])
        case (.disputeLostAfterAll, .won):
            dispute = AuditedDispute(status: .lost, amount: fact.amountMinor, fee: dispute.fee + fact.feeMinor)
            disputeLost += fact.amountMinor
            return .success(chargeback(fact.amountMinor + fact.feeMinor))
        case (.disputeWarningClosed, .warning):
            dispute.status = .warningClosed
            let postings = reserve(-dispute.reserved)
            dispute.reserved = 0
            return .success(postings)
        default: return .failure("\(fact.effect.name) of a dispute that is \(dispute.status.name)")
        }
    }

    /// The merchant's own, also where a payment fills a wallet.
    func own(_ kind: AccountKind) -> Account { Account(kind, owner: merchant, currency: currency) }

    private mutating func reserve(_ amount: Int64) -> ExpectedPostings {
        amount == 0 ? [:] : elsewhere([own(.merchantAvailable): amount, own(.merchantReserve): -amount])
    }

    private mutating func chargeback(_ amount: Int64) -> ExpectedPostings {
        elsewhere([own(.merchantAvailable): amount, account(.providerReceivable): -amount])
    }
}
