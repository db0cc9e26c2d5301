import HTTPTransport
import NIOCore
import NIOHPACK
import Payments
import ShardCore
import ShardState
import Testing

@testable import API

@Suite struct PaymentAPITests {
    static func fields(_ headers: HPACKHeaders) -> [String] {
        headers.map { "\($0.name): \($0.value)" }
    }

    static func response(status: UInt16, isReplay: Bool = false, retryAfter: UInt16 = 0) -> Response {
        Response(
            reply: ReplyToken(loop: 3, connection: 1, generation: 2, stream: 9),
            requestID: RendererV1Tests.requestID,
            status: status,
            isReplay: isReplay,
            retryAfterSeconds: retryAfter,
            body: ByteBuffer(string: "{}")
        )
    }

    /// As docs/records.md says of a record's actor; the digits of a key's hash are those of the
    /// configuration.
    @Test func `a command names its credential by the first 8 bytes of the hash`() throws {
        let edge = try Edge()
        func named(_ key: APIKey) throws -> UInt64 {
            let digits = "\(key.hash)".dropFirst("sha256:".count).prefix(16)
            return try #require(UInt64(digits, radix: 16))
        }
        let body = Array(#"{"amount":1250,"currency":"EUR","payment_method":"pm_1"}"#.utf8)
        // A key's second request finds it in the cache.
        for key in [edge.acme, edge.bolt, edge.acme, edge.bolt] {
            edge.send("POST", "/v1/payments", body: body, authorization: "Bearer \(key.text)")
            #expect(try edge.command?.credential == named(key))
        }
        let event =
            #"{"id":"e","provider":"psp","type":"authorization.expired","payment_id":"\#(RouteTests.payment)"}"#
        for _ in 0..<2 {
            edge.send("POST", "/v1/provider_events", body: Array(event.utf8), authorization: "Bearer \(edge.desk.text)")
            #expect(try edge.command?.credential == named(edge.desk))
            #expect(edge.command?.operatorShard == 1)
        }
        edge.send("GET", "/v1/balance")
        #expect(try edge.command?.credential == named(edge.acme))
        #expect(edge.sink.commands.count == 7)
    }

    @Test func `an answer goes to its stream with its headers`() throws {
        let edge = try Edge()
        edge.api.deliver(Self.response(status: 201))
        #expect(edge.server.answers.last?.token == HTTPStreamToken(connection: 1, generation: 2, stream: 9))
        #expect(
            Self.fields(try #require(edge.answer).headers) == [
                ":status: 201", "content-type: application/json", "cache-control: no-store",
                "request-id: \(RendererV1Tests.requestID)",
                "content-length: 2",
            ]
        )
        #expect(edge.answer?.body == "{}")
    }

    @Test func `a replay and a wait are said in headers`() throws {
        let edge = try Edge()
        edge.api.deliver(Self.response(status: 402, isReplay: true, retryAfter: 5))
        #expect(
            Self.fields(try #require(edge.answer).headers) == [
                ":status: 402", "content-type: application/problem+json", "cache-control: no-store",
                "request-id: \(RendererV1Tests.requestID)",
                "content-length: 2", "retry-after: 5", "idempotent-replayed: true",
            ]
        )
    }

    @Test func `a status without a template is answered all the same`() throws {
        let edge = try Edge()
        edge.api.deliver(Self.response(status: 418))
        #expect(edge.answer?.status == "418")
    }

    @Test(arguments: HTTPRequestFault.allCases)
    func `a fault of the transport has a problem document`(_ fault: HTTPRequestFault) throws {
        let edge = try Edge()
        let answer = Answer(edge.api.response(to: fault))
        #expect(answer.code == "\(ProblemCode(fault).name)")
        #expect(answer.status == "\(ProblemCode(fault).status)")
        #expect(answer.headers.first(name: "content-length") == "\(answer.body.utf8.count)")
        #expect(answer.headers.first(name: "request-id") == answer.member("request_id"))
        #expect((answer.headers.first(name: "retry-after") != nil) == (fault == .overloaded))
    }

    @Test func `every problem names its request in header and document`() throws {
        let edge = try Edge()
        edge.send("GET", "/nowhere")
        let first = try #require(edge.answer)
        #expect(first.headers.first(name: "request-id") == first.member("request_id"))
        #expect(first.member("request_id")?.hasPrefix("req_") == true)
        edge.send("GET", "/nowhere")
        #expect(edge.answer?.member("request_id") != first.member("request_id"))
        #expect(edge.api.rejections[Int(ProblemCode.routeNotFound.rawValue)] == 2)
    }

    @Test func `the end of a read cycle hands the batch over`() throws {
        let edge = try Edge()
        edge.api.receiveComplete()
        #expect(edge.sink.batches == 1)
    }

    @Test func `the OpenAPI document is served without a key`() throws {
        let edge = try Edge()
        edge.api.receive(edge.request("GET", "/openapi.yaml", headers: [:], body: []))
        let answer = try #require(edge.answer)
        #expect(answer.status == "200")
        #expect(answer.headers.first(name: "content-type") == "application/yaml")
        #expect(answer.headers.first(name: "cache-control") == nil)
        #expect(answer.headers.first(name: "content-length") == "\(answer.body.utf8.count)")
        #expect(try answer.body == repositoryFile("docs/openapi.yaml"))
    }
}
