import Foundation
import Testing

@testable import LoadTest

@Suite struct AuditEvidenceTests {
    private let id = EntityID(high: 77 << 16, low: 8)

    private func payment(_ text: String) -> GatewayPayment? { GatewayPayment(line: Array(text.utf8).span) }
    private func charge(_ text: String) -> OracleCharge? { OracleCharge(line: Array(text.utf8).span) }

    @Test func `a payment's line is read, whatever else is in it`() {
        let line =
            #"{"id":"\#(id.payment)","merchant":"m \"1\"","x":{"amount":1,"y":["]"]},"status":"partially_refunded","amount":1000,"currency":"eur","captured":900, "refunded": 100}"#
        #expect(
            payment(line)
                == GatewayPayment(
                    id: id,
                    amount: 1_000,
                    captured: 900,
                    refunded: 100,
                    currency: "EUR",
                    status: .partiallyRefunded
                )
        )
    }

    @Test func `the held amount of a line is read`() {
        let line = #"{"id":"\#(id.payment)","status":"authorized","amount":1500,"currency":"EUR","authorized":700}"#
        #expect(payment(line)?.authorized == 700)
        #expect(payment(line.replacing("authorized\":7", with: "amount_authorized\":8"))?.authorized == 800)
    }

    @Test(arguments: [
        "processing", "requires_action", "review", "authorized", "expired", "partially_captured", "captured",
        "partially_refunded", "refunded", "cancelled", "failed", "conflicted",
    ])
    func `every status of the API is known`(name: String) {
        let line = #"{"id":"\#(id.payment)","status":"\#(name)","amount":1,"currency":"EUR"}"#
        let status = payment(line)?.status
        #expect(status != nil && status != .other && "\(status?.name ?? "-")" == name)
    }

    @Test(arguments: [
        "", "{}", "x", #"{"id":"pay_1","status":"captured","amount":1}"#, #"{"status":"captured","amount":1}"#,
    ])
    func `a line without a payment is refused`(line: String) {
        #expect(payment(line) == nil)
    }

    @Test func `an oracle line is read with its list of keys`() {
        let line =
            #"{"reference":"\#(id.payment)","operation":"refund","amount":5,"currency":"EUR","executions":2,"keys":["a,}","b"]}"#
        let expected = OracleCharge(payment: id, operation: .refund, amount: 5, currency: "EUR", executions: 2)
        #expect(charge(line) == expected)
    }

    @Test(arguments: ["authorize", "capture", "increment", "cancel", "refund"])
    func `every operation of the oracle is known`(name: String) {
        let line = #"{"reference":"\#(id.payment)","operation":"\#(name)","amount":5,"currency":"EUR","executions":1}"#
        #expect(charge(line)?.operation.rawValue == name)
    }

    @Test func `an oracle line of a foreign reference has no payment, a foreign operation is refused`() {
        let line = #"{"reference":"mine","operation":"capture","amount":5,"currency":"EUR","executions":1}"#
        #expect(charge(line)?.payment == EntityID.none)
        #expect(charge(line.replacing("capture", with: "steal")) == nil)
    }

    @Test func `demo.json is read by its names and other members are ignored`() throws {
        let text = """
            {"base_url":"https://127.0.0.1:1","admin_url":"a","psp_url":"p","oracle_url":"o","ca_cert":"c","api_keys":["k"],
            "gateway_pid":5,"psp_pid":6,"new":1}
            """
        let demo = try JSONDecoder().decode(DemoFile.self, from: Data(text.utf8))
        #expect(demo.apiKeys == ["k"] && demo.gatewayPID == 5 && demo.oracleURL == "o" && demo.caCertificate == "c")
        #expect(demo.oracleURLs == ["o"] && demo.simulatorURLs == ["p"])
        let two = try JSONDecoder().decode(
            DemoFile.self,
            from: Data(text.replacing("\"new\":1", with: "\"second_psp_url\":\"http://b\",\"second_psp_pid\":7").utf8)
        )
        #expect(two.oracleURLs == ["o", "http://b/oracle/charges"] && two.simulatorURLs == ["p", "http://b"])
        #expect(two.secondPSPPID == 7)
        #expect(throws: LoadUsageError.self) { try DemoFile.read(path: "/nonexistent/demo.json") }
    }
}
