import Journal
import PSPSimulator
import Payments
import Providers
import Risk
import ShardCore

/// One simulated world, from its first shopper until nothing is left to happen. Everything in it
/// follows from the scenario.
final class World {
    /// When the wall clock begins, in milliseconds since 1970.
    static let epoch: Int64 = 1_790_000_000_000

    let scenario: Scenario
    let clock = SimClock()
    var queue = EventQueue()
    var trace = Trace()
    var counts = SimulationCounts()
    /// The first thing that must not have happened.
    private(set) var violation: String?

    let disk: SimDisk
    /// Of each shard.
    let journalLogs: [JournalLog]
    /// Of each shard.
    let snapshotFloors: [SnapshotFloors]
    var gateway: GatewayProcess?
    var boots = 0
    /// Times that a host became the shard's owner.
    var ownerships = 0
    /// Of each shard.
    var shardConsumers: [Consumer]
    /// What each shard of the last process looked like when it ended: position and digest.
    var lastLives: [Int: (position: UInt64, digest: UInt64)] = [:]
    /// What the wall clock is wrong by, in milliseconds.
    var wallOffset: Int64 = 0
    var damage: (inode: SimDisk.Inode, byte: Int, bit: Int, value: UInt8)?

    /// The PSPs, by the numbers of their connectors from 1.
    var psps: [EmbeddedPSP]
    let registry = ConnectorRegistry("alpha", "beta")
    /// The outcome of each payment's authorization at each connector that was called, and which
    /// connector was called last.
    var tries: [UInt64: PaymentTries] = [:]
    /// What connectors reported to have executed of payments that had left them: how much moved.
    var reportedByEarlier: [TryKey: Int64] = [:]
    /// The most that any report of an execution at a connector said to have moved, whether it was
    /// answered or not.
    var reportedAtMost: [TryKey: Int64] = [:]
    /// Calls to authorize that were not definitely refused.
    var openTries: [TryKey: Int] = [:]
    let codec = SimulatedCodec()
    var calls: [SimCall] = []
    var results: [SimCallResult?] = []
    var partition = Partition.none
    var auditor = PSPAuditor()
    /// How often an operation was sent, for a planted bug.
    var sendings: [String: UInt16] = [:]

    var intents: [Intent] = []
    var requests: [Request] = []
    var attempts: [Attempt] = []
    /// Requests that their merchant still wants an answer to.
    var openRequests = 0
    /// Wallets that were opened, by merchant.
    var wallets: [UInt64: [WalletID]] = [:]
    /// The newest event of each dispute that was opened.
    var cases: [DisputeID: (event: ProviderEvent, intent: Int)] = [:]
    /// Events that operators made so far.
    var events = 0
    /// Whether the scorer's last answer about each payment lets it proceed. Only answers that
    /// reached the gateway count.
    var clearances: [UInt64: Bool] = [:]
    /// Payments that were said to be in review, and shoppers whose payment was approved in a
    /// review.
    var reviewed: Set<UInt64> = []
    var approved: Set<Int> = []
    var scores: [ScoreOutcome] = []
    /// Of each score: the payment, and whether the policy allows the payment with this score.
    var expectations: [(payment: UInt64, isAllowed: Bool)] = []
    /// What was answered to a look at the end.
    var audited: Response?
    var isCalm = false
    /// What is asked long after everything is final; nil before.
    var oldKeys: OldKeys?
    /// Nothing is left to happen; seen at a tick.
    var isDone = false

    var crashes: SimRandom
    var network: SimRandom
    var edge: SimRandom
    var lastingFaults: SimRandom
    var damages: SimRandom
    var plants: SimRandom
    var scorer: SimRandom
    var connectors: SimRandom
    var handovers: SimRandom
    var consumers: SimRandom
    var leases: SimRandom

    /// Encryption at rest and signed checkpoints, in the worlds that have them.
    let keys: JournalKeys?
    let checkpoints: CheckpointSettings?

    var now: Int64 { clock.now }

    init(_ scenario: Scenario) throws {
        self.scenario = scenario
        let seed = scenario.seed
        journalLogs = (0..<scenario.shards).map {
            JournalLog(shard: $0, of: scenario.shards, keySeconds: Int64(World.keySeconds))
        }
        snapshotFloors = journalLogs.map { _ in SnapshotFloors(hosts: scenario.hosts) }
        shardConsumers = journalLogs.map { _ in Consumer() }
        disk = SimDisk(seed: seed, clock: clock)
        disk.faults.neverDurable = scenario.planted == .skipSync
        keys = scenario.encrypts ? try Self.makeKeys() : nil
        checkpoints =
            scenario.signsCheckpoints
            ? CheckpointSettings(signer: .generate(), intervalNanoseconds: 500_000_000) : nil
        psps = try registry.names.indices.map { number in
            try EmbeddedPSP(profile: .clean, seed: seed &+ UInt64(number) &* 0x51_7CC1, startedAt: Self.epoch)
        }
        crashes = SimRandom(seed: seed, .crashes)
        network = SimRandom(seed: seed, .network)
        edge = SimRandom(seed: seed, .edge)
        lastingFaults = SimRandom(seed: seed, .lastingFaults)
        damages = SimRandom(seed: seed, .damage)
        plants = SimRandom(seed: seed, .planted)
        scorer = SimRandom(seed: seed, .scorer)
        connectors = SimRandom(seed: seed, .connectors)
        handovers = SimRandom(seed: seed, .handovers)
        consumers = SimRandom(seed: seed, .consumers)
        leases = SimRandom(seed: seed, .leases)
        queue.schedule(.start, at: 0)
        queue.schedule(.intent, at: 1_000)
        queue.schedule(.lastingFaults, at: 0)
        queue.schedule(.calm, at: scenario.duration)
    }

    /// The encrypted bytes decide nothing, so the bytes of these keys are no part of the world.
    private static func makeKeys() throws -> JournalKeys {
        JournalKeys(try MasterKeyRing(text: Array(MasterKeyRing.newLine(id: 1).utf8), source: "simulation"))
    }

    /// Notes what must not happen; the world stops at the first.
    func fail(_ what: String) {
        guard violation == nil else { return }
        violation = what
        trace.note("VIOLATION", at: now)
    }

    func has(_ kind: FaultKinds) -> Bool { !isCalm && scenario.faults.contains(kind) }

    /// Runs the world to its end.
    func run() {
        while violation == nil, let (time, event) = queue.next() {
            clock.set(time)
            handle(event)
            counts.events += 1
            if isDone { break }
            if time > (oldKeys?.limit ?? scenario.duration + Self.patience) {
                fail("after \((time - scenario.duration) / 3_600_000_000) hours without faults: \(whatIsLeft)")
            }
        }
        guard violation == nil else { return }
        finish()
    }

    /// How long after the last fault everything must be final, in microseconds. The last steps of
    /// the resolution are a day apart. A hold that the PSP does not release lasts for seven days.
    static let patience: Int64 = 8 * 86_400_000_000

    private func handle(_ event: Event) {
        switch event {
        case .intent: newIntent()
        case .shopper(let intent, let succeeds): shopperIsDone(intent, succeeds: succeeds)
        case .truth(let intent): reportTruth(intent)
        case .scored(let owner, let token, let number): scored(owner: owner, token: token, number: number)
        case .send(let request): send(request)
        case .attemptArrives(let attempt): attemptArrives(attempt)
        case .inbox(let boot): with(boot) { processInbox($0) }
        case .answerArrives(let attempt): answerArrives(attempt)
        case .clientTimeout(let attempt): clientTimeout(attempt)
        case .callArrives(let call): callArrives(call)
        case .callResult(let call, let result): callResult(call, result)
        case .callDeadline(let call): callDeadline(call)
        case .writer(let boot, let log): with(boot, log: log) { if $0.writerAt == now { stepWriter($0) } }
        case .keeper(let boot, let log): with(boot, log: log) { if $0.keeperAt == now { stepKeeper($0) } }
        case .tick(let boot): with(boot) { tick($0) }
        case .reads(let boot, let shard): with(boot, shard: shard) { runReads($0) }
        case .archiver(let boot, let log): with(boot, log: log) { if $0.archiverAt == now { stepArchiver($0) } }
        case .snapshot(let boot, let shard): with(boot, shard: shard) { writeSnapshot($0) }
        case .reported(let boot, let number): with(boot) { reported($0, number) }
        case .replicas(let boot, let shard): with(boot, shard: shard) { runReplicaJobs($0) }
        case .handover(let boot, let shard): with(boot, shard: shard) { handOver($0) }
        case .thaw(let boot, let shard, let host): with(boot, shard: shard) { thaw($0, host) }
        case .consume(let boot): with(boot) { consume($0) }
        case .oldKey: nextOldKey()
        case .start: start()
        case .up(let boot): with(boot) { up($0) }
        case .crash(let boot): with(boot) { crash($0) }
        case .closed(let boot): with(boot) { end($0, power: false) }
        case .lastingFaults: changeLastingFaults()
        case .calm: becomeCalm()
        }
    }

    /// Lets go of the process that is still there; its logs and their owners hold each other.
    func shutDown() {
        guard let gateway else { return }
        gateway.session.end()
        gateway.drop()
        self.gateway = nil
    }

    private func with(_ boot: Int, _ body: (GatewayProcess) -> Void) {
        guard let gateway, gateway.boot == boot else { return }
        body(gateway)
    }

    private func with(_ boot: Int, shard: Int, _ body: (SimShard) -> Void) {
        with(boot) { body($0.shards[shard]) }
    }

    private func with(_ boot: Int, log: Int, _ body: (SimLog) -> Void) {
        with(boot) { body($0.logs[log]) }
    }
}

/// What a world went through.
package struct SimulationCounts: Sendable {
    package var events = 0
    package var payments = 0
    package var requests = 0
    /// Of the requests, those of operators and those about money beside payments.
    package var nonPaymentCommands = 0
    /// Questions to the scorer.
    package var questions = 0
    package var scorerFaults = 0
    package var attempts = 0
    package var pspCalls = 0
    /// Events of connectors that a payment had left.
    package var earlierEvents = 0
    /// Authorizations that went on to another connector.
    package var failovers = 0
    package var starts = 0
    package var kills = 0
    package var powerFailures = 0
    package var cleanStops = 0
    /// Crashes of the above that came while the process recovered.
    package var duringRecovery = 0
    package var exits = 0
    /// Requests that were made again long after their answer, and keys that were used anew when
    /// they were forgotten.
    package var oldKeys = 0
    package var forgottenKeys = 0
    /// Handovers that were begun, and owners that heard that another host has the journal.
    package var handovers = 0
    package var losses = 0
    /// Owners that stopped because their lease was not renewed in time.
    package var leasesEnded = 0
    package var diskErrors = 0
    package var diskFull = 0
    package var diskSlow = 0
    package var bitFlipsRefused = 0
    package var bitFlipsTolerated = 0
    package var networkFaults = 0
    package var partitions = 0
    package var pspFaults = 0
    package var edgeFaults = 0
    package var clockJumps = 0
    package var conflicts = 0
    package var tornTails = 0
    package var tornSectors = 0
    package var storedAnswers = 0
    package var recordsReplayed = 0
    package var snapshots = 0
    package var snapshotsFailed = 0
    /// Starts from a snapshot.
    package var startsFromSnapshot = 0

    package init() {}

    /// All that was done to the world.
    package var faults: Int {
        kills + powerFailures + cleanStops + diskErrors + diskFull + diskSlow + bitFlipsRefused + bitFlipsTolerated
            + networkFaults + partitions + pspFaults + edgeFaults + clockJumps + conflicts + scorerFaults + handovers
    }
}
