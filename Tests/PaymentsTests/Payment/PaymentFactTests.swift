import Ledger
import Money
import Payments
import Testing
import Time

/// What each effect of an event does to a payment in each state: a pair that is not listed never
/// comes out of a decision.
@Suite("Effects of events")
struct PaymentFactTests {
    /// The states in which effects differ: the phases, and what refunds and disputes make of a
    /// captured payment of 1,000.
    enum State: CaseIterable {
        case created, authorized, partiallyCaptured, captured, voided, failed, expired, requiresAction, review
        case conflicted
        /// 400 are being refunded, were refunded, are disputed, were lost to a dispute.
        case refunding, refunded, disputed, lost

        var payment: Payment {
            switch self {
            case .created: return Samples.created()
            case .authorized: return Samples.authorized()
            case .partiallyCaptured: return Samples.partiallyCaptured()
            case .captured: return Samples.captured()
            case .voided: return Samples.voided()
            case .failed: return Samples.failed()
            case .expired: return Samples.expired()
            case .requiresAction: return Samples.requiresAction()
            case .review: return Samples.inReview()
            case .conflicted: return Samples.conflicted()
            case .refunding:
                var payment = Samples.captured()
                payment.refundStarted(amountMinor: 400, at: 5)
                return payment
            case .refunded:
                var payment = State.refunding.payment
                payment.refundFinished(succeeded: true, amountMinor: 400, at: 6)
                return payment
            case .disputed:
                var payment = Samples.captured()
                payment.disputeAdded()
                payment.apply(PaymentFact(.disputeOpened, amountMinor: 400, in: .eur), at: 5)
                return payment
            case .lost:
                var payment = State.disputed.payment
                payment.apply(PaymentFact(.disputeLost, amountMinor: 400, in: .eur), at: 6)
                return payment
            }
        }

        /// What is known of the payment's refund and dispute.
        var context: EventContext {
            Samples.context { context in
                switch self {
                case .refunding, .refunded:
                    var refund = Refund(
                        id: RefundID(createdAt: 5, shard: 0, paymentSequence: 1, ordinal: 1),
                        payment: Samples.id,
                        amountMinor: 400,
                        requestedAt: 5
                    )
                    refund.finished(self == .refunded ? .succeeded : .conflicted, at: 6)
                    context.refund = refund
                case .disputed, .lost:
                    var dispute = Samples.dispute(400)
                    dispute.apply(PaymentFact(.disputeOpened, amountMinor: 400, in: .eur), at: 5)
                    if self == .lost { dispute.apply(PaymentFact(.disputeLost, amountMinor: 400, in: .eur), at: 6) }
                    context.dispute = dispute
                case .created, .authorized, .partiallyCaptured, .captured, .voided, .failed, .expired,
                    .requiresAction, .review, .conflicted:
                    break
                }
            }
        }
    }

    /// Phase and status after the effect, and by how much it changes each counter.
    struct After {
        var phase: PaymentPhase
        var status: PaymentStatus
        var authorized: Int64 = 0
        var captured: Int64 = 0
        var settled: Int64 = 0
        var refunded: Int64 = 0
        var pending: Int64 = 0
        var disputed: Int64 = 0
        var lost: Int64 = 0
        var failure: FailureReason?

        init(_ phase: PaymentPhase, _ status: PaymentStatus, changing change: (inout After) -> Void = { _ in }) {
            self.phase = phase
            self.status = status
            change(&self)
        }
    }

    /// The same change to every state that has captured something.
    private static func ofCaptured(_ change: (inout After) -> Void) -> [State: After] {
        [
            .partiallyCaptured: After(.partiallyCaptured, .partiallyCaptured, changing: change),
            .captured: After(.captured, .captured, changing: change),
            .refunding: After(.captured, .captured, changing: change),
            .refunded: After(.captured, .partiallyRefunded, changing: change),
            .disputed: After(.captured, .captured, changing: change),
            .lost: After(.captured, .captured, changing: change),
        ]
    }

    private static func late(authorized: Int64) -> After {
        After(.captured, .captured) {
            $0.authorized = authorized
            $0.captured = 1_000
            $0.failure = .reversal(.lateSuccess)
        }
    }

    /// nil: it changes nothing, in no state.
    private static func table(_ effect: PaymentEffect) -> [State: After]? {
        switch effect {
        case .none, .unexplained, .reclassified, .writtenOff, .disputeWarned, .disputeUnderReview,
            .disputeWarningClosed:
            return nil
        case .settled: return ofCaptured { $0.settled = 400 }
        case .refundBounced: return [.refunded: After(.captured, .captured) { $0.refunded = -400 }]
        case .captureReversed:
            var table = ofCaptured { $0.captured = -400 }
            table[.partiallyCaptured] = After(.authorized, .authorized) {
                $0.authorized = -400
                $0.captured = -400
            }
            return table
        case .authorizationExpired:
            return [.authorized: After(.expired, .expired), .partiallyCaptured: After(.captured, .captured)]
        case .authorized: return [.requiresAction: After(.authorized, .authorized) { $0.authorized = 1_000 }]
        case .authorizedLate:
            let after = After(.authorized, .failed) {
                $0.authorized = 1_000
                $0.failure = .reversal(.lateSuccess)
            }
            return [.failed: after]
        case .capturedLate:
            return [.voided: late(authorized: 0), .expired: late(authorized: 0), .failed: late(authorized: 1_000)]
        case .authorizationFailed: return [.requiresAction: After(.failed, .failed)]
        case .conflicted:
            // What was released before is not held any more.
            let released = After(.conflicted, .conflicted) { $0.authorized = -1_000 }
            let nothingHeld = After(.conflicted, .conflicted)
            return [.requiresAction: nothingHeld, .failed: nothingHeld, .voided: released, .expired: released]
        case .conflictResolved:
            return [.conflicted: After(.authorized, .failed) { $0.failure = .reversal(.conflict) }]
        case .incremented: return [.authorized: After(.authorized, .authorized) { $0.authorized = 400 }]
        case .disputeOpened: return ofCaptured { $0.disputed = 400 }
        case .disputeLostAfterAll: return ofCaptured { $0.lost = 400 }
        case .disputeWon: return [.disputed: After(.captured, .captured) { $0.disputed = -400 }]
        case .disputeLost, .disputeOverdue:
            let after = After(.captured, .captured) {
                $0.disputed = -400
                $0.lost = 400
            }
            return [.disputed: after]
        case .disputeWonAfterAll: return [.lost: After(.captured, .captured) { $0.lost = -400 }]
        case .refundConfirmed:
            let after = After(.captured, .partiallyRefunded) {
                $0.refunded = 400
                $0.pending = -400
            }
            return [.refunding: after]
        case .refundReversed: return [.refunding: After(.captured, .captured) { $0.pending = -400 }]
        }
    }

    private static func amount(_ effect: PaymentEffect) -> Int64 {
        switch effect {
        case .authorized, .authorizedLate, .capturedLate: 1_000
        case .incremented: 1_400
        default: 400
        }
    }

    @Test("Each listed pair: phase, status, failure and every counter", arguments: PaymentEffect.allCases)
    func effects(effect: PaymentEffect) throws {
        guard let table = Self.table(effect) else { return try changesNothing(effect) }
        for (state, after) in table {
            let before = state.payment
            var payment = before
            payment.apply(PaymentFact(effect, amountMinor: Self.amount(effect), in: .eur), at: 77)
            let text = "\(effect) of \(state)"
            #expect(payment.phase == after.phase && payment.status == after.status, "\(text): \(payment.phase)")
            #expect(payment.failure == after.failure && payment.updatedAt == 77, "\(text)")
            #expect(payment.authorizedMinor - before.authorizedMinor == after.authorized, "\(text)")
            #expect(payment.capturedMinor - before.capturedMinor == after.captured, "\(text)")
            #expect(payment.settledMinor - before.settledMinor == after.settled, "\(text)")
            #expect(payment.refundedMinor - before.refundedMinor == after.refunded, "\(text)")
            #expect(payment.refundPendingMinor - before.refundPendingMinor == after.pending, "\(text)")
            #expect(payment.disputedMinor - before.disputedMinor == after.disputed, "\(text)")
            #expect(payment.disputeLostMinor - before.disputeLostMinor == after.lost, "\(text)")
            let free = payment.capturedMinor - payment.refundedMinor - payment.refundPendingMinor
            #expect(payment.refundableMinor == free - payment.disputedMinor - payment.disputeLostMinor, "\(text)")
            let isOpen = after.phase == .authorized || after.phase == .partiallyCaptured
            #expect(payment.isOpen == isOpen, "\(text)")
            #expect(
                payment.capturableMinor == (isOpen ? payment.authorizedMinor - payment.capturedMinor : 0),
                "\(text)"
            )
        }
    }

    private func changesNothing(_ effect: PaymentEffect) throws {
        for state in State.allCases {
            var payment = state.payment
            payment.apply(PaymentFact(effect, amountMinor: 400, in: .eur), at: 77)
            #expect(Self.bytes(payment) == Self.bytes(state.payment), "\(effect) of \(state)")
        }
    }

    /// All that is stored of it.
    private static func bytes(_ payment: Payment) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: PaymentLayout.paymentBytes)
        bytes.withUnsafeMutableBytes { payment.store(into: $0) }
        return bytes
    }

    @Test("No decision leads to a pair that is not listed", arguments: PaymentEventType.allCases)
    func decisions(type: PaymentEventType) {
        for state in State.allCases {
            for amount in [400, 1_000, 1_400, nil] as [Int64?] where amount != nil || !type.needsAmount {
                let event = Samples.event(type, amount) { $0.refund = state.context.refund?.id }
                guard case .fact(let fact)? = try? state.payment.decide(event, state.context),
                    let table = Self.table(fact.effect)
                else { continue }
                #expect(table[state] != nil, "\(type) of \(amount ?? 0) in \(state) is \(fact.effect)")
            }
        }
    }

    @Test("Effects without their state stop the process: going on would miscount money")
    func preconditions() async {
        await #expect(processExitsWith: .failure) {
            var payment = Samples.captured()
            payment.apply(PaymentFact(.settled, amountMinor: 1_001, in: .eur), at: 2)
        }
        await #expect(processExitsWith: .failure) {
            var payment = Samples.captured()
            payment.apply(PaymentFact(.refundBounced, amountMinor: 1, in: .eur), at: 2)
        }
        await #expect(processExitsWith: .failure) {
            var payment = Samples.captured()
            payment.apply(PaymentFact(.disputeWon, amountMinor: 1, in: .eur), at: 2)
        }
        await #expect(processExitsWith: .failure) {
            var payment = Samples.captured()
            payment.apply(PaymentFact(.capturedLate, amountMinor: 1, in: .eur), at: 2)
        }
        await #expect(processExitsWith: .failure) {
            var payment = Samples.authorized()
            payment.apply(PaymentFact(.incremented, amountMinor: 1_000, in: .eur), at: 2)
        }
        await #expect(processExitsWith: .failure) {
            var payment = Samples.voided()
            payment.apply(PaymentFact(.conflictResolved, amountMinor: 0, in: .eur), at: 2)
        }
    }
}

/// What happens to a payment without a provider's word, in each state.
@Suite("Changes of payments")
struct PaymentChangeTests {
    private typealias State = PaymentFactTests.State

    private static func table(_ change: PaymentChange) -> [State: (PaymentPhase, PaymentStatus, FailureReason?)] {
        switch change {
        case .expired:
            [.authorized: (.expired, .expired, nil), .partiallyCaptured: (.captured, .captured, nil)]
        case .abandoned: [.created: (.created, .processing, .reversal(.abandoned))]
        case .reviewRejected: [.review: (.failed, .failed, .risk(.reviewRejected))]
        case .reviewTimedOut: [.review: (.failed, .failed, .risk(.reviewTimedOut))]
        }
    }

    @Test("Each listed pair: phase, status and failure; no counter moves")
    func changes() {
        for change in PaymentChange.allCases {
            for (state, after) in Self.table(change) {
                let before = state.payment
                var payment = before
                payment.changed(change, amountMinor: 0, deadline: 0, at: 77)
                let text = "\(change) of \(state)"
                #expect(payment.phase == after.0 && payment.status == after.1 && payment.failure == after.2, "\(text)")
                #expect(payment.updatedAt == 77 && payment.authorizedMinor == before.authorizedMinor, "\(text)")
                #expect(payment.capturedMinor == before.capturedMinor && payment.deadline == 0, "\(text)")
                #expect(payment.capturableMinor == 0, "\(text)")
            }
        }
    }

    @Test("A change without its state stops the process")
    func preconditions() async {
        await #expect(processExitsWith: .failure) {
            var payment = Samples.captured()
            payment.changed(.expired, amountMinor: 0, deadline: 0, at: 2)
        }
        await #expect(processExitsWith: .failure) {
            var payment = Samples.authorized()
            payment.changed(.abandoned, amountMinor: 0, deadline: 0, at: 2)
        }
        await #expect(processExitsWith: .failure) {
            var payment = Samples.created()
            payment.changed(.reviewRejected, amountMinor: 0, deadline: 0, at: 2)
        }
    }
}
