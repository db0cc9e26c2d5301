import Money
import NIOHPACK
import Payments
import ShardCore
import Testing

@testable import API

@Suite struct CreatePaymentBodyTests {
    struct Case: CustomTestStringConvertible {
        let body: String
        let code: String
        let parameter: String?

        init(_ body: String, _ code: String, parameter: String? = nil) {
            self.body = body
            self.code = code
            self.parameter = parameter
        }

        var testDescription: String { "\(code) \(body.prefix(80))" }
    }

    /// A valid body in which one member is replaced.
    static func with(amount: String = "1250", currency: String = "\"EUR\"", more: String = "") -> String {
        #"{"amount":\#(amount),"currency":\#(currency),"payment_method":"pm_1"\#(more.isEmpty ? "" : ",")\#(more)}"#
    }

    static let notJSON: [Case] = [
        Case("{", "json_invalid"),
        Case("}", "json_invalid"),
        Case("{\"amount\":}", "json_invalid"),
        Case("{'amount':1}", "json_invalid"),
        Case("{\"amount\":1,}", "json_invalid"),
        Case("{\"amount\":01}", "json_invalid"),
        Case("{\"amount\":+1}", "json_invalid"),
        Case("{\"amount\":1.}", "json_invalid"),
        Case("{\"amount\":NaN}", "json_invalid"),
        Case(with() + "x", "json_invalid"),
        Case(with() + with(), "json_invalid"),
        Case("{\"a\":\"\u{1}\"}", "json_invalid"),
        Case("{\"a\":\"\\x\"}", "json_invalid"),
        Case("{\"a\":\"\\ud800\"}", "json_invalid"),
        Case("{\"a\":\"\\udc00\\ud800\"}", "json_invalid"),
        Case("amount=1250", "json_invalid"),
        Case("[]", "json_not_object"),
        Case("\"text\"", "json_not_object"),
        Case("1250", "json_not_object"),
        Case("null", "json_not_object"),
        Case("{\"amount\":1e400}", "json_number_out_of_range"),
        Case("{\"amount\":1,\"amount\":1}", "json_duplicate_member"),
        Case("{\"amount\":1,\"\\u0061mount\":1}", "json_duplicate_member"),
        Case(with(more: #""metadata":{"a":"1","a":"2"}"#), "json_duplicate_member"),
        Case("{\"a\":" + String(repeating: "[", count: 8) + String(repeating: "]", count: 8) + "}", "json_too_deep"),
        Case("{\"a\":" + String(repeating: "{\"a\":", count: 5000), "json_too_deep"),
    ]

    static let amounts: [Case] = [
        Case(with(amount: "1.5"), "amount_not_integer", parameter: "amount"),
        Case(with(amount: "1250.0"), "amount_not_integer", parameter: "amount"),
        Case(with(amount: "1e2"), "amount_not_integer", parameter: "amount"),
        Case(with(amount: "1E+2"), "amount_not_integer", parameter: "amount"),
        Case(with(amount: "-1.5"), "amount_not_integer", parameter: "amount"),
        Case(with(amount: "-1"), "amount_negative", parameter: "amount"),
        Case(with(amount: "-99999999999999999999999"), "amount_negative", parameter: "amount"),
        Case(with(amount: "0"), "amount_zero", parameter: "amount"),
        Case(with(amount: "-0"), "amount_zero", parameter: "amount"),
        Case(with(amount: "100000000"), "amount_too_large", parameter: "amount"),
        Case(with(amount: "9223372036854775807"), "amount_too_large", parameter: "amount"),
        Case(with(amount: "9223372036854775808"), "amount_too_large", parameter: "amount"),
        Case(with(amount: "123456789012345678901234567890"), "amount_too_large", parameter: "amount"),
        Case(with(amount: "\"1250\""), "parameter_type_invalid", parameter: "amount"),
        Case(with(amount: "null"), "parameter_type_invalid", parameter: "amount"),
        Case(with(amount: "true"), "parameter_type_invalid", parameter: "amount"),
        Case(with(amount: "[1250]"), "parameter_type_invalid", parameter: "amount"),
        Case(with(amount: "{}"), "parameter_type_invalid", parameter: "amount"),
    ]

    static let currencies: [Case] = [
        Case(with(currency: "\"XAU\""), "currency_unknown", parameter: "currency"),
        Case(with(currency: "\"XXX\""), "currency_unknown", parameter: "currency"),
        Case(with(currency: "\"ZZZ\""), "currency_unknown", parameter: "currency"),
        Case(with(currency: "\"EU\""), "currency_unknown", parameter: "currency"),
        Case(with(currency: "\"EURO\""), "currency_unknown", parameter: "currency"),
        Case(with(currency: "\"\""), "currency_unknown", parameter: "currency"),
        Case(with(currency: "\"€€€\""), "currency_unknown", parameter: "currency"),
        Case(with(currency: "978"), "parameter_type_invalid", parameter: "currency"),
        Case(with(currency: "null"), "parameter_type_invalid", parameter: "currency"),
    ]

    static let texts: [Case] = [
        Case(
            "{\"amount\":1,\"currency\":\"EUR\",\"payment_method\":\"\"}",
            "parameter_too_short",
            parameter: "payment_method"
        ),
        Case(
            "{\"payment_method\":\"\(String(repeating: "x", count: 129))\"}",
            "parameter_too_long",
            parameter: "payment_method"
        ),
        Case("{\"payment_method\":\"a b\"}", "parameter_characters_invalid", parameter: "payment_method"),
        Case("{\"payment_method\":\"caf\\u00e9\"}", "parameter_characters_invalid", parameter: "payment_method"),
        Case("{\"payment_method\":7}", "parameter_type_invalid", parameter: "payment_method"),
        Case(with(more: #""capture":"true""#), "parameter_type_invalid", parameter: "capture"),
        Case(with(more: #""capture":1"#), "parameter_type_invalid", parameter: "capture"),
        Case(with(more: #""description":7"#), "parameter_type_invalid", parameter: "description"),
        Case(
            with(more: "\"description\":\"\(String(repeating: "é", count: 1001))\""),
            "parameter_too_long",
            parameter: "description"
        ),
        Case(
            with(more: "\"reference\":\"\(String(repeating: "x", count: 81))\""),
            "parameter_too_long",
            parameter: "reference"
        ),
        Case(with(more: #""reference":null"#), "parameter_type_invalid", parameter: "reference"),
        Case(with(more: #""customer":"""#), "parameter_too_short", parameter: "customer"),
        Case(
            with(more: "\"customer\":\"\(String(repeating: "x", count: 256))\""),
            "parameter_too_long",
            parameter: "customer"
        ),
        Case(with(more: #""statement_descriptor":"ABCD""#), "parameter_too_short", parameter: "statement_descriptor"),
        Case(
            with(more: "\"statement_descriptor\":\"\(String(repeating: "A", count: 23))\""),
            "parameter_too_long",
            parameter: "statement_descriptor"
        ),
        Case(
            with(more: #""statement_descriptor":"12345""#),
            "parameter_characters_invalid",
            parameter: "statement_descriptor"
        ),
        Case(
            with(more: #""statement_descriptor":"ABC*DE""#),
            "parameter_characters_invalid",
            parameter: "statement_descriptor"
        ),
        Case(
            with(more: #""statement_descriptor":"ABC\"DE""#),
            "parameter_characters_invalid",
            parameter: "statement_descriptor"
        ),
        Case(
            with(more: #""statement_descriptor":"ABC\\DE""#),
            "parameter_characters_invalid",
            parameter: "statement_descriptor"
        ),
        Case(
            with(more: #""statement_descriptor":"Büchär""#),
            "parameter_characters_invalid",
            parameter: "statement_descriptor"
        ),
    ]

    static func pairs(_ count: Int) -> String {
        "\"metadata\":{" + (0..<count).map { "\"k\($0)\":\"v\"" }.joined(separator: ",") + "}"
    }

    static let metadata: [Case] = [
        Case(with(more: #""metadata":[]"#), "parameter_type_invalid", parameter: "metadata"),
        Case(with(more: #""metadata":"a""#), "parameter_type_invalid", parameter: "metadata"),
        Case(with(more: #""metadata":null"#), "parameter_type_invalid", parameter: "metadata"),
        Case(with(more: #""metadata":{"a":1}"#), "parameter_type_invalid", parameter: "metadata"),
        Case(with(more: #""metadata":{"a":null}"#), "parameter_type_invalid", parameter: "metadata"),
        Case(with(more: #""metadata":{"a":{"b":"c"}}"#), "parameter_type_invalid", parameter: "metadata"),
        Case(with(more: #""metadata":{"":"v"}"#), "parameter_too_short", parameter: "metadata"),
        Case(
            with(more: "\"metadata\":{\"\(String(repeating: "k", count: 41))\":\"v\"}"),
            "parameter_too_long",
            parameter: "metadata"
        ),
        Case(
            with(more: "\"metadata\":{\"k\":\"\(String(repeating: "v", count: 501))\"}"),
            "parameter_too_long",
            parameter: "metadata"
        ),
        Case(with(more: pairs(51)), "metadata_too_many_pairs", parameter: "metadata"),
    ]

    static let members: [Case] = [
        Case("{}", "parameter_missing", parameter: "amount"),
        Case(#"{"amount":1}"#, "parameter_missing", parameter: "currency"),
        Case(#"{"amount":1,"currency":"EUR"}"#, "parameter_missing", parameter: "payment_method"),
        Case(with(more: #""amuont":1"#), "parameter_unknown", parameter: "amuont"),
        Case(with(more: #""a\u006duont":1"#), "parameter_unknown", parameter: "amuont"),
        Case(with(more: #""card":{"number":"x"}"#), "parameter_unknown", parameter: "card"),
        Case(with(more: #""Amount":1"#), "parameter_unknown", parameter: "Amount"),
        Case(with(more: "\"\(String(repeating: "x", count: 41))\":1"), "parameter_unknown", parameter: nil),
        Case(with(more: #""tab\there":1"#), "parameter_unknown", parameter: nil),
        Case(with(more: #""idempotency_key":7"#), "parameter_type_invalid", parameter: "idempotency_key"),
        Case(with(more: #""idempotency_key":"""#), "idempotency_key_invalid"),
        Case(with(more: #""idempotency_key":"a b""#), "idempotency_key_invalid"),
        Case(with(more: #""idempotency_key":"other""#), "idempotency_key_conflict", parameter: "idempotency_key"),
    ]

    static let cardNumbers: [Case] = [
        Case(with(more: #""metadata":{"card":"4111111111111111"}"#), "card_number_in_request"),
        Case(with(more: #""metadata":{"card":"4111 1111 1111 1111"}"#), "card_number_in_request"),
        Case(with(more: #""metadata":{"card":"4111-1111-1111-1111"}"#), "card_number_in_request"),
        Case(with(more: #""metadata":{"4111111111111111":"x"}"#), "card_number_in_request"),
        Case(with(more: #""description":"paid with 5500005555555559, thanks""#), "card_number_in_request"),
        Case(with(more: #""description":"4\u0031111111111\u00311111""#), "card_number_in_request"),
        Case(with(more: #""reference":"378282246310005""#), "card_number_in_request"),
        Case(with(more: #""number":4111111111111111"#), "card_number_in_request"),
        Case(with(more: #""deep":{"er":[1,{"x":"6011111111111117"}]}"#), "card_number_in_request"),
        Case(with(more: #""4111111111111111":1"#), "card_number_in_request"),
        Case(with(amount: "4111111111111111"), "card_number_in_request"),
        Case(#"{"payment_method":"4111111111111111"}"#, "card_number_in_request"),
        Case(with(more: #""idempotency_key":"4111111111111111""#), "card_number_in_request"),
    ]

    @Test(arguments: notJSON + amounts + currencies + texts + metadata + members + cardNumbers)
    func `a bad body is refused with its own code`(_ test: Case) throws {
        let edge = try Edge()
        let answer = try #require(edge.problem(creating: test.body))
        #expect(answer.code == test.code)
        #expect(answer.parameter == test.parameter)
        #expect(answer.status == "400")
        #expect(answer.headers.first(name: "content-type") == "application/problem+json")
        #expect(!answer.body.contains("1111"))
        #expect(edge.command == nil)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xFF],
        ] as [[UInt8]]
    )
    func `bytes that are not UTF-8 are refused`(_ bytes: [UInt8]) throws {
        let edge = try Edge()
        let body = Array(#"{"description":""#.utf8) + bytes + Array(#""}"#.utf8)
        #expect(try #require(edge.problem(creating: body)).code == "json_invalid")
    }

    @Test func `a body is required`() throws {
        let edge = try Edge()
        #expect(try #require(edge.problem(creating: "")).code == "body_missing")
        #expect(try #require(edge.problem(creating: "  ")).code == "json_invalid")
    }

    @Test func `the least body`() throws {
        let edge = try Edge()
        #expect(edge.problem(creating: Self.with())?.body == nil)
        let payment = try #require(edge.created)
        #expect(payment.amountMinor == 1250)
        #expect(payment.currency == .eur)
        #expect(payment.paymentMethod == "pm_1")
        #expect(payment.capturesAutomatically)
        #expect(payment.feeBasisPoints == 290)
        var details = PaymentDetails()
        details.append(.paymentMethod, "pm_1")
        #expect(payment.details == details)
    }

    @Test func `every member`() throws {
        let edge = try Edge()
        let body = """
            \u{20}{ "metadata" : {"cart":"c-77"}, "statement_descriptor":"MILLRACE BOOKS", "capture" : false,
            "reference":"order-1042","customer":"cus_7","description":"Two \\u0062ooks","payment_method":"pm_sim_success",
            "idempotency_key":"key-1", "currency":"jpy", "amount" : 99999999 }\r\n\t
            """
        #expect(edge.problem(creating: body)?.body == nil)
        let payment = try #require(edge.created)
        #expect(payment.amountMinor == 99_999_999)
        #expect(payment.currency == .jpy)
        #expect(payment.paymentMethod == "pm_sim_success")
        #expect(!payment.capturesAutomatically)
        var details = PaymentDetails()
        details.append(.metadataKey, "cart")
        details.append(.metadataValue, "c-77")
        details.append(.statementDescriptor, "MILLRACE BOOKS")
        details.append(.reference, "order-1042")
        details.append(.customer, "cus_7")
        details.append(.description, "Two books")
        details.append(.paymentMethod, "pm_sim_success")
        #expect(payment.details == details)
    }

    @Test(arguments: [
        with(amount: "1"),
        with(more: pairs(50)),
        with(more: #""metadata":{}"#),
        with(more: "\"metadata\":{\"\(String(repeating: "é", count: 40))\":\"\(String(repeating: "😀", count: 500))\"}"),
        with(more: "\"description\":\"\(String(repeating: "é", count: 1000))\""),
        with(more: #""description":"""#),
        with(more: "\"reference\":\"\(String(repeating: "x", count: 80))\""),
        with(more: "\"customer\":\"\(String(repeating: "é", count: 255))\""),
        with(more: #""statement_descriptor":"ABCDE""#),
        with(more: "\"statement_descriptor\":\"\(String(repeating: "A", count: 22))\""),
        with(more: #""metadata":{"not_a_card":"4111111111111112"}"#),
        with(more: #""metadata":{"uuid":"8e03978e-40d5-43dd-bc93-6894a57f9324"}"#),
    ])
    func `what is at the limit is accepted`(_ body: String) throws {
        let edge = try Edge()
        #expect(edge.problem(creating: body)?.body == nil)
        #expect(edge.created != nil)
    }
}
