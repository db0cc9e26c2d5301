import Journal
import Payments
import ShardHost

/// One shard in one life of the gateway's process: the real journal, and one or two hosts with the real replica and shard. It shares
/// nothing with the other shards but the process, the disk and the connectors.
final class SimShard {
    let number: Int
    unowned let process: GatewayProcess
    /// The journal, which its hosts share.
    let local: LocalJournalStore
    private(set) var hosts: [SimHost] = []
    /// When the journal's tasks are to be stepped next; nil while they wait for something.
    var writerAt: Int64?
    var keeperAt: Int64?
    var archiverAt: Int64?

    init(_ process: GatewayProcess, number: Int, local: LocalJournalStore) {
        self.process = process
        self.number = number
        self.local = local
    }

    func add(_ host: SimHost) { hosts.append(host) }

    /// What was appended, and how much of it was said to be durable.
    var log: JournalLog { process.world.logs[number] }

    /// The newest owner; nil while the shard changes hands.
    var serving: SimHost? {
        hosts.filter(\.isServing).max { $0.ownership < $1.ownership }
    }

    /// A host that was replaced and does not know it.
    var zombie: SimHost? { hosts.first { $0.isServing && $0 !== serving } }

    var host: ShardHost? { serving?.host }

    /// All that its owner appended was said to be durable; false without an owner.
    var isAcknowledged: Bool { serving?.engine.map { log.acknowledged == $0.lastPosition } ?? false }

    /// Ends all that it has in memory; its journal and its owners hold each other.
    func drop() {
        for host in hosts { host.store.silence() }
        local.close()
        for host in hosts { host.drop() }
    }
}
