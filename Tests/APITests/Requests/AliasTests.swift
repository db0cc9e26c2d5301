import NIOHPACK
import Payments
import ShardCore
import Testing

@testable import API

@Suite("Aliases for clients of other interfaces")
struct AliasTests {
    private let edge: Edge

    init() throws { edge = try Edge() }

    private func create(_ body: String, path: String = "/v1/payments", key: String? = "k", _ alias: String? = nil) {
        let headers = alias.map { [("x-idempotency-key", $0)] } ?? []
        edge.send("POST", path, body: Array(body.utf8), key: key, headers: headers)
    }

    private static let documented =
        #"{"amount":1250,"currency":"EUR","payment_method_id":"pm_1","idempotency_key":"k"}"#

    @Test("the design documents' request works as printed")
    func asPrinted() throws {
        create(Self.documented, path: "/api/v1/payments", key: nil, "k")
        let payment = try #require(edge.created)
        #expect(payment.paymentMethod == "pm_1" && payment.amountMinor == 1_250)
        let printed = try #require(edge.command)
        create(Self.documented, key: "k")
        let plain = try #require(edge.command)
        #expect(printed.key == plain.key && printed.fingerprint == plain.fingerprint, "one key has one meaning")
    }

    @Test("a body that comes late is waited for below /api, too", arguments: ["/v1/payments", "/api/v1/payments"])
    func lateBody(path: String) {
        let headers: HPACKHeaders = [":method": "POST", ":path": path, "authorization": "Bearer \(edge.acme.text)"]
        #expect(edge.api.refusal(of: headers) == nil)
        #expect(edge.api.refusal(of: [":method": "POST", ":path": path]) != nil)
    }

    @Test("every route is served below /api", arguments: RouteTests.known)
    func paths(path: String, route: Route) {
        guard path.hasPrefix("/v1/"), let method = RouteRule.match(Array(path.utf8).span)?.method else { return }
        let caller = RouteRule.Audience(route) == .operators ? edge.desk : edge.acme
        /// What comes of a request: a command or the edge's own answer.
        func outcome(_ path: String) -> (code: String?, commands: Int) {
            let (answers, commands) = (edge.server.answers.count, edge.sink.commands.count)
            edge.send("\(method.name)", path, authorization: "Bearer \(caller.text)")
            let isAnswered = edge.server.answers.count > answers
            return (isAnswered ? edge.answer?.code : nil, edge.sink.commands.count - commands)
        }
        let (direct, alias) = (outcome(path), outcome("/api" + path))
        #expect(alias == direct && direct.code != "route_not_found" && direct.code != "api_key_role_wrong")
        #expect(direct.code != nil || direct.commands == 1)
    }

    @Test("operators' routes are refused to merchants below /api, too", arguments: RouteTests.known)
    func audiences(path: String, route: Route) {
        guard RouteRule.Audience(route) == .operators else { return }
        for path in [path, "/api" + path] {
            edge.send("POST", path)
            #expect(edge.answer?.status == "403" && edge.answer?.code == "api_key_role_wrong")
        }
        #expect(edge.sink.commands.isEmpty)
    }

    @Test(
        "nothing else is an alias",
        arguments: ["/api/openapi.yaml", "/api/v2/payments", "/api/api/v1/payments", "/api"]
    )
    func otherPaths(path: String) {
        edge.send("GET", path)
        #expect(edge.answer?.code == "route_not_found")
    }

    @Test("two different keys in one request are refused, the same one twice is not")
    func keys() {
        create(Self.documented, key: "k", "k")
        #expect(edge.created != nil)
        for (key, alias) in [("k", "other"), ("other", "k"), ("other", nil)] as [(String?, String?)] {
            create(Self.documented, key: key, alias)
            #expect(edge.answer?.status == "400" && edge.answer?.code == "idempotency_key_conflict")
        }
        create(Self.documented, key: nil, "other")
        #expect(edge.answer?.code == "idempotency_key_conflict")
        #expect(edge.sink.commands.count == 1)
    }

    @Test("a payment method is named once")
    func paymentMethodTwice() {
        let body = #"{"amount":1,"currency":"EUR","payment_method":"a","payment_method_id":"a"}"#
        let problem = edge.problem(creating: body)
        #expect(problem?.code == "parameter_repeated" && problem?.parameter == "payment_method_id")
        let bad = edge.problem(creating: #"{"amount":1,"currency":"EUR","payment_method_id":"a b"}"#)
        #expect(bad?.code == "parameter_characters_invalid" && bad?.parameter == "payment_method_id")
    }

    @Test("a capture by hand needs the merchant's permission", arguments: ["cash", "external"])
    func manualCapture(method: String) {
        let body = Array(#"{"manual":{"method":"\#(method)","reason":"till 4"}}"#.utf8)
        let path = "/v1/payments/\(RouteTests.payment)/capture"
        edge.send("POST", path, body: body)
        #expect(edge.answer?.status == "403" && edge.answer?.code == "manual_capture_not_permitted")
        #expect(edge.sink.commands.isEmpty)
        edge.send("POST", path, body: Array(#"{"splits":[{"seller":"s","amount":1}]}"#.utf8))
        #expect(edge.sink.commands.count == 1, "splits need no permission")
        edge.send("POST", path, body: body, authorization: "Bearer \(edge.bolt.text)")
        #expect(edge.sink.commands.count == 2)
    }
}
