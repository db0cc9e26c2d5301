import Foundation
import Journal

/// What the journal costs:
/// `journal-benchmark DIRECTORY [quick] [commits] [chain] [encryption] [replay]` (all parts).
///
/// Everything is made below DIRECTORY, on the disk to be measured, and removed again. CPU is what
/// the kernel counted per thread, so neighbours disturb it little; latencies are the disk's of that
/// minute.
@main
struct JournalBenchmark {
    static func main() throws {
        guard CommandLine.arguments.count > 1 else {
            FileHandle.standardError.write(
                Data("journal-benchmark DIRECTORY [quick] [commits] [chain] [encryption] [replay]\n".utf8)
            )
            exit(64)
        }
        let isQuick = CommandLine.arguments.contains("quick")
        let directory = CommandLine.arguments[1] + "/journal-benchmark"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let benchmark = CommitBenchmark(directory: directory, records: sampleRecords())
        let parts = CommandLine.arguments.dropFirst(2).filter { $0 != "quick" }
        func wants(_ part: String) -> Bool { parts.isEmpty || parts.contains(part) }
        if wants("commits") { try commits(benchmark, isQuick: isQuick) }
        if wants("chain") { chain() }
        if wants("encryption") { try encryption(benchmark, rounds: isQuick ? 1 : 3, seconds: isQuick ? 2 : 6) }
        guard wants("replay") else { return }
        say("\n## Replay\n")
        try ReplayBenchmark(directory: directory, payments: isQuick ? 50_000 : 500_000).run(rounds: 5)
    }

    private static func sampleRecords() -> (created: [[UInt8]], completed: [[UInt8]]) {
        var sample = SampleRecords(capacity: 4_096)
        var records: (created: [[UInt8]], completed: [[UInt8]]) = ([], [])
        for _ in 0..<1_000 {
            var (created, completed): ([UInt8], [UInt8]) = ([], [])
            sample.next(created: &created, finished: &completed)
            records.created.append(created)
            records.completed.append(completed)
        }
        return records
    }

    private static func commits(_ benchmark: CommitBenchmark, isQuick: Bool) throws {
        say("\n## Commits, per payment of two records\n")
        CommitBenchmark.printHead()
        for (rate, seconds) in [(1.0, 20.0), (100, 10), (1_000, 10), (10_000, 20)] {
            let result = try benchmark.run(rate: rate, seconds: isQuick ? min(seconds, 3) : seconds)
            CommitBenchmark.printRow(result)
            guard rate == 10_000 else { continue }
            say(
                "\nbars at 10,000/s: at most 0.1 flushes a payment: \(verdict(result.flushesPerPayment <= 0.1)); "
                    + "at most 10 us of CPU a payment: \(verdict(result.cpu <= 10))"
            )
        }
    }

    private static func encryption(_ benchmark: CommitBenchmark, rounds: Int, seconds: Double) throws {
        let text = MasterKeyRing.newLine(id: 1)
        let keys = JournalKeys(try MasterKeyRing(text: Array((text + "\nactive: 1\n").utf8), source: "benchmark"))
        var (clear, sealed): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            clear.append(try benchmark.run(rate: 10_000, seconds: seconds) { $0.segmentBytes = 16 << 20 }.cpu)
            let run = try benchmark.run(rate: 10_000, seconds: seconds) {
                $0.segmentBytes = 16 << 20
                $0.keys = keys
            }
            sealed.append(run.cpu)
        }
        say("\n## Encryption, in turns with clear text at 10,000/s\n")
        say(
            "CPU of the journal per payment: \(format(clear.median, 2)) us in clear, \(format(sealed.median, 2)) us sealed, "
                + "ratio \(format(sealed.median / clear.median, 3))"
        )
    }

    private static func verdict(_ holds: Bool) -> String { holds ? "held" : "MISSED" }

    private static func chain() {
        say("\n## The hash chain: copy and checksums alone, and with SHA-256 (us of CPU per batch)\n")
        row(["payload bytes", "without", "with", "ratio", "us per KiB"])
        row([String](repeating: "---:", count: 5))
        for bytes in [512, 4_096, 16_384, 65_536] {
            let (plain, chained) = ChainBenchmark.run(payloadBytes: bytes, rounds: 21)
            row([
                "\(bytes)", format(plain / 1_000, 2), format(chained / 1_000, 2), format(chained / plain, 2),
                format((chained - plain) / 1_000 / Double(bytes) * 1_024, 3),
            ])
        }
    }
}
