import NIOCore
import Testing

@testable import PSPSimulator

@Suite("The simulator: what comes between authorization and money")
struct SimulatorCoreLifecycleTests {
    // MARK: Holds

    @Test("A hold lapses when its token says")
    func expires() throws {
        let provider = try TestProvider()
        provider.charge("tok_expires_3s", capture: false)
        #expect(provider.status(now: 2_999) == .authorized)
        #expect(provider.status(now: 3_000) == .expired)
        provider.followUp(.capture, key: "c", amount: 1_000, now: 3_000)
        #expect(provider.operation("c")?.code == .charge_expired)
    }

    @Test("An increment raises an untouched hold, to more than it was")
    func increment() throws {
        let provider = try TestProvider()
        provider.charge(capture: false)
        provider.followUp(.increment, key: "i1", amount: 1_000)
        #expect(provider.operation("i1")?.code == .amount_too_small)
        provider.followUp(.increment, key: "i2", amount: 1_500)
        provider.followUp(.increment, key: "i2", amount: 1_500)
        provider.followUp(.capture, key: "c", amount: 1_400)
        #expect(provider.operation("c")?.outcome == .succeeded)
        provider.followUp(.increment, key: "i3", amount: 2_000)
        #expect(provider.operation("i3")?.code == .charge_already_captured)
        #expect(provider.oracle().filter { $0.contains("\"increment\",\"amount\":1500") }.count == 1)
    }

    @Test("An increment can be refused, and its answer can be lost")
    func incrementTokens() throws {
        let provider = try TestProvider()
        provider.charge("tok_increment_fails", capture: false)
        provider.followUp(.increment, key: "i1", amount: 1_500)
        #expect(provider.operation("i1")?.code == .increment_refused)
        provider.charge("tok_increment_execute_then_drop", key: "k2", reference: "pay_2", capture: false)
        let verdict = provider.followUp(.increment, charge: 1, key: "i2", reference: "pay_2", amount: 1_500)
        #expect(verdict.delivery == .lose(.reset))
        #expect(provider.operation("i2")?.outcome == .succeeded)
    }

    @Test("Half is approved where less is welcome, and declined where not", arguments: [true, false])
    func partial(takesLess: Bool) throws {
        let provider = try TestProvider()
        provider.charge("tok_partial_half", capture: false, takesLess: takesLess)
        let operation = try #require(provider.operation("k1"))
        if takesLess {
            #expect(operation.outcome == .succeeded && operation.amount == 500)
        } else {
            #expect(operation.outcome == .declined && operation.code == .insufficient_funds)
        }
    }

    @Test("Half is approved although nobody asked for that, of a sale, too")
    func partialUnasked() throws {
        let provider = try TestProvider()
        provider.charge("tok_partial_unasked")
        #expect(provider.operation("k1")?.amount == 500)
        #expect(provider.core.store.charges[0].captured == 500)
    }

    @Test("Captures exceed the authorization only as far as token or profile allow")
    func overCapture() throws {
        let provider = try TestProvider()
        provider.charge("tok_overcapture", capture: false)
        provider.followUp(.capture, key: "c1", amount: 1_151)
        #expect(provider.operation("c1")?.code == .amount_too_large)
        provider.followUp(.capture, key: "c2", amount: 1_150)
        #expect(provider.operation("c2")?.outcome == .succeeded && provider.status() == .captured)

        var profile = SimulatorProfile.clean
        profile.overCaptureBasisPoints = 100
        let other = try TestProvider(profile)
        other.charge(capture: false)
        other.followUp(.capture, key: "c", amount: 1_010)
        #expect(other.operation("c")?.outcome == .succeeded)
    }

    @Test("A last capture releases the rest; others leave it", arguments: [true, false])
    func lastCapture(isLast: Bool) throws {
        let provider = try TestProvider()
        provider.charge(capture: false)
        provider.followUp(.capture, key: "c1", amount: 400, isLast: isLast)
        provider.followUp(.capture, key: "c2", amount: 400)
        #expect(provider.operation("c2")?.outcome == (isLast ? .declined : .succeeded))
        #expect(provider.core.store.charges[0].open == (isLast ? 0 : 200))
    }

    // MARK: Shoppers

    @Test("A charge waits for its shopper, who completes; the merchant confirms", arguments: [true, false])
    func completes(capture: Bool) throws {
        let provider = try TestProvider()
        provider.charge("tok_3ds", capture: capture)
        #expect(provider.status() == .requires_action && provider.oracle().isEmpty)
        provider.followUp(.confirm, key: "f1")
        #expect(provider.operation("f1")?.outcome.awaitsShopper == true)
        #expect(provider.core.finishAction(0, succeeds: true, now: 5) == nil)
        #expect(provider.core.finishAction(0, succeeds: true, now: 6) == nil)
        #expect(provider.core.finishAction(0, succeeds: false, now: 6) == .actionFinished)
        #expect(provider.status() == (capture ? .captured : .authorized))
        provider.followUp(.confirm, key: "f2")
        #expect(provider.operation("f2")?.outcome == .succeeded)
        // What was answered under a key stays.
        #expect(provider.operation("f1")?.outcome.awaitsShopper == true)
        #expect(provider.oracle().count == (capture ? 2 : 1))
    }

    @Test("A shopper who fails has failed the charge, and so has an issuer that declines after the challenge")
    func fails() throws {
        let provider = try TestProvider()
        provider.charge("tok_redirect")
        #expect(provider.core.finishAction(0, succeeds: false, now: 5) == nil)
        provider.followUp(.confirm, key: "f1")
        #expect(provider.operation("f1")?.code == .action_failed)
        provider.charge("tok_3ds_declined", key: "k2", reference: "pay_2")
        #expect(provider.core.finishAction(1, succeeds: true, now: 5) == nil)
        provider.followUp(.confirm, charge: 1, key: "f2", reference: "pay_2")
        #expect(provider.operation("f2")?.code == .insufficient_funds)
        #expect(provider.oracle().isEmpty)
    }

    @Test(
        "What a shopper brings back ends the charge; other data fail it, and none leave it waiting",
        arguments: [true, false]
    )
    func returnData(isRight: Bool) throws {
        let provider = try TestProvider()
        provider.charge("tok_redirect_return")
        provider.followUp(.confirm, key: "f1")
        #expect(provider.operation("f1")?.outcome.awaitsShopper == true && provider.status() == .requires_action)
        let data = isRight ? "act_0000abcd00000000" : "act_0000abcd00000001"
        provider.followUp(.confirm, key: "f2", returnData: data)
        #expect(provider.operation("f2")?.outcome == (isRight ? .succeeded : .declined))
        #expect(provider.status() == (isRight ? .captured : .declined))
        // The same key with other data is another request.
        #expect(provider.followUp(.confirm, key: "f2", returnData: "x").answer == .refusal(.keyReused))
        #expect(provider.followUp(.confirm, key: "f2").answer == .refusal(.keyReused))
        #expect(provider.followUp(.confirm, key: "f2", returnData: data).replayed)
        #expect(provider.oracle().count == (isRight ? 2 : 0))
    }

    @Test("A shopper comes back by themselves", arguments: ["completes", "fails"])
    func byThemselves(end: String) throws {
        let provider = try TestProvider()
        provider.charge("tok_3ds_\(end)_2s")
        #expect(provider.status(now: 1_999) == .requires_action)
        #expect(provider.status(now: 2_000) == (end == "completes" ? .captured : .declined))
    }

    @Test("What waits can be cancelled, and then neither completed nor confirmed")
    func cancelWaiting() throws {
        let provider = try TestProvider()
        provider.charge("tok_3ds", capture: false)
        provider.followUp(.capture, key: "c", amount: 1_000)
        #expect(provider.operation("c")?.code == .charge_action_required)
        provider.followUp(.cancel, key: "x")
        #expect(provider.operation("x")?.outcome == .succeeded && provider.operation("x")?.amount == 1_000)
        #expect(provider.status() == .cancelled)
        #expect(provider.core.finishAction(0, succeeds: true, now: 0) == .actionFinished)
        provider.followUp(.confirm, key: "f")
        #expect(provider.operation("f")?.code == .charge_already_cancelled)
        #expect(provider.oracle().isEmpty, "nothing was held, so nothing was released")
    }

    @Test("A sale whose shopper has finished is not cancelled")
    func cancelCompleted() throws {
        let provider = try TestProvider()
        provider.charge("tok_3ds")
        _ = provider.core.finishAction(0, succeeds: true, now: 0)
        provider.followUp(.cancel, key: "x")
        #expect(provider.operation("x")?.code == .charge_already_captured)
    }

    @Test("There is nothing to confirm of a charge that never waited")
    func nothingToConfirm() throws {
        let provider = try TestProvider()
        provider.charge()
        provider.followUp(.confirm, key: "f")
        #expect(provider.operation("f")?.code == .charge_not_waiting)
    }

    // MARK: Voids by reference

    @Test("A void by reference releases a hold")
    func voidOfHold() throws {
        let provider = try TestProvider()
        provider.charge(capture: false)
        provider.void(key: "v")
        #expect(provider.operation("v")?.outcome == .succeeded && provider.operation("v")?.amount == 1_000)
        #expect(provider.status() == .cancelled)
        #expect(provider.oracle().filter { $0.contains("\"cancel\",\"amount\":1000") }.count == 1)
    }

    @Test("A void by reference of nothing keeps what comes later from being executed")
    func tombstone() throws {
        let provider = try TestProvider()
        provider.void(key: "v")
        provider.void(key: "v2")
        provider.charge(key: "k1")
        provider.charge("tok_3ds", key: "k2")
        #expect(provider.operation("k1")?.code == .reference_cancelled)
        #expect(provider.operation("k2")?.code == .reference_cancelled)
        provider.charge(key: "k3", reference: "pay_2")
        #expect(provider.operation("k3")?.outcome == .succeeded)
        #expect(provider.oracle().allSatisfy { $0.contains("pay_2") })
    }

    @Test("A void by reference is refused when money moved, and while something is pending")
    func voidRefused() throws {
        let provider = try TestProvider()
        provider.charge()
        provider.void(key: "v")
        #expect(provider.operation("v")?.code == .charge_already_captured)
        provider.charge("tok_bank_debit_succeeds_5s", key: "k2", reference: "pay_2")
        provider.void(key: "v2", reference: "pay_2")
        #expect(provider.operation("v2")?.code == .charge_pending)
    }

    @Test("A request that is stuck on the way is executed when it arrives, unless its reference was voided by then")
    func late() throws {
        let provider = try TestProvider()
        #expect(provider.charge("tok_late_3s", now: 0).delivery == .lose(.silence))
        provider.charge("tok_late_3s", now: 100)
        provider.charge("tok_late_3s", key: "k2", reference: "pay_2", now: 0)
        provider.core.advance(to: 2_999)
        #expect(provider.operation("k1") == nil)
        provider.void(key: "v", reference: "pay_2", now: 2_999)
        provider.core.advance(to: 3_100)
        #expect(provider.operation("k1")?.outcome == .succeeded)
        #expect(provider.operation("k2")?.code == .reference_cancelled)
        #expect(provider.oracle().filter { $0.contains("\"authorize\"") && $0.contains("\"executions\":1") }.count == 1)
    }

    @Test(
        "Asynchronous methods take their time",
        arguments: [
            ("tok_bank_debit_succeeds_60s", true), ("tok_bank_debit_fails_60s", false), ("tok_voucher_paid_60s", true),
            ("tok_voucher_expires_60s", false),
        ]
    )
    func asynchronous(token: String, succeeds: Bool) throws {
        let provider = try TestProvider()
        provider.charge(token)
        #expect(provider.status(now: 59_999) == .pending)
        #expect(provider.status(now: 60_000) == (succeeds ? .captured : .declined))
    }
}

extension SimulatorCoreLifecycleTests {
    @Test(
        "A time that is none makes no token",
        arguments: ["tok_late_s", "tok_late_0s", "tok_late_86401s", "tok_late_5", "tok_late_xs"]
    )
    func notATime(token: String) {
        #expect(PaymentToken(token) == nil)
    }
}
