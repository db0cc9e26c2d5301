import HTTPTransport
import NIOCore
import Synchronization

/// What one loop brings home.
struct LoopResult: Sendable {
    var records: [PhaseRecord]
    var violations: ViolationList
    var errorSamples: [ErrorSample]
    var expectations: [KeyExpectation]
    var repeatsSkipped: UInt64
    var substituted: UInt64
    var transport: HTTPClientStatistics
    /// Nanoseconds from the start of the run to its end.
    var duration: UInt64
}

/// One reason to stop, shared by all loops.
final class SharedStop: StopSignal, Sendable {
    private let flag = Atomic<Bool>(false)
    private let text = Mutex<String?>(nil)

    var isStopped: Bool { flag.load(ordering: .relaxed) }
    var reason: String? { text.withLock { $0 } }

    func stop(_ reason: String) {
        text.withLock { if $0 == nil { $0 = reason } }
        flag.store(true, ordering: .relaxed)
    }
}

/// Binds a driver to an event loop: a pooled client below, one repeated task of a millisecond
/// above.
final class LoadLoop: HTTPClientDelegate, LoadTransport {
    static let tickInterval = TimeAmount.milliseconds(1)
    /// How long connections may take before a run is called off.
    static let connectLimit = TimeAmount.seconds(10)
    /// Syncs of the expectation journal are at least this far apart.
    static let syncInterval: UInt64 = 50_000_000

    private let eventLoop: any EventLoop
    private let configuration: HTTPClientConfiguration
    private let promise: EventLoopPromise<LoopResult>
    private let onStart: @Sendable () -> Void
    private let sync: @Sendable (Int32) -> Void
    private var journal: ExpectationJournal?
    private var driver: LoadDriver?
    private var pool: HTTPClientPool?
    private var task: RepeatedTask?
    private let created = NIODeadline.now()
    private var start: NIODeadline?
    private var lastSync: UInt64 = 0
    private var isFinished = false

    /// - Parameters:
    ///   - onStart: called on the loop when the connections stand and the clock starts.
    ///   - sync: makes a journal's descriptor durable, off the loop.
    init(
        eventLoop: any EventLoop,
        configuration: HTTPClientConfiguration,
        promise: EventLoopPromise<LoopResult>,
        onStart: @escaping @Sendable () -> Void,
        sync: @escaping @Sendable (Int32) -> Void
    ) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.promise = promise
        self.onStart = onStart
        self.sync = sync
    }

    /// Connects, runs the plan, and completes the promise. Stays alive until then.
    func run(plan: LoadPlan, loop: Int, factory: RequestFactory, journal: ExpectationJournal?) {
        eventLoop.preconditionInEventLoop()
        self.journal = journal
        driver = LoadDriver(plan: plan, loop: loop, factory: factory, journal: journal, transport: self)
        let pool = HTTPClientPool(eventLoop: eventLoop, configuration: configuration, delegate: self)
        self.pool = pool
        pool.start()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        task = eventLoop.scheduleRepeatedTask(initialDelay: Self.tickInterval, delay: Self.tickInterval) { _ in
            bound.value.tick()
        }
    }

    // MARK: LoadTransport

    func send(_ request: HTTPClientRequest, token: UInt64, deadlineAfter nanoseconds: UInt64) {
        pool?.execute(request, token: token, deadline: .now() + .nanoseconds(Int64(nanoseconds)))
    }

    // MARK: HTTPClientDelegate

    func completed(_ token: UInt64, _ result: HTTPClientResult) {
        guard !isFinished else { return }
        driver?.completed(token, result, now: elapsed())
    }

    func completionsDelivered() {
        guard !isFinished else { return }
        driver?.flushOutbox()
    }

    // MARK: Ticks

    private func elapsed() -> UInt64 {
        guard let start else { return 0 }
        return UInt64((NIODeadline.now() - start).nanoseconds)
    }

    private func tick() {
        guard let driver, let pool, !isFinished else { return }
        guard start != nil else { return awaitConnections(pool) }
        let now = elapsed()
        driver.tick(now: now)
        syncJournal(now)
        if driver.isDone(now: now) { finish(driver, pool) }
    }

    private func awaitConnections(_ pool: HTTPClientPool) {
        if pool.statistics.connectionsReady >= configuration.connections.minimum {
            start = .now()
            onStart()
        } else if NIODeadline.now() - created > Self.connectLimit {
            isFinished = true
            task?.cancel()
            let message = "cannot connect to \(configuration.host):\(configuration.port) over HTTP/2"
            pool.shutdown().whenComplete { [promise] _ in promise.fail(LoadUsageError(message)) }
        }
    }

    private func syncJournal(_ now: UInt64) {
        guard let journal, now - lastSync >= Self.syncInterval else { return }
        lastSync = now
        if let descriptor = journal.takeDirtyDescriptor() { sync(descriptor) }
    }

    private func finish(_ driver: LoadDriver, _ pool: HTTPClientPool) {
        isFinished = true
        task?.cancel()
        let end = elapsed()
        driver.finish(now: end)
        let result = LoopResult(
            records: driver.records,
            violations: driver.violations,
            errorSamples: driver.errorSamples,
            expectations: driver.expectations,
            repeatsSkipped: driver.repeatsSkipped,
            substituted: driver.substituted,
            transport: pool.statistics,
            duration: end
        )
        pool.shutdown().whenComplete { [promise] _ in promise.succeed(result) }
    }
}
