import Payments
import ShardCore
import Testing

@testable import API

@Suite struct TreasuryBodyTests {
    private static func kind(_ path: String, _ body: String) throws -> (Command.Kind?, Answer?) {
        let edge = try Edge()
        edge.send("POST", path, body: Array(body.utf8))
        return (edge.command?.kind, edge.answer)
    }

    @Test func `a pay-out takes more than a payment does`() throws {
        let body = #"{"amount":1000000000000,"currency":"EUR","destination":"ba_main"}"#
        guard case .treasury(.createPayout(let payout))? = try Self.kind("/v1/payouts", body).0 else {
            Issue.record("no pay-out")
            return
        }
        #expect(payout.amountMinor == 1_000_000_000_000)
    }

    @Test func `and so does an exchange, which is then refused for want of a rate only`() throws {
        let body = #"{"sell_amount":1000000000000,"sell_currency":"EUR","buy_currency":"USD"}"#
        #expect(try Self.kind("/v1/fx/quotes", body).1?.code == "exchange_pair_unavailable")
    }

    @Test(arguments: [
        ("/v1/payouts", #"{"amount":1000000000001,"currency":"EUR","destination":"b"}"#, "amount_too_large", "amount"),
        ("/v1/payouts", #"{"amount":0,"currency":"EUR","destination":"b"}"#, "amount_zero", "amount"),
        (
            "/v1/payouts", #"{"amount":99999999999999999999,"currency":"EUR","destination":"b"}"#, "amount_too_large",
            "amount"
        ),
        (
            "/v1/fx/quotes", #"{"sell_amount":1000000000001,"sell_currency":"EUR","buy_currency":"USD"}"#,
            "amount_too_large", "sell_amount"
        ),
        (
            "/v1/fx/quotes", #"{"sell_amount":-1,"sell_currency":"EUR","buy_currency":"USD"}"#, "amount_negative",
            "sell_amount"
        ),
    ])
    func `but not any amount`(_ path: String, _ body: String, _ code: String, _ parameter: String) throws {
        let (kind, answer) = try Self.kind(path, body)
        #expect(kind == nil && answer?.code == code && answer?.parameter == parameter)
    }

    @Test("the limits that the text names are the limits that hold")
    func limits() {
        let text = "\(ProblemCode.amountTooLarge.detail)"
        #expect(
            text.contains(" \(RequestBody.maximumAmountMinor) ") && text.contains(" \(RequestBody.maximumSumMinor).")
        )
        #expect("\(ProblemCode.sellerLimitReached.detail)".contains(" \(TreasuryLimits().sellersOfMerchant) "))
    }
}
