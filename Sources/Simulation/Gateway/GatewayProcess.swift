import Journal
import Payments
import Risk
import ShardCore
import ShardHost
import ShardStorage

/// One run of the gateway's process: its logs, and their shards with hosts of their own.
final class GatewayProcess: ShardPorts {
    let boot: Int
    let session: DiskSession
    let clock: @Sendable () -> Int64
    private(set) var logs: [SimLog] = []
    /// By number.
    private(set) var shards: [SimShard] = []
    unowned let world: World
    /// Recovery has ended and requests are taken.
    var isUp = false
    /// It was asked to end, and takes nothing new.
    var isStopping = false
    /// It exits as soon as the world looks.
    private(set) var failure: JournalError?
    var inbox: [Command] = []
    /// What blocking jobs report when they have ended.
    var reports: [[HeldReports]] = []
    var inboxIsScheduled = false

    init(boot: Int, world: World, session: DiskSession, clock: @escaping @Sendable () -> Int64) {
        self.boot = boot
        self.world = world
        self.session = session
        self.clock = clock
    }

    func add(_ log: SimLog) { logs.append(log) }

    /// In the order of their numbers.
    func add(_ shard: SimShard) {
        shards.append(shard)
        shard.log.add(shard)
    }

    /// Of all shards.
    var hosts: [SimHost] { shards.flatMap(\.hosts) }

    /// Every shard has an owner, and nothing is in flight at any of them.
    var isQuiet: Bool { shards.allSatisfy { $0.host?.isQuiet == true } }

    /// Operations run at a shard, or a shard changes hands.
    var isRunning: Bool { shards.contains { $0.host.map { $0.core.runningCount > 0 } ?? true } }

    /// The host that has an ownership; nil when it is over.
    func host(of ownership: Int) -> SimHost? {
        for shard in shards {
            for host in shard.hosts where host.host != nil && host.ownership == ownership { return host }
        }
        return nil
    }

    /// Ends all that a process has in memory; its logs and their owners hold each other.
    func drop() {
        for host in hosts { host.store.silence() }
        for log in logs { log.log.close() }
        for host in hosts { host.drop() }
    }

    // MARK: Ports

    private func simHost(of host: ShardHost) -> SimHost? {
        for shard in shards {
            for found in shard.hosts where found.host === host { return found }
        }
        return nil
    }

    private func ownership(of host: ShardHost) -> Int { simHost(of: host)?.ownership ?? 0 }

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
        simHost(of: host)?.engine?.retire(upTo: written.retirable)
    }

    func snapshotFailed(_ error: JournalError, shard: UInt16) { world.counts.snapshotsFailed += 1 }

    func journalFailed(_ error: JournalError, shard: UInt16) { failure = failure ?? error }

    /// Its replica builds the shard anew.
    func journalLost(_ error: JournalError, shard: UInt16) { world.counts.losses += 1 }
}
