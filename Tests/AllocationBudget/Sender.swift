import HTTPTransport
import NIOCore
import NIOHPACK

/// Posts payments with 32 in flight, and ends when all were answered 201.
final class Sender: HTTPClientDelegate {
    private let loop: any EventLoop
    private var pool: HTTPClientPool?
    private let client: HTTPClientConfiguration
    private let key: String
    private let end: Int
    private let done: EventLoopPromise<Void>
    private var next: Int
    private var inFlight = 0

    struct Unexpected: Error {
        var result: String
    }

    init(
        loop: any EventLoop,
        client: HTTPClientConfiguration,
        key: String,
        first: Int,
        count: Int,
        done: EventLoopPromise<Void>
    ) {
        self.loop = loop
        self.client = client
        self.key = key
        self.next = first
        self.end = first + count
        self.done = done
    }

    /// Sends `count` payments numbered from `first`, on `loop`; returns when all were answered.
    static func send(
        _ count: Int,
        from first: Int,
        on loop: any EventLoop,
        client: HTTPClientConfiguration,
        key: String
    ) async throws {
        let done = loop.makePromise(of: Void.self)
        loop.execute {
            Sender(loop: loop, client: client, key: key, first: first, count: count, done: done).start()
        }
        try await done.futureResult.get()
    }

    func start() {
        let pool = HTTPClientPool(eventLoop: loop, configuration: client, delegate: self)
        self.pool = pool
        // The pool does not keep its delegate alive; what it works for does.
        let bound = NIOLoopBound(self, eventLoop: loop)
        done.futureResult.whenComplete { _ in bound.value.pool = nil }
        pool.start()
        fill()
    }

    private func fill() {
        while inFlight < 32, next < end {
            post(next)
            next += 1
            inFlight += 1
        }
        guard inFlight == 0, let pool else { return }
        pool.shutdown().cascade(to: done)
    }

    private func post(_ number: Int) {
        let body =
            "{\"amount\":1999,\"currency\":\"EUR\",\"payment_method\":\"tok_visa\",\"capture\":true,"
            + "\"reference\":\"order-\(number)\",\"description\":\"Two books and a pen\","
            + "\"statement_descriptor\":\"BOOKSHOP\",\"metadata\":{\"basket\":\"b-17\",\"campaign\":\"autumn\"}}"
        let headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "https", ":path": "/v1/payments", ":authority": client.authority,
            "authorization": "Bearer \(key)", "content-type": "application/json",
            "idempotency-key": "allocation-budget-\(number)", "content-length": "\(body.utf8.count)",
        ]
        let request = HTTPClientRequest(headers: headers, body: ByteBuffer(string: body))
        pool?.execute(request, token: UInt64(number), deadline: .now() + .seconds(20))
    }

    func completed(_ token: UInt64, _ result: HTTPClientResult) {
        inFlight -= 1
        guard case .response(let response) = result, response.status == 201 else {
            next = end
            return done.fail(Unexpected(result: "\(result)"))
        }
    }

    func completionsDelivered() { fill() }
}
