import HTTPTransport
import NIOCore
import NIOHPACK

@testable import LoadTest

/// A gateway in a few lines, for driving a driver without sockets or clocks: keeps keys and
/// payments, executes each key once, replays. Tests let it misbehave.
final class ScriptedGateway: LoadTransport {
    struct Sent {
        var token: UInt64
        var method: String
        var path: String
        var key: String?
        var body: String
    }

    var sent: [Sent] = []
    var waiting: [Sent] = []
    /// Decides an answer before the gateway's own rules do; `nil` leaves it to them.
    var interceptor: (Sent) -> HTTPClientResult? = { _ in nil }
    private var answers: [String: (body: String, result: HTTPClientResponse)] = [:]
    private var lastID: UInt64 = 0

    func send(_ request: HTTPClientRequest, token: UInt64, deadlineAfter nanoseconds: UInt64) {
        let sent = Sent(
            token: token,
            method: request.headers.first(name: ":method") ?? "",
            path: request.headers.first(name: ":path") ?? "",
            key: request.headers.first(name: "idempotency-key"),
            body: request.body.map { String(buffer: $0) } ?? ""
        )
        self.sent.append(sent)
        waiting.append(sent)
    }

    /// Answers everything that waits.
    func answer(_ driver: LoadDriver, now: UInt64) {
        let batch = waiting
        waiting = []
        for sent in batch { driver.completed(sent.token, interceptor(sent) ?? result(of: sent), now: now) }
        driver.flushOutbox()
    }

    static func response(_ status: Int, body: String, headers: [(String, String)] = []) -> HTTPClientResult {
        .response(
            HTTPClientResponse(
                status: status,
                headers: HPACKHeaders([(":status", "\(status)")] + headers),
                body: ByteBuffer(string: body)
            )
        )
    }

    func result(of sent: Sent) -> HTTPClientResult {
        guard let key = sent.key else { return Self.response(200, body: payment(sent, status: "captured")) }
        if let stored = answers[key] {
            guard stored.body == sent.body else {
                return Self.response(422, body: "{\"code\":\"idempotency_key_reused\"}")
            }
            var replay = stored.result
            replay.headers.add(name: "idempotent-replayed", value: "true")
            return .response(replay)
        }
        let fresh = execute(sent)
        if case .response(let response) = fresh { answers[key] = (sent.body, response) }
        return fresh
    }

    private func execute(_ sent: Sent) -> HTTPClientResult {
        if sent.path.hasSuffix("/refunds") {
            lastID += 1
            let amount = amount(sent.body) ?? 1_000
            return Self.response(
                201,
                body:
                    "{\"id\":\"\(EntityID(high: 1, low: lastID).refund)\",\"status\":\"succeeded\",\"amount\":\(amount)}"
            )
        }
        if sent.path.hasSuffix("/cancel") { return Self.response(200, body: payment(sent, status: "cancelled")) }
        if sent.path.hasSuffix("/capture") { return Self.response(200, body: payment(sent, status: "captured")) }
        return Self.response(
            201,
            body: payment(sent, status: sent.body.contains("\"capture\":true") ? "captured" : "authorized")
        )
    }

    func payment(_ sent: Sent, status: String) -> String {
        lastID += 1
        let id = EntityID(high: 1, low: lastID).payment
        return "{\"id\":\"\(id)\",\"status\":\"\(status)\",\"amount\":\(amount(sent.body) ?? 0)}"
    }

    private func amount(_ body: String) -> Int64? {
        body.firstMatch(of: /"amount":(\d+)/).flatMap { Int64($0.output.1) }
    }
}
