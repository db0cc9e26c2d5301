import Journal
import NIOEmbedded
import Payments
import Shard

/// One life of the gateway's process: the real shard with its real host, the real journal, and an event loop that runs when
/// the world says so.
final class GatewayProcess: ShardPorts {
    let boot: Int
    let session: DiskSession
    let owner: SimOwner
    let engine: SimEngine
    let loop: EmbeddedEventLoop
    let reads = SimReads()
    private(set) var host: ShardHost!
    private unowned let world: World
    /// Recovery has ended and requests are taken.
    var isUp = false
    /// It was asked to end, and takes nothing new.
    var isStopping = false
    /// It exits as soon as the world looks.
    private(set) var failure: JournalError?
    var inbox: [Command] = []
    var inboxIsScheduled = false
    var readsAreScheduled = false
    /// When the journal's tasks are to be stepped next; nil while they wait for something.
    var writerAt: Int64?
    var keeperAt: Int64?

    init(
        boot: Int,
        world: World,
        session: DiskSession,
        owner: SimOwner,
        engine: SimEngine,
        loop: EmbeddedEventLoop
    ) {
        self.boot = boot
        self.world = world
        self.session = session
        self.owner = owner
        self.engine = engine
        self.loop = loop
    }

    func begin(_ core: consuming ShardCore, _ bridge: JournalBridge, clock: @escaping @Sendable () -> Int64) {
        host = ShardHost(
            eventLoop: loop,
            core: core,
            journal: engine,
            threadPool: reads,
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

    func respond(_ response: Response) { world.respond(response, boot: boot) }

    func effectsReleased() {}

    func journalRoom(isShort: Bool, shard: UInt16) {}

    func journalFailed(_ error: JournalError, shard: UInt16) { failure = failure ?? error }
}
