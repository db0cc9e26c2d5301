import Testing

@testable import PSPSimulator

@Suite("Captures, cancellations and refunds")
struct SimulatorCoreFollowUpsTests {
    @Test("a hold is captured in parts, never beyond what was authorised")
    func partialCaptures() throws {
        let provider = try TestProvider()
        provider.charge(capture: false)
        provider.followUp(.capture, key: "c1", amount: 400)
        #expect(provider.status() == .partially_captured)
        provider.followUp(.capture, key: "c2", amount: 601)
        #expect(provider.operation("c2")?.code == .amount_too_large)
        provider.followUp(.capture, key: "c3", amount: 600)
        #expect(provider.status() == .captured)
        provider.followUp(.capture, key: "c4", amount: 1)
        #expect(provider.operation("c4")?.code == .charge_already_captured)
        #expect(provider.core.store.charges[0].captured == 1_000)
    }

    @Test("a charge is refunded in parts, never beyond what was captured")
    func partialRefunds() throws {
        let provider = try TestProvider()
        provider.charge()
        provider.followUp(.refund, key: "r1", amount: 999)
        provider.followUp(.refund, key: "r2", amount: 2)
        #expect(provider.operation("r2")?.code == .amount_too_large)
        provider.followUp(.refund, key: "r3", amount: 1)
        #expect(provider.status() == .refunded)
        provider.followUp(.refund, key: "r4", amount: 1)
        #expect(provider.operation("r4")?.code == .charge_already_refunded)
    }

    @Test("only an uncaptured hold is cancelled, once, and nothing follows")
    func cancel() throws {
        let provider = try TestProvider()
        provider.charge(key: "a", reference: "pay_1", capture: false)
        provider.charge(key: "b", reference: "pay_2", capture: true)
        provider.followUp(.cancel, key: "x1")
        #expect(provider.status() == .cancelled)
        provider.followUp(.cancel, key: "x2")
        #expect(provider.operation("x2")?.code == .charge_already_cancelled)
        provider.followUp(.capture, key: "x3", amount: 1)
        #expect(provider.operation("x3")?.code == .charge_already_cancelled)
        provider.followUp(.refund, key: "x4", amount: 1)
        #expect(provider.operation("x4")?.code == .charge_not_captured)
        provider.followUp(.cancel, charge: 1, key: "x5", reference: "pay_2")
        #expect(provider.operation("x5")?.code == .charge_already_captured)
    }

    @Test("the rest of a hold is cancelled after a part was captured")
    func cancelOfTheRest() throws {
        let provider = try TestProvider()
        provider.charge(capture: false)
        provider.followUp(.capture, key: "c1", amount: 300)
        provider.followUp(.cancel, key: "x1")
        #expect(provider.operation("x1")?.amount == 700)
        #expect(provider.status() == .partially_captured)
        provider.followUp(.capture, key: "c2", amount: 1)
        #expect(provider.operation("c2")?.code == .charge_already_cancelled)
        provider.followUp(.refund, key: "r1", amount: 300)
        #expect(provider.status() == .refunded)
    }

    @Test("what is refused for its parameters leaves no trace")
    func parameters() throws {
        let provider = try TestProvider()
        provider.charge(capture: false)
        #expect(provider.followUp(.capture, charge: nil, key: "a", amount: 1).answer == .refusal(.chargeNotFound))
        #expect(provider.followUp(.capture, charge: 9, key: "a", amount: 1).answer == .refusal(.chargeNotFound))
        let reference = provider.followUp(.capture, key: "a", reference: "pay_2", amount: 1)
        #expect(reference.answer == .refusal(.referenceMismatch))
        let currency = provider.followUp(.capture, key: "a", amount: 1, currency: .usd)
        #expect(currency.answer == .refusal(.currencyMismatch))
        #expect(provider.operation("a") == nil)
    }

    @Test("nothing follows a charge that is pending or declined")
    func unready() throws {
        let provider = try TestProvider()
        provider.charge("tok_pending_succeeds", capture: false)
        provider.followUp(.capture, key: "a", amount: 1)
        #expect(provider.operation("a")?.code == .charge_pending)
        provider.followUp(.capture, key: "b", amount: 1, now: 1_000)
        #expect(provider.operation("b")?.outcome == .succeeded)
        provider.charge("tok_decline_lost_card", key: "d", reference: "pay_2")
        provider.followUp(.refund, charge: 1, key: "e", reference: "pay_2", amount: 1)
        #expect(provider.operation("e")?.code == .charge_declined)
    }

    @Test("a hold lapses")
    func expiry() throws {
        let provider = try TestProvider()
        provider.charge("tok_expires_1s", capture: false)
        #expect(provider.status(now: 999) == .authorized)
        #expect(provider.status(now: 1_000) == .expired)
        provider.followUp(.capture, key: "a", amount: 1, now: 1_000)
        #expect(provider.operation("a")?.code == .charge_expired)
        provider.charge(key: "b", reference: "pay_2", capture: false)
        #expect(provider.status(1, now: ChargeRecord.holdMilliseconds) == .expired)
    }

    @Test("tokens decide what becomes of later operations")
    func tokens() throws {
        let provider = try TestProvider()
        provider.charge("tok_capture_fails", key: "a", reference: "pay_1", capture: false)
        provider.followUp(.capture, key: "a2", amount: 1)
        #expect(provider.operation("a2")?.code == .capture_refused)
        provider.charge("tok_capture_fails", key: "b", reference: "pay_2")
        #expect(provider.operation("b")?.code == .capture_refused)
        provider.charge("tok_cancel_fails", key: "c", reference: "pay_3", capture: false)
        provider.followUp(.cancel, charge: 2, key: "c2", reference: "pay_3")
        #expect(provider.operation("c2")?.code == .cancel_refused)
        provider.charge("tok_refund_fails", key: "d", reference: "pay_4")
        provider.followUp(.refund, charge: 3, key: "d2", reference: "pay_4", amount: 1)
        #expect(provider.operation("d2")?.code == .refund_refused)
        provider.charge("tok_refund_execute_then_drop", key: "e", reference: "pay_5")
        let lost = provider.followUp(.refund, charge: 4, key: "e2", reference: "pay_5", amount: 1)
        #expect(lost.delivery == .lose(.reset))
        #expect(provider.operation("e2")?.outcome == .succeeded)
        provider.charge("tok_capture_execute_then_drop", key: "f", reference: "pay_6", capture: false)
        let hidden = provider.followUp(.capture, charge: 5, key: "f2", reference: "pay_6", amount: 1)
        #expect(hidden.delivery == .lose(.reset))
        #expect(provider.operation("f2")?.outcome == .succeeded)
    }

    @Test("pending refunds hold their money until they are final", arguments: [true, false])
    func pendingRefund(succeeds: Bool) throws {
        let provider = try TestProvider()
        provider.charge(succeeds ? "tok_refund_pending" : "tok_refund_pending_fails")
        let verdict = provider.followUp(.refund, key: "r1", amount: 700)
        #expect(provider.answer(verdict).body.contains(#""status":"pending""#))
        provider.followUp(.refund, key: "r2", amount: 400)
        #expect(provider.operation("r2")?.code == .amount_too_large)
        #expect(provider.oracle(now: 999).count == 2)
        #expect(provider.status(now: 1_000) == (succeeds ? .partially_refunded : .captured))
        #expect(provider.core.store.charges[0].refunded == (succeeds ? 700 : 0))
        #expect(provider.oracle(now: 1_000).count == (succeeds ? 3 : 2))
    }

    @Test("pending captures hold their money until they are final")
    func pendingCapture() throws {
        let provider = try TestProvider()
        provider.charge("tok_capture_pending", capture: false)
        provider.followUp(.capture, key: "c1", amount: 1_000)
        provider.followUp(.capture, key: "c2", amount: 1)
        #expect(provider.operation("c2")?.code == .charge_already_captured)
        #expect(provider.oracle(now: 0).count == 1)
        #expect(provider.oracle(now: 1_000).count == 2)
    }

    @Test("random operations never break a charge's invariants, and the oracle's sums are the charge's")
    func randomWalk() throws {
        for seed in 0..<20 as Range<UInt64> {
            var dice = SplitMix64(state: seed)
            let provider = try TestProvider()
            provider.charge(capture: false)
            for step in 0..<60 {
                let kind = OperationKind.allCases[1 + Int(dice.next() % 3)]
                let amount = kind == .cancel ? nil : Int64(dice.next() % 300) + 1
                provider.followUp(kind, key: "s\(step)", amount: amount)
            }
            let charge = provider.core.store.charges[0]
            charge.checkInvariants()
            var moved: [OperationKind: Int64] = [:]
            for number in 1..<UInt32(provider.core.store.operations.count) {
                let operation = provider.core.store.operations[number]
                if operation.outcome == .succeeded { moved[operation.kind, default: 0] += operation.amount }
            }
            #expect(moved[.capture] ?? 0 == charge.captured)
            #expect(moved[.refund] ?? 0 == charge.refunded)
        }
    }
}
