import Money
import NIOCore
import NIOHPACK
import Payments
import Testing

@testable import HTTPTransport
@testable import Providers

/// Whatever stands between the gateway and the simulator can answer any status, after the simulator
/// has executed the operation.
@Suite("Which answers prove that the simulator executed nothing")
struct SimulatedProofTests {
    static let statuses = Array(100...103) + Array(200...226) + Array(300...308) + Array(400...451) + Array(500...511)

    /// What proxies, firewalls and other services answer.
    static let foreignBodies = [
        "", "<html><body>Forbidden</body></html>", "not found", "null", "[]", "{}", #"{"error":"forbidden"}"#,
        #"{"error":{"code":"forbidden","message":"m"}}"#, #"{"message":"Forbidden"}"#,
        #"{"code":"not_executed"}"#, #"{"error":{"code":"not_executed"}}"#,
        #"{"error":{"code":"not_executed","message":"m","request_id":""}}"#,
        #"{"error":{"code":"not_executed","message":"m","request_id":"4711"}}"#,
        #"{"error":{"code":"unauthorized","message":"m"}}"#, #"{"error":{"code":"rate_limited","message":"m"}}"#,
        #"{"error":{"code":"charge_not_found","message":"m"},"request_id":"req_1"}"#,
    ]

    static let types: [HPACKHeaders] = [
        ["content-type": "application/json"], ["content-type": "text/html"],
        ["content-type": "application/problem+json"],
        ["content-type": "application/jsonp"], ["content-type": "application/json", "x": "y"], [:],
    ]

    private func outcome(
        _ status: Int,
        _ headers: HPACKHeaders,
        body: String,
        of operation: ProviderOperation,
        mode: ProviderCall.Mode = .execute
    ) -> ProviderOutcome {
        let response = HTTPClientResponse(status: status, headers: headers, body: ByteBuffer(string: body))
        return SimulatedReplyDecoder.outcome(
            of: .response(response),
            for: SimulatedCall(Calls.make(operation, mode: mode))
        )
    }

    @Test("an answer of something on the way is unknown, whatever its status", arguments: ProviderOperation.allCases)
    func foreign(operation: ProviderOperation) {
        for status in Self.statuses {
            for body in Self.foreignBodies {
                for type in Self.types {
                    for mode in [ProviderCall.Mode.execute, .query, .cancelByReference] {
                        let outcome = outcome(status, type, body: body, of: operation, mode: mode)
                        guard case .unknown = outcome else {
                            Issue.record("\(status) \(type) \(body) of \(mode) is \(outcome)")
                            return
                        }
                    }
                }
            }
        }
    }

    @Test("the simulator's document proves it, with its own status and declared as JSON only")
    func own() {
        for refusal in SimulatedRefusal.all {
            let body = #"{"error":{"code":"\#(refusal.code)","message":"m","request_id":"req_12"}}"#
            for status in Self.statuses {
                for type in Self.types {
                    let outcome = outcome(status, type, body: body, of: .capture)
                    let isProof =
                        status == refusal.status && type.first(name: "content-type") == "application/json"
                    switch (refusal.meaning, isProof) {
                    case (.notExecuted(let reason), true): #expect(outcome == .notExecuted(reason))
                    case (.declined(let code), true):
                        let expected = Decline(category: code.category, code: code, providerCode: "\(refusal.code)")
                        #expect(outcome == .declined(expected))
                    default:
                        guard case .unknown = outcome else {
                            Issue.record("\(status) \(type) \(body) is \(outcome)")
                            return
                        }
                    }
                }
            }
        }
    }

    @Test("a decline and an execution must be declared as JSON, too")
    func declared() {
        let decline = #"{"error":{"code":"do_not_honor","message":"m"},"id":"ch_9"}"#
        let done = #"{"id":"op_2","charge":"ch_1","status":"succeeded","amount":1000,"currency":"EUR"}"#
        for (type, isJSON) in [
            ("application/json", true), ("Application/JSON; charset=utf-8", true), ("application/json ;a=b", true),
            ("application/jsonx", false), ("text/html", false), ("", false),
        ] {
            let isDeclined = outcome(402, ["content-type": type], body: decline, of: .capture) != .unknown(.badResponse)
            let isDone = outcome(200, ["content-type": type], body: done, of: .capture) != .unknown(.badResponse)
            #expect(isDeclined == isJSON && isDone == isJSON, "\(type)")
        }
        let twice: HPACKHeaders = ["content-type": "application/json", "content-type": "text/html"]
        #expect(outcome(402, twice, body: decline, of: .capture) == .unknown(.badResponse))
    }
}

@Suite("Which amounts an answer can state")
struct RequestedAmountTests {
    /// Asked for: 1,250 minor units of EUR.
    private func outcome(
        _ amount: String,
        currency: String = "EUR",
        of operation: ProviderOperation = .capture,
        _ mode: ProviderCall.Mode = .execute
    ) -> ProviderOutcome {
        let isFirst = operation == .authorize
        let about = isFirst ? #""reference":"\#(Calls.payment)""# : #""charge":"ch_1""#
        let status = isFirst && mode == .execute ? "authorized" : "succeeded"
        let body = #"{"id":"op_2",\#(about),"status":"\#(status)","amount":\#(amount),"currency":"\#(currency)"}"#
        let response = HTTPClientResponse(
            status: 200,
            headers: ["content-type": "application/json"],
            body: ByteBuffer(string: body)
        )
        let call = Calls.make(operation, mode: mode, amount: 1_250)
        return SimulatedReplyDecoder.outcome(of: .response(response), for: SimulatedCall(call))
    }

    private func isFact(_ outcome: ProviderOutcome) -> Bool { if case .succeeded = outcome { true } else { false } }

    @Test(
        "impossible amounts are bad answers",
        arguments: [
            "-1029", "-1", "0", "1000000000000001", "9200000000000000000", "9223372036854775807", "9223372036854775808",
            "12500", "125000", "1250000", "12500000", "125", "1.25e3", "1250.0",
        ]
    )
    func impossible(amount: String) {
        #expect(outcome(amount) == .unknown(.badResponse))
    }

    @Test(
        "other amounts are facts, right or wrong",
        arguments: ["1250", "1", "1249", "1251", "2500", "1000000000000000"]
    )
    func possible(amount: String) {
        #expect(isFact(outcome(amount)))
    }

    @Test("an authorization may be approved for a tenth, never for tenfold")
    func partial() {
        #expect(isFact(outcome("125", of: .authorize)))
        #expect(outcome("12500", of: .authorize) == .unknown(.badResponse))
        #expect(outcome("0", of: .authorize) == .unknown(.badResponse))
    }

    @Test("a void states what it released, also nothing; never less, never the impossible")
    func void() {
        for amount in ["0", "1250", "125"] {
            #expect(isFact(outcome(amount, of: .cancel)))
            #expect(isFact(voidByReference(amount)))
        }
        for amount in ["-1", "1000000000000001"] {
            #expect(outcome(amount, of: .cancel) == .unknown(.badResponse))
            #expect(voidByReference(amount) == .unknown(.badResponse))
        }
    }

    private func voidByReference(_ amount: String) -> ProviderOutcome {
        outcome(amount, of: .authorize, .cancelByReference)
    }

    @Test("another currency is a fact: its amount is not compared")
    func otherCurrency() {
        #expect(isFact(outcome("12500", currency: "JPY")))
        #expect(outcome("0", currency: "JPY") == .unknown(.badResponse))
    }
}
