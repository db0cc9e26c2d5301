import NIOCore
import Testing

@testable import HTTPTransport

/// Carries out what the pool's state machine decides, without a network, and checks that each
/// action is legal: nothing is sent on a connection that is not established, over its capacity or
/// retired; nothing is dialled twice; a request has one place at a time and one result.
struct MockPoolWorld {
    struct Sent {
        var request: Int32
        var connection: HTTPClientConnectionID
        var stream: UInt32
    }

    private struct Connection {
        var capacity: Int
        var load = 0
        var isRetired = false
    }

    var machine: HTTPClientPool.StateMachine
    private(set) var connecting: [HTTPClientConnectionID] = []
    private(set) var closing: [HTTPClientConnectionID] = []
    private var ready: [HTTPClientConnectionID: Connection] = [:]
    private(set) var sent: [UInt64: Sent] = [:]
    private(set) var sentOrder: [UInt64] = []
    private var lastConnections: [UInt64: HTTPClientConnectionID] = [:]
    private var tokens: [Int32: UInt64] = [:]
    private(set) var failures: [UInt64: HTTPClientFailure] = [:]
    private(set) var answered = 0
    private(set) var backoff: TimeAmount?
    private(set) var ageTimers: [HTTPClientConnectionID: TimeAmount] = [:]
    private(set) var isShutDown = false
    private let maximum: Int
    private var nextStream: UInt32 = 1

    init(
        minimum: Int,
        maximum: Int,
        streams: Int,
        maxQueued: Int = 100,
        sharing: HTTPClientConfiguration.Sharing = .init(),
        spreading: HTTPClientConfiguration.Spreading = .leastLoaded,
        seed: UInt64 = 1
    ) {
        var configuration = HTTPClientConfiguration(host: "h", port: 1, authority: "h")
        configuration.connections = .init(minimum: minimum, maximum: maximum)
        configuration.maxStreamsPerConnection = streams
        configuration.maxQueued = maxQueued
        configuration.sharing = sharing
        configuration.spreading = spreading
        configuration.seed = seed
        self.maximum = maximum
        configuredStreams = streams
        machine = HTTPClientPool.StateMachine(configuration: configuration)
    }

    var loads: [Int] { ready.values.map(\.load).sorted() }
    /// In a fixed order, so that a seed decides everything.
    var inFlight: [UInt64] { sent.keys.sorted() }
    var open: [HTTPClientConnectionID] {
        ready.keys.sorted { ($0.index, $0.generation) < ($1.index, $1.generation) }
    }

    func lastConnection(of token: UInt64) -> HTTPClientConnectionID? { lastConnections[token] }

    // MARK: Events

    mutating func apply(_ event: (inout HTTPClientPool.StateMachine) -> [HTTPClientPool.StateMachine.Action]) {
        run(event(&machine))
    }

    mutating func start() { apply { $0.start() } }

    mutating func execute(_ token: UInt64, caller: Int = 0) {
        switch machine.execute(token: token, caller: caller) {
        case .send(let request, let id):
            tokens[request] = token
            send(request, on: id)
        case .queued(let request, let id):
            #expect(tokens[request] == nil, "a slot in use was handed out")
            tokens[request] = token
            if let id { run([.dial(id)]) }
        case .reject(let failure):
            failures[token] = failure
        }
    }

    mutating func respond(to token: UInt64) {
        guard let sent = sent.removeValue(forKey: token) else { return }
        answered += 1
        complete(sent.request)
        ready[sent.connection]?.load -= 1
        switch machine.streamReleased(sent.connection, served: true) {
        case .none: break
        case .send(let request, let id): send(request, on: id)
        case .close(let id): run([.close(id)])
        }
    }

    @discardableResult
    mutating func becomeReady(capacity: Int? = nil) -> HTTPClientConnectionID {
        let id = connecting.removeFirst()
        let capacity = capacity ?? configuredStreams
        ready[id] = Connection(capacity: capacity)
        apply { $0.connectionReady(id, capacity: capacity, now: .uptimeNanoseconds(0)) }
        return id
    }

    mutating func becomeReadyIfAny(capacity: Int) {
        guard !connecting.isEmpty else { return }
        becomeReady(capacity: capacity)
    }

    mutating func failDial() {
        let id = connecting.removeFirst()
        apply { $0.connectionClosed(id, now: .uptimeNanoseconds(0)) }
    }

    mutating func elapseBackoff() {
        #expect(backoff != nil)
        backoff = nil
        apply { $0.backoffElapsed() }
    }

    mutating func close(_ id: HTTPClientConnectionID) {
        closing.removeAll { $0 == id }
        ready[id] = nil
        connecting.removeAll { $0 == id }
        ageTimers[id] = nil
        for (token, request) in sent where request.connection == id {
            sent[token] = nil
            failures[token] = .connectionLost
            complete(request.request)
        }
        apply { $0.connectionClosed(id, now: .uptimeNanoseconds(0)) }
    }

    mutating func closeRetired() {
        for id in closing { close(id) }
    }

    private let configuredStreams: Int

    // MARK: Actions

    private mutating func run(_ actions: [HTTPClientPool.StateMachine.Action]) {
        for action in actions {
            switch action {
            case .dial(let id):
                #expect(!connecting.contains(id) && ready[id] == nil, "dialled twice")
                #expect(connecting.count + ready.count < 2 * maximum, "more connections than slots")
                connecting.append(id)
            case .close(let id):
                #expect(!closing.contains(id), "closed twice")
                #expect(ready[id] != nil || connecting.contains(id), "closed without being open")
                #expect((ready[id]?.load ?? 0) == 0, "closed with streams in flight")
                ready[id]?.isRetired = true
                closing.append(id)
            case .send(let request, let id):
                send(request, on: id)
            case .fail(let request, let failure):
                failures[tokens[request]!] = failure
                complete(request)
            case .startAgeTimer(let id, let delay):
                #expect(ageTimers[id] == nil, "the age timer was started twice")
                ageTimers[id] = delay
            case .startBackoffTimer(let delay):
                #expect(backoff == nil, "a backoff timer exists")
                backoff = delay
            case .cancelBackoffTimer:
                #expect(backoff != nil, "no backoff timer exists")
                backoff = nil
            case .completeShutdown:
                #expect(!isShutDown && connecting.isEmpty && ready.isEmpty && closing.isEmpty)
                #expect(machine.requests.count == 0)
                isShutDown = true
            }
        }
    }

    private mutating func send(_ request: Int32, on id: HTTPClientConnectionID) {
        let token = tokens[request]!
        #expect(sent[token] == nil, "sent twice")
        #expect(ready[id] != nil, "sent on a connection that is not established")
        #expect(ready[id]?.isRetired == false, "sent on a retired connection")
        ready[id]?.load += 1
        let stream = nextStream
        nextStream += 2
        machine.requestSent(request, on: id, stream: stream)
        sent[token] = Sent(request: request, connection: id, stream: stream)
        sentOrder.append(token)
        lastConnections[token] = id
    }

    private mutating func complete(_ request: Int32) {
        let token = machine.requestCompleted(request)
        let known = tokens.removeValue(forKey: request)
        #expect(known == token)
    }
}
