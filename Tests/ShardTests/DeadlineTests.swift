import Ledger
import Money
import Payments
import ShardModel
import Testing
import Time

@testable import ShardCore

@Suite("What time does to payments")
struct DeadlineTests {
    private static let minute: Int64 = 60_000
    private static let refused = Decline(
        category: .hard,
        code: .alreadyCaptured,
        providerCode: "charge_already_captured"
    )

    private func approval(_ amount: Int64, expiresAt: Timestamp = .none) -> ProviderOutcome {
        let success = ProviderSuccess(
            providerReference: "ch_1",
            amountMinor: amount,
            currency: .eur,
            expiresAt: expiresAt
        )
        return .succeeded(success)
    }

    private let challenge = ProviderOutcome.actionRequired(
        NextAction(kind: .threeDSecure, url: "https://psp.test/3ds/1"),
        providerReference: "ch_1"
    )

    @Test("What a late shopper paid is taken back at once, not with the next look at the payment")
    func lateShopper() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, challenge)
        world.pass(milliseconds: ShardConfiguration.test.actionLifetime + 5_000)
        #expect(world.lastCall.call.operation == .cancel)
        world.answer(world.lastCall.token, .declined(Self.refused))
        #expect(world.lastCall.call.operation == .confirm)
        world.answer(world.lastCall.token, approval(1_000))
        world.pass(milliseconds: 2_100)
        #expect(world.lastCall.call.operation == .refund)
    }

    @Test("An authorization that ends before the shopper's time would have ended is not forgotten until then")
    func earlierDeadline() {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: false), key: "a")
        world.answer(world.lastCall.token, challenge)
        let id = world.only.id
        world.send(.confirm(id), key: "b")
        world.answer(world.lastCall.token, approval(1_000, expiresAt: world.now + 5_000))
        world.pass(milliseconds: 7_100)
        #expect(world.only.status == .expired)
    }

    @Test("A hold that must be taken back and that the PSP does not let go ends with the authorization")
    func refusedVoids() {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: false), key: "a")
        world.answer(world.lastCall.token, approval(600, expiresAt: world.now + 10 * Self.minute))
        #expect(world.only.status == .failed)
        let never = Decline(category: .hard, code: .genericDecline, providerCode: "cancel_refused")
        for _ in 0..<10 {
            world.pass(milliseconds: Self.minute + 100)
            if world.lastCall.call.operation == .cancel { world.answer(world.lastCall.token, .declined(never)) }
        }
        let payment = world.only
        #expect(payment.status == .failed && payment.capturableMinor == 0)
        let balance = world.core.trialBalance()
        #expect(balance.currencies.allSatisfy { $0.totals.balance == 0 })
        let calls = world.calls.count
        #expect(calls > 2)
        for _ in 0..<5 { world.pass(milliseconds: 60 * Self.minute) }
        #expect(world.calls.count == calls)
    }
}
