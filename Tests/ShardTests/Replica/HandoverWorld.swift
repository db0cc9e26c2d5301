import Dispatch
import Glibc
import Journal
import Ledger
import NIOCore
import NIOPosix
import Payments
import ShardCore
import ShardHost
import ShardModel
import ShardRecords
import ShardState
import ShardStorage
import Synchronization
import Testing

/// Two hosts that share one stream of a log with a busy neighbour, merchants that never stop, and a
/// PSP that remembers what it executed and loses an answer in ten. Time passes turn by turn, 10 ms
/// each.
final class HandoverWorld {
    static let turn: UInt64 = 10_000_000
    static let lease: UInt64 = 1_000_000_000
    static let amount: Int64 = 1_000

    let loop = QueueLoop()
    let mail: JournalMail
    let store: any JournalStore
    let clock = WorldClock()
    /// The owner of the log's other stream.
    let neighbour: HandoverNeighbour
    /// Lets the journal work, where no threads of its own do; nil where they do, and then time is
    /// the machine's.
    let step: (() -> Void)?
    private var turnBegan = ContinuousClock.now
    private(set) var hosts: [HandoverHost] = []
    private(set) var psp = HandoverPSP()
    /// What merchants know of each key: the body of its first final answer.
    private(set) var acknowledged: [UInt64: String] = [:]
    /// The payment that each key was first said to have made, final or not.
    private var named: [UInt64: Substring] = [:]
    /// Keys whose requests wait for their answers, by request.
    private var waiting: [UInt64: UInt64] = [:]
    /// Keys without a final answer that no request waits for.
    private var refused: [UInt64] = []
    private var requests: UInt64 = 0
    private(set) var keys: UInt64 = 0
    /// The payments that one key in five gives back, by the refund's key.
    private var refunds: [UInt64: PaymentID] = [:]
    private(set) var refusals = 0
    private(set) var problems: [String] = []
    /// New keys in each turn, until there are `limit` of them.
    var rate: UInt64 = 3
    /// The most keys for now: on a fast machine turns are many.
    var limit: UInt64 = 0

    init(
        store: any JournalStore,
        neighbour: HandoverNeighbour,
        jobs: any BlockingReads,
        disk: MemoryDisk,
        step: (() -> Void)?
    ) {
        self.store = store
        self.neighbour = neighbour
        mail = JournalMail(eventLoop: loop)
        self.step = step
        for name in ["a", "b"] { hosts.append(HandoverHost(self, name: name, jobs: jobs, disk: disk)) }
    }

    /// The host that takes commands.
    var owner: HandoverHost? { hosts.first { $0.replica.host != nil && $0.isRouted } }

    func problem(_ text: String) { problems.append(text) }

    // MARK: Turns

    func pass(paused: HandoverHost? = nil) {
        letTimePass()
        retry()
        for _ in 0..<rate where keys < limit && waiting.count < 64 && refused.count < 64 {
            keys += 1
            send(key: keys)
        }
        neighbour.turn()
        for host in hosts where host !== paused { host.tick() }
        settle()
        deliver()
        settle()
    }

    /// A turn; of the machine's time at least a millisecond, in which the threads work.
    private func letTimePass() {
        guard step == nil else { return clock.advance(by: Self.turn) }
        var now = ContinuousClock.now
        while now - turnBegan < .milliseconds(1) {
            loop.run()
            sched_yield()
            now = .now
        }
        clock.advance(by: UInt64((now - turnBegan) / .nanoseconds(1)))
        turnBegan = now
    }

    func settle() {
        step?()
        loop.run()
    }

    /// Passes turns until the condition holds.
    func pass(paused: HandoverHost? = nil, until isTrue: () -> Bool) throws {
        let limit = ContinuousClock.now + .seconds(120)
        while !isTrue() {
            let states = hosts.map { "\($0.name): \($0.replica.role.goal), \($0.replica.role.state)" }
            try #require(
                ContinuousClock.now < limit,
                "\(states), \(keys) keys, \(acknowledged.count) known, \(waiting.count) waiting, \(problems.first ?? "")"
            )
            pass(paused: paused)
        }
    }

    private func deliver() {
        for answer in psp.due() {
            answer.host.replica.host.map { host in
                guard host === answer.asker else { return }
                host.providerCompleted(answer.token, answer.outcome)
                host.providerCompletionsDelivered()
            }
        }
    }

    // MARK: Merchants

    private func send(key: UInt64) {
        requests += 1
        let command = Command(
            kind: refunds[key].map { .payment($0, .refund(amountMinor: nil)) } ?? ShardWorld.create(Self.amount),
            merchant: MerchantID(rawValue: 7),
            requestID: RequestID(high: 1, low: requests),
            key: KeyDigest(high: 7, low: key),
            fingerprint: Fingerprint(high: 0, low: 1),
            reply: ReplyToken(loop: 0, connection: 0, generation: 0, stream: UInt32(requests))
        )
        waiting[requests] = key
        guard let owner, let host = owner.replica.host else { return answered(requests, status: 503, "no owner") }
        host.process([command])
    }

    /// Sends again what was refused, and a key that was answered already.
    private func retry() {
        let again = refused.prefix(16)
        refused.removeFirst(again.count)
        for key in again { send(key: key) }
        guard requests % 7 == 0, let known = acknowledged.keys.first else { return }
        send(key: known)
    }

    func answered(_ request: UInt64, status: UInt16, _ body: String) {
        guard let key = waiting.removeValue(forKey: request) else {
            return problem("request \(request) is answered twice: \(status) \(body)")
        }
        switch status {
        case 201:
            if let known = acknowledged[key], known != body { problem("key \(key): \(known), then \(body)") }
            let isNew = acknowledged[key] == nil
            acknowledged[key] = body
            note(body, of: key)
            if isNew { refund(key) }
        case 202:
            note(body, of: key)
            refused.append(key)
        case 409, 503:
            refusals += 1
            refused.append(key)
        default: problem("key \(key): \(status) \(body)")
        }
        if acknowledged[key] != nil { refused.removeAll { $0 == key } }
    }

    /// One payment in five is refunded as soon as it is made.
    private func refund(_ key: UInt64) {
        guard key % 5 == 0, refunds[key] == nil else { return }
        guard let name = named[key], let payment = PaymentID(name) else { return problem("key \(key) made no payment") }
        let own = key | 1 << 32
        refunds[own] = payment
        refused.append(own)
    }

    /// One key is one payment or refund, whoever answers.
    private func note(_ body: String, of key: UInt64) {
        let payment = body.prefix { $0 != " " }
        if let known = named[key], known != payment { problem("key \(key) made \(known), and then \(payment)") }
        named[key] = payment
    }

    func call(_ call: ProviderCall, token: UInt64, of shard: ShardHost, at host: HandoverHost) {
        psp.take(call, token: token, of: shard, at: host)
    }

    // MARK: The end

    /// Lets everything end, with the same host, and compares what everybody knows.
    func audit() throws {
        rate = 0
        try pass { self.acknowledged.count == Int(self.keys) + self.refunds.count && self.psp.isQuiet }
        try pass { self.waiting.isEmpty }
        try pass { self.owner?.replica.host?.isQuiet == true }
        for problem in problems { Issue.record("\(problem)") }
        let host = try #require(owner?.replica.host)
        let refunded = Set(refunds.values)
        #expect(refunds.count == Int(keys) / 5)
        var found: Set<String> = []
        var next: Int? = 0
        while let first = next {
            next = host.forEachPayment(from: first, count: 4_096) { payment, _ in
                #expect(payment.capturedMinor == Self.amount)
                #expect(payment.refundedMinor == (refunded.contains(payment.id) ? Self.amount : 0))
                found.insert("\(payment.id)")
            }
        }
        #expect(found.count == Int(keys), "each key is one payment")
        for (key, payment) in named where refunds[key] == nil && !found.contains(String(payment)) {
            Issue.record("the payment of key \(key) is gone: \(payment)")
        }
        #expect(psp.executed.count == Int(keys) + refunds.count)
        #expect(psp.executed.values.allSatisfy { $0 == Self.amount } && psp.lost > keys / 20)
        for line in host.trialBalance().currencies { #expect(line.totals.balance == 0) }
        try compareReplay(host)
        try neighbour.audit()
    }

    /// A shard that is made from the journal alone is the owner's.
    private func compareReplay(_ host: ShardHost) throws {
        var core = ShardCore(configuration: HandoverHost.configuration, renderer: TestRenderer())
        let feed = try store.feed(from: 1)
        var epochs: [UInt64] = []
        while let batch = try feed.read() {
            epochs.append(batch.epoch)
            try batch.forEach { (position, bytes) throws(RecordDecodingError) in
                try core.replay(bytes, at: position)
            }
        }
        feed.close()
        #expect(core.lastPosition == host.core.lastPosition)
        #expect(zip(epochs, epochs.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(core.stateDigest { _ in nil } == host.core.stateDigest { _ in nil })
    }
}

/// One of the hosts: a replica, and what it is told.
final class HandoverHost: ReplicaPorts, ShardPorts {
    let name: String
    private(set) var replica: ShardReplica!
    /// Whether commands are sent here.
    var isRouted = false
    private unowned let world: HandoverWorld
    private let jobs: any BlockingReads

    static var configuration: ShardConfiguration {
        ShardConfiguration(
            shard: 3,
            connectors: ConnectorTable(ConnectorRegistry("psp")),
            idempotencyCapacity: 1 << 17,
            paymentCapacity: 1 << 16,
            operationCapacity: 1 << 10
        )
    }

    init(_ world: HandoverWorld, name: String, jobs: any BlockingReads, disk: MemoryDisk) {
        self.world = world
        self.name = name
        self.jobs = jobs
        let clock = world.clock
        let setup = ShardReplica.Setup(
            store: world.store,
            configuration: Self.configuration,
            renderer: TestRenderer(),
            storage: { ShardStorage(directory: "/\(name)", journalID: 3, fileSystem: disk) },
            holder: name,
            leaseNanoseconds: HandoverWorld.lease,
            retryNanoseconds: HandoverWorld.turn,
            monotonic: { clock.now },
            jobs: jobs
        )
        replica = ShardReplica(mail: world.mail, setup: setup, ports: self)
    }

    func tick() {
        replica.tick()
        replica.host?.tick()
    }

    // MARK: Ports of the replica

    func own(_ ownership: ShardOwnership, for replica: ShardReplica) -> ShardHost {
        let clock = world.clock
        return ShardHost(
            eventLoop: world.loop,
            core: ownership.takeCore(),
            journal: ownership.journal,
            acquiredAt: ownership.acquiredAt,
            threads: ReadThreads(jobs),
            snapshots: SnapshotSetup(
                storage: ownership.storage,
                policy: SnapshotPolicy(payments: 100),
                writer: jobs,
                pace: WritePace(bytesPerSecond: 0),
                tailBytes: ownership.tailBytes,
                tailPayments: ownership.tailPayments
            ),
            limits: ShardHost.Limits(),
            clock: { 1_790_000_000_000 + Int64(clock.now / 1_000_000) },
            ports: self
        )
    }

    func owned(_ host: ShardHost, by replica: ShardReplica) {
        _ = host.resume()
        for other in world.hosts { other.isRouted = other === self }
    }

    func ended(_ host: ShardHost, of replica: ShardReplica) { isRouted = false }

    func failed(_ failure: ShardFollower.Failure, _ replica: ShardReplica) {
        world.problem("\(name) cannot be built: \(failure)")
    }

    // MARK: Ports of the shard

    func callProvider(_ call: ProviderCall, token: UInt64, timeout: Int64, for host: ShardHost) {
        if host.isReleased { world.problem("\(name) calls the PSP after it lost the shard") }
        world.call(call, token: token, of: host, at: self)
    }

    func respond(_ response: Response) {
        world.answered(response.requestID.low, status: response.status, String(buffer: response.body))
    }

    func effectsReleased() {}
    func journalRoom(isShort: Bool, shard: UInt16) {}
    func journalFailed(_ error: JournalError, shard: UInt16) { world.problem("\(name): \(error)") }
    func journalLost(_ error: JournalError, shard: UInt16) {}
}

/// Nanoseconds, as the world says; any thread may read it.
final class WorldClock: Sendable {
    private let nanoseconds = Mutex<UInt64>(0)

    var now: UInt64 { nanoseconds.withLock { $0 } }

    func advance(by interval: UInt64) { nanoseconds.withLock { $0 += interval } }
}

/// Executes each key once, and answers two turns later. One answer to an execution in ten is lost.
struct HandoverPSP {
    struct Answer {
        let host: HandoverHost
        let asker: ShardHost
        let token: UInt64
        let outcome: ProviderOutcome
        var turns = 2
    }

    /// What was executed, by the PSP's idempotency key.
    private(set) var executed: [String: Int64] = [:]
    private var calls: UInt64 = 0
    private(set) var lost: UInt64 = 0
    private var answers: [Answer] = []

    var isQuiet: Bool { answers.isEmpty }

    mutating func take(_ call: ProviderCall, token: UInt64, of shard: ShardHost, at host: HandoverHost) {
        if call.mode == .execute { executed[call.providerKey] = call.amountMinor }
        var outcome: ProviderOutcome =
            executed[call.providerKey].map { ShardWorld.success($0, "ch_1") } ?? .notFound
        calls += 1
        if call.mode == .execute, calls.isMultiple(of: 10) {
            lost += 1
            outcome = .unknown(.timeout)
        }
        answers.append(Answer(host: host, asker: shard, token: token, outcome: outcome))
    }

    mutating func due() -> [Answer] {
        for index in answers.indices { answers[index].turns -= 1 }
        defer { answers.removeAll { $0.turns <= 0 } }
        return answers.filter { $0.turns <= 0 }
    }
}

/// An event loop that runs when the test says so; other threads may put work on it.
final class QueueLoop: EventLoop {
    private let tasks = Mutex<[@Sendable () -> Void]>([])

    var inEventLoop: Bool { true }

    func execute(_ task: @escaping @Sendable () -> Void) { tasks.withLock { $0.append(task) } }

    func run() {
        while true {
            let batch = tasks.withLock { tasks in
                defer { tasks = [] }
                return tasks
            }
            if batch.isEmpty { return }
            for task in batch { task() }
        }
    }

    func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        preconditionFailure("a shard's host schedules nothing")
    }

    func scheduleTask<T>(in: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        preconditionFailure("a shard's host schedules nothing")
    }

    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        callback(nil)
    }
}
