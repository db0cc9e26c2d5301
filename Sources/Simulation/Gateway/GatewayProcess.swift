import Journal
import Payments
import Risk
import ShardCore
import ShardHost
import ShardStorage

/// One life of the gateway's process: the real journal, and one or two hosts with the real replica and shard.
final class GatewayProcess: ShardPorts {
    let boot: Int
    let session: DiskSession
    /// The journal, which its hosts share.
    let local: LocalJournalStore
    let clock: @Sendable () -> Int64
    private(set) var hosts: [SimHost] = []
    unowned let world: World
    /// Recovery has ended and requests are taken.
    var isUp = false
    /// It was asked to end, and takes nothing new.
    var isStopping = false
    /// It exits as soon as the world looks.
    private(set) var failure: JournalError?
    var inbox: [Command] = []
    /// What blocking jobs report when they have ended.
    var reports: [(loop: SimEventLoop, tasks: [() -> Void])] = []
    var inboxIsScheduled = false
    /// When the journal's tasks are to be stepped next; nil while they wait for something.
    var writerAt: Int64?
    var keeperAt: Int64?
    var archiverAt: Int64?

    init(
        boot: Int,
        world: World,
        session: DiskSession,
        local: LocalJournalStore,
        clock: @escaping @Sendable () -> Int64
    ) {
        self.boot = boot
        self.world = world
        self.session = session
        self.local = local
        self.clock = clock
    }

    func add(_ host: SimHost) { hosts.append(host) }

    /// The newest owner; nil while the shard changes hands.
    var serving: SimHost? {
        hosts.filter(\.isServing).max { $0.ownership < $1.ownership }
    }

    /// A host that was replaced and does not know it.
    var zombie: SimHost? { hosts.first { $0.isServing && $0 !== serving } }

    var host: ShardHost? { serving?.host }

    /// The host that has an ownership; nil when it is over.
    func host(of ownership: Int) -> SimHost? { hosts.first { $0.host != nil && $0.ownership == ownership } }

    /// Ends all that a process has in memory; its journal and its owners hold each other.
    func drop() {
        for host in hosts { host.store.silence() }
        local.close()
        for host in hosts { host.drop() }
    }

    // MARK: Ports

    private func ownership(of host: ShardHost) -> Int { hosts.first { $0.host === host }?.ownership ?? 0 }

    func callProvider(_ call: ProviderCall, token: UInt64, timeout: Int64, for host: ShardHost) {
        world.callProvider(call, token: token, timeout: timeout, boot: ownership(of: host))
    }

    func score(_ question: ScoreRequest, token: UInt64, timeout: Int64, for host: ShardHost) {
        world.score(question, token: token, timeout: timeout, boot: ownership(of: host))
    }

    func respond(_ response: Response) { world.respond(response, boot: boot) }

    func effectsReleased() {}

    func journalRoom(isShort: Bool, shard: UInt16) {}

    /// Two verified snapshots lie behind these records, so their segments may go.
    func snapshotWritten(_ written: WrittenSnapshot, for host: ShardHost) {
        world.counts.snapshots += 1
        hosts.first { $0.host === host }?.engine?.retire(upTo: written.retirable)
        world.wakeArchiver(self)
    }

    func snapshotFailed(_ error: JournalError, shard: UInt16) { world.counts.snapshotsFailed += 1 }

    func journalFailed(_ error: JournalError, shard: UInt16) { failure = failure ?? error }

    /// Its replica builds the shard anew.
    func journalLost(_ error: JournalError, shard: UInt16) { world.counts.losses += 1 }
}
