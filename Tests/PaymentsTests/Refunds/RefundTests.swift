import Money
import Payments
import Testing
import Time

@Suite("Refunds")
struct RefundTests {
    private func refund() -> Refund {
        Refund(
            id: RefundID(createdAt: 1, shard: 0, paymentSequence: 1, ordinal: 1),
            payment: Samples.id,
            amountMinor: 300,
            requestedAt: 1
        )
    }

    @Test("Each end: succeeded, declined, not executed, or in conflict until an operator decides")
    func ends() {
        var succeeded = refund()
        succeeded.finished(.succeeded, at: 2)
        #expect(succeeded.status == .succeeded && succeeded.updatedAt == 2)
        succeeded.bounced(at: 3)
        #expect(succeeded.status == .failed && succeeded.updatedAt == 3)
        var declined = refund()
        declined.finished(.declined(.softLater, .doNotHonor), at: 2)
        #expect(declined.status == .failed && declined.declineCode == .doNotHonor)
        #expect(declined.declineCategory == .softLater && declined.failure == nil)
        var refused = refund()
        refused.finished(.notExecuted(.call(.rateLimited)), at: 2)
        #expect(refused.status == .failed && refused.failure == .call(.rateLimited))
        for decision in [true, false] {
            var conflicted = refund()
            conflicted.finished(.conflicted, at: 2)
            #expect(conflicted.status == .pending && conflicted.isConflicted)
            conflicted.decided(succeeded: decision, at: 3)
            #expect(conflicted.status == (decision ? .succeeded : .failed) && !conflicted.isConflicted)
        }
    }

    @Test("An event of a refund: by its status, and by what the refund is about")
    func events() throws {
        var payment = Samples.captured()
        payment.refundStarted(amountMinor: 300, at: 2)
        let pending = refund()
        var succeeded = pending
        succeeded.finished(.succeeded, at: 3)
        var failed = pending
        failed.finished(.declined(.hard, .genericDecline), at: 3)
        var conflicted = pending
        conflicted.finished(.conflicted, at: 3)
        func decide(
            _ type: PaymentEventType,
            _ refund: Refund?,
            amountMinor amount: Int64? = nil,
            isRunning: Bool = true
        ) throws(EventRefusal)
            -> EventDecision
        {
            let context = Samples.context {
                $0.refund = refund
                $0.isRefundRunning = isRunning
            }
            return try payment.decide(Samples.event(type, amount), context)
        }
        #expect(try decide(.refundSucceeded, succeeded) == .known)
        #expect(try decide(.refundFailed, failed) == .known)
        #expect(try decide(.refundFailed, succeeded) == .fact(PaymentFact(.refundBounced, amountMinor: 300, in: .eur)))
        #expect(
            try decide(.refundSucceeded, conflicted) == .fact(PaymentFact(.refundConfirmed, amountMinor: 300, in: .eur))
        )
        #expect(
            try decide(.refundFailed, conflicted) == .fact(PaymentFact(.refundReversed, amountMinor: 300, in: .eur))
        )
        guard case .outcome(.succeeded(let success)) = try decide(.refundSucceeded, pending) else {
            Issue.record("a pending refund ends by its event")
            return
        }
        #expect(success.amountMinor == 300)
        guard case .outcome(.declined) = try decide(.refundFailed, pending) else {
            Issue.record("a pending refund fails by its event")
            return
        }
        #expect(throws: EventRefusal.notAllowed) { try decide(.refundSucceeded, failed) }
        #expect(throws: EventRefusal.amountMismatch) { try decide(.refundSucceeded, pending, amountMinor: 299) }
        #expect(throws: EventRefusal.notAllowed) { try decide(.refundSucceeded, pending, isRunning: false) }
        #expect(throws: EventRefusal.notFound) { try decide(.refundSucceeded, nil) }
    }

    @Test("Several refunds run at once, and together never exceed what was captured")
    func together() throws {
        var payment = Samples.captured()
        payment.refundStarted(amountMinor: 600, at: 2)
        #expect(throws: OperationRefusal.amountExceedsRefundable) { try payment.refundAmount(requested: 401) }
        payment.refundStarted(amountMinor: try payment.refundAmount(requested: nil), at: 3)
        #expect(payment.refundableMinor == 0)
        payment.refundFinished(succeeded: false, amountMinor: 600, at: 4)
        #expect(try payment.refundAmount(requested: nil) == 600)
    }

    @Test("A payment has 1,000 refunds at most")
    func limit() {
        var payment = Samples.captured(10_000)
        for _ in 0..<Payment.maximumRefunds { payment.refundStarted(amountMinor: 1, at: 2) }
        #expect(throws: OperationRefusal.tooManyRefunds) { try payment.refundAmount(requested: 1) }
    }

    @Test("A refund of nothing, a second end, and a bounce of what is pending stop the process")
    func preconditions() async {
        await #expect(processExitsWith: .failure) {
            var payment = Samples.captured()
            payment.refundFinished(succeeded: true, amountMinor: 1, at: 2)
        }
        await #expect(processExitsWith: .failure) {
            var payment = Samples.captured()
            payment.refundBounced(amountMinor: 1, at: 2)
        }
    }
}
