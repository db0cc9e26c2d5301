import Foundation
import Journal
import ShardCore
import ShardRecords

/// How fast a start reads a journal: the scan alone (checksums, chain, order), and the scan with
/// the shard's replay.
struct ReplayBenchmark {
    let directory: String
    let payments: Int
    private var path: String { directory + "/replay" }

    init(directory: String, payments: Int) {
        self.directory = directory
        self.payments = payments
    }

    func run(rounds: Int) throws {
        try? FileManager.default.removeItem(atPath: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = try fill()
        say(
            "\(payments) payments, \(payments * 2) records, \(bytes / payments / 2) bytes each on average; from the page cache"
        )
        _ = try pass(replays: false)
        var scans: [Double] = []
        var replays: [Double] = []
        for _ in 0..<rounds {
            scans.append(try pass(replays: false))
            replays.append(try pass(replays: true))
        }
        for (name, values) in [("scan alone", scans), ("scan and shard", replays)] {
            let rates = values.map { Double(payments * 2) / $0 }
            say(
                "\(name): \(format(rates.median, 2)) million records per second of CPU "
                    + "(\(format(rates.min() ?? 0, 2)) to \(format(rates.max() ?? 0, 2)))"
            )
        }
        let shard = (replays.median - scans.median) * 1_000 / Double(payments * 2)
        say("the shard's share: \(format(shard, 0)) ns of CPU per record")
    }

    /// Writes the journal as fast as the disk takes it; the bytes of its records.
    private func fill() throws -> Int {
        final class Owner: JournalOwner {
            func journalDurable(upTo position: RecordPosition) {}
            func journalFailed(_ error: JournalError) { preconditionFailure("\(error)") }
        }
        let configuration = JournalConfiguration(journalID: 1)
        let (journal, _) = try LocalJournal.open(directory: path, configuration: configuration, owner: Owner()) {
            _,
            _ in
        }
        defer { journal.close() }
        var sample = SampleRecords(capacity: payments * 2)
        var total = 0
        for start in stride(from: 0, to: payments, by: 500) {
            // As under load: the second records of some while the first ones of others are written.
            var (first, second): ([UInt8], [UInt8]) = ([], [])
            let count = min(500, payments - start)
            for _ in 0..<count { sample.next(created: &first, finished: &second) }
            try append(first, count: count, to: journal)
            try append(second, count: count, to: journal)
            total += first.count + second.count
        }
        return total
    }

    private func append(_ bytes: [UInt8], count: Int, to journal: LocalJournal) throws {
        while true {
            do throws(JournalError) {
                let position = journal.lastPosition
                return try journal.append(records: bytes, count: count, expecting: position, epoch: journal.epoch)
            } catch {
                guard error.code == .backlog else { throw error }
                usleep(1_000)
            }
        }
    }

    /// Microseconds of CPU of one start.
    private func pass(replays: Bool) throws -> Double {
        final class Owner: JournalOwner {
            func journalDurable(upTo position: RecordPosition) {}
            func journalFailed(_ error: JournalError) { preconditionFailure("\(error)") }
        }
        // Room for keys is allocated and touched when a shard is made; that is not replay.
        var core = SampleRecords.emptyShard(capacity: replays ? payments * 2 : 1_024)
        var problem: RecordDecodingError?
        var count = 0
        let start = Clocks.threadCPU()
        let (journal, _) = try LocalJournal.open(
            directory: path,
            configuration: JournalConfiguration(journalID: 1),
            owner: Owner()
        ) { position, bytes in
            count += 1
            guard replays, problem == nil else { return }
            do throws(RecordDecodingError) { try core.replay(bytes, at: position) } catch { problem = error }
        }
        let nanoseconds = Clocks.threadCPU() - start
        journal.close()
        precondition(
            problem == nil && count == payments * 2,
            "the journal is not what was written: \(String(describing: problem))"
        )
        precondition(!replays || core.paymentCount == payments)
        return Double(nanoseconds) / 1_000
    }
}
