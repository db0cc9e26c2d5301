import Journal
import Payments
import ShardHost

/// One shard during one run of the gateway's process. It has a stream of a real log, and one or two
/// hosts with the real replica and shard. It shares its log with other shards. Beside the log,
/// shards share only the process, the disk and the connectors.
final class SimShard {
    let number: Int
    unowned let process: GatewayProcess
    unowned let log: SimLog
    /// Its stream, which its hosts share.
    let stream: StreamStore
    private(set) var hosts: [SimHost] = []

    /// - Parameter number: of the shard; its stream has the same.
    init(_ log: SimLog, number: Int) {
        self.log = log
        process = log.process
        self.number = number
        stream = log.log.store(of: StreamNumber(number))
    }

    func add(_ host: SimHost) { hosts.append(host) }

    /// What was appended, and how much of it was said to be durable.
    var journalLog: JournalLog { process.world.journalLogs[number] }

    /// The newest owner; nil while the shard changes hands.
    var serving: SimHost? {
        hosts.filter(\.isServing).max { $0.ownership < $1.ownership }
    }

    /// A host that was replaced and does not know it.
    var zombie: SimHost? { hosts.first { $0.isServing && $0 !== serving } }

    var host: ShardHost? { serving?.host }

    /// All that its owner appended was said to be durable; false without an owner.
    var isAcknowledged: Bool { serving?.engine.map { journalLog.acknowledged == $0.lastPosition } ?? false }
}
