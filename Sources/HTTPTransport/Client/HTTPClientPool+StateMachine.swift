import NIOCore

/// Names a connection of a pool: a slot, and a generation that tells a reused slot from its
/// predecessor.
struct HTTPClientConnectionID: Hashable, Sendable {
    var index: Int32
    var generation: UInt32
}

extension HTTPClientPool {
    /// Decides which connections a pool keeps and where its requests go. Pure: events in, actions
    /// out; time and the seed of its jitters are arguments.
    ///
    /// 1. Keeps the minimum of young connections established, dials more while requests queue, up
    ///    to the maximum.
    /// 2. Gives each request a connection with a free stream, or a place in its caller's bounded
    ///    queue; callers take turns.
    /// 3. Replaces connections that age or are told to go away: dials first, retires once the new
    ///    one is usable.
    /// 4. Backs off after failures; with nothing established and several failures in a row it fails
    ///    requests at once.
    ///
    /// The connections are plain records rather than an enum of states with payloads. With an enum,
    /// every event on the request path would move a payload out of its case and back in.
    struct StateMachine {
        enum Action: Equatable {
            case dial(HTTPClientConnectionID)
            /// Close it; `connectionClosed` is expected afterwards.
            case close(HTTPClientConnectionID)
            case send(request: Int32, on: HTTPClientConnectionID)
            /// Report `.notExecuted`; the request is still in the table.
            case fail(request: Int32, HTTPClientFailure)
            case startAgeTimer(HTTPClientConnectionID, after: TimeAmount)
            case startBackoffTimer(after: TimeAmount)
            case cancelBackoffTimer
            case completeShutdown
        }

        private enum Phase: Equatable {
            case idle
            case running
            case shuttingDown
            case shutDown
        }

        private enum Condition: Equatable {
            case free
            case connecting
            case ready
            /// Finishes its streams, takes no new ones.
            case draining
            /// Told to close; only its end is awaited.
            case closing
        }

        private struct Connection {
            var generation: UInt32 = 0
            var condition = Condition.free
            var inFlight = 0
            var capacity = 0
            var isWritable = true
            /// Old: still used, but no longer counted, so that a successor is dialled.
            var isAging = false
            /// Has delivered a response.
            var hasServed = false
            var readyAt = NIODeadline.uptimeNanoseconds(0)

            var hasFreeStream: Bool { condition == .ready && isWritable && inFlight < capacity }
        }

        private let configuration: HTTPClientConfiguration
        private var phase = Phase.idle
        private var connections: [Connection]
        private var random: SplitMix64
        /// Where the search for a connection starts.
        private var cursor = 0
        private var failuresInARow = 0
        private var isBackingOff = false
        private(set) var requests: HTTPClientRequestTable

        init(configuration: HTTPClientConfiguration) {
            precondition(configuration.maxStreamsPerConnection > 0 && configuration.maxQueued >= 0)
            self.configuration = configuration
            self.random = SplitMix64(seed: configuration.seed)
            // Twice the maximum: old connections finish their streams while their successors are
            // dialled. When all slots are taken, the next dial waits until one is free.
            let slots = 2 * configuration.connections.maximum
            self.connections = Array(repeating: Connection(), count: slots)
            self.requests = HTTPClientRequestTable(
                maximum: configuration.maxQueued * configuration.sharing.callers
                    + slots * configuration.maxStreamsPerConnection,
                sharing: configuration.sharing
            )
        }

        // MARK: Life

        mutating func start() -> [Action] {
            precondition(phase == .idle, "a pool is started once")
            phase = .running
            return replenished([])
        }

        mutating func shutdown() -> [Action] {
            var actions: [Action] = []
            switch phase {
            case .idle, .running:
                phase = .shuttingDown
                if isBackingOff { actions.append(.cancelBackoffTimer) }
                isBackingOff = false
                failQueued(.shutdown, into: &actions)
                for index in connections.indices { retire(index, into: &actions) }
                completeShutdownIfEmpty(into: &actions)
            case .shuttingDown, .shutDown:
                break
            }
            return actions
        }

        // MARK: Requests

        enum OnExecute: Equatable {
            case send(request: Int32, on: HTTPClientConnectionID)
            case queued(request: Int32, dial: HTTPClientConnectionID?)
            case reject(HTTPClientFailure)
        }

        mutating func execute(token: UInt64, caller: Int = 0) -> OnExecute {
            guard phase == .running else { return .reject(.shutdown) }
            if requests.maySend(caller), requests.nextToSend == nil, let index = connectionWithFreeStream() {
                let request = requests.insert(token: token, caller: caller)
                return .send(request: request, on: take(index, for: request))
            }
            if isUnreachable { return .reject(.connectFailed) }
            guard requests.queuedCount(of: caller) < configuration.maxQueued else { return .reject(.queueFull) }
            let request = requests.insert(token: token, caller: caller)
            requests.enqueue(request)
            return .queued(request: request, dial: dialForQueue())
        }

        /// Fails the waiting requests of a caller. Those that were sent go on.
        func withdraw(_ caller: Int) -> [Action] {
            var actions: [Action] = []
            failQueued(of: caller, .withdrawn, into: &actions)
            return actions
        }

        /// Sends requests that wait for a place and not for a stream. Called when a request has
        /// ended whose stream had ended before.
        mutating func sendWaiting() -> [Action] {
            var actions: [Action] = []
            while requests.nextToSend != nil, let index = connectionWithFreeStream() {
                sendQueued(on: index, into: &actions)
            }
            return actions
        }

        /// The request left on `stream`.
        mutating func requestSent(_ request: Int32, on id: HTTPClientConnectionID, stream: UInt32) {
            requests.sent(request, on: id, stream: stream)
        }

        /// The request has a result: forget it. Its stream may live on until `streamReleased`.
        mutating func requestCompleted(_ request: Int32) -> UInt64 {
            requests.remove(request)
        }

        enum OnDeadline: Equatable {
            /// It already has a result.
            case none
            /// It was not sent: report `.notExecuted`.
            case failQueued
            /// Reset the stream and report `.unknown`.
            case cancel(HTTPClientConnectionID, stream: UInt32)
        }

        func deadlinePassed(_ request: Int32, generation: UInt32) -> OnDeadline {
            guard requests.generation(of: request) == generation else { return .none }
            switch requests.place(of: request) {
            case .free: return .none
            case .queued, .assigned: return .failQueued
            case .inFlight(let id, let stream): return .cancel(id, stream: stream)
            }
        }

        enum OnStreamReleased: Equatable {
            case none
            case send(request: Int32, on: HTTPClientConnectionID)
            case close(HTTPClientConnectionID)
        }

        /// A stream of the connection is gone for good, and its place free. `served`: it had
        /// delivered a response.
        mutating func streamReleased(_ id: HTTPClientConnectionID, served: Bool) -> OnStreamReleased {
            let index = Int(id.index)
            guard connections[index].generation == id.generation else { return .none }
            connections[index].inFlight -= 1
            assert(connections[index].inFlight >= 0)
            if served {
                connections[index].hasServed = true
                failuresInARow = 0
            }
            switch connections[index].condition {
            case .ready:
                guard connections[index].hasFreeStream, let request = requests.nextToSend else { return .none }
                return .send(request: request, on: take(index, for: request))
            case .draining:
                guard connections[index].inFlight == 0 else { return .none }
                connections[index].condition = .closing
                return .close(id)
            case .free, .connecting, .closing:
                return .none
            }
        }

        // MARK: Connections

        /// The peer's SETTINGS arrived: the connection is usable, for `capacity` streams at once.
        mutating func connectionReady(_ id: HTTPClientConnectionID, capacity: Int, now: NIODeadline) -> [Action] {
            let index = Int(id.index)
            guard connections[index].generation == id.generation, connections[index].condition == .connecting else {
                return []
            }
            connections[index].condition = .ready
            connections[index].capacity = capacity
            connections[index].readyAt = now
            var actions = [Action.startAgeTimer(id, after: jitteredAge())]
            sendQueued(on: index, into: &actions)
            retireAging(into: &actions)
            return replenished(actions)
        }

        /// The peer changed how many streams it takes.
        mutating func capacityChanged(_ id: HTTPClientConnectionID, to capacity: Int) -> [Action] {
            let index = Int(id.index)
            guard connections[index].generation == id.generation else { return [] }
            connections[index].capacity = capacity
            var actions: [Action] = []
            sendQueued(on: index, into: &actions)
            return actions
        }

        /// The socket does, or does not, take more bytes. NIOHTTP2 holds new streams back on an
        /// unwritable channel, so nothing is sent there.
        mutating func writabilityChanged(_ id: HTTPClientConnectionID, isWritable: Bool) -> [Action] {
            let index = Int(id.index)
            guard connections[index].generation == id.generation else { return [] }
            connections[index].isWritable = isWritable
            var actions: [Action] = []
            sendQueued(on: index, into: &actions)
            return actions
        }

        /// The peer said GOAWAY, or the connection is otherwise unfit for new streams: those it has
        /// may end.
        mutating func connectionMustDrain(_ id: HTTPClientConnectionID, now: NIODeadline) -> [Action] {
            let index = Int(id.index)
            guard connections[index].generation == id.generation else { return [] }
            let ended = connections[index]
            var actions: [Action] = []
            retire(index, into: &actions)
            judgeEnd(of: ended, now: now, into: &actions)
            return replenished(actions)
        }

        /// Its age, or the number of its streams, asks for a successor.
        mutating func connectionAged(_ id: HTTPClientConnectionID) -> [Action] {
            let index = Int(id.index)
            guard connections[index].generation == id.generation, connections[index].condition == .ready,
                phase == .running
            else { return [] }
            connections[index].isAging = true
            var actions: [Action] = []
            retireAging(into: &actions)
            return replenished(actions)
        }

        /// The connection is gone, or could not be made. The results of its requests have been
        /// reported.
        mutating func connectionClosed(_ id: HTTPClientConnectionID, now: NIODeadline) -> [Action] {
            let index = Int(id.index)
            guard connections[index].generation == id.generation else { return [] }
            let ended = connections[index]
            assert(ended.condition != .free)
            connections[index] = Connection(generation: id.generation &+ 1)
            var actions: [Action] = []
            judgeEnd(of: ended, now: now, into: &actions)
            completeShutdownIfEmpty(into: &actions)
            return replenished(actions)
        }

        /// The wait before the next dial is over.
        mutating func backoffElapsed() -> [Action] {
            isBackingOff = false
            return replenished([])
        }

        // MARK: Gauges

        var readyCount: Int { connections.count { $0.condition == .ready } }
        var inFlightCount: Int { connections.reduce(0) { $0 + $1.inFlight } }
        var isShutDown: Bool { phase == .shutDown }
    }
}

// MARK: - Choosing

extension HTTPClientPool.StateMachine {
    private mutating func connectionWithFreeStream() -> Int? {
        let count = connections.count
        if configuration.spreading == .filling, cursor < count, connections[cursor].hasFreeStream { return cursor }
        var best: Int?
        var index = cursor
        for _ in 0..<count {
            index = index + 1 < count ? index + 1 : 0
            guard connections[index].hasFreeStream else { continue }
            if configuration.spreading != .leastLoaded {
                best = index
                break
            }
            if let known = best, connections[known].inFlight <= connections[index].inFlight { continue }
            best = index
        }
        if let best { cursor = best }
        return best
    }

    private mutating func take(_ index: Int, for request: Int32) -> HTTPClientConnectionID {
        connections[index].inFlight += 1
        assert(connections[index].inFlight <= connections[index].capacity)
        let id = identifier(index)
        requests.assign(request, to: id)
        return id
    }

    private mutating func sendQueued(on index: Int, into actions: inout [Action]) {
        while connections[index].hasFreeStream, let request = requests.nextToSend {
            actions.append(.send(request: request, on: take(index, for: request)))
        }
    }

    private func identifier(_ index: Int) -> HTTPClientConnectionID {
        HTTPClientConnectionID(index: Int32(index), generation: connections[index].generation)
    }
}

// MARK: - Dialling and retiring

extension HTTPClientPool.StateMachine {
    private var connectingCount: Int { connections.count { $0.condition == .connecting } }
    private var youngCount: Int { connections.count { $0.condition == .ready && !$0.isAging } }

    /// Nothing is established, and dialling failed often enough to say so at once.
    private var isUnreachable: Bool {
        failuresInARow >= configuration.failFastAfterFailures && readyCount == 0
    }

    /// `actions`, and the dials that bring the pool back to its minimum.
    private mutating func replenished(_ actions: [Action]) -> [Action] {
        guard phase == .running, !isBackingOff else { return actions }
        var actions = actions
        var missing = configuration.connections.minimum - youngCount - connectingCount
        // A target that has just failed is tried by one connection, not by all.
        if failuresInARow > 0, readyCount == 0 { missing = min(missing, 1 - connectingCount) }
        while missing > 0, let id = dial() {
            actions.append(.dial(id))
            missing -= 1
        }
        if let id = dialForQueue() { actions.append(.dial(id)) }
        return actions
    }

    /// One dial at a time beyond the minimum, while requests wait.
    private mutating func dialForQueue() -> HTTPClientConnectionID? {
        guard phase == .running, !isBackingOff, requests.nextToSend != nil, connectingCount == 0,
            youngCount < configuration.connections.maximum
        else { return nil }
        return dial()
    }

    private mutating func dial() -> HTTPClientConnectionID? {
        guard let index = connections.firstIndex(where: { $0.condition == .free }) else { return nil }
        connections[index].condition = .connecting
        return identifier(index)
    }

    /// Retires old connections as far as young ones have taken their place.
    private mutating func retireAging(into actions: inout [Action]) {
        guard youngCount >= configuration.connections.minimum else { return }
        for index in connections.indices where connections[index].condition == .ready && connections[index].isAging {
            retire(index, into: &actions)
        }
    }

    private mutating func retire(_ index: Int, into actions: inout [Action]) {
        switch connections[index].condition {
        case .free, .draining, .closing:
            break
        case .ready where connections[index].inFlight > 0:
            connections[index].condition = .draining
        case .connecting, .ready:
            connections[index].condition = .closing
            actions.append(.close(identifier(index)))
        }
    }

    /// A connection ended, or is ending, and the pool did not ask for it. One that served requests,
    /// or lived long, is simply replaced. One that did neither counts as a failure. Otherwise the
    /// pool would dial a peer that accepts and drops in a tight loop.
    private mutating func judgeEnd(of ended: Connection, now: NIODeadline, into actions: inout [Action]) {
        switch ended.condition {
        case .connecting:
            noteFailure(into: &actions)
        case .ready:
            let isSound = ended.hasServed || now - ended.readyAt >= configuration.backoff.maximum
            if isSound { failuresInARow = 0 } else { noteFailure(into: &actions) }
        case .free, .draining, .closing:
            break
        }
    }

    /// Several dials that fail together are one failure.
    private mutating func noteFailure(into actions: inout [Action]) {
        guard phase == .running, !isBackingOff else { return }
        failuresInARow += 1
        isBackingOff = true
        actions.append(.startBackoffTimer(after: jitteredBackoff()))
        if isUnreachable { failQueued(.connectFailed, into: &actions) }
    }

    private func failQueued(_ failure: HTTPClientFailure, into actions: inout [Action]) {
        for caller in 0..<configuration.sharing.callers { failQueued(of: caller, failure, into: &actions) }
    }

    private func failQueued(of caller: Int, _ failure: HTTPClientFailure, into actions: inout [Action]) {
        var next = requests.oldestQueued(of: caller)
        while let request = next {
            actions.append(.fail(request: request, failure))
            next = requests.queued(after: request)
        }
    }

    private mutating func completeShutdownIfEmpty(into actions: inout [Action]) {
        guard phase == .shuttingDown, connections.allSatisfy({ $0.condition == .free }) else { return }
        phase = .shutDown
        actions.append(.completeShutdown)
    }

    private mutating func jitteredBackoff() -> TimeAmount {
        let doublings = min(failuresInARow - 1, 20)
        let unlimited = configuration.backoff.minimum.nanoseconds.multipliedReportingOverflow(by: 1 << doublings)
        let limit = configuration.backoff.maximum.nanoseconds
        let delay = unlimited.overflow ? limit : min(unlimited.partialValue, limit)
        return .nanoseconds(delay - random.next(upTo: delay / 2))
    }

    private mutating func jitteredAge() -> TimeAmount {
        let age = configuration.maxConnectionAge.nanoseconds
        return .nanoseconds(age - random.next(upTo: age / 10))
    }
}

/// Steele, Lea and Flood's SplitMix64: one word of state, good enough to spread timers.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// A number from 0 to `limit`.
    mutating func next(upTo limit: Int64) -> Int64 {
        guard limit > 0 else { return 0 }
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        word ^= word >> 31
        return Int64(word % UInt64(limit + 1))
    }
}
