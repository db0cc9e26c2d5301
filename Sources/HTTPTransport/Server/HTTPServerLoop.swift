package import NIOCore

/// One event loop's part of a server: its connections, and how an answer finds its connection.
/// Bound to that loop.
package final class HTTPServerLoop {
    package let eventLoop: any EventLoop
    /// The loop's position in the list given to `HTTPServer.start`.
    package let index: Int
    package internal(set) var statistics = HTTPServerStatistics()

    let configuration: HTTPServerConfiguration
    /// What ALPN offers are compared with.
    let spokenProtocols: [[UInt8]]
    /// The time of the last tick: good enough for deadlines of seconds, and free.
    private(set) var now: NIODeadline
    /// Bytes of incomplete bodies on this loop.
    private(set) var bodyBytesBuffered = 0
    private(set) var connections: ConnectionTable
    private var newcomers = NewcomerQueue()
    private var sources = SourceTable()
    private var boundApplication: (any HTTPServerApplication)?
    /// Connections with unflushed answers that no read cycle will flush.
    private var dirty: [ConnectionTable.Key] = []
    private var flushTask: (@Sendable () -> Void)?
    /// Connections that wait for their next turn, in order.
    var turns = CircularBuffer<ConnectionTable.Key>(initialCapacity: 0)
    /// Whether a turn is under way or will come.
    var areTurnsScheduled = false
    private(set) var turnTask: (@Sendable () -> Void)?
    private var timer: RepeatedTask?
    private var isDraining = false
    /// Whether connections are about to be closed for the loop's budget of output.
    var isEvictingReaders = false
    private var drained: EventLoopPromise<Void>?

    init(eventLoop: any EventLoop, index: Int, configuration: HTTPServerConfiguration, now: NIODeadline) {
        precondition(configuration.maxBodyBytes < configuration.initialWindowBytes, "a body must fit its window")
        precondition(configuration.initialWindowBytes <= configuration.connectionWindowBytes)
        self.eventLoop = eventLoop
        self.index = index
        self.configuration = configuration
        spokenProtocols = configuration.applicationProtocols.map { Array($0.utf8) }
        self.now = now
        connections = ConnectionTable(maximum: configuration.maxConnectionsPerLoop)
    }

    /// Answers a request. Written at once, flushed with everything else of this tick. False when
    /// the stream is gone: reset by the peer, closed, or already answered; nothing is to be done
    /// then.
    @discardableResult
    package func respond(_ token: HTTPStreamToken, _ response: HTTPServerResponse) -> Bool {
        assert(statistics.requestsInFlight > 0, "an answer without a request")
        statistics.requestsInFlight -= 1
        let key = ConnectionTable.Key(slot: token.connection, generation: token.generation)
        let isWritten =
            switch connections.entry(key) {
            case .http2(let connection): connection.respond(token.stream, response)
            case .http1(let connection): connection.respond(token.stream, response)
            case .selecting, .free, nil: false
            }
        if !isWritten { statistics.responsesTooLate += 1 }
        return isWritten
    }

    // MARK: Start and end

    /// Connects the application and starts the clock.
    func start(_ application: any HTTPServerApplication) {
        boundApplication = application
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        flushTask = { bound.value.flushDirty() }
        turnTask = { bound.value.runTurns() }
        let tick = configuration.timerTick
        timer = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in
            bound.value.timePassed(now: .now())
        }
    }

    var application: any HTTPServerApplication {
        guard let boundApplication else { preconditionFailure("a request before the start or after the end") }
        return boundApplication
    }

    /// Ends every connection gracefully; done when none is left or at `deadline`.
    func drain(deadline: NIODeadline) -> EventLoopFuture<Void> {
        if let drained { return drained.futureResult }
        let promise = eventLoop.makePromise(of: Void.self)
        drained = promise
        isDraining = true
        forEachConnection { entry in
            switch entry {
            case .http2(let connection): connection.drain()
            case .http1(let connection): connection.drain()
            case .selecting(let selector): selector.close()
            case .free: break
            }
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let force = eventLoop.scheduleTask(deadline: deadline) { bound.value.closeAll() }
        promise.futureResult.assumeIsolated().whenComplete { _ in
            force.cancel()
            bound.value.end()
        }
        finishIfDrained()
        return promise.futureResult
    }

    private func closeAll() {
        forEachConnection { entry in
            switch entry {
            case .http2(let connection): connection.closeNow()
            case .http1(let connection): connection.closeNow()
            case .selecting(let selector): selector.close()
            case .free: break
            }
        }
    }

    /// Lets go of the application, which holds this object.
    private func end() {
        timer?.cancel()
        timer = nil
        flushTask = nil
        turnTask = nil
        boundApplication = nil
    }

    private func finishIfDrained() {
        if isDraining, connections.count == 0 { drained?.succeed(()) }
    }

    // MARK: Connections

    /// Takes on an accepted connection; throws when there is no room, upon which its channel is
    /// closed.
    func accept(from address: SocketAddress?) throws -> ProtocolSelector {
        let source = SourceAddress(address)
        var selector: ProtocolSelector?
        if !isDraining {
            makeRoom(for: source)
            let key = connections.insert { key in
                let made = ProtocolSelector(loop: self, key: key, source: source)
                selector = made
                return .selecting(made)
            }
            if let key {
                newcomers.append(key, source: source)
                sources.addNewcomers(1, of: source)
            }
        }
        guard let selector else {
            statistics.connectionsRefused += 1
            throw HTTPServerRefusal.noRoom
        }
        statistics.connectionsAccepted += 1
        statistics.connectionsOpen += 1
        statistics.handshakesInProgress += 1
        return selector
    }

    /// Closes the oldest newcomer: a connection without a complete request. When the source has its
    /// share of newcomers, it closes the oldest of that source. When the places of all newcomers or
    /// of all connections are taken, it closes the oldest of all. An honest client needs
    /// milliseconds for its first request.
    private func makeRoom(for source: SourceAddress) {
        if sources.newcomers(of: source) >= configuration.maxNewcomersPerSource {
            evictNewcomer(newcomers.oldest(of: source))
        }
        if newcomers.count >= configuration.maxNewcomersPerLoop || connections.count == connections.maximum {
            evictNewcomer(newcomers.oldest())
        }
    }

    private func evictNewcomer(_ key: ConnectionTable.Key?) {
        guard let key, let entry = connections.entry(key) else { return }
        statistics.newcomersEvicted += 1
        switch entry {
        case .selecting(let selector): selector.close()
        case .http2(let connection): connection.closeNow()
        case .http1(let connection): connection.closeNow()
        case .free: break
        }
        // TLS exchanges closing messages before its channel closes, and a silent peer can delay
        // that. So the place is freed at once.
        settleNewcomer(key)
    }

    /// A connection has sent a complete request, or is gone.
    func settleNewcomer(_ key: ConnectionTable.Key) {
        guard let source = newcomers.remove(key) else { return }
        sources.addNewcomers(-1, of: source)
    }

    func selectionEnded(_ key: ConnectionTable.Key, isSelected: Bool) {
        statistics.handshakesInProgress -= 1
        guard !isSelected else { return }
        statistics.handshakesFailed += 1
        connectionClosed(key)
    }

    func protocolSelected(_ key: ConnectionTable.Key, _ entry: ConnectionTable.Entry) {
        connections.replace(key, with: entry)
    }

    func connectionClosed(_ key: ConnectionTable.Key) {
        settleNewcomer(key)
        connections.remove(key)
        statistics.connectionsOpen -= 1
        finishIfDrained()
    }

    private func forEachConnection(_ body: (ConnectionTable.Entry) -> Void) {
        for slot in 0..<connections.slotCount { body(connections.entry(at: slot)) }
    }

    // MARK: Bodies

    /// Takes room for bytes of an incomplete body. False, with nothing taken, when the connection,
    /// its source or the loop has its share.
    func takeBodyRoom(_ count: Int, heldByConnection held: Int, source: SourceAddress) -> Bool {
        guard held + count <= configuration.maxBodyBytesBufferedPerConnection,
            sources.bodyBytes(of: source) + count <= configuration.maxBodyBytesBufferedPerSource,
            bodyBytesBuffered + count <= configuration.maxBodyBytesBufferedPerLoop
        else {
            statistics.bodyBudgetRefusals += 1
            return false
        }
        bodyBytesBuffered += count
        sources.addBodyBytes(count, of: source)
        return true
    }

    func giveBodyRoom(_ count: Int, source: SourceAddress) {
        guard count > 0 else { return }
        bodyBytesBuffered -= count
        sources.addBodyBytes(-count, of: source)
    }

    // MARK: Requests

    /// Counts a request in, unless too many wait for their answers.
    func admitRequest() -> Bool {
        guard statistics.requestsInFlight < configuration.maxRequestsInFlightPerLoop else { return false }
        statistics.requestsInFlight += 1
        statistics.requests += 1
        return true
    }

    func count(_ fault: HTTPRequestFault) {
        switch fault {
        case .bodyTooLarge: statistics.bodiesTooLarge += 1
        case .bodyTimeout: statistics.bodyTimeouts += 1
        case .overloaded: statistics.overloads += 1
        case .malformed: statistics.malformedRequests += 1
        case .headersTooLarge: statistics.headersTooLarge += 1
        case .transferCodingUnknown: statistics.malformedRequests += 1
        }
    }

    // MARK: Ticks

    /// Answers made outside a read cycle leave together: one flush per connection and tick, one
    /// task per tick and loop.
    func enlistForFlush(_ key: ConnectionTable.Key) {
        if dirty.isEmpty, let flushTask { eventLoop.execute(flushTask) }
        dirty.append(key)
    }

    private func flushDirty() {
        var index = 0
        // By index: a flush may enlist another connection.
        while index < dirty.count {
            if case .http2(let connection) = connections.entry(dirty[index]), connection.isDirty { connection.flush() }
            index += 1
        }
        dirty.removeAll(keepingCapacity: true)
    }

    func timePassed(now: NIODeadline) {
        self.now = now
        forEachConnection { entry in
            switch entry {
            case .http2(let connection): connection.timePassed(now: now)
            case .http1(let connection): connection.timePassed(now: now)
            case .selecting(let selector): selector.timePassed(now: now)
            case .free: break
            }
        }
    }
}

/// Why an accepted connection is closed at once.
enum HTTPServerRefusal: Error {
    /// Too many connections or handshakes, or the server is draining.
    case noRoom
}
