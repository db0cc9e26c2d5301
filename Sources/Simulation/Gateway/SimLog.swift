import Journal

/// One log in one run of the gateway's process. It is the real log of streams, whose writer, keeper
/// and archiver run when the world says so. Its shards are streams of it, and share its files, its
/// flushes and its failures.
final class SimLog {
    let number: Int
    unowned let process: GatewayProcess
    let log: StreamLog
    private(set) var shards: [SimShard] = []
    /// When the log's tasks are to be stepped next; nil while they wait for something.
    var writerAt: Int64?
    var keeperAt: Int64?
    var archiverAt: Int64?

    init(_ process: GatewayProcess, number: Int, log: StreamLog) {
        self.process = process
        self.number = number
        self.log = log
    }

    func add(_ shard: SimShard) { shards.append(shard) }

    /// An owner has appended what it was not told to be durable.
    var isBehind: Bool {
        shards.contains { shard in
            guard let engine = shard.serving?.engine else { return false }
            return shard.journalLog.acknowledged < engine.lastPosition
        }
    }

    /// Runs a job that blocks, and gives what it wanted executed on loops, by loop. The log's
    /// writer may run in it, and that tells the owners of every shard of the log what is durable.
    func holding(_ job: () -> Void) -> [HeldReports] {
        let loops = shards.flatMap { $0.hosts.map(\.loop) }
        for loop in loops { loop.hold() }
        job()
        return loops.compactMap { loop in
            let tasks = loop.release()
            return tasks.isEmpty ? nil : HeldReports(loop: loop, tasks: tasks)
        }
    }
}

/// What a job that blocked reports to one loop when its last operation has ended.
struct HeldReports {
    let loop: SimEventLoop
    let tasks: [() -> Void]
}
