import Journal
import Payments
import Risk
import ShardCore
import ShardHost
import ShardStorage

/// One life of the gateway's process: the real shard with its real host, the real journal, and an event loop that runs when
/// the world says so.
final class GatewayProcess: ShardPorts {
    let boot: Int
    let session: DiskSession
    let owner: SimOwner
    let engine: SimEngine
    let loop: SimEventLoop
    let reads = SimReads()
    /// Where snapshots are written.
    let snapshotJobs = SimReads()
    let storage: ShardStorage
    private(set) var host: ShardHost!
    private unowned let world: World
    /// Recovery has ended and requests are taken.
    var isUp = false
    /// It was asked to end, and takes nothing new.
    var isStopping = false
    /// It exits as soon as the world looks.
    private(set) var failure: JournalError?
    var inbox: [Command] = []
    /// What blocking jobs report when they have ended.
    var reports: [[() -> Void]] = []
    var inboxIsScheduled = false
    var readsAreScheduled = false
    /// When the journal's tasks are to be stepped next; nil while they wait for something.
    var writerAt: Int64?
    var keeperAt: Int64?
    var archiverAt: Int64?

    init(
        boot: Int,
        world: World,
        session: DiskSession,
        owner: SimOwner,
        engine: SimEngine,
        loop: SimEventLoop,
        storage: ShardStorage
    ) {
        self.boot = boot
        self.world = world
        self.session = session
        self.owner = owner
        self.engine = engine
        self.loop = loop
        self.storage = storage
    }

    func begin(
        _ core: consuming ShardCore,
        _ bridge: JournalBridge,
        snapshots: SnapshotSetup?,
        clock: @escaping @Sendable () -> Int64
    ) {
        host = ShardHost(
            eventLoop: loop,
            core: core,
            journal: engine,
            threads: ReadThreads(reads),
            snapshots: snapshots,
            limits: .init(unflushedBytes: 128 << 10, unflushedMilliseconds: 1_000, reads: 4),
            clock: clock,
            ports: self
        )
        bridge.bind(host)
    }

    // MARK: Ports

    func callProvider(_ call: ProviderCall, token: UInt64, timeout: Int64, for host: ShardHost) {
        world.callProvider(call, token: token, timeout: timeout, boot: boot)
    }

    func score(_ question: ScoreRequest, token: UInt64, timeout: Int64, for host: ShardHost) {
        world.score(question, token: token, timeout: timeout, boot: boot)
    }

    func respond(_ response: Response) { world.respond(response, boot: boot) }

    func effectsReleased() {}

    func journalRoom(isShort: Bool, shard: UInt16) {}

    /// Two verified snapshots lie behind these records, so their segments may go.
    func snapshotWritten(_ written: WrittenSnapshot, for host: ShardHost) {
        world.counts.snapshots += 1
        engine.retire(upTo: written.retirable)
        world.wakeArchiver(self)
    }

    func snapshotFailed(_ error: JournalError, shard: UInt16) { world.counts.snapshotsFailed += 1 }

    func journalFailed(_ error: JournalError, shard: UInt16) { failure = failure ?? error }
}
