import Foundation
import Journal
import NIOCore
import NIOPosix

/// Bytes, syncs and CPU per payment at a rate, through the real journal on the real disk.
struct CommitBenchmark {
    struct Result {
        var rate: Double
        var payments: Double
        var recordBytes: Double
        var statistics: JournalStatistics
        var writtenBytes: Double
        var writerCPU: Double
        var keeperCPU: Double
        var appendCPU: Double
        var latencies: [Double]

        /// Microseconds of CPU per payment of the journal: both threads and `append`.
        var cpu: Double { (writerCPU + keeperCPU + appendCPU) / 1_000 / payments }
        var flushesPerPayment: Double { Double(statistics.flushes) / payments }
    }

    let directory: String
    let records: (created: [[UInt8]], completed: [[UInt8]])

    func run(rate: Double, seconds: Double, configure: (inout JournalConfiguration) -> Void = { _ in }) throws -> Result
    {
        let path = directory + "/commit"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try? FileManager.default.removeItem(atPath: path)
        var configuration = JournalConfiguration(journalID: 1)
        // A small load does not reach the second segment; the making of it is then done before the
        // measurement.
        if rate < 5_000 { configuration.segmentBytes = 16 << 20 }
        configure(&configuration)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let owner = try eventLoop.submit { PacedOwner(eventLoop: eventLoop) }.wait()
        let (journal, _) = try LocalJournal.open(directory: path, configuration: configuration, owner: owner) { _, _ in
        }
        defer { journal.close() }
        while !FileManager.default.fileExists(atPath: path + "/00000000000000000002.journal") { usleep(20_000) }
        return try measure(journal, owner: owner, on: eventLoop, rate: rate, seconds: seconds)
    }

    private func measure(
        _ journal: LocalJournal,
        owner: PacedOwner,
        on eventLoop: any EventLoop,
        rate: Double,
        seconds: Double
    ) throws -> Result {
        let (writer, keeper) = ("jrnl-1", "jrnl-1-keep")
        let cpu = (Clocks.cpu(ofThreadsNamed: writer), Clocks.cpu(ofThreadsNamed: keeper))
        let written = Clocks.writtenBytes()
        let finished = eventLoop.makePromise(of: Void.self)
        let records = records
        let run = try eventLoop.submit {
            let run = PacedRun(
                journal: journal,
                eventLoop: eventLoop,
                rate: rate,
                seconds: seconds,
                records: records,
                finished: finished
            )
            owner.bind(run)
            run.start()
            return NIOLoopBound(run, eventLoop: eventLoop)
        }.wait()
        try finished.futureResult.wait()
        return try eventLoop.submit {
            let run = run.value
            owner.bind(nil)
            return Result(
                rate: rate,
                payments: Double(run.payments),
                recordBytes: Double(journal.statistics.bytes) / Double(run.payments),
                statistics: journal.statistics,
                writtenBytes: Double(Clocks.writtenBytes() - written) / Double(run.payments),
                writerCPU: Double(Clocks.cpu(ofThreadsNamed: writer) - cpu.0),
                keeperCPU: Double(Clocks.cpu(ofThreadsNamed: keeper) - cpu.1),
                appendCPU: Double(run.appendCPU),
                latencies: run.latencies.sorted()
            )
        }.wait()
    }

    static func printHead() {
        row([
            "payments/s", "payments", "flushes", "witness", "record bytes", "frame bytes", "to disk", "writer us",
            "keeper us",
            "append us", "all us", "flush p50/p99/max us", "two commits p50/p99 ms",
        ])
        row([String](repeating: "---:", count: 13))
    }

    static func printRow(_ result: Result) {
        let (payments, statistics) = (result.payments, result.statistics)
        let flush = statistics.flushLatency
        row([
            format(result.rate, 0), format(payments, 0), format(result.flushesPerPayment, 3),
            format(Double(statistics.witnessWrites) / payments, 3), format(result.recordBytes, 0),
            format(Double(statistics.paddedBytes) / payments, 0), format(result.writtenBytes, 0),
            format(result.writerCPU / 1_000 / payments, 2), format(result.keeperCPU / 1_000 / payments, 2),
            format(result.appendCPU / 1_000 / payments, 2), format(result.cpu, 2),
            "<= \(flush.upperBoundMicroseconds(ofShare: 0.5)) / \(flush.upperBoundMicroseconds(ofShare: 0.99)) / "
                + "\(flush.maximumNanoseconds / 1_000)",
            format(result.latencies.percentile(0.5), 2) + " / " + format(result.latencies.percentile(0.99), 2),
        ])
    }
}
