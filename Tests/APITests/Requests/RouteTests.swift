import Payments
import Testing

@testable import API

@Suite struct RouteTests {
    static let payment = PaymentID(milliseconds: 1_795_250_136_123, shard: 1, sequence: 42)
    static let refund = RefundID(milliseconds: 1_795_250_136_123, shard: 1, paymentSequence: 42, ordinal: 7)

    static let dispute = DisputeID(milliseconds: 1_795_250_136_123, shard: 1, paymentSequence: 42, ordinal: 3)

    static let known: [(String, Route)] = [
        ("/v1/payments", .createPayment),
        ("/v1/payments/\(payment)", .getPayment(payment)),
        ("/v1/payments/\(payment)/capture", .capture(payment)),
        ("/v1/payments/\(payment)/cancel", .cancel(payment)),
        ("/v1/payments/\(payment)/approve", .approve(payment)),
        ("/v1/payments/\(payment)/reject", .reject(payment)),
        ("/v1/payments/\(payment)/refunds", .refund(payment)),
        ("/v1/refunds/\(refund)", .getRefund(refund)),
        ("/v1/disputes/\(dispute)", .getDispute(dispute)),
        ("/v1/disputes/\(dispute)/evidence", .disputeEvidence(dispute)),
        ("/v1/disputes/\(dispute)/accept", .acceptDispute(dispute)),
        ("/v1/disputes/\(payment)", .unknownResource(method: .get)),
        ("/v1/disputes/x/accept", .unknownResource(method: .post)),
        ("/v1/provider_events", .postEvent),
        ("/v1/balance", .getBalance),
        ("/v1/payments/\(payment)/timeline", .getTimeline(payment)),
        ("/openapi.yaml", .openAPI),
        ("/v1/payments/nonsense", .unknownResource(method: .get)),
        ("/v1/payments/\(refund)", .unknownResource(method: .get)),
        ("/v1/payments/nonsense/capture", .unknownResource(method: .post)),
        ("/v1/payments/nonsense/approve", .unknownResource(method: .post)),
        ("/v1/refunds/\(payment)", .unknownResource(method: .get)),
        ("/v1/payments/PAY_\("\(payment)".dropFirst(4))", .unknownResource(method: .get)),
    ]

    @Test(arguments: known) func `a path leads to its route`(_ path: String, _ route: Route) {
        #expect(Route.match(Array(path.utf8).span) == route)
    }

    @Test(arguments: [
        "", "/", "/v1", "/v1/", "/v1/payment", "/v1/paymentsx", "/v1/payments/", "/v1/payments//capture", "/v1/refunds",
        "/v1/refunds/", "/v1/refunds/x/y", "/v1/disputes", "/v1/disputes/", "/v1/disputes/x/y", "/v1/provider_events/",
        "/v1/payments/x/refund", "/v1/payments/x/capture/", "/openapi.yml",
        "/openapi.yaml/", "//v1/payments", "/V1/payments", "/v1/payments/x/y/z",
    ])
    func `a path of no route leads nowhere`(_ path: String) {
        #expect(Route.match(Array(path.utf8).span) == nil)
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

    @Test func `the templates name every route's method`() {
        let methods = Dictionary(uniqueKeysWithValues: Route.templates.map { ($0.path, $0.method) })
        for (path, route) in Self.known.prefix(9) {
            let template =
                path.replacing("\(Self.payment)", with: "{id}").replacing("\(Self.refund)", with: "{id}")
                .replacing("\(Self.dispute)", with: "{id}")
            #expect(methods[template] == route.method)
        }
    }
}
