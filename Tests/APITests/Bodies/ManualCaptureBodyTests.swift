import Payments
import ShardCore
import Testing

@testable import API

@Suite("The body of an operator's capture by hand")
struct ManualCaptureBodyTests {
    private static let path = "/v1/payments/\(RouteTests.payment)/manual_capture"

    private static func ask(_ body: String) throws -> (Command.Kind?, Answer?) {
        let edge = try Edge()
        edge.send("POST", path, body: Array(body.utf8), authorization: "Bearer \(edge.desk.text)")
        return (edge.command?.kind, edge.answer)
    }

    @Test(arguments: ManualMethod.allCases, [Int64?.none, 800])
    func `it becomes a final capture with method, reason and amount`(_ method: ManualMethod, _ amount: Int64?) throws {
        let member = amount.map { ",\"amount\":\($0)" } ?? ""
        let kind = try Self.ask(#"{"method":"\#(method.name)","reason":"till 4"\#(member)}"#).0
        guard case .payment(RouteTests.payment, .capture(let asked, let isFinal, let instructions?))? = kind else {
            Issue.record("no capture")
            return
        }
        #expect(asked == amount && isFinal && instructions.splits.isEmpty)
        #expect(instructions.manual?.method == method && instructions.manual?.reason == "till 4")
    }

    @Test(
        arguments: [
            ("", "body_missing", nil),
            ("{}", "parameter_missing", "method"),
            (#"{"method":"cash"}"#, "parameter_missing", "reason"),
            (#"{"reason":"r"}"#, "parameter_missing", "method"),
            (#"{"method":"cheque","reason":"r"}"#, "parameter_value_unknown", "method"),
            (#"{"method":"cash","reason":""}"#, "parameter_too_short", "reason"),
            (#"{"method":"cash","reason":"r","amount":0}"#, "amount_zero", "amount"),
            (#"{"method":"cash","reason":"r","final":false}"#, "parameter_unknown", "final"),
            (#"{"method":"cash","reason":"r","splits":[]}"#, "parameter_unknown", "splits"),
            (#"{"method":"cash","reason":"4111111111111111"}"#, "card_number_in_request", nil),
        ] as [(String, String, String?)]
    )
    func `a bad body is refused`(_ body: String, _ code: String, _ parameter: String?) throws {
        let (kind, answer) = try Self.ask(body)
        #expect(kind == nil && answer?.code == code && answer?.parameter == parameter)
    }

    @Test func `no merchant's key reaches the route, not even with the permission`() throws {
        let edge = try Edge()
        for merchant in [edge.acme, edge.bolt] {
            let body = Array(#"{"method":"cash","reason":"r"}"#.utf8)
            edge.send("POST", Self.path, body: body, authorization: "Bearer \(merchant.text)")
            #expect(edge.answer?.status == "403" && edge.answer?.code == "api_key_role_wrong")
        }
        #expect(edge.command == nil)
    }

    @Test func `an operator's key opens no other capture`() throws {
        let edge = try Edge()
        let body = Array(#"{"manual":{"method":"cash","reason":"r"}}"#.utf8)
        let path = "/v1/payments/\(RouteTests.payment)/capture"
        edge.send("POST", path, body: body, authorization: "Bearer \(edge.desk.text)")
        #expect(edge.answer?.status == "403" && edge.command == nil)
    }
}
