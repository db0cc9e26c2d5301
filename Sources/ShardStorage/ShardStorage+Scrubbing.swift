package import Journal
import KeyRuns
import ShardState
import Synchronization

/// Which indexes were made anew because a read found them wrong.
struct IndexRepairs {
    /// The last cold file then. With the same files a second attempt would find the same.
    var tried: [ColdKind: UInt64] = [:]
}

/// What reading a shard's files whole found.
package struct ScrubReport: Sendable, Equatable {
    package var files = 0
    package var bytes: UInt64 = 0
    /// Files that cannot be read back, and where they are damaged.
    package var damaged: [String] = []
    /// Indexes that did not agree with their files and were made anew.
    package var rebuilt: [String] = []
    /// The reading was ended before its end.
    package var isCancelled = false
}

extension ShardStorage {
    /// Reads all that the shard has beside its log: cold files and their indexes, runs of keys,
    /// snapshots. Checks every checksum. An index that is wrong is made anew from its files. Blocks
    /// for as long as that takes.
    /// - Parameter pace: called with the bytes of each piece; false ends the reading.
    package func scrub(pace: @escaping SnapshotWriter.Pace = { _ in true }) -> ScrubReport {
        var report = ScrubReport()
        for kind in ColdKind.allCases where !report.isCancelled { scrubCold(kind, into: &report, pace: pace) }
        if !report.isCancelled { scrubKeys(&report, pace) }
        let verified = state.withLock { $0.verified.map(\.position) }
        for position in verified where !report.isCancelled { scrubSnapshot(position, into: &report, pace: pace) }
        return report
    }

    private func scrubCold(_ kind: ColdKind, into report: inout ScrubReport, pace: @escaping SnapshotWriter.Pace) {
        let files = cold(kind)
        do throws(JournalError) {
            let rebuilds = indexRebuilds.load(ordering: .acquiring)
            let found = try files.verify(pace: pace)
            report.files += found.files
            report.bytes += found.bytes
            guard let problem = found.indexProblem else { return }
            try indexes.withLock { _ throws(JournalError) in
                // A read may have found it, too, and mended it meanwhile.
                guard indexRebuilds.load(ordering: .acquiring) == rebuilds else { return }
                try files.rebuildIndex()
                indexRebuilds.add(1, ordering: .releasing)
            }
            report.rebuilt.append(problem)
        } catch {
            report.failed(error)
        }
    }

    private func scrubKeys(_ report: inout ScrubReport, _ pace: @escaping SnapshotWriter.Pace) {
        do throws(JournalError) {
            let found = try keyRuns.verifyRuns(pace: pace)
            report.files += found.files
            report.bytes += found.bytes
        } catch {
            report.failed(error)
        }
    }

    private func scrubSnapshot(
        _ position: RecordPosition,
        into report: inout ScrubReport,
        pace: @escaping SnapshotWriter.Pace
    ) {
        let path = path(position, Self.snapshotSuffix)
        do throws(JournalError) {
            let found = try SnapshotReader.readAll(fileSystem, path: path, ring: keys?.ring, pace: pace) { _, _ in }
            report.files += 1
            report.bytes += found.summary.bytes
        } catch {
            // A newer one may have replaced it meanwhile. A damaged one is none that a start can
            // use, so no record is retired because of it.
            let wasKept = state.withLock { state in
                let wasKept = state.verified.contains { $0.position == position }
                if error.code == .corrupt { state.verified.removeAll { $0.position == position } }
                return wasKept
            }
            if wasKept || error.code == .fenced { report.failed(error) }
        }
    }

    /// Makes an index anew that led a read nowhere.
    /// - Parameter rebuilds: `indexRebuilds` before the read.
    /// - Returns: whether the index is another one since; a second read may find what the first did
    ///   not.
    func mendIndex(of files: ColdFiles, since rebuilds: UInt64) throws(JournalError) -> Bool {
        try indexes.withLock { repairs throws(JournalError) in
            if indexRebuilds.load(ordering: .acquiring) != rebuilds { return true }
            let last = try files.numbers().last ?? 0
            guard repairs.tried[files.kind] != last else { return false }
            repairs.tried[files.kind] = last
            try files.rebuildIndex()
            indexRebuilds.add(1, ordering: .releasing)
            return true
        }
    }
}

extension ScrubReport {
    fileprivate mutating func failed(_ error: JournalError) {
        if error.code == .fenced { isCancelled = true } else { damaged.append(error.description) }
    }
}
