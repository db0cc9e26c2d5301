import Journal
import Logging
import NIOPosix
import ShardStorage
import Synchronization
import Telemetry

/// Reads the files of all shards whole, again and again, so that damage is found before somebody
/// needs what is damaged. One thread, one shard after another, at a limited pace.
final class Scrubber: Sendable {
    /// Of one shard.
    struct Statistics {
        var passes: UInt64 = 0
        var bytes: UInt64 = 0
        var rebuiltIndexes: UInt64 = 0
        /// Files that the last pass found damaged.
        var damagedFiles = 0
    }

    private let pool: NIOThreadPool
    private let pace: WritePace
    private let interval: Duration
    private let logger: Logger
    private let statistics: Mutex<[Statistics]>
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(shards: Int, pool: NIOThreadPool, settings: GatewayConfiguration.Scrubbing, logger: Logger) {
        self.pool = pool
        pace = WritePace(bytesPerSecond: settings.bytesPerSecond)
        interval = settings.interval
        self.logger = logger
        statistics = Mutex([Statistics](repeating: Statistics(), count: shards))
    }

    var all: [Statistics] { statistics.withLock { $0 } }

    /// - Parameter storage: a shard's files; throws while this host does not own it.
    func start(storage: @escaping @Sendable (Int) async throws -> ShardStorage) {
        let count = all.count
        let started = Task {
            while !Task.isCancelled {
                for shard in 0..<count where !Task.isCancelled {
                    // A shard of another host is read by its owner.
                    guard let files = try? await storage(shard) else { continue }
                    await scrub(files, of: shard)
                }
                do { try await Task.sleep(for: interval) } catch { return }
            }
        }
        task.withLock { $0 = started }
    }

    /// Returns when no file is read any more. The pool may be shut down afterwards.
    func stop() async {
        pace.cancel()
        let started = task.withLock { $0.take() }
        started?.cancel()
        await started?.value
    }

    private func scrub(_ files: ShardStorage, of shard: Int) async {
        let pace = self.pace
        let scrubbed = try? await pool.runIfActive { files.scrub(pace: { pace.spend($0) }) }
        guard let report = scrubbed, !report.isCancelled else { return }
        statistics.withLock { statistics in
            statistics[shard].passes += 1
            statistics[shard].bytes += report.bytes
            statistics[shard].rebuiltIndexes += UInt64(report.rebuilt.count)
            statistics[shard].damagedFiles = report.damaged.count
        }
        for problem in report.rebuilt {
            logger.warning(
                "An index of what left memory was wrong and was made anew from its files",
                metadata: ["shard": "\(shard)", "problem": "\(problem)"]
            )
        }
        for problem in report.damaged {
            logger.error(
                "A file beside the journal is damaged; docs/operations.md says how to put it back",
                metadata: ["shard": "\(shard)", "error": "\(problem)"]
            )
        }
    }
}

extension GatewayMetrics {
    static func add(_ scrubber: Scrubber, to metrics: inout MetricsSnapshot) {
        for (shard, found) in scrubber.all.enumerated() {
            let labels = [MetricLabel("shard", "\(shard)")]
            metrics.gauge(
                "millrace_scrub_damaged_files",
                help: "Alarm: files beside the journal that the last pass of the scrubber could not read back.",
                labels: labels,
                value: Int64(found.damagedFiles)
            )
            metrics.counter(
                "millrace_scrub_passes_total",
                help: "How often the scrubber has read all files of a shard.",
                labels: labels,
                value: found.passes
            )
            metrics.counter(
                "millrace_scrub_bytes_total",
                help: "Bytes that the scrubber has read.",
                labels: labels,
                value: found.bytes
            )
            metrics.counter(
                "millrace_scrub_indexes_rebuilt_total",
                help: "Indexes of what left memory that the scrubber found wrong and made anew.",
                labels: labels,
                value: found.rebuiltIndexes
            )
        }
    }
}
