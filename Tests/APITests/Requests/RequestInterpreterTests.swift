import NIOHPACK
import Payments
import ShardCore
import ShardRecords
import ShardState
import Testing
import Time

@testable import API

@Suite struct RequestInterpreterTests {
    static let body = Array(#"{"amount":1250,"currency":"EUR","payment_method":"pm_1"}"#.utf8)

    // MARK: Routes

    @Test func `an unknown route is 404`() throws {
        let edge = try Edge()
        edge.send("GET", "/v2/payments")
        #expect(edge.answer?.status == "404")
        #expect(edge.answer?.code == "route_not_found")
    }

    @Test(arguments: [
        ("GET", "/v1/payments", "POST"),
        ("DELETE", "/v1/payments/\(RouteTests.payment)", "GET, HEAD"),
        ("HEAD", "/v1/payments", "POST"),
        ("head", "/v1/payments/\(RouteTests.payment)", "GET, HEAD"),
        ("GET", "/v1/payments/\(RouteTests.payment)/capture", "POST"),
        ("POST", "/openapi.yaml", "GET, HEAD"),
        ("post", "/v1/payments", "POST"),
    ])
    func `a wrong method is 405 with the right one`(_ method: String, _ path: String, _ allowed: String) throws {
        let edge = try Edge()
        edge.send(method, path)
        #expect(edge.answer?.status == "405")
        #expect(edge.answer?.code == "method_not_allowed")
        #expect(edge.answer?.headers.first(name: "allow") == allowed)
    }

    @Test func `HEAD asks for what GET does`() throws {
        let edge = try Edge()
        for method in ["GET", "HEAD"] { edge.send(method, "/v1/payments/\(RouteTests.payment)") }
        let kinds = edge.sink.commands.map { "\($0.kind)" }
        #expect(kinds == Array(repeating: "\(Command.Kind.query(.payment(RouteTests.payment)))", count: 2))
        edge.send("HEAD", "/openapi.yaml")
        #expect(edge.answer?.status == "200")
    }

    @Test func `a query parameter is refused by name`() throws {
        let edge = try Edge()
        edge.send("GET", "/v1/payments/\(RouteTests.payment)?expand=charges&x=1")
        #expect(edge.answer?.code == "parameter_unknown")
        #expect(edge.answer?.parameter == "expand")
        edge.send("GET", "/v1/payments/\(RouteTests.payment)?")
        #expect(edge.sink.commands.count == 1)
    }

    @Test(arguments: [
        "/v1/payments/4111111111111111", "/4111111111111111", "/v1/payments?card=4111-1111-1111-1111",
        "/v1/refunds/4111111111111111",
    ])
    func `a card number in the path is refused`(_ path: String) throws {
        let edge = try Edge()
        edge.send("GET", path)
        #expect(edge.answer?.code == "card_number_in_request")
        #expect(edge.answer?.body.contains("1111") == false)
    }

    @Test func `an identifier that cannot be ours is a resource that is not there`() throws {
        let edge = try Edge()
        edge.send("GET", "/v1/payments/nonsense")
        #expect(edge.answer?.status == "404")
        #expect(edge.answer?.code == "resource_not_found")
        edge.send("GET", "/v1/payments/nonsense", authorization: "Bearer mk_wrong")
        #expect(edge.answer?.code == "api_key_invalid")
    }

    @Test func `an operator's key opens no route of merchants`() throws {
        let edge = try Edge()
        for (method, path) in [
            ("GET", "/v1/payments/\(RouteTests.payment)"), ("GET", "/v1/balance"), ("POST", "/v1/payments"),
        ] {
            edge.send(method, path, authorization: "Bearer \(edge.desk.text)")
            #expect(edge.answer?.status == "403" && edge.answer?.code == "api_key_role_wrong")
        }
        #expect(edge.command == nil)
    }

    @Test func `an operator asks the shard of what it is about, whosever that is`() throws {
        let edge = try Edge()
        let payment = PaymentID(createdAt: 1, shard: 5, sequence: 9)
        let payout = PayoutID(createdAt: 1, shard: 3, sequence: 2)
        for (path, body, shard) in [
            ("/v1/payments/\(payment)/approve", "", UInt16(5)), ("/v1/payments/\(payment)/reject", "{}", 5),
            ("/v1/payouts/\(payout)/events", #"{"event":"sent"}"#, 3),
            ("/v1/payments/\(payment)/manual_capture", #"{"method":"cash","reason":"till 4"}"#, 5),
        ] {
            edge.send("POST", path, body: Array(body.utf8), authorization: "Bearer \(edge.desk.text)")
            let command = try #require(edge.command)
            #expect(command.operatorShard == shard && command.merchant == MerchantID(rawValue: 0))
            switch (command.kind, path.split(separator: "/").last) {
            case (.review(payment, .approve), "approve"), (.review(payment, .reject), "reject"),
                (.treasury(.payoutEvent(payout, .sent, _)), "events"),
                (.payment(payment, .capture(nil, true, _?)), "manual_capture"):
                break
            default: Issue.record("\(path) became \(command.kind)")
            }
        }
        // One key counts for one payment or pay-out.
        let keys = edge.sink.commands.map(\.key)
        #expect(keys.count == 4 && keys[0] == keys[1] && keys[1] != keys[2] && keys[3] == keys[0])
        edge.send("POST", "/v1/payments/\(payment)/approve", authorization: "Bearer \(edge.desk.text)", key: nil)
        #expect(edge.answer?.code == "idempotency_key_missing")
    }

    @Test func `a key of an operator and an event's identifier count for one object, on whichever shard it is`() throws
    {
        let edge = try Edge()
        func keys(_ requests: [(path: String, body: String)]) throws -> [KeyDigest] {
            try requests.map { request in
                let body = Array(request.body.utf8)
                edge.send("POST", request.path, body: body, authorization: "Bearer \(edge.desk.text)")
                return try #require(edge.command?.key)
            }
        }
        let payments = [(1, 9), (1, 10), (2, 9)].map { shard, number in
            PaymentID(createdAt: 1, shard: shard, sequence: number)
        }
        let approvals = try keys(payments.map { ("/v1/payments/\($0)/approve", "") })
        #expect(Set(approvals).count == 3)
        let events = payments.map { payment in
            let body = #"{"id":"e1","provider":"psp","type":"authorization.expired","payment_id":"\#(payment)"}"#
            return (path: "/v1/provider_events", body: body)
        }
        let told = try keys(events)
        #expect(Set(told).count == 3 && Set(told).isDisjoint(with: approvals))
        #expect(try keys(events) == told, "the same event again has the same key")
    }

    @Test func `a merchant approves and rejects, too, under a key of its own`() throws {
        let edge = try Edge()
        for operation in ["approve", "reject"] {
            edge.send("POST", "/v1/payments/\(RouteTests.payment)/\(operation)")
            let merchants = try #require(edge.command)
            #expect(merchants.operatorShard == nil && merchants.merchant == MerchantID(configured: "acme"))
            edge.send(
                "POST",
                "/v1/payments/\(RouteTests.payment)/\(operation)",
                authorization: "Bearer \(edge.desk.text)"
            )
            #expect(edge.command?.key != merchants.key && edge.command?.fingerprint == merchants.fingerprint)
        }
        edge.send("POST", "/v1/payouts/\(PayoutID(createdAt: 1, shard: 3, sequence: 2))/events")
        #expect(edge.answer?.code == "api_key_role_wrong")
    }

    @Test(arguments: [
        ("POST", "/v1/payments/nonsense/approve"), ("POST", "/v1/payouts/nonsense/events"),
        ("POST", "/v1/wallets/x/top_ups"),
    ])
    func `what cannot be there is not there for anybody`(_ method: String, _ path: String) throws {
        let edge = try Edge()
        for key in [edge.acme, edge.desk] {
            edge.send(method, path, authorization: "Bearer \(key.text)")
            #expect(edge.answer?.code == "resource_not_found")
        }
    }

    @Test func `reads become commands without a key`() throws {
        let edge = try Edge()
        edge.send("GET", "/v1/payments/\(RouteTests.payment)")
        guard case .query(.payment(RouteTests.payment))? = edge.command?.kind else {
            Issue.record("no read of the payment")
            return
        }
        #expect(edge.command?.key == nil)
        #expect(edge.command?.fingerprint == nil)
        edge.send("GET", "/v1/refunds/\(RouteTests.refund)")
        guard case .query(.refund(RouteTests.refund))? = edge.command?.kind else {
            Issue.record("no read of the refund")
            return
        }
    }

    @Test func `a command knows who asked and where the answer goes`() throws {
        let edge = try Edge()
        edge.send("POST", "/v1/payments", body: Self.body)
        let command = try #require(edge.command)
        #expect(command.merchant == MerchantID(configured: "acme"))
        #expect(command.reply == ReplyToken(loop: 3, connection: 5, generation: 6, stream: 3))
        edge.send("POST", "/v1/payments", body: Self.body, authorization: "Bearer \(edge.bolt.text)")
        #expect(edge.command?.merchant == MerchantID(configured: "bolt"))
        #expect(edge.command?.requestID != command.requestID)
    }

    // MARK: Authentication

    @Test func `without an API key the answer is 401`() throws {
        let edge = try Edge()
        edge.api.receive(edge.request("POST", "/v1/payments", headers: ["idempotency-key": "k"], body: Self.body))
        #expect(edge.answer?.status == "401")
        #expect(edge.answer?.code == "api_key_missing")
        #expect(edge.answer?.headers.first(name: "www-authenticate") == "Bearer")
    }

    @Test(arguments: [
        "", "Bearer", "Bearer ", "mk_x", "Basic bWtfeDo=", "Bearer mk_", "Bearer sk_live_123", "Bearer mk_ä",
        "Bearer mk_" + String(repeating: "x", count: 5000),
    ])
    func `a bad API key is 401`(_ header: String) throws {
        let edge = try Edge()
        edge.send("POST", "/v1/payments", body: Self.body, authorization: header)
        #expect(edge.answer?.status == "401")
        #expect(edge.answer?.code == "api_key_invalid")
        #expect(edge.answer?.headers.first(name: "www-authenticate") == "Bearer error=\"invalid_token\"")
        #expect(edge.command == nil)
    }

    @Test func `a key that differs in one character is refused, also after the right one was seen`() throws {
        let edge = try Edge()
        for _ in 0..<2 {
            edge.send("GET", "/v1/payments/\(RouteTests.payment)")
            for index in 3..<46 {
                var wrong = Array(edge.acme.text.utf8)
                wrong[index] ^= 1
                let header = "Bearer " + String(decoding: wrong, as: UTF8.self)
                edge.send("GET", "/v1/payments/\(RouteTests.payment)", authorization: header)
            }
        }
        #expect(edge.sink.commands.count == 2)
        #expect(edge.server.answers.count == 86)
    }

    @Test func `the scheme may be written in any case`() throws {
        let edge = try Edge()
        for scheme in ["bearer ", "BEARER ", "Bearer   "] {
            let header = scheme + edge.acme.text
            edge.send("GET", "/v1/payments/\(RouteTests.payment)", authorization: header)
        }
        #expect(edge.sink.commands.count == 3)
    }

    @Test func `two different keys are no key`() throws {
        let edge = try Edge()
        let second = [("authorization", "Bearer \(edge.bolt.text)")]
        edge.send("GET", "/v1/payments/\(RouteTests.payment)", headers: second)
        #expect(edge.answer?.code == "api_key_invalid")
    }

    // MARK: Idempotency key

    /// The key digest of a create request with these headers, or the code of its problem.
    static func digest(_ headers: [(String, String)], body more: String = "") throws -> (KeyDigest?, String?) {
        let edge = try Edge()
        let text = #"{"amount":1250,"currency":"EUR","payment_method":"pm_1"\#(more)}"#
        edge.send("POST", "/v1/payments", body: Array(text.utf8), key: nil, headers: headers)
        return (edge.command?.key, edge.answer?.code)
    }

    @Test func `every form of a key has the same digest`() throws {
        let canonical = try #require(try Self.digest([("idempotency-key", "abc")]).0)
        #expect(try Self.digest([("idempotency-key", "\"abc\"")]).0 == canonical)
        #expect(try Self.digest([("x-idempotency-key", "abc")]).0 == canonical)
        #expect(try Self.digest([("x-idempotency-key", "\"abc\"")]).0 == canonical)
        #expect(try Self.digest([], body: #","idempotency_key":"abc""#).0 == canonical)
        #expect(try Self.digest([], body: #","idempotency_key":"\u0061bc""#).0 == canonical)
        let all = [("idempotency-key", "abc"), ("x-idempotency-key", "\"abc\""), ("idempotency-key", "abc")]
        #expect(try Self.digest(all, body: #","idempotency_key":"abc""#).0 == canonical)
        #expect(try Self.digest([("idempotency-key", "abd")]).0 != canonical)
    }

    @Test func `two values are a conflict`() throws {
        let one = ("idempotency-key", "abc")
        #expect(try Self.digest([one, ("idempotency-key", "x")]).1 == "idempotency_key_conflict")
        #expect(try Self.digest([one, ("x-idempotency-key", "x")]).1 == "idempotency_key_conflict")
        let two = ("x-idempotency-key", "abc")
        #expect(try Self.digest([two, ("x-idempotency-key", "x")]).1 == "idempotency_key_conflict")
        #expect(try Self.digest([one], body: #","idempotency_key":"x""#).1 == "idempotency_key_conflict")
        #expect(try Self.digest([two], body: #","idempotency_key":"x""#).1 == "idempotency_key_conflict")
    }

    @Test func `no value is refused, and so is a bad one`() throws {
        #expect(try Self.digest([]).1 == "idempotency_key_missing")
        #expect(try Self.digest([("idempotency-key", "")]).1 == "idempotency_key_invalid")
        #expect(try Self.digest([("idempotency-key", "a b")]).1 == "idempotency_key_invalid")
    }

    /// Only its keyed digest goes any further, and random keys look like card numbers now and then.
    @Test func `a key in a header is not searched for card numbers`() throws {
        #expect(try Self.digest([("idempotency-key", "4111111111111111")]).0 != nil)
    }

    @Test func `the digest depends on the merchant and on the seed`() {
        var scratch: [UInt8] = []
        let key = Array("abc".utf8)
        let one = Digest.key(seed: Edge.seed, merchant: MerchantID(rawValue: 1), key: key, scratch: &scratch)
        let other = Digest.key(seed: Edge.seed, merchant: MerchantID(rawValue: 2), key: key, scratch: &scratch)
        let seed = [UInt8](repeating: 8, count: 32)
        #expect(one != other)
        #expect(Digest.key(seed: seed, merchant: MerchantID(rawValue: 1), key: key, scratch: &scratch) != one)
        // Python: hashlib.sha256(b'\7' * 32 + (1).to_bytes(8, 'big') + b'abc').hexdigest()[:32]
        #expect(one == KeyDigest(high: 0x0579_b020_1800_dd84, low: 0xdfcd_f541_d908_d7d4))
    }

    // MARK: Fingerprint

    static func fingerprint(_ path: String, _ body: String) throws -> Fingerprint {
        let edge = try Edge()
        edge.send("POST", path, body: Array(body.utf8))
        return try #require(edge.command?.fingerprint, "\(edge.answer?.body ?? "")")
    }

    @Test(arguments: [
        #"{"currency":"EUR","metadata":{"b":"2","a":"1"},"amount":1250,"payment_method":"pm_1"}"#,
        #"{ "amount" : 1250 , "currency":"EUR", "payment_method":"pm_1","metadata":{"a":"1","b":"2"}}"#,
        #"{"amount":1250,"currency":"\u0045UR","payment_method":"pm\u005f1","metadata":{"\u0061":"1","b":"2"}}"#,
        #"{"amount":1250,"currency":"EUR","payment_method":"pm_1","metadata":{"a":"1","b":"2"},"idempotency_key":"key-1"}"#,
    ])
    func `the same request written differently has the same fingerprint`(_ body: String) throws {
        let canonical = #"{"amount":1250,"currency":"EUR","metadata":{"a":"1","b":"2"},"payment_method":"pm_1"}"#
        #expect(try Self.fingerprint("/v1/payments", body) == Self.fingerprint("/v1/payments", canonical))
    }

    @Test func `any change makes another fingerprint`() throws {
        let bodies = [
            #"{"amount":1250,"currency":"EUR","payment_method":"pm_1"}"#,
            #"{"amount":1251,"currency":"EUR","payment_method":"pm_1"}"#,
            #"{"amount":1250,"currency":"USD","payment_method":"pm_1"}"#,
            #"{"amount":1250,"currency":"EUR","payment_method":"pm_2"}"#,
            #"{"amount":1250,"currency":"EUR","payment_method":"pm_1","capture":true}"#,
            #"{"amount":1250,"currency":"EUR","payment_method":"pm_1","capture":false}"#,
            #"{"amount":1250,"currency":"EUR","payment_method":"pm_1","metadata":{}}"#,
            #"{"amount":1250,"currency":"EUR","payment_method":"pm_1","metadata":{"a":"b"}}"#,
            #"{"amount":1250,"currency":"EUR","payment_method":"pm_1","description":""}"#,
            #"{"amount":1250,"currency":"EUR","payment_method":"pm_1","description":"x"}"#,
            #"{"amount":1250,"currency":"EUR","payment_method":"pm_1","reference":"x"}"#,
        ]
        let prints = try bodies.map { try Self.fingerprint("/v1/payments", $0) }
        #expect(Set(prints).count == bodies.count)
    }

    @Test func `the route and the payment are part of the fingerprint`() throws {
        let other = PaymentID(high: 1, low: 2)
        let paths = [
            "/v1/payments/\(RouteTests.payment)/capture", "/v1/payments/\(RouteTests.payment)/cancel",
            "/v1/payments/\(RouteTests.payment)/refunds", "/v1/payments/\(other)/capture",
        ]
        let prints = try paths.map { try Self.fingerprint($0, "{}") }
        #expect(Set(prints).count == paths.count)
        #expect(try Self.fingerprint(paths[0], "") == prints[0])
        #expect(try Self.fingerprint(paths[0] + "?", "") == prints[0])
    }

    @Test func `a fingerprint is the digest of method, path and canonical body`() throws {
        let text = "POST /v1/payments\n{\"amount\":1250,\"currency\":\"EUR\",\"payment_method\":\"pm_1\"}"
        let words = Digest.sha256(text.utf8.span).words
        let print = try Self.fingerprint("/v1/payments", String(decoding: Self.body, as: UTF8.self))
        #expect(print == Fingerprint(high: words.0, low: words.1))
    }

    // MARK: Content type

    @Test(arguments: [
        "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON",
    ])
    func `JSON by any spelling is accepted`(_ type: String) throws {
        let edge = try Edge()
        edge.send("POST", "/v1/payments", body: Self.body, headers: [("content-type", type)])
        #expect(edge.created != nil)
    }

    @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "json"])
    func `any other type is 415`(_ type: String) throws {
        let edge = try Edge()
        edge.send("POST", "/v1/payments", body: Self.body, headers: [("content-type", type)])
        #expect(edge.answer?.status == "415")
        #expect(edge.answer?.code == "unsupported_media_type")
    }

    @Test(arguments: ["gzip", "br", "deflate, gzip", "identity, gzip", "IDENTITY2", "zstd"])
    func `a compressed body is 415, and the answer says what is taken`(_ coding: String) throws {
        let edge = try Edge()
        edge.send("POST", "/v1/payments", body: Self.body, headers: [("content-encoding", coding)])
        #expect(edge.answer?.status == "415" && edge.created == nil)
        #expect(edge.answer?.code == "unsupported_content_encoding")
        #expect(edge.answer?.headers["accept-encoding"] == ["identity"])
    }

    @Test(arguments: ["identity", "Identity", ""])
    func `a body in no coding is taken`(_ coding: String) throws {
        let edge = try Edge()
        edge.send("POST", "/v1/payments", body: Self.body, headers: [("content-encoding", coding)])
        #expect(edge.created != nil)
    }

    @Test func `without a type or without a body any type will do`() throws {
        let edge = try Edge()
        let headers: HPACKHeaders = ["authorization": "Bearer \(edge.acme.text)", "idempotency-key": "k"]
        edge.api.receive(edge.request("POST", "/v1/payments", headers: headers, body: Self.body))
        let path = "/v1/payments/\(RouteTests.payment)/cancel"
        edge.send("POST", path, headers: [("content-type", "application/x-www-form-urlencoded")])
        #expect(edge.sink.commands.count == 2)
    }
}
