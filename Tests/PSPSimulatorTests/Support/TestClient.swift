import HTTPTransport
import NIOCore
import NIOHPACK
import NIOPosix

/// An HTTP/2 client of one connection for tests, on the pool that the gateway uses.
final class TestClient: Sendable {
    struct Answer: Sendable {
        var status: Int
        var headers: HPACKHeaders
        var body: String

        init(_ response: HTTPClientResponse) {
            status = response.status
            headers = response.headers
            body = String(buffer: response.body)
        }
    }

    /// Lives on the event loop.
    private final class Delegate: HTTPClientDelegate {
        var pool: HTTPClientPool?
        var waiting: [UInt64: EventLoopPromise<HTTPClientResult>] = [:]
        var next: UInt64 = 0

        func completed(_ token: UInt64, _ result: HTTPClientResult) {
            waiting.removeValue(forKey: token)?.succeed(result)
        }

        func completionsDelivered() {}
    }

    private let delegate: NIOLoopBound<Delegate>
    private let eventLoop: any EventLoop
    let port: Int

    static func connect(port: Int, on eventLoop: any EventLoop) async throws -> TestClient {
        let bound = try await eventLoop.submit {
            let delegate = Delegate()
            var configuration = HTTPClientConfiguration(
                host: "127.0.0.1",
                port: port,
                authority: "localhost",
                connections: .init(minimum: 1, maximum: 1)
            )
            configuration.maxResponseBytes = 1 << 20
            configuration.maxQueued = 10_000
            let pool = HTTPClientPool(eventLoop: eventLoop, configuration: configuration, delegate: delegate)
            delegate.pool = pool
            pool.start()
            return NIOLoopBound(delegate, eventLoop: eventLoop)
        }.get()
        return TestClient(delegate: bound, eventLoop: eventLoop, port: port)
    }

    private init(delegate: NIOLoopBound<Delegate>, eventLoop: any EventLoop, port: Int) {
        self.delegate = delegate
        self.eventLoop = eventLoop
        self.port = port
    }

    func close() async throws {
        try await eventLoop.flatSubmit { [delegate] in
            delegate.value.pool?.shutdown() ?? delegate.value.pool!.eventLoop.makeSucceededVoidFuture()
        }.get()
        try await eventLoop.submit { [delegate] in delegate.value.pool = nil }.get()
    }

    /// Sends a request and waits for what becomes of it.
    func send(
        _ method: String,
        _ path: String,
        key: String? = nil,
        authorization: String? = "Bearer sk_sim_test",
        body: String? = nil,
        within: TimeAmount = .hours(1)
    ) async throws -> HTTPClientResult {
        var headers: HPACKHeaders = [
            ":method": method, ":scheme": "http", ":authority": "localhost", ":path": path,
        ]
        if let key { headers.add(name: "idempotency-key", value: key) }
        if let authorization { headers.add(name: "authorization", value: authorization) }
        let request = HTTPClientRequest(headers: headers, body: body.map { ByteBuffer(string: $0) })
        return try await eventLoop.flatSubmit { [delegate, eventLoop] in
            let delegate = delegate.value
            let promise = eventLoop.makePromise(of: HTTPClientResult.self)
            delegate.next += 1
            delegate.waiting[delegate.next] = promise
            delegate.pool?.execute(request, token: delegate.next, deadline: .now() + within)
            return promise.futureResult
        }.get()
    }

    /// Sends a request that must be answered.
    func answer(
        _ method: String,
        _ path: String,
        key: String? = nil,
        authorization: String? = "Bearer sk_sim_test",
        body: String? = nil
    ) async throws -> Answer {
        let result = try await send(method, path, key: key, authorization: authorization, body: body)
        guard case .response(let response) = result else { throw Unanswered(result: result) }
        return Answer(response)
    }

    func charge(_ token: String, key: String, reference: String, capture: Bool = true) async throws -> HTTPClientResult
    {
        let body = Self.charge(token, reference: reference, capture: capture)
        return try await send("POST", "/v1/charges", key: key, body: body)
    }

    static func charge(_ token: String, reference: String, capture: Bool = true) -> String {
        #"{"reference":"\#(reference)","amount":1000,"currency":"EUR","#
            + #""payment_method":"\#(token)","capture":\#(capture)}"#
    }
}

struct Unanswered: Error {
    var result: HTTPClientResult
}
