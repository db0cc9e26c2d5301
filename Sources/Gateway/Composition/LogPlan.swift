import Journal
import ShardHost
import Synchronization

/// What a log is opened with.
struct LogPlan: Sendable {
    var directory: String
    var configuration: JournalConfiguration
    /// Its shards, and what each has beside the log.
    var shards: [(number: Int, directory: String)]

    /// Opens the log, and gives the followers of its shards every record behind their snapshots.
    /// Blocks.
    /// - Parameter followers: by shard; at least those of this log.
    func open(_ followers: [ShardFollower?]) throws(JournalError) -> StreamLog {
        let streams = shards.map { shard in
            StreamSetup(
                number: StreamNumber(shard.number),
                directory: shard.directory,
                origin: followers[shard.number]?.position ?? 0
            )
        }
        do throws(JournalError) {
            return try StreamLog.open(
                directory: directory,
                configuration: configuration,
                streams: streams
            ) { shard, position, bytes in followers[Int(shard)]?.replay(bytes, at: position) }
        } catch {
            // The log names its file; of several logs the operator needs to know which.
            if error.description.contains(directory) { throw error }
            throw JournalError(error.code, "\(directory): \(error.description)")
        }
    }
}

/// The logs of a gateway, by number; filled once at the start.
final class LogTable: Sendable {
    private let logs = Mutex<[StreamLog?]>([])

    init(count: Int) { logs.withLock { $0 = [StreamLog?](repeating: nil, count: count) } }

    func set(_ log: StreamLog, at number: Int) { logs.withLock { $0[number] = log } }

    /// Those that are open.
    var all: [(number: Int, log: StreamLog)] {
        logs.withLock { logs in logs.enumerated().compactMap { number, log in log.map { (number, $0) } } }
    }

    func log(_ number: Int) -> StreamLog? { logs.withLock { $0[number] } }
}
