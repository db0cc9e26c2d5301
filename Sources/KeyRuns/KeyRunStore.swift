package import Journal
import Synchronization

/// The completed idempotency keys of one shard that left memory: sorted runs in a directory of
/// their own, and the catalogue that names them.
///
/// Call `open` once at start. Later one thread at a time may call `add`, and one thread at a time
/// `merge`. Both may run at once, and both block on the disk. `current` never blocks for the disk.
/// The journal's lock guards the directory.
///
/// If a run that the catalogue names is damaged, missing or another file, `open` refuses it with
/// its name. A request whose key cannot be looked up might be executed twice.
package final class KeyRunStore: Sendable {
    let files: KeyRunFiles
    private let policy: KeyRunPolicy
    let published = Mutex(KeyRunSet.empty)
    /// Held while a catalogue is written; never by the event loop.
    let state = Mutex(State())

    struct State {
        var isOpen = false
        var isMerging = false
        var catalogue = KeyRunCatalogue()
        /// As the catalogue has them, the oldest first.
        var runs: [KeyRun] = []
        /// Runs whose files could not be removed yet.
        var debris: Set<UInt64> = []
        var statistics = KeyRunStatistics()

        mutating func takeNumber() -> UInt64 {
            defer { catalogue.nextNumber += 1 }
            return catalogue.nextNumber
        }
    }

    /// Where the runs of a journal are.
    package static func directory(of journal: String) -> String { journal + "/" + KeyRunFormat.directoryName }

    /// - Parameters:
    ///   - directory: from `directory(of:)`. It holds only the runs, and its parent exists.
    ///   - keys: encrypt new files and read encrypted ones; nil for none.
    package init(
        directory: String,
        journalID: UInt64,
        keys: JournalKeys? = nil,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        policy: KeyRunPolicy
    ) {
        files = KeyRunFiles(fileSystem: fileSystem, directory: directory, journalID: journalID, keys: keys)
        self.policy = policy
    }

    /// The runs as they are now.
    package var current: KeyRunSet { published.withLock { $0 } }

    package var isOpen: Bool { state.withLock { $0.isOpen } }

    package var statistics: KeyRunStatistics { state.withLock { $0.statistics } }

    // MARK: Keys come

    /// Writes completed keys, in any order, as a run of their own; they are durable and can be
    /// found when it returns. Of two with the same digest the one of the later record counts. Keys
    /// that the runs cover already, or that are forgotten, are left out. Runs whose keys are all
    /// forgotten are dropped.
    ///
    /// Throws `io`, `diskFull`, and `backlog` when there are `KeyRunPolicy.refusedRuns`. Then
    /// nothing has changed, and the same keys may be added again.
    /// - Parameters:
    ///   - position: all keys completed by records up to here are in `keys` or in earlier runs. The
    ///     journal is durable up to here.
    ///   - second: since 1970.
    package func add(
        _ keys: [StoredKey],
        coveringUpTo position: RecordPosition,
        at second: UInt32,
        pace: @escaping SnapshotWriter.Pace = { _ in true }
    ) throws(JournalError) -> KeyRunSet {
        let (number, covered) = try state.withLock { state throws(JournalError) in
            precondition(state.isOpen, "the runs are opened first")
            guard state.runs.count < policy.refusedRuns else {
                throw JournalError(
                    .backlog,
                    "\(files.directory): \(state.runs.count) runs of keys wait to be merged, at most \(policy.refusedRuns)"
                )
            }
            return (state.takeNumber(), state.catalogue.covered)
        }
        let fresh = Self.sorted(keys.filter { $0.record > covered && $0.isRemembered(at: second) })
        precondition(
            fresh.allSatisfy { $0.record <= position },
            "a key is newer than the position that it is added for"
        )
        let run = try written(number) { () throws(JournalError) in
            guard !fresh.isEmpty else { return nil }
            var writer = try KeyRunWriter(files, number: number, position: position, pace: pace)
            for key in fresh { try writer.append(key) }
            return try writer.finish()
        }
        return try commit(at: second) { state in
            if let run { state.runs.append(run) }
            // Without a run nothing changes on the disk, unless an older one is dropped.
            if run != nil { state.catalogue.covered = max(state.catalogue.covered, position) }
            return run != nil
        }
    }

    private static func sorted(_ keys: [StoredKey]) -> [StoredKey] {
        let ascending = keys.sorted { $0.digest == $1.digest ? $0.record < $1.record : $0.digest < $1.digest }
        return ascending.indices.compactMap { place in
            let isLast = place + 1 == ascending.count || ascending[place + 1].digest != ascending[place].digest
            return isLast ? ascending[place] : nil
        }
    }

    // MARK: Merging

    /// Whether `merge` has something to do.
    package var needsMerge: Bool {
        state.withLock { policy.nextMerge($0.catalogue.entries.map(\.summary)) != nil }
    }

    /// Merges neighbouring runs once, if there are more than `KeyRunPolicy.maximumRuns`. Returns
    /// the new set, or nil if there was nothing to do or another thread merges.
    ///
    /// Throws `io`, `diskFull` or `corrupt`, and `fenced` when `pace` ended it. Then the runs are
    /// as they were.
    package func merge(
        at second: UInt32,
        pace: @escaping SnapshotWriter.Pace = { _ in true }
    ) throws(JournalError) -> KeyRunSet? {
        let start = ContinuousClock.now
        let work = state.withLock { state -> (number: UInt64, runs: [KeyRun])? in
            precondition(state.isOpen, "the runs are opened first")
            guard !state.isMerging, let range = policy.nextMerge(state.catalogue.entries.map(\.summary)) else {
                return nil
            }
            state.isMerging = true
            return (state.takeNumber(), Array(state.runs[range]))
        }
        guard let (number, inputs) = work else { return nil }
        defer { state.withLock { $0.isMerging = false } }
        let run = try written(number) { () throws(JournalError) in
            try KeyRunMerge.write(inputs, files, number: number, at: second, pace: pace)
        }
        let merged = Set(inputs.map(\.summary.number))
        return try commit(at: second) { state in
            // Some of them may have been dropped meanwhile, because all their keys were forgotten.
            let place = state.runs.firstIndex { merged.contains($0.summary.number) } ?? 0
            state.runs.removeAll { merged.contains($0.summary.number) }
            if let run { state.runs.insert(run, at: place) }
            state.statistics.merges += 1
            state.statistics.mergedKeys += inputs.reduce(0) { $0 + $1.summary.count }
            state.statistics.mergeSeconds += (ContinuousClock.now - start) / .seconds(1)
            return true
        }
    }

    /// Writes the files of a run and opens it; removes what was begun when that fails or when there
    /// are no keys.
    private func written(
        _ number: UInt64,
        _ write: () throws(JournalError) -> (summary: KeyRunSummary, files: KeyRunFileDigests)?
    ) throws(JournalError) -> KeyRun? {
        do throws(JournalError) {
            if let (summary, digests) = try write() { return try KeyRun(files, summary: summary, digests: digests) }
        } catch {
            discard(number)
            throw error
        }
        discard(number)
        return nil
    }

    private func discard(_ number: UInt64) {
        do throws(JournalFileError) { try files.remove(number) } catch {
            // The next commit tries again, and so does the next start.
            state.withLock { _ = $0.debris.insert(number) }
        }
    }

    /// Makes a change of the list of runs durable and visible, and then removes the files of runs
    /// that left it. When the catalogue cannot be written nothing has changed.
    /// - Parameter change: returns whether it changed anything.
    private func commit(
        at second: UInt32,
        _ change: (inout State) -> Bool
    ) throws(JournalError) -> KeyRunSet {
        try state.withLock { state throws(JournalError) in
            var next = state
            var isChanged = change(&next)
            let forgotten = next.runs.filter { $0.summary.isForgotten(at: second) }.count
            if forgotten > 0 {
                next.runs.removeAll { $0.summary.isForgotten(at: second) }
                next.statistics.droppedRuns += forgotten
                isChanged = true
            }
            guard isChanged else { return KeyRunSet(covered: state.catalogue.covered, runs: state.runs.reversed()) }
            next.catalogue.generation += 1
            next.catalogue.entries = next.runs.map {
                KeyRunCatalogue.Entry(summary: $0.summary, digests: $0.digests)
            }
            do throws(JournalError) {
                try next.catalogue.write(files)
            } catch {
                // The new run's files stay: the catalogue may name them although its writing
                // failed. The next one, which does not, or the next start decides.
                let known = Set(state.runs.map(\.summary.number))
                state.debris.formUnion(next.runs.map(\.summary.number).filter { !known.contains($0) })
                throw error
            }
            let kept = Set(next.runs.map(\.summary.number))
            next.debris.formUnion(state.runs.map(\.summary.number).filter { !kept.contains($0) })
            state = next
            let set = KeyRunSet(covered: state.catalogue.covered, runs: state.runs.reversed())
            published.withLock { $0 = set }
            removeDebris(&state)
            return set
        }
    }

    /// Removes the files of runs that no catalogue names any more. A reader that still reads them
    /// has them open.
    private func removeDebris(_ state: inout State) {
        for number in state.debris {
            do throws(JournalFileError) {
                try files.remove(number)
                state.debris.remove(number)
            } catch {
                state.statistics.failedRemovals += 1
            }
        }
    }
}
