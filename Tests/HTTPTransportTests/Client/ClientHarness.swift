import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import NIOPosix

@testable import HTTPTransport

/// A pool on an event loop of its own, to be used from async tests.
final class ClientHarness: Sendable {
    /// Turns results into futures, and counts batches.
    private final class Recorder: HTTPClientDelegate {
        var promises: [UInt64: EventLoopPromise<HTTPClientResult>] = [:]
        var nextToken: UInt64 = 0
        var batches = 0
        var isExecuting = false

        func completed(_ token: UInt64, _ result: HTTPClientResult) {
            precondition(!isExecuting, "delivered from inside execute")
            guard let promise = promises.removeValue(forKey: token) else { preconditionFailure("two results") }
            promise.succeed(result)
        }

        func completionsDelivered() {
            batches += 1
        }
    }

    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let parts: NIOLoopBound<(pool: HTTPClientPool, recorder: Recorder)>

    init(_ configuration: HTTPClientConfiguration) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        self.loop = loop
        parts = try await loop.submit {
            let recorder = Recorder()
            let pool = HTTPClientPool(eventLoop: loop, configuration: configuration, delegate: recorder)
            pool.start()
            return NIOLoopBound((pool, recorder), eventLoop: loop)
        }.get()
    }

    func request(
        _ path: String,
        body: String = "",
        timeout: TimeAmount = .hours(1)
    ) -> EventLoopFuture<HTTPClientResult> {
        let promise = loop.makePromise(of: HTTPClientResult.self)
        loop.execute { self.start(path, body: body, timeout: timeout, promise: promise) }
        return promise.futureResult
    }

    /// Starts all of them in one turn of the loop.
    func requests(_ paths: [String], timeout: TimeAmount = .hours(1)) async throws -> [HTTPClientResult] {
        let promises = paths.map { _ in loop.makePromise(of: HTTPClientResult.self) }
        loop.execute {
            for (path, promise) in zip(paths, promises) {
                self.start(path, body: "", timeout: timeout, promise: promise)
            }
        }
        return try await EventLoopFuture.whenAllSucceed(promises.map(\.futureResult), on: loop).get()
    }

    private func start(
        _ path: String,
        body: String,
        timeout: TimeAmount,
        promise: EventLoopPromise<HTTPClientResult>
    ) {
        let (pool, recorder) = parts.value
        recorder.nextToken += 1
        recorder.promises[recorder.nextToken] = promise
        var headers: HPACKHeaders = [
            ":method": body.isEmpty ? "GET" : "POST", ":scheme": "http", ":authority": "localhost", ":path": path,
        ]
        if path == "/BAD" { headers.add(name: "Upper-Case", value: "is not valid HTTP/2") }
        let request = HTTPClientRequest(headers: headers, body: body.isEmpty ? nil : ByteBuffer(string: body))
        recorder.isExecuting = true
        pool.execute(request, token: recorder.nextToken, deadline: .now() + timeout)
        recorder.isExecuting = false
    }

    func statistics() async throws -> HTTPClientStatistics {
        try await loop.submit { self.parts.value.pool.statistics }.get()
    }

    func batches() async throws -> Int {
        try await loop.submit { self.parts.value.recorder.batches }.get()
    }

    func startShutdown() -> EventLoopFuture<Void> {
        loop.flatSubmit { self.parts.value.pool.shutdown() }
    }

    func shutdown() async throws {
        try await startShutdown().get()
        try await loop.submit { precondition(self.parts.value.recorder.promises.isEmpty, "a request has no result") }
            .get()
        try await group.shutdownGracefully()
    }

    /// Waits until `condition` holds; gives up after a minute. Looks again at each pass of the
    /// wheel's tick, without sleeping on any event loop.
    func until(
        _ condition: @escaping @Sendable (HTTPClientStatistics) -> Bool
    ) async throws -> Bool {
        let deadline = NIODeadline.now() + .seconds(60)
        while NIODeadline.now() < deadline {
            if condition(try await statistics()) { return true }
            try await loop.scheduleTask(in: .milliseconds(2)) {}.futureResult.get()
        }
        return false
    }
}

extension HTTPClientResult {
    var response: HTTPClientResponse? {
        if case .response(let response) = self { response } else { nil }
    }
    var notExecuted: HTTPClientFailure? {
        if case .notExecuted(let failure) = self { failure } else { nil }
    }
    var unknown: HTTPClientFailure? {
        if case .unknown(let failure) = self { failure } else { nil }
    }
}
