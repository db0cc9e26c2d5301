import NIOCore
import Testing

@testable import PSPSimulator

@Suite("Authorisations by token")
struct SimulatorCoreAuthorizeTests {
    @Test(
        "a good token authorises or captures",
        arguments: ["tok_visa", "tok_mastercard", "pm_card_visa", "pm_of_anything_else", "tok", "x"]
    )
    func success(token: String) throws {
        let provider = try TestProvider()
        let sale = provider.charge(token, key: "a", reference: "pay_1")
        let hold = provider.charge(token, key: "b", reference: "pay_2", capture: false)
        #expect(sale.answer == .operation(0) && sale.delivery == .reply && sale.latency == 0)
        #expect(provider.status(0) == .captured)
        #expect(hold.answer == .operation(1))
        #expect(provider.status(1) == .authorized)
    }

    @Test(
        "a misspelt token is refused and executes nothing",
        arguments: [
            "tok_", "tok_viza", "tok_Visa", "tok_declined_lost_card", "tok_timeouts", "tok_3ds_",
            "tok_of_anything_else",
        ]
    )
    func misspelt(token: String) throws {
        let provider = try TestProvider()
        #expect(provider.charge(token).answer == .refusal(.unknownToken))
        #expect(provider.oracle().isEmpty)
        let corrected = provider.charge("tok_visa")
        #expect(corrected.answer == .operation(0), "the refusal does not bind the key")
    }

    @Test("each decline code has a token", arguments: ErrorCode.allCases.filter(\.isIssuerDecline))
    func decline(code: ErrorCode) throws {
        let provider = try TestProvider()
        let verdict = provider.charge("tok_decline_\(code.name)")
        #expect(verdict.answer == .operation(0))
        #expect(provider.operation("k1")?.outcome == .declined)
        #expect(provider.operation("k1")?.code == code)
        #expect(provider.status() == .declined)
        #expect(provider.oracle().isEmpty)
    }

    @Test(
        "a decline may carry advice, in its answer, in that again, and in queries",
        arguments: ["do_not_try_again", "try_again_later", "confirm_card_data"]
    )
    func advice(name: String) throws {
        let provider = try TestProvider()
        for _ in 0..<2 {
            let answer = provider.answer(provider.charge("tok_decline_processing_error_\(name)"))
            #expect(answer.status == 402)
            #expect(answer.body.contains(#""code":"processing_error""#))
            #expect(answer.body.contains(#""advice_code":"\#(name)""#))
        }
        var query = ByteBuffer()
        AnswerWriter.write(operation: 0, in: provider.core.store, into: &query)
        #expect(String(buffer: query).contains(#""code":"processing_error","advice_code":"\#(name)""#))
        #expect(!provider.answer(provider.charge("tok_decline_processing_error", key: "k2")).body.contains("advice"))
    }

    @Test("a decline that does not exist is refused, also one that is a broken rule")
    func unknownDecline() throws {
        let provider = try TestProvider()
        #expect(provider.charge("tok_decline_nonsense").answer == .refusal(.unknownToken))
        #expect(provider.charge("tok_decline_amount_too_large").answer == .refusal(.unknownToken))
        #expect(provider.charge("tok_decline_lost_card_never_mind").answer == .refusal(.unknownToken))
        #expect(provider.charge("tok_decline__do_not_try_again").answer == .refusal(.unknownToken))
        #expect(provider.core.store.operations.count == 0)
    }

    @Test(
        "these execute nothing, however often they are tried",
        arguments: [
            ("tok_timeout", Verdict.Answer.refusal(.notExecuted), Verdict.Delivery.lose(.silence)),
            ("tok_reset", .refusal(.notExecuted), .lose(.reset)),
            ("tok_500_without_execution", .refusal(.internalError), .reply),
            ("tok_503_not_executed", .refusal(.notExecuted), .reply),
            ("tok_429", .refusal(.rateLimited), .reply),
        ]
    )
    func nothing(token: String, answer: Verdict.Answer, delivery: Verdict.Delivery) throws {
        let provider = try TestProvider()
        for _ in 0..<3 {
            let verdict = provider.charge(token)
            #expect(verdict.answer == answer && verdict.delivery == delivery)
        }
        #expect(provider.operation("k1") == nil)
        #expect(provider.oracle().isEmpty)
    }

    @Test(
        "these execute and hide it; the replay tells the truth",
        arguments: [
            ("tok_execute_then_drop", Verdict.Answer.operation(0), Verdict.Delivery.lose(.reset)),
            ("tok_execute_then_reset", .operation(0), .lose(.reset)),
            ("tok_execute_then_close", .operation(0), .lose(.close)),
            ("tok_execute_then_silence", .operation(0), .lose(.silence)),
            ("tok_execute_then_500", .refusal(.internalError), .reply),
            ("tok_malformed_json", .malformed, .reply),
            ("tok_slow_drip", .operation(0), .drip),
        ]
    )
    func hidden(token: String, answer: Verdict.Answer, delivery: Verdict.Delivery) throws {
        let provider = try TestProvider()
        let first = provider.charge(token)
        #expect(first.answer == answer && first.delivery == delivery && !first.replayed)
        #expect(provider.operation("k1")?.outcome == .succeeded)
        let replay = provider.charge(token)
        #expect(replay.answer == .operation(0) && replay.delivery == .reply && replay.replayed)
        #expect(provider.oracle().count == 2)
    }

    @Test("tok_slow_5s executes at once, answers after five seconds and is in progress until then")
    func slow() throws {
        let provider = try TestProvider()
        #expect(provider.charge("tok_slow_5s").latency == 5_000)
        #expect(provider.charge("tok_slow_5s", now: 4_999).answer == .refusal(.inProgress))
        #expect(provider.charge("tok_slow_5s", now: 5_000).answer == .operation(0))
        #expect(provider.oracle().count == 2)
    }

    @Test("pending becomes final a second later; the stored answer stays pending", arguments: [true, false])
    func pending(succeeds: Bool) throws {
        let provider = try TestProvider()
        let token = succeeds ? "tok_pending_succeeds" : "tok_pending_fails"
        let verdict = provider.charge(token)
        #expect(provider.answer(verdict).status == 200)
        #expect(provider.answer(verdict).body.contains(#""status":"pending""#))
        #expect(provider.status(now: 999) == .pending)
        #expect(provider.oracle(now: 999).isEmpty)
        #expect(provider.operation("k1", now: 1_000)?.outcome == (succeeds ? .succeeded : .declined))
        #expect(provider.status(now: 1_000) == (succeeds ? .captured : .declined))
        #expect(provider.oracle(now: 1_000).count == (succeeds ? 2 : 0))
        let replay = provider.charge(token, now: 2_000)
        #expect(replay.replayed)
        #expect(provider.answer(replay).body.contains(#""status":"pending""#))
    }

    @Test("tok_wrong_amount and tok_wrong_currency move something else, and say so")
    func wrong() throws {
        let provider = try TestProvider()
        provider.charge("tok_wrong_amount", key: "a", reference: "pay_1")
        #expect(provider.operation("a")?.amount == 1_001)
        #expect(provider.core.store.charges[0].captured == 1_001)
        provider.charge("tok_wrong_currency", key: "b", reference: "pay_2")
        #expect(provider.operation("b")?.currency == .usd)
        provider.charge("tok_wrong_currency", key: "c", reference: "pay_3", currency: .usd)
        #expect(provider.operation("c")?.currency == .eur)
    }

    @Test("every special token means something, and is documented by name")
    func table() {
        for name in PaymentToken.specialNames { #expect(PaymentToken(name) != .plain, "\(name)") }
        for prefix in PaymentToken.timedPrefixes { #expect(PaymentToken("\(prefix)7s") != .plain, "\(prefix)") }
        #expect(PaymentToken.specialNames.count == 34 && PaymentToken.timedPrefixes.count == 9)
    }

    @Test("a full simulator executes nothing new and still replays")
    func full() throws {
        let provider = try TestProvider(maximumOperations: 2)
        provider.charge(key: "a", reference: "pay_1")
        provider.charge(key: "b", reference: "pay_2")
        #expect(provider.charge(key: "c", reference: "pay_3").answer == .refusal(.notExecuted))
        #expect(provider.charge(key: "a", reference: "pay_1").replayed)
        #expect(provider.core.store.operations.count == 2)
    }

    @Test("a reset forgets everything")
    func reset() throws {
        let provider = try TestProvider()
        provider.charge()
        provider.core.reset(epoch: 7)
        #expect(provider.operation("k1") == nil)
        #expect(!provider.charge().replayed)
    }
}
