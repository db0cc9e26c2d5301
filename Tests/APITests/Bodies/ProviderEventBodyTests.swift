import Payments
import ShardCore
import Testing

@testable import API

@Suite struct ProviderEventBodyTests {
    /// What comes of an event of this type with these members more: the event, or code and
    /// parameter.
    private static func event(_ type: String, _ more: String) throws -> (ProviderEvent?, String?, String?) {
        try send(#"{"id":"evt_1","provider":"psp","type":"\#(type)","payment_id":"\#(RouteTests.payment)"\#(more)}"#)
    }

    private static func send(_ body: String) throws -> (ProviderEvent?, String?, String?) {
        let edge = try Edge()
        edge.send(
            "POST",
            "/v1/provider_events",
            body: Array(body.utf8),
            authorization: "Bearer \(edge.desk.text)",
            key: nil
        )
        guard case .event(let event)? = edge.command?.kind else {
            return (nil, edge.answer?.code, edge.answer?.parameter)
        }
        return (event, nil, nil)
    }

    @Test(arguments: ["authorization.succeeded", "capture.succeeded", "dispute.opened", "dispute.won"])
    func `what is found or refunded by its reference must name it`(_ type: String) throws {
        let (event, code, parameter) = try Self.event(type, #","amount":100"#)
        #expect(event == nil && code == "parameter_missing" && parameter == "psp_reference")
        let named = try Self.event(type, #","amount":100,"psp_reference":"ch_1""#).0
        #expect(named?.reference == "ch_1" && named?.amountMinor == 100)
    }

    @Test(arguments: ["settlement.matched", "authorization.failed", "capture.failed", "cancel.succeeded"])
    func `others may leave it out`(_ type: String) throws {
        let event = try Self.event(type, type == "settlement.matched" ? #","amount":100,"fee":0"# : "").0
        #expect(event?.type.name.description == type && event?.reference == "")
    }

    @Test(arguments: [
        ("settlement.matched", #","fee":1"#, "amount"), ("settlement.matched", #","amount":1"#, "fee"),
        ("refund.failed", "", "refund_id"),
        ("money.reclassified", #","amount":1"#, "to"),
    ])
    func `what a type needs must be there`(_ type: String, _ more: String, _ parameter: String) throws {
        let (event, code, named) = try Self.event(type, more)
        #expect(event == nil && code == "parameter_missing" && named == parameter)
    }

    private static let all =
        #""amount":1,"currency":"EUR","fee":0,"refund_id":"ref_00000000000000000000000000","to":"platform:fees","taken":false,"#
        + #""evidence_due_at":"2026-11-21T10:00:00Z","is_charge_refundable":false,"fee_returned":false,"includes_refunded":false,"capture_number":1"#

    @Test(arguments: PaymentEventType.allCases.filter(\.isPosted))
    func `each member is taken by the types that it is for, and refused of the others`(_ type: PaymentEventType) throws
    {
        for (member, text) in zip(EventMember.allCases, Self.all.split(separator: ",")) {
            var needed = type.needed
            needed.insert(member)
            let members = zip(EventMember.allCases, Self.all.split(separator: ",")).filter { needed.contains($0.0) }
            let more = members.map { ",\($0.1)" }.joined() + #","psp_reference":"ch_1","reason":"so it was""#
            let (event, code, parameter) = try Self.event("\(type.name)", more)
            if type.members.contains(member) {
                #expect(event?.type == type, "\(text): \(code ?? "")")
            } else {
                #expect(event == nil && code == "parameter_unknown" && parameter == "\(member.name)")
            }
        }
    }

    @Test func `a refund's event names its refund, and no other does`() throws {
        let named = #","refund_id":"ref_00000000000000000000000000""#
        #expect(try Self.event("refund.failed", named).0?.refund != nil)
        #expect(try Self.event("settlement.matched", #","amount":1,"fee":0"# + named).2 == "refund_id")
        let referred = try Self.event("refund.succeeded", #","psp_reference":"re_1""#).0
        #expect(referred?.refund == nil && referred?.reference == "re_1")
    }

    @Test func `a capture's event may name its capture, and an operator says why a conflict ends`() throws {
        let numbered = #","amount":5,"psp_reference":"cap_2","capture_number":2"#
        #expect(try Self.event("capture.succeeded", numbered).0?.capture == 2)
        #expect(try Self.event("capture.failed", #","capture_number":0"#).1 == "amount_zero")
        #expect(try Self.event("conflict.resolved", "").2 == "reason")
        #expect(try Self.event("conflict.resolved", #","reason":"voided by hand""#).0?.reason == "voided by hand")
    }

    /// 16 digits that would be a card's: Adyen's references are 16 digits.
    static let digits = "4111111111111111"

    @Test(arguments: [
        #""id":"\#(ProviderEventBodyTests.digits)","provider":"adyen","type":"capture.succeeded","amount":1,"psp_reference":"\#(ProviderEventBodyTests.digits)""#,
        #""id":"4111 1111 1111 1111","type":"capture.succeeded","amount":1,"psp_reference":"x","provider":"psp""#,
        #""\u0069d":"evt","provider":"psp","type":"capture.failed","psp_reference":"4111-1111-1111-111\u0031""#,
    ])
    func `the provider's identifiers are not searched for card numbers`(_ members: String) throws {
        let (event, code, _) = try Self.send(#"{"payment_id":"\#(RouteTests.payment)",\#(members)}"#)
        #expect(event != nil || code == "parameter_characters_invalid", "\(code ?? "")")
    }

    @Test(arguments: [
        #""reason":"\#(ProviderEventBodyTests.digits)""#, #""reason":"41111111\u00311111111""#,
        #""provider":"\#(ProviderEventBodyTests.digits)""#,
        #""amount":\#(ProviderEventBodyTests.digits)"#, #""\#(ProviderEventBodyTests.digits)":1"#,
        #""id":\#(ProviderEventBodyTests.digits)"#, #""id":{"id":"\#(ProviderEventBodyTests.digits)"}"#,
        #""surprise":{"psp_reference":"\#(ProviderEventBodyTests.digits)"}"#,
    ])
    func `all else of an event is`(_ member: String) throws {
        let (event, code, _) = try Self.send(
            #"{"payment_id":"\#(RouteTests.payment)","psp_reference":"\#(ProviderEventBodyTests.digits)",\#(member)}"#
        )
        #expect(event == nil && code == "card_number_in_request")
    }

    @Test func `nothing of a merchant's is exempt`() throws {
        let edge = try Edge()
        edge.send(
            "POST",
            "/v1/payments",
            body: Array(#"{"id":"\#(Self.digits)","psp_reference":"\#(Self.digits)"}"#.utf8)
        )
        #expect(edge.answer?.code == "card_number_in_request")
        edge.send(
            "POST",
            "/v1/payouts/pyo_00000000000000000000000000/events",
            body: Array(#"{"id":"\#(Self.digits)"}"#.utf8),
            authorization: "Bearer \(edge.desk.text)"
        )
        #expect(edge.answer?.code == "card_number_in_request")
    }
}
