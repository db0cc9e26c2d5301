import Payments
import Shard
import Testing

@testable import API

@Suite struct ProviderEventBodyTests {
    /// What comes of an event of this type with these members more: the event, or code and parameter.
    private static func event(_ type: String, _ more: String) throws -> (ProviderEvent?, String?, String?) {
        let edge = try Edge()
        let body = """
            {"id":"evt_1","provider":"psp","type":"\(type)","payment_id":"\(RouteTests.payment)"\(more)}
            """
        edge.send(
            "POST",
            "/v1/provider_events",
            body: Array(body.utf8),
            authorization: "Bearer \(edge.desk.text)",
            key: nil
        )
        guard case .providerEvent(let event)? = edge.command?.kind else {
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
        let event = try Self.event(type, #","amount":100"#).0
        #expect(event?.type.name.description == type && event?.reference == "")
    }

    @Test(arguments: [
        ("settlement.matched", "", "amount"), ("refund.failed", "", "refund_id"),
        ("money.reclassified", #","amount":1"#, "to"),
    ])
    func `what a type needs must be there`(_ type: String, _ more: String, _ parameter: String) throws {
        let (event, code, named) = try Self.event(type, more)
        #expect(event == nil && code == "parameter_missing" && named == parameter)
    }
}
