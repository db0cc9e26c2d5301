import Money
import Payments
import Testing
import Time

@Suite("Disputes")
struct DisputeTests {
    /// A captured payment with one dispute in the status, reached by its facts.
    private func disputed(_ status: DisputeStatus, presumed: Bool = false) -> (payment: Payment, dispute: Dispute) {
        var payment = Samples.captured()
        var dispute = Samples.dispute(600)
        func take(_ effect: PaymentEffect, _ amount: Int64 = 600) {
            var fact = PaymentFact(effect, amountMinor: amount, in: .eur)
            fact.evidenceDueAt = 500
            payment.apply(fact, at: 10)
            dispute.apply(fact, at: 10)
        }
        take(.disputeWarned)
        switch status {
        case .warning: break
        case .warningClosed: take(.disputeWarningClosed, 0)
        case .open: take(.disputeOpened)
        case .underReview:
            take(.disputeOpened)
            take(.disputeUnderReview, 0)
        case .won:
            take(.disputeOpened)
            take(.disputeWon)
        case .lost:
            take(.disputeOpened)
            take(presumed ? .disputeOverdue : .disputeLost)
        }
        return (payment, dispute)
    }

    private static let types: [PaymentEventType] = [
        .disputeWarning, .disputeWarningClosed, .disputeOpened, .disputeUnderReview, .disputeWon, .disputeLost,
        .disputeEvidence, .disputeAccepted, .disputeOverdue,
    ]

    /// What an event comes to in each status; `nil` for one that is refused, an effect of `none`
    /// for one that is known.
    private static func expected(
        _ type: PaymentEventType,
        _ status: DisputeStatus
    ) -> PaymentEffect? {
        switch (type, status) {
        case (.disputeWarning, _): PaymentEffect.none
        case (.disputeWarningClosed, .warning): .disputeWarningClosed
        case (.disputeWarningClosed, .warningClosed): PaymentEffect.none
        case (.disputeOpened, .warning): .disputeOpened
        case (.disputeOpened, .won), (.disputeOpened, .warningClosed): .disputeOpened
        case (.disputeOpened, .open), (.disputeOpened, .underReview): PaymentEffect.none
        case (.disputeUnderReview, .open): .disputeUnderReview
        case (.disputeUnderReview, .underReview): PaymentEffect.none
        case (.disputeUnderReview, .lost), (.disputeUnderReview, .won): PaymentEffect.none
        case (.disputeWon, .open), (.disputeWon, .underReview): .disputeWon
        case (.disputeWon, .lost): .disputeWonAfterAll
        case (.disputeWon, .won): PaymentEffect.none
        case (.disputeLost, .open), (.disputeLost, .underReview): .disputeLost
        case (.disputeLost, .won): .disputeLostAfterAll
        case (.disputeLost, .lost): PaymentEffect.none
        case (.disputeEvidence, .open), (.disputeEvidence, .underReview): .disputeUnderReview
        case (.disputeAccepted, .open), (.disputeAccepted, .underReview): .disputeLost
        case (.disputeOverdue, .open): .disputeOverdue
        default: nil
        }
    }

    @Test("Every event in every status: the table's effect, known, or refused; the counters follow", arguments: types)
    func table(type: PaymentEventType) {
        for (status, presumed) in DisputeStatus.allCases.map({ ($0, false) }) + [(.lost, true)] {
            var (payment, dispute) = disputed(status, presumed: presumed)
            #expect(dispute.status == status && dispute.isPresumedLost == presumed)
            let context = Samples.context {
                $0.dispute = dispute
                $0.disputeFeeMinor = 15
            }
            let needsAmount = type == .disputeWarning || type == .disputeOpened
            let event = Samples.event(type, needsAmount ? 400 : nil)
            let found: PaymentEffect?
            do throws(EventRefusal) {
                switch try payment.decide(event, context) {
                case .fact(let fact):
                    found = fact.effect
                    payment.apply(fact, at: 20)
                    dispute.apply(fact, at: 20)
                    #expect(dispute.updatedAt == 20)
                case .known: found = PaymentEffect.none
                case .outcome: found = nil
                }
            } catch {
                found = nil
            }
            #expect(found == Self.expected(type, status), "\(type) while \(status)")
            #expect(payment.disputedMinor == (dispute.status.isOpen ? dispute.amountMinor : 0))
            #expect(payment.disputeLostMinor == (dispute.status == .lost ? dispute.amountMinor : 0))
        }
    }

    @Test("The fee is the event's, or the configured one; each chargeback adds its own, and a win may return it")
    func fees() throws {
        var (payment, dispute) = disputed(.warning)
        func take(
            _ type: PaymentEventType,
            _ amount: Int64?,
            changing change: (inout ProviderEvent) -> Void = { _ in }
        ) throws {
            let context = Samples.context {
                $0.dispute = dispute
                $0.disputeFeeMinor = 15
            }
            guard case .fact(let fact) = try payment.decide(Samples.event(type, amount, changing: change), context)
            else {
                Issue.record("\(type) is a fact")
                return
            }
            payment.apply(fact, at: 20)
            dispute.apply(fact, at: 20)
        }
        try take(.disputeOpened, 600)
        #expect(dispute.feeMinor == 15 && dispute.chargebacks == 1 && dispute.reservedMinor == 0)
        try take(.disputeWon, nil)
        #expect(dispute.feeMinor == 15)
        try take(.disputeOpened, 600) { $0.feeMinor = 20 }
        #expect(dispute.feeMinor == 35 && dispute.chargebacks == 2)
        try take(.disputeWon, nil) { $0.isFeeReturned = true }
        #expect(dispute.feeMinor == 0 && payment.disputedMinor == 0)
    }

    @Test("Evidence comes in time, or not at all")
    func evidence() throws {
        let (payment, dispute) = disputed(.open)
        let late = Samples.context {
            $0.dispute = dispute
            $0.now = 501
        }
        #expect(throws: EventRefusal.notAllowed) { try payment.decide(Samples.event(.disputeEvidence), late) }
        let inTime = Samples.context {
            $0.dispute = dispute
            $0.now = 500
        }
        #expect(
            try payment.decide(Samples.event(.disputeEvidence), inTime)
                == .fact(PaymentFact(.disputeUnderReview, amountMinor: 0, in: .eur))
        )
    }

    @Test("An open dispute stops refunds unless the PSP allows them")
    func refunds() throws {
        var (payment, _) = disputed(.open)
        #expect(throws: OperationRefusal.disputed) { try payment.refundAmount(requested: 100) }
        payment.disputesChanged(areRefundable: true)
        #expect(try payment.refundAmount(requested: nil) == 400)
        payment.disputesChanged(areRefundable: false)
        #expect(throws: OperationRefusal.disputed) { try payment.refundAmount(requested: 100) }
    }

    @Test("A payment has 16 disputes at most")
    func limit() {
        var payment = Samples.captured()
        for _ in 0..<Payment.maximumDisputes { payment.disputeAdded() }
        for type in [PaymentEventType.disputeOpened, .disputeWarning] {
            #expect(throws: EventRefusal.tooManyDisputes) {
                try payment.decide(Samples.event(type, 1), Samples.context())
            }
        }
    }
}
