import Payments
import ShardCore
import Testing

@testable import API

@Suite struct OperationBodyTests {
    static let payment = RouteTests.payment

    static func kind(_ operation: String, _ body: String) throws -> (Command.Kind?, String?, String?) {
        let edge = try Edge()
        edge.send("POST", "/v1/payments/\(payment)/\(operation)", body: Array(body.utf8))
        return (edge.command?.kind, edge.answer?.code, edge.answer?.parameter)
    }

    @Test(arguments: ["", "{}", " { } ", #"{"idempotency_key":"key-1"}"#])
    func `without an amount all is meant`(_ body: String) throws {
        guard case .payment(Self.payment, .capture(nil, true, nil))? = try Self.kind("capture", body).0 else {
            Issue.record("no capture of all")
            return
        }
        guard case .payment(Self.payment, .refund(nil))? = try Self.kind("refunds", body).0 else {
            Issue.record("no refund of all")
            return
        }
        guard case .payment(Self.payment, .cancel)? = try Self.kind("cancel", body).0 else {
            Issue.record("no cancel")
            return
        }
    }

    @Test func `an amount is part of the operation`() throws {
        guard case .payment(Self.payment, .capture(1000, true, nil))? = try Self.kind("capture", #"{"amount":1000}"#).0
        else {
            Issue.record("no capture of 1000")
            return
        }
        guard
            case .payment(Self.payment, .refund(250))? = try Self.kind(
                "refunds",
                #"{"amount":250,"reason":"duplicate"}"#
            ).0
        else {
            Issue.record("no refund of 250")
            return
        }
    }

    @Test(arguments: [("true", true), ("false", false)])
    func `a capture says whether it is the last one`(_ text: String, _ expected: Bool) throws {
        guard
            case .payment(Self.payment, .capture(5, let isFinal, nil))? = try Self.kind(
                "capture",
                #"{"amount":5,"final":\#(text)}"#
            ).0
        else {
            Issue.record("no capture of 5")
            return
        }
        #expect(isFinal == expected)
    }

    @Test(arguments: [
        ("capture", #"{"final":"no"}"#, "parameter_type_invalid", "final"),
        ("cancel", #"{"final":false}"#, "parameter_unknown", "final"),
        ("capture", #"{"amount":0}"#, "amount_zero", "amount"),
        ("capture", #"{"amount":-5}"#, "amount_negative", "amount"),
        ("capture", #"{"amount":1.0}"#, "amount_not_integer", "amount"),
        ("capture", #"{"amount":"1"}"#, "parameter_type_invalid", "amount"),
        ("capture", #"{"reason":"duplicate"}"#, "parameter_unknown", "reason"),
        ("capture", "[]", "json_not_object", nil),
        ("capture", "{", "json_invalid", nil),
        ("cancel", #"{"amount":5}"#, "parameter_unknown", "amount"),
        ("cancel", #"{"reason":"bored"}"#, "parameter_value_unknown", "reason"),
        ("cancel", #"{"reason":7}"#, "parameter_type_invalid", "reason"),
        ("refunds", #"{"amount":100000000}"#, "amount_too_large", "amount"),
        ("refunds", #"{"reason":"abandoned"}"#, "parameter_value_unknown", "reason"),
        ("refunds", #"{"reason":"4111111111111111"}"#, "card_number_in_request", nil),
        ("refunds", #"{"metadata":{}}"#, "parameter_unknown", "metadata"),
        ("confirm", #"{"return_data":""}"#, "parameter_too_short", "return_data"),
        ("confirm", #"{"return_data":7}"#, "parameter_type_invalid", "return_data"),
        ("confirm", #"{"return_data":"a\u0000"}"#, "parameter_characters_invalid", "return_data"),
        ("confirm", #"{"return_data":"pan=4111111111111111"}"#, "card_number_in_request", nil),
        ("approve", #"{"return_data":"a"}"#, "parameter_unknown", "return_data"),
    ])
    func `a bad body is refused`(_ operation: String, _ body: String, _ code: String, _ parameter: String?) throws {
        let (kind, answered, named) = try Self.kind(operation, body)
        #expect(kind == nil)
        #expect(answered == code)
        #expect(named == parameter)
    }

    @Test func `a confirmation may carry what the shopper brought back`() throws {
        guard case .payment(Self.payment, .confirm(""))? = try Self.kind("confirm", "").0 else {
            Issue.record("no confirmation")
            return
        }
        guard
            case .payment(Self.payment, .confirm("a=1&b=ü"))? = try Self.kind("confirm", #"{"return_data":"a=1&b=ü"}"#)
                .0
        else {
            Issue.record("no return data")
            return
        }
    }

    @Test func `return data are bounded`() throws {
        func kind(_ count: Int) throws -> (Command.Kind?, String?, String?) {
            try Self.kind("confirm", #"{"return_data":"\#(String(repeating: "a", count: count))"}"#)
        }
        #expect(try kind(4_096).0 != nil)
        #expect(try kind(4_097).1 == "parameter_too_long")
    }

    @Test(arguments: ["duplicate", "fraudulent", "requested_by_customer", "abandoned"])
    func `a payment can be cancelled for these reasons`(_ reason: String) throws {
        #expect(try Self.kind("cancel", #"{"reason":"\#(reason)"}"#).0 != nil)
    }
}
