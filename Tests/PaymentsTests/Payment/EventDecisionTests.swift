import Ledger
import Money
import Payments
import Testing
import Time

/// What a provider's event comes to in each phase (docs/payments.md): every pair is listed.
@Suite("Decisions about events")
struct EventDecisionTests {
    /// What a decision is, without its numbers.
    enum Outcome: Equatable, Sendable {
        case fact(PaymentEffect)
        case known
        case endsOperation
        case refused(EventRefusal)
    }

    private static func outcome(_ payment: Payment, _ event: ProviderEvent, in context: EventContext) -> Outcome {
        do throws(EventRefusal) {
            return switch try payment.decide(event, context) {
            case .fact(let fact): .fact(fact.effect)
            case .known: .known
            case .outcome: .endsOperation
            }
        } catch {
            return .refused(error)
        }
    }

    /// The phases that take an event, by type; all others refuse it with `notAllowed`.
    private static let table: [PaymentEventType: [PaymentPhase: Outcome]] = [
        .settlementMatched: [
            // The table's event is about 1,000: more than a part that was captured.
            .captured: .fact(.settled), .partiallyCaptured: .refused(.amountMismatch),
            .created: .refused(.operationInProgress),
        ],
        .authorizationSucceeded: [
            .created: .endsOperation, .authorized: .known, .partiallyCaptured: .known, .captured: .known,
            .voided: .known, .expired: .known, .failed: .fact(.authorizedLate), .requiresAction: .fact(.authorized),
        ],
        .authorizationFailed: [
            .created: .endsOperation, .requiresAction: .fact(.authorizationFailed), .failed: .known, .voided: .known,
            .expired: .known,
        ],
        .authorizationExpired: [
            .created: .refused(.operationInProgress), .authorized: .fact(.authorizationExpired),
            .partiallyCaptured: .fact(.authorizationExpired), .expired: .known,
        ],
        .captureSucceeded: [
            .created: .refused(.operationInProgress), .captured: .known, .partiallyCaptured: .known,
            .voided: .fact(.capturedLate), .expired: .fact(.capturedLate), .failed: .fact(.capturedLate),
        ],
        .captureFailed: [
            .created: .refused(.operationInProgress), .captured: .fact(.captureReversed),
            .partiallyCaptured: .refused(.amountMismatch),
        ],
        .cancelSucceeded: [.created: .refused(.operationInProgress), .voided: .known],
        .cancelFailed: [.created: .refused(.operationInProgress)],
        .incrementSucceeded: [.created: .refused(.operationInProgress)],
        .incrementFailed: [.created: .refused(.operationInProgress)],
        .conflictResolved: [.created: .refused(.operationInProgress), .conflicted: .fact(.conflictResolved)],
        .disputeWarning: [
            .captured: .fact(.disputeWarned), .partiallyCaptured: .refused(.amountMismatch),
        ],
        .disputeOpened: [
            .captured: .fact(.disputeOpened), .partiallyCaptured: .refused(.amountMismatch),
        ],
    ]

    @Test("Every type in every phase, as the table says", arguments: PaymentEventType.allCases)
    func table(type: PaymentEventType) {
        guard let expected = Self.table[type] else { return }
        for (phase, payment) in Samples.ofEachPhase {
            let found = Self.outcome(payment, Samples.event(type, 1_000), in: Samples.context())
            #expect(found == expected[phase] ?? .refused(.notAllowed), "\(type) in \(phase)")
        }
    }

    @Test("An event about a refund or a dispute that is not known is not found", arguments: PaymentEventType.allCases)
    func notFound(type: PaymentEventType) {
        let needsOne: Bool
        switch type {
        case .refundSucceeded, .refundFailed, .disputeWarningClosed, .disputeUnderReview, .disputeWon, .disputeLost,
            .disputeEvidence, .disputeAccepted:
            needsOne = true
        default: needsOne = false
        }
        let found = Self.outcome(Samples.captured(), Samples.event(type, 1_000), in: Samples.context())
        #expect((found == .refused(.notFound)) == needsOne, "\(type): \(found)")
    }

    @Test("An event of another amount or currency puts the payment in conflict, or is refused")
    func mismatches() {
        let context = Samples.context()
        let waiting = Samples.requiresAction()
        #expect(Self.outcome(waiting, Samples.event(.authorizationSucceeded, 1_001), in: context) == .fact(.conflicted))
        let dollars = Samples.event(.authorizationSucceeded, 1_000) { $0.currency = .usd }
        #expect(Self.outcome(waiting, dollars, in: context) == .fact(.conflicted))
        let captured = Samples.captured()
        #expect(
            Self.outcome(captured, Samples.event(.settlementMatched, 1_001), in: context) == .refused(.amountMismatch)
        )
        let fee = Samples.event(.settlementMatched, 100) { $0.feeMinor = 101 }
        #expect(Self.outcome(captured, fee, in: context) == .refused(.amountMismatch))
        #expect(Self.outcome(captured, Samples.event(.captureFailed, 1_001), in: context) == .refused(.amountMismatch))
        #expect(Self.outcome(captured, Samples.event(.disputeOpened, 1_001), in: context) == .refused(.amountMismatch))
    }

    @Test("A failure waits for the answer of a call that is under way; a success does not")
    func callUnderWay() {
        let sent = Samples.context { $0.isSent = true }
        let created = Samples.created()
        #expect(
            Self.outcome(created, Samples.event(.authorizationFailed), in: sent) == .refused(.operationInProgress)
        )
        #expect(Self.outcome(created, Samples.event(.authorizationSucceeded, 1_000), in: sent) == .endsOperation)
    }

    @Test("What was never sent has no event of a PSP", arguments: PaymentEventType.allCases)
    func heldBack(type: PaymentEventType) {
        guard type.isOfWhatWasSent else { return }
        let held = Samples.context { $0.isHeldBack = true }
        #expect(
            Self.outcome(Samples.created(), Samples.event(type, 1_000), in: held) == .refused(.notAllowed),
            "\(type)"
        )
    }

    @Test("No PSP reports about what a wallet or cash paid", arguments: PaymentEventType.allCases)
    func otherRails(type: PaymentEventType) {
        for traits in [PaymentTraits.wallet, .cash] {
            let payment = Samples.captured(traits: traits)
            let found = Self.outcome(payment, Samples.event(type, 1_000), in: Samples.context())
            #expect(found == .refused(.notAllowed), "\(type)")
        }
    }

    @Test("A late success is reversed: captured, or authorized for the lifetime that the connector declares")
    func late() throws {
        var failed = Samples.failed()
        let decision = try failed.decide(Samples.event(.authorizationSucceeded, 1_000), Samples.context())
        guard case .fact(let fact) = decision else {
            Issue.record("a late authorization is a fact, not \(decision)")
            return
        }
        #expect(fact.deadline == 150)
        failed.apply(fact, at: 100)
        #expect(failed.phase == .authorized && failed.needsReversal && failed.deadline == 150)
        #expect(failed.status == .failed, "for the merchant it has failed")
        var voided = Samples.voided()
        voided.apply(PaymentFact(.capturedLate, amountMinor: 1_000, in: .eur), at: 100)
        #expect(voided.phase == .captured && voided.needsReversal && voided.capturedMinor == 1_000)
    }

    @Test("A capture that fails later takes its money away; without any left the payment has failed")
    func captureReversed() {
        var payment = Samples.captured()
        payment.apply(PaymentFact(.settled, amountMinor: 900, in: .eur), at: 3)
        payment.apply(PaymentFact(.captureReversed, amountMinor: 400, in: .eur), at: 4)
        #expect(payment.capturedMinor == 600 && payment.settledMinor == 600 && payment.status == .captured)
        payment.apply(PaymentFact(.captureReversed, amountMinor: 600, in: .eur), at: 5)
        #expect(payment.status == .failed && payment.failure == .captureFailed && payment.settledMinor == 0)
        var part = Samples.partiallyCaptured()
        part.apply(PaymentFact(.captureReversed, amountMinor: 400, in: .eur), at: 5)
        #expect(part.phase == .authorized && part.authorizedMinor == 600 && part.capturableMinor == 600)
    }
}
