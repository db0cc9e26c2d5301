package import NIOCore
import Timers

/// A pooled HTTP/2 client for one target on one event loop.
///
/// 1. Keeps connections established (`HTTPClientPool.StateMachine` decides, this class dials and
///    closes).
/// 2. Gives requests to connections, and bounds how many wait.
/// 3. Ends requests at their deadlines, by one timer wheel.
/// 4. Hands results over in batches, and flushes each connection once per turn of the event loop.
///
/// Everything happens on the event loop, all calls included. A started pool stays alive until it is
/// shut down.
package final class HTTPClientPool {
    package let eventLoop: any EventLoop
    package let configuration: HTTPClientConfiguration

    /// How finely deadlines are told apart.
    package static let tick: TimeAmount = .milliseconds(10)

    /// What belongs to a request slot beside the machine's own entry.
    private struct Slot {
        /// Kept until it is sent.
        var request: HTTPClientRequest?
        var timer: TimerWheel.Handle?
    }

    private struct Completion {
        var token: UInt64
        var result: HTTPClientResult
    }

    private unowned let delegate: any HTTPClientDelegate
    private var counters = HTTPClientStatistics()
    private var machine: StateMachine
    private var slots: [Slot] = []
    private var connections: [HTTPClientConnection?]
    private var wheel: TimerWheel
    private var expired: [UInt64] = []
    private let epoch: NIODeadline
    private var now: NIODeadline
    private var wheelTask: RepeatedTask?
    private var backoffTimer: Scheduled<Void>?
    private var ageTimers: [Scheduled<Void>?]
    private var completions: [Completion] = []
    private var delivering: [Completion] = []
    private var dirty: [HTTPClientConnection] = []
    private var isTurnScheduled = false
    private var turn: (@Sendable () -> Void)?
    private var shutdownPromise: EventLoopPromise<Void>?

    /// - Parameters:
    ///   - eventLoop: The loop that all calls are made on.
    ///   - delegate: Not retained; must outlive the pool's shutdown.
    package init(eventLoop: any EventLoop, configuration: HTTPClientConfiguration, delegate: any HTTPClientDelegate) {
        Self.check(configuration)
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.delegate = delegate
        self.machine = StateMachine(configuration: configuration)
        self.connections = Array(repeating: nil, count: 2 * configuration.connections.maximum)
        self.ageTimers = Array(repeating: nil, count: 2 * configuration.connections.maximum)
        self.epoch = .now()
        self.now = epoch
        self.wheel = TimerWheel(currentTick: 0, maximumTimers: machine.requests.maximum)
    }

    private static func check(_ configuration: HTTPClientConfiguration) {
        precondition((1...HTTPClientConfiguration.responseBytesLimit).contains(configuration.maxResponseBytes))
        precondition(configuration.connectionWindowBytes >= 65_535, "HTTP/2 windows begin at 65,535 bytes")
        precondition(configuration.connectionWindowBytes < Int(Int32.max), "HTTP/2 windows end at 2^31 - 1 bytes")
        let streams = 1...HTTPClientConfiguration.streamIdentifierLimit
        precondition(streams.contains(configuration.maxStreamsPerConnectionLifetime))
    }

    /// Dials the minimum of connections, and from then on keeps them established, for ever.
    package func start() {
        eventLoop.preconditionInEventLoop()
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        wheelTask = eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { _ in
            bound.value.wheelTicked()
        }
        run(machine.start())
    }

    /// Sends `request` as soon as a stream is free. Its result is delivered with `token`, at the
    /// latest one tick after `deadline`. It is never delivered from inside this call.
    /// - Parameter caller: whose queue it waits in, below the configuration's `sharing.callers`.
    package func execute(_ request: HTTPClientRequest, token: UInt64, caller: Int = 0, deadline: NIODeadline) {
        eventLoop.preconditionInEventLoop()
        counters.requests += 1
        guard deadline > now else { return refuse(token, .timeout) }
        switch machine.execute(token: token, caller: caller) {
        case .send(let slot, let id):
            prepare(slot, request: nil, deadline: deadline)
            send(request, slot: slot, on: id)
        case .queued(let slot, let id):
            prepare(slot, request: request, deadline: deadline)
            if let id { dial(id) }
        case .reject(let failure):
            refuse(token, failure)
        }
    }

    /// Fails the waiting requests of a caller, as `.notExecuted(.withdrawn)`. Those that were sent
    /// go on.
    package func withdraw(_ caller: Int) {
        eventLoop.preconditionInEventLoop()
        run(machine.withdraw(caller))
    }

    /// Takes no more requests, fails those that wait, lets those in flight end, closes the
    /// connections.
    package func shutdown() -> EventLoopFuture<Void> {
        eventLoop.preconditionInEventLoop()
        if let shutdownPromise { return shutdownPromise.futureResult }
        let promise = eventLoop.makePromise(of: Void.self)
        shutdownPromise = promise
        run(machine.shutdown())
        return promise.futureResult
    }

    package var statistics: HTTPClientStatistics {
        var statistics = counters
        statistics.connectionsReady = machine.readyCount
        statistics.inFlight = machine.inFlightCount
        statistics.queued = machine.requests.queuedCount
        return statistics
    }
}

// MARK: - Requests

extension HTTPClientPool {
    private func prepare(_ slot: Int32, request: HTTPClientRequest?, deadline: NIODeadline) {
        if Int(slot) == slots.count { slots.append(Slot()) }
        let payload = UInt64(machine.requests.generation(of: slot)) << 32 | UInt64(UInt32(slot))
        let timer = wheel.insert(deadline: wheelTick(after: deadline), payload: payload)
        precondition(timer != nil, "the wheel has room for as many timers as there are request slots")
        slots[Int(slot)].request = request
        slots[Int(slot)].timer = timer
    }

    /// The first tick at which `deadline` has certainly passed.
    private func wheelTick(after deadline: NIODeadline) -> UInt64 {
        let elapsed = UInt64(max(0, (deadline - epoch).nanoseconds))
        return elapsed / UInt64(Self.tick.nanoseconds) + 1
    }

    private func sendQueued(_ slot: Int32, on id: HTTPClientConnectionID) {
        guard let request = slots[Int(slot)].request else { preconditionFailure("a queued request is kept") }
        slots[Int(slot)].request = nil
        send(request, slot: slot, on: id)
    }

    private func send(_ request: HTTPClientRequest, slot: Int32, on id: HTTPClientConnectionID) {
        // An earlier action of the same batch may have ended the connection, and its places with
        // it.
        guard let connection = connections[Int(id.index)], connection.id == id else {
            return completed(slot, .notExecuted(.connectionLost))
        }
        connection.send(request, slot: slot)
    }

    private func refuse(_ token: UInt64, _ failure: HTTPClientFailure) {
        finish(token, .notExecuted(failure))
    }

    /// The request in `slot` has its result.
    func completed(_ slot: Int32, _ result: HTTPClientResult) {
        if let timer = slots[Int(slot)].timer { _ = wheel.cancel(timer) }
        slots[Int(slot)].timer = nil
        slots[Int(slot)].request = nil
        finish(machine.requestCompleted(slot), result)
    }

    func failed(_ failure: HTTPClientConnection.StateMachine.Failure) {
        completed(failure.request, failure.result)
    }

    private func finish(_ token: UInt64, _ result: HTTPClientResult) {
        count(result)
        completions.append(Completion(token: token, result: result))
        scheduleTurn()
    }

    private func count(_ result: HTTPClientResult) {
        switch result {
        case .response:
            counters.responses += 1
        case .notExecuted(let failure):
            counters.notExecuted += 1
            if failure == .timeout { counters.timeouts += 1 }
            if failure == .queueFull { counters.queueFull += 1 }
        case .unknown(let failure):
            counters.unknown += 1
            if failure == .timeout { counters.timeouts += 1 }
        }
    }

    private func wheelTicked() {
        now = .now()
        wheel.advance(to: UInt64((now - epoch).nanoseconds / Self.tick.nanoseconds), into: &expired)
        guard !expired.isEmpty else { return }
        for payload in expired {
            deadlinePassed(Int32(truncatingIfNeeded: payload), generation: UInt32(payload >> 32))
        }
        expired.removeAll(keepingCapacity: true)
    }

    private func deadlinePassed(_ slot: Int32, generation: UInt32) {
        switch machine.deadlinePassed(slot, generation: generation) {
        case .none:
            break
        case .failQueued:
            completed(slot, .notExecuted(.timeout))
        case .cancel(let id, let stream):
            completed(slot, .unknown(.timeout))
            connections[Int(id.index)]?.reset(stream)
        }
    }
}

// MARK: - Turns

extension HTTPClientPool {
    /// One turn per pass of the event loop: results that no read cycle delivered, then one flush
    /// per connection.
    private func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        let turn = turn ?? makeTurn()
        eventLoop.execute(turn)
    }

    /// The closure is kept, so that a turn allocates nothing. After the shutdown it is not kept,
    /// because it holds the pool.
    private func makeTurn() -> @Sendable () -> Void {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let made: @Sendable () -> Void = { bound.value.takeTurn() }
        if !machine.isShutDown { turn = made }
        return made
    }

    private func takeTurn() {
        isTurnScheduled = false
        if machine.requests.nextToSend != nil { run(machine.sendWaiting()) }
        deliver()
        for connection in dirty { connection.flush() }
        dirty.removeAll(keepingCapacity: true)
    }

    func needsFlush(_ connection: HTTPClientConnection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
        scheduleTurn()
    }

    func readCycleEnded() {
        deliver()
    }

    /// Delivers the results, which wait in an array until here. So the delegate can call back into
    /// the pool, which is never in the middle of an event then. A result of such a call is
    /// delivered by the next turn.
    private func deliver() {
        guard !completions.isEmpty, delivering.isEmpty else { return }
        swap(&completions, &delivering)
        for completion in delivering { delegate.completed(completion.token, completion.result) }
        delivering.removeAll(keepingCapacity: true)
        delegate.completionsDelivered()
    }
}

// MARK: - What connections report

extension HTTPClientPool {
    func connectionReady(_ connection: HTTPClientConnection, capacity: Int) {
        run(machine.connectionReady(connection.id, capacity: capacity, now: .now()))
    }

    func capacityChanged(_ connection: HTTPClientConnection, to capacity: Int) {
        run(machine.capacityChanged(connection.id, to: capacity))
    }

    func writabilityChanged(_ connection: HTTPClientConnection, isWritable: Bool) {
        run(machine.writabilityChanged(connection.id, isWritable: isWritable))
    }

    func connectionAged(_ connection: HTTPClientConnection) {
        run(machine.connectionAged(connection.id))
    }

    func connectionMustDrain(_ connection: HTTPClientConnection) {
        run(machine.connectionMustDrain(connection.id, now: .now()))
    }

    func goAwayReceived(
        _ connection: HTTPClientConnection,
        failures: [HTTPClientConnection.StateMachine.Failure]
    ) {
        counters.goAwaysReceived += 1
        for failure in failures { failed(failure) }
        run(machine.connectionMustDrain(connection.id, now: .now()))
    }

    func connectionClosed(
        _ connection: HTTPClientConnection,
        failures: [HTTPClientConnection.StateMachine.Failure]
    ) {
        for failure in failures { failed(failure) }
        connectionEnded(connection.id)
    }

    func streamReleased(_ connection: HTTPClientConnection, served: Bool) {
        switch machine.streamReleased(connection.id, served: served) {
        case .none:
            break
        case .send(let slot, let id):
            sendQueued(slot, on: id)
        case .close(let id):
            close(id)
        }
    }

    func requestSent(_ slot: Int32, on connection: HTTPClientConnection, stream: UInt32) {
        machine.requestSent(slot, on: connection.id, stream: stream)
    }

    /// Nothing of it was written. The connection is not to be used any more.
    func requestNotSent(_ slot: Int32, on connection: HTTPClientConnection, _ failure: HTTPClientFailure) {
        completed(slot, .notExecuted(failure))
        run(machine.connectionMustDrain(connection.id, now: .now()))
        streamReleased(connection, served: false)
    }
}

// MARK: - Actions

extension HTTPClientPool {
    /// Does what the machine decided; decides nothing.
    private func run(_ actions: [StateMachine.Action]) {
        for action in actions {
            switch action {
            case .dial(let id):
                dial(id)
            case .close(let id):
                close(id)
            case .send(let slot, let id):
                sendQueued(slot, on: id)
            case .fail(let slot, let failure):
                completed(slot, .notExecuted(failure))
            case .startAgeTimer(let id, let delay):
                startAgeTimer(id, after: delay)
            case .startBackoffTimer(let delay):
                startBackoffTimer(after: delay)
            case .cancelBackoffTimer:
                backoffTimer?.cancel()
                backoffTimer = nil
            case .completeShutdown:
                completeShutdown()
            }
        }
    }

    private func close(_ id: HTTPClientConnectionID) {
        connections[Int(id.index)]?.close()
    }

    private func startAgeTimer(_ id: HTTPClientConnectionID, after delay: TimeAmount) {
        ageTimers[Int(id.index)] = eventLoop.assumeIsolated().scheduleTask(in: delay) {
            self.run(self.machine.connectionAged(id))
        }
    }

    private func startBackoffTimer(after delay: TimeAmount) {
        backoffTimer = eventLoop.assumeIsolated().scheduleTask(in: delay) {
            self.backoffTimer = nil
            self.run(self.machine.backoffElapsed())
        }
    }

    private func completeShutdown() {
        wheelTask?.cancel()
        wheelTask = nil
        // The promise waits for the turn that delivers the last results.
        eventLoop.assumeIsolated().execute {
            self.deliver()
            self.turn = nil
            self.shutdownPromise?.succeed(())
        }
    }
}

// MARK: - Dialling

extension HTTPClientPool {
    private func dial(_ id: HTTPClientConnectionID) {
        counters.dials += 1
        let connection = HTTPClientConnection(id: id, pool: self)
        connections[Int(id.index)] = connection
        HTTPClientDialler(configuration: configuration, eventLoop: eventLoop).dial(connection) { isConnected in
            if !isConnected { self.connectionEnded(id) }
        }
    }

    private func connectionEnded(_ id: HTTPClientConnectionID) {
        guard let connection = connections[Int(id.index)], connection.id == id else { return }
        if !connection.isClosing {
            if connection.hasBeenReady { counters.connectionsLost += 1 } else { counters.dialFailures += 1 }
        }
        connections[Int(id.index)] = nil
        ageTimers[Int(id.index)]?.cancel()
        ageTimers[Int(id.index)] = nil
        run(machine.connectionClosed(id, now: .now()))
    }
}
