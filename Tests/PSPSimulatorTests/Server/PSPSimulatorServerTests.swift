import HTTPTransport
import Logging
import NIOCore
import NIOHPACK
import NIOPosix
import Testing

@testable import PSPSimulator

/// The simulator over real sockets.
@Suite("The simulator, listening")
struct PSPSimulatorServerTests {
    private func withSimulator(
        _ profile: SimulatorProfile = .clean,
        interface: SimulatorInterface = .full,
        _ body: (TestClient) async throws -> Void
    ) async throws {
        let server = try await PSPSimulatorServer.start(
            configuration: PSPSimulatorConfiguration(profile: profile, interface: interface, seed: 5),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let client = try await TestClient.connect(
            port: server.port,
            on: MultiThreadedEventLoopGroup.singleton.next()
        )
        do {
            try await body(client)
        } catch {
            try await client.close()
            await server.drain()
            throw error
        }
        try await client.close()
        await server.drain()
    }

    /// The value of a string member in flat JSON.
    private func member(_ name: String, _ json: String) throws -> String {
        let start = try #require(json.firstRange(of: "\"\(name)\":\""))
        return String(json[start.upperBound...].prefix { $0 != "\"" })
    }

    @Test("a shopper is sent to the simulator's own page, and finishes there")
    func shopper() async throws {
        try await withSimulator { client in
            let body = TestClient.charge("tok_3ds", reference: "pay_1", capture: true)
            let asked = try await client.answer("POST", "/v1/charges", key: "k1", body: body)
            #expect(asked.status == 200 && asked.body.contains(#""next_action":{"type":"three_d_secure","url":"http"#))
            let charge = try member("id", asked.body)
            let url = try member("url", asked.body)
            let path = String(url[try #require(url.firstRange(of: "/actions/")).lowerBound...])
            let page = try await client.answer("GET", path)
            #expect(page.status == 200 && page.body.contains("Pay") && page.body.contains("/complete"))
            let done = try await client.answer("POST", path + "/complete", body: "")
            #expect(done.status == 200)
            #expect(try await client.answer("POST", path + "/fail", body: "").status == 409)
            #expect(try await client.answer("POST", "/actions/act_0/complete", body: "").status == 404)
            let confirmed = try await client.answer(
                "POST",
                "/v1/charges/\(charge)/confirm",
                key: "k2",
                body: #"{"reference":"pay_1"}"#
            )
            #expect(
                confirmed.body == #"{"id":"\#(charge)","reference":"pay_1","status":"captured","#
                    + #""amount":1000,"currency":"EUR"}"#
            )
            let voided = try await client.answer(
                "POST",
                "/v1/cancellations",
                key: "k3",
                body: #"{"reference":"pay_1"}"#
            )
            let refusal = try member("code", voided.body)
            #expect(voided.status == 402 && refusal == "charge_already_captured")
        }
    }

    @Test("a payment's life: authorise, capture, refund, and what can be asked about it")
    func life() async throws {
        try await withSimulator { client in
            let body = TestClient.charge("tok_visa", reference: "pay_1", capture: false)
            let authorized = try await client.answer("POST", "/v1/charges", key: "k1", body: body)
            #expect(authorized.status == 200)
            #expect(authorized.headers.first(name: "idempotent-replayed") == nil)
            let charge = try member("id", authorized.body)
            #expect(
                authorized.body.hasPrefix(
                    #"{"id":"\#(charge)","reference":"pay_1","status":"authorized","#
                        + #""amount":1000,"currency":"EUR","expires_at":1"#
                )
            )
            let move = #"{"amount":600,"currency":"EUR","reference":"pay_1"}"#
            let captured = try await client.answer("POST", "/v1/charges/\(charge)/capture", key: "k2", body: move)
            let capture = try member("id", captured.body)
            #expect(capture.hasPrefix("cap_"))
            #expect(
                captured.body == #"{"id":"\#(capture)","charge":"\#(charge)","status":"succeeded","#
                    + #""amount":600,"currency":"EUR"}"#
            )
            let refused = try await client.answer("POST", "/v1/charges/\(charge)/capture", key: "k3", body: move)
            #expect(refused.status == 402)
            #expect(try member("code", refused.body) == "amount_too_large")
            let refunded = try await client.answer("POST", "/v1/charges/\(charge)/refunds", key: "k4", body: move)
            #expect(refunded.status == 200)
            let cancelled = try await client.answer(
                "POST",
                "/v1/charges/\(charge)/cancel",
                key: "k5",
                body: #"{"reference":"pay_1"}"#
            )
            #expect(cancelled.status == 200)
            #expect(cancelled.body.contains(#""amount":400,"#))
            let again = try await client.answer(
                "POST",
                "/v1/charges/\(charge)/cancel",
                key: "k6",
                body: #"{"reference":"pay_1"}"#
            )
            #expect(again.status == 402)
            let read = try await client.answer("GET", "/v1/charges/\(charge)")
            #expect(try member("status", read.body) == "refunded")
            let operation = try await client.answer("GET", "/v1/operations?key=k2")
            #expect(
                operation.body == #"{"reference":"pay_1","operation":"capture","key":"k2","id":"\#(capture)","#
                    + #""charge":"\#(charge)","outcome":"succeeded","#
                    + #""status":"succeeded","amount":600,"currency":"EUR"}"#
            )
            #expect(try await client.answer("GET", "/v1/operations?key=none").status == 404)
            let listed = try await client.answer("GET", "/v1/charges?reference=pay_1")
            #expect(listed.body.contains(charge) && listed.body.hasSuffix(#"],"has_more":false}"#))
            let oracle = try await client.answer("GET", "/oracle/charges?reference=pay_1", authorization: nil)
            #expect(oracle.headers.first(name: "content-type") == "application/x-ndjson")
            #expect(oracle.body.split(separator: "\n").count == 4)
        }
    }

    @Test("requests that are not right are told what is wrong, and execute nothing")
    func refusals() async throws {
        try await withSimulator { client in
            let good = TestClient.charge("tok_visa", reference: "pay_1")
            func code(
                _ status: Int,
                _ expected: String,
                key: String? = "k",
                authorization: String? = "Bearer sk_sim_x",
                path: String = "/v1/charges",
                method: String = "POST",
                body: String?
            ) async throws {
                let answer = try await client.answer(method, path, key: key, authorization: authorization, body: body)
                #expect(answer.status == status)
                #expect(try member("code", answer.body) == expected)
            }
            try await code(401, "unauthorized", authorization: nil, body: good)
            try await code(401, "unauthorized", authorization: "Bearer sk_live_1", body: good)
            try await code(400, "idempotency_key_missing", key: nil, body: good)
            try await code(400, "idempotency_key_invalid", key: String(repeating: "k", count: 256), body: good)
            try await code(400, "invalid_json", body: "{")
            try await code(400, "invalid_json", body: nil)
            try await code(400, "invalid_amount", body: good.replacing("1000", with: "-1"))
            try await code(400, "invalid_amount", body: good.replacing("1000", with: "10.5"))
            try await code(400, "invalid_amount", body: good.replacing("1000", with: "9223372036854775807"))
            try await code(400, "invalid_currency", body: good.replacing("EUR", with: "eur"))
            try await code(400, "invalid_reference", body: good.replacing("pay_1", with: ""))
            try await code(400, "unknown_token", body: good.replacing("tok_visa", with: "tok_decline_x"))
            try await code(404, "charge_not_found", path: "/v1/charges/ch_1/cancel", body: #"{"reference":"r"}"#)
            try await code(404, "not_found", path: "/v2/charges", body: good)
            try await code(405, "method_not_allowed", method: "DELETE", body: nil)
            let oracle = try await client.answer("GET", "/oracle/charges")
            #expect(oracle.body.isEmpty)
        }
    }

    @Test("a limited interface tells what became of authorizations and confirmations alone")
    func limited() async throws {
        try await withSimulator(interface: .limited) { client in
            let body = TestClient.charge("tok_visa", reference: "pay_1", capture: false)
            let charged = try await client.answer("POST", "/v1/charges", key: "k1", body: body)
            let charge = try member("id", charged.body)
            let captured = try await client.answer(
                "POST",
                "/v1/charges/\(charge)/capture",
                key: "k2",
                body: #"{"amount":1000,"currency":"EUR","reference":"pay_1"}"#
            )
            #expect(charged.status == 200 && captured.status == 200)
            #expect(try await client.answer("GET", "/v1/operations?key=k1").status == 200)
            let asked = try await client.answer("GET", "/v1/operations?key=k2")
            let code = try member("code", asked.body)
            #expect(asked.status == 400 && code == "query_not_supported")
        }
    }

    @Test("answers get lost in three ways after execution, and the replay tells the truth")
    func drops() async throws {
        try await withSimulator { client in
            let reset = try await client.charge("tok_execute_then_drop", key: "a", reference: "pay_a")
            guard case .unknown(.streamReset(code: 2)) = reset else { throw Unanswered(result: reset) }
            let closed = try await client.charge("tok_execute_then_close", key: "b", reference: "pay_b")
            guard case .unknown(.connectionLost) = closed else { throw Unanswered(result: closed) }
            let silent = try await client.send(
                "POST",
                "/v1/charges",
                key: "c",
                body: TestClient.charge("tok_execute_then_silence", reference: "pay_c"),
                // Long enough for the simulator to have executed it, however busy the machine is.
                within: .seconds(5)
            )
            guard case .unknown(.timeout) = silent else { throw Unanswered(result: silent) }
            for (key, token) in [("a", "drop"), ("b", "close"), ("c", "silence")] {
                let body = TestClient.charge("tok_execute_then_\(token)", reference: "pay_\(key)")
                let replay = try await client.answer("POST", "/v1/charges", key: key, body: body)
                #expect(replay.status == 200)
                #expect(replay.headers.first(name: "idempotent-replayed") == "true")
            }
            let oracle = try await client.answer("GET", "/oracle/charges")
            #expect(oracle.body.split(separator: "\n").count == 6)
            #expect(!oracle.body.contains(#""executions":2"#))
        }
    }

    @Test("an answer that dribbles arrives whole")
    func drip() async throws {
        try await withSimulator { client in
            let body = TestClient.charge("tok_slow_drip", reference: "pay_1")
            let answer = try await client.answer("POST", "/v1/charges", key: "a", body: body)
            #expect(answer.body.hasPrefix(#"{"id":"ch_"#) && answer.body.hasSuffix("}"))
        }
    }

    @Test("latency is waited for, and other answers do not wait behind it")
    func latency() async throws {
        try await withSimulator { client in
            let profile = #"{"latency":{"kind":"fixed","ms":300}}"#
            #expect(try await client.answer("PUT", "/control/profile", body: profile).status == 200)
            let start = NIODeadline.now()
            async let slow = client.charge("tok_visa", key: "a", reference: "pay_1")
            let body = TestClient.charge("tok_visa", reference: "pay_1")
            // Wait until the first has arrived; then its key is busy.
            var second = try await client.answer("POST", "/v1/charges", key: "a", body: body)
            if second.status == 200 { second = try await client.answer("POST", "/v1/charges", key: "a", body: body) }
            _ = try await slow
            #expect(NIODeadline.now() - start >= .milliseconds(299))
        }
    }

    @Test("a profile is switched and refused over the wire")
    func control() async throws {
        try await withSimulator { client in
            let bad = try await client.answer("PUT", "/control/profile", body: #"{"drop_rat":1}"#)
            #expect(bad.status == 400)
            #expect(bad.body.contains("drop_rat is not a field of a profile"))
            let declining = try await client.answer("PUT", "/control/profile", body: #"{"decline_rate":1}"#)
            #expect(declining.body.contains(#""decline_rate":1.0"#))
            let body = TestClient.charge("tok_visa", reference: "pay_1")
            #expect(try await client.answer("POST", "/v1/charges", key: "a", body: body).status == 402)
            #expect(try await client.answer("POST", "/control/reset").status == 200)
            #expect(try await client.answer("GET", "/v1/operations?key=a").status == 404)
            let profile = try await client.answer("GET", "/control/profile")
            #expect(profile.body.contains(#""decline_rate":1.0"#))
        }
    }

    @Test("GOAWAY every few requests loses no payment")
    func goAway() async throws {
        var profile = SimulatorProfile.clean
        profile.goAwayEvery = 7
        try await withSimulator(profile) { client in
            for number in 0..<40 {
                var result = try await client.charge("tok_visa", key: "k\(number)", reference: "pay_\(number)")
                while case .notExecuted = result {
                    result = try await client.charge("tok_visa", key: "k\(number)", reference: "pay_\(number)")
                }
                guard case .response(let response) = result else { throw Unanswered(result: result) }
                #expect(response.status == 200)
            }
            let statistics = try await client.answer("GET", "/control/statistics")
            #expect(statistics.body.contains(#""charges":40"#))
        }
    }

    @Test("the complete oracle streams, by HTTP/2 and by HTTP/1.1, and its pages add up to it")
    func completeOracle() async throws {
        try await withSimulator { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1_500 {
                    group.addTask {
                        let result = try await client.charge("tok_visa", key: "k\(number)", reference: "pay_\(number)")
                        guard case .response = result else { throw Unanswered(result: result) }
                    }
                }
                try await group.waitForAll()
            }
            let whole = try await client.answer("GET", "/oracle/charges").body
            #expect(whole.utf8.count { $0 == UInt8(ascii: "\n") } == 3_000)
            // More than one piece.
            #expect(whole.utf8.count > 2 * 131_072)
            var paged = ""
            var path: String? = "/oracle/charges?limit=700"
            while let current = path {
                let page = try await client.answer("GET", current)
                paged += page.body
                path = page.headers.first(name: "x-next-cursor").map { "/oracle/charges?limit=700&after=\($0)" }
            }
            #expect(paged == whole)
            let plain = try await RawClient.exchange(
                "GET /oracle/charges HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                port: client.port,
                on: MultiThreadedEventLoopGroup.singleton.next()
            )
            #expect(plain.hasPrefix("HTTP/1.1 200"))
            #expect(plain.contains("transfer-encoding: chunked"))
            #expect(plain.hasSuffix("0\r\n\r\n"))
            #expect(plain.utf8.count { $0 == UInt8(ascii: "{") } == 3_000)
        }
    }

    @Test("what cannot work is refused at the start")
    func configuration() async throws {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        await #expect(throws: PSPSimulatorError.unsupportedLoops(2)) {
            _ = try await PSPSimulatorServer.start(configuration: .init(loops: 2), logger: logger)
        }
        await #expect(throws: PSPSimulatorError.incompleteTLS) {
            _ = try await PSPSimulatorServer.start(configuration: .init(certificatePath: "x"), logger: logger)
        }
        var profile = SimulatorProfile.clean
        profile.dropRate = 2
        await #expect(throws: PSPSimulatorError.self) {
            _ = try await PSPSimulatorServer.start(configuration: .init(profile: profile), logger: logger)
        }
    }
}
