import HTTPTransport
import Money
import NIOCore
import NIOHPACK
import Payments
import ShardCore
import Time

@testable import API

/// Keeps what the edge answers.
final class RecordingServer: HTTPResponder {
    private(set) var answers: [(token: HTTPStreamToken, response: HTTPServerResponse)] = []

    func respond(_ token: HTTPStreamToken, _ response: HTTPServerResponse) -> Bool {
        answers.append((token, response))
        return true
    }
}

/// Keeps what the edge asks of the shards.
final class RecordingSink: CommandSink {
    private(set) var commands: [Command] = []
    private(set) var batches = 0

    func submit(_ command: Command) { commands.append(command) }
    func submitComplete() { batches += 1 }
}

/// An edge of two merchants, and what came out of it.
final class Edge {
    static let seed = [UInt8](repeating: 7, count: 32)

    let server = RecordingServer()
    let sink = RecordingSink()
    let api: PaymentAPI
    let acme = APIKey.generate()
    let bolt = APIKey.generate()
    let desk = APIKey.generate(forOperator: true)
    private var stream: UInt32 = 1

    init() throws {
        let configuration = try APIConfiguration(
            merchants: [
                .init(name: "acme", feeBasisPoints: 290, route: RoutePlan(.first), keyHashes: [acme.hash]),
                .init(
                    name: "bolt",
                    feeBasisPoints: 0,
                    route: RoutePlan(.first),
                    keyHashes: [bolt.hash],
                    capturesManually: true
                ),
            ],
            operators: [.init(name: "desk", keyHashes: [desk.hash])],
            idempotencySeed: Self.seed
        )
        api = PaymentAPI(
            server: server,
            loopIndex: 3,
            configuration: configuration,
            sink: sink,
            requestIDs: RequestIDGenerator(seed: (1, 2, 3, 4))
        )
    }

    /// Sends a request with acme's key, an idempotency key (for POST) and whatever `headers` adds.
    func send(
        _ method: String,
        _ path: String,
        body: [UInt8] = [],
        authorization: String? = nil,
        key: String? = "key-1",
        headers additional: [(String, String)] = []
    ) {
        var headers: HPACKHeaders = [":method": method, ":path": path, ":scheme": "https", ":authority": "localhost"]
        headers.add(name: "authorization", value: authorization ?? "Bearer \(acme.text)")
        if method == "POST", let key { headers.add(name: "idempotency-key", value: key) }
        if !body.isEmpty, !additional.contains(where: { $0.0 == "content-type" }) {
            headers.add(name: "content-type", value: "application/json")
        }
        for (name, value) in additional { headers.add(name: name, value: value) }
        api.receive(request(method, path, headers: headers, body: body))
    }

    func request(_ method: String, _ path: String, headers: HPACKHeaders, body: [UInt8]) -> HTTPServerRequest {
        stream += 2
        return HTTPServerRequest(
            token: HTTPStreamToken(connection: 5, generation: 6, stream: stream),
            method: method,
            path: path,
            headers: headers,
            body: ByteBuffer(bytes: body)
        )
    }

    /// The answer to the last request, when the edge itself answered.
    var answer: Answer? { server.answers.last.map { Answer($0.response) } }

    /// The last command.
    var command: Command? { sink.commands.last }

    /// The payment that the last command creates.
    var created: CreatePayment? {
        guard case .create(let payment)? = command?.kind else { return nil }
        return payment
    }

    /// What a body of `POST /v1/payments` is answered with: a problem, or nothing when it became a
    /// command.
    func problem(creating body: String) -> Answer? {
        problem(creating: Array(body.utf8))
    }

    func problem(creating body: [UInt8]) -> Answer? {
        let before = server.answers.count
        send("POST", "/v1/payments", body: body)
        return server.answers.count > before ? answer : nil
    }
}

/// An answer in a form that is easy to compare.
struct Answer {
    let status: String?
    let headers: HPACKHeaders
    let body: String

    init(_ response: HTTPServerResponse) {
        status = response.headers.first(name: ":status")
        headers = response.headers
        body = String(buffer: response.body)
    }

    /// The text or number of a top-level member of a problem document. Enough for documents that
    /// the edge writes flat.
    func member(_ name: String) -> String? {
        guard let start = body.firstRange(of: "\"\(name)\":")?.upperBound else { return nil }
        let rest = body[start...]
        if rest.first == "\"" { return rest.dropFirst().prefix { $0 != "\"" }.description }
        return rest.prefix { $0 != "," && $0 != "}" }.description
    }

    var code: String? { member("code") }
    var parameter: String? { member("param") }
}

extension PaymentView {
    /// A captured payment of 12.50 euros with nothing special.
    static var sample: PaymentView {
        PaymentView(
            id: PaymentID(createdAt: 1_795_250_136_123, shard: 1, sequence: 42),
            status: .captured,
            amountMinor: 1250,
            currency: .eur,
            capturesAutomatically: true,
            authorizedMinor: 1250,
            capturableMinor: 0,
            capturedMinor: 1250,
            refundedMinor: 0,
            refundPendingMinor: 0,
            decline: nil,
            failure: nil,
            createdAt: 1_795_250_136_123,
            updatedAt: 1_795_250_136_170
        )
    }
}

extension RefundView {
    static var sample: RefundView {
        RefundView(
            id: RefundID(createdAt: 1_795_250_140_000, shard: 1, paymentSequence: 42, ordinal: 1),
            payment: PaymentView.sample.id,
            status: .succeeded,
            amountMinor: 250,
            currency: .eur,
            decline: nil,
            createdAt: 1_795_250_140_000,
            updatedAt: 1_795_250_140_035
        )
    }
}

extension PaymentDetails {
    static var sample: PaymentDetails {
        var details = PaymentDetails()
        details.append(.paymentMethod, "tok_visa")
        details.append(.description, "Two books")
        details.append(.reference, "order-1042")
        details.append(.statementDescriptor, "MILLRACE BOOKS")
        details.append(.metadataKey, "cart")
        details.append(.metadataValue, "c-77")
        return details
    }
}
