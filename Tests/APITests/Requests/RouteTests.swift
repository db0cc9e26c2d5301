import Payments
import Testing
import Time

@testable import API

@Suite struct RouteTests {
    static let payment = PaymentID(createdAt: 1_795_250_136_123, shard: 1, sequence: 42)
    static let refund = RefundID(createdAt: 1_795_250_136_123, shard: 1, paymentSequence: 42, ordinal: 7)

    static let dispute = DisputeID(createdAt: 1_795_250_136_123, shard: 1, paymentSequence: 42, ordinal: 3)

    static let payout = PayoutID(high: 3, low: 4)
    static let wallet = WalletID(high: 5, low: 6)

    static let known: [(String, Route)] = [
        ("/v1/payments", .merchant(.createPayment)),
        ("/v1/payments/\(payment)", .merchant(.getPayment(payment))),
        ("/v1/payments/\(payment)/capture", .merchant(.capture(payment))),
        ("/v1/payments/\(payment)/cancel", .merchant(.cancel(payment))),
        ("/v1/payments/\(payment)/confirm", .merchant(.confirm(payment))),
        ("/v1/payments/\(payment)/increment", .merchant(.increment(payment))),
        ("/v1/payments/\(payment)/approve", .review(.approve(payment))),
        ("/v1/payments/\(payment)/reject", .review(.reject(payment))),
        ("/v1/payments/\(payment)/manual_capture", .operator(.manualCapture(payment))),
        ("/v1/payments/\(payment)/refunds", .merchant(.refund(payment))),
        ("/v1/payments/\(payment)/timeline", .merchant(.getTimeline(payment))),
        ("/v1/refunds/\(refund)", .merchant(.getRefund(refund))),
        ("/v1/disputes/\(dispute)", .merchant(.getDispute(dispute))),
        ("/v1/disputes/\(dispute)/evidence", .merchant(.disputeEvidence(dispute))),
        ("/v1/disputes/\(dispute)/accept", .merchant(.acceptDispute(dispute))),
        ("/v1/provider_events", .operator(.providerEvent)),
        ("/v1/balance", .merchant(.getBalance)),
        ("/v1/ledger/accounts", .merchant(.getAccounts)),
        ("/v1/ledger/entries", .merchant(.getEntries)),
        ("/v1/payouts", .merchant(.createPayout)),
        ("/v1/payouts/\(payout)", .merchant(.getPayout(payout))),
        ("/v1/payouts/\(payout)/events", .operator(.payoutEvent(payout))),
        ("/v1/wallets", .merchant(.createWallet)),
        ("/v1/wallets/\(wallet)", .merchant(.getWallet(wallet))),
        ("/v1/wallets/\(wallet)/top_ups", .merchant(.topUp(wallet))),
        ("/v1/fx/quotes", .merchant(.quoteExchange)),
        ("/v1/fx/conversions", .merchant(.convertExchange)),
        ("/openapi.yaml", .openAPI),
    ]

    @Test(arguments: known) func `a path leads to its route`(_ path: String, _ route: Route) {
        #expect(RouteRule.match(Array(path.utf8).span)?.route == route)
    }

    @Test func `every row of the table is tried here, and leads to itself`() {
        #expect(Self.known.count == RouteRule.table.count)
        for (path, _) in Self.known {
            let template = ["\(Self.payment)", "\(Self.refund)", "\(Self.dispute)", "\(Self.payout)", "\(Self.wallet)"]
                .reduce(path) { $0.replacing($1, with: "{id}") }
            #expect(RouteRule.match(Array(path.utf8).span).map { "\($0.rule.path)" } == template)
        }
    }

    @Test(arguments: [
        ("/v1/disputes/\(payment)", "GET /v1/disputes/{id}"),
        ("/v1/disputes/x/accept", "POST /v1/disputes/{id}/accept"),
        ("/v1/payments/nonsense", "GET /v1/payments/{id}"),
        ("/v1/payments/\(refund)", "GET /v1/payments/{id}"),
        ("/v1/payments/nonsense/capture", "POST /v1/payments/{id}/capture"),
        ("/v1/payments/nonsense/approve", "POST /v1/payments/{id}/approve"),
        ("/v1/refunds/\(payment)", "GET /v1/refunds/{id}"),
        ("/v1/payments/PAY_\("\(payment)".dropFirst(4))", "GET /v1/payments/{id}"),
    ])
    func `an identifier that cannot be ours leads to a rule without a route`(_ path: String, _ rule: String) throws {
        let found = RouteRule.match(Array(path.utf8).span)
        let match = try #require(found)
        #expect(match.route == nil)
        #expect("\(match.method.name) \(match.rule.path)" == rule)
    }

    @Test(arguments: [
        "", "/", "/v1", "/v1/", "/v1/payment", "/v1/paymentsx", "/v1/payments/", "/v1/payments//capture", "/v1/refunds",
        "/v1/refunds/", "/v1/refunds/x/y", "/v1/disputes", "/v1/disputes/", "/v1/disputes/x/y", "/v1/provider_events/",
        "/v1/payments/x/refund", "/v1/payments/x/capture/", "/openapi.yml",
        "/openapi.yaml/", "//v1/payments", "/V1/payments", "/v1/payments/x/y/z",
    ])
    func `a path of no route leads nowhere`(_ path: String) {
        #expect(RouteRule.match(Array(path.utf8).span) == nil)
    }

    @Test func `every identifier reads back from its text`() {
        for high: UInt64 in [0, 1, 0xFFFF, 1 << 59, 1 << 60, .max] {
            for low: UInt64 in [0, 1, 31, 1 << 59, 1 << 60, 1 << 63, .max] {
                let text = PaymentID(high: high, low: low).description
                let parsed = Identifier.parse(PaymentID.prefix, Array(text.utf8).span)
                #expect(parsed?.high == high)
                #expect(parsed?.low == low)
            }
        }
    }

    @Test func `an identifier above 2 to the 128 is not ours`() {
        #expect(Identifier.parse(PaymentID.prefix, Array("pay_80000000000000000000000000".utf8).span) == nil)
        #expect(Identifier.parse(PaymentID.prefix, Array("pay_7zzzzzzzzzzzzzzzzzzzzzzzzz".utf8).span) != nil)
    }
}
