import Journal
import NIOPosix
import ShardHost
import ShardModel
import Testing

@Suite("A shard moves between two hosts under load; nothing is lost, nothing is executed twice")
struct HandoverTests {
    /// - Parameter threads: the journal and the blocking work have threads of their own; else all
    ///   happens on the test's thread.
    private func world(threads: NIOThreadPool?) throws -> (HandoverWorld, StreamLog) {
        let disk = MemoryDisk()
        var configuration = JournalConfiguration(
            journalID: 0,
            segmentBytes: 1 << 20,
            batchBytes: 64 << 10,
            backlogBytes: 1 << 20,
            floorNanoseconds: threads == nil ? 0 : 100_000
        )
        configuration.driving = threads == nil ? .steps : .threads
        let log = try StreamLog.open(
            directory: "/log",
            configuration: configuration,
            streams: [3, 9].map { StreamSetup(number: $0, directory: "/stream-\($0)") },
            fileSystem: disk
        ) { _, _, _ in }
        let step = { while log.stepWriter() == .did || log.stepKeeper() == .did {} }
        let jobs: any BlockingReads = threads ?? InlineReads()
        let world = HandoverWorld(
            store: log.store(of: 3),
            neighbour: try HandoverNeighbour(log.store(of: 9)),
            jobs: jobs,
            disk: disk,
            step: threads == nil ? step : nil
        )
        return (world, log)
    }

    /// Hands the shard over again and again: asked away, or taken from an owner that does not renew
    /// its lease.
    private func handOver(_ world: HandoverWorld, times: Int) throws {
        let (a, b) = (world.hosts[0], world.hosts[1])
        a.replica.want(.owner)
        b.replica.want(.follower)
        try world.pass { a.replica.host != nil && b.replica.role.state == .following }
        for round in 0..<times {
            world.limit = 20 * UInt64(round + 1)
            let (from, to) = round % 2 == 0 ? (a, b) : (b, a)
            for _ in 0..<3 { world.pass() }
            to.replica.want(.owner)
            if round % 10 == 9 {
                // A zombie: it hears of no time, renews nothing and still takes commands.
                try world.pass(paused: from) { to.replica.host != nil }
                #expect(
                    from.replica.host?.isReleased != false,
                    "it heard that it lost the journal before its heir began"
                )
                // One whose lease ran out before it was paused never heard of its heir.
                if from.replica.host == nil { from.replica.want(.follower) }
            } else {
                from.replica.want(.follower)
                try world.pass { to.replica.host != nil }
            }
            try world.pass { from.replica.host == nil && from.replica.role.state == .following }
        }
        try world.audit()
        let all = [a, b].map(\.replica.statistics)
        let (handed, lost) = (all.map(\.handovers).reduce(0, +), all.map(\.losses).reduce(0, +))
        // A thread that waits for the machine may let a lease run out: that is one end of an
        // ownership more.
        #expect(handed + lost + all.map(\.expiries).reduce(0, +) >= times && handed > 0 && lost > 0)
        #expect(world.refusals > 0 && world.keys > UInt64(times))
    }

    @Test("100 handovers, step by step")
    func stepByStep() throws {
        let (world, log) = try world(threads: nil)
        try handOver(world, times: 100)
        log.close()
    }

    @Test("100 handovers, with threads")
    func withThreads() throws {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        let (world, log) = try world(threads: pool)
        try handOver(world, times: 100)
        log.close()
        try pool.syncShutdownGracefully()
    }
}
