/// When runs are merged. Pure.
///
/// Small runs are merged with their neighbours in time, so that a look-up asks few filters. A
/// merged run normally covers no more than a window, so that forgotten keys take little room until
/// their run is dropped.
package struct KeyRunPolicy: Sendable, Equatable {
    /// Runs that a shard has when nothing is being merged, at most 64.
    package var maximumRuns: Int
    /// Runs merged in one go, at most 64.
    package var maximumMerged: Int
    /// Runs beyond which no more keys are taken until a merge succeeds: `add` throws `backlog`.
    package var refusedRuns: Int
    /// The most seconds between the first and the last expiry in a merged run.
    package var windowSeconds: UInt32

    /// - Parameter ttlSeconds: how long a key is remembered. A window is a quarter of it: forgotten
    ///   keys take at most a quarter of the room again.
    package init(ttlSeconds: UInt32, maximumRuns: Int = 8, maximumMerged: Int = 8, refusedRuns: Int = 64) {
        precondition(
            maximumRuns >= 5 && maximumRuns <= refusedRuns,
            "four windows and the run that grows need five runs"
        )
        precondition(maximumMerged >= 2 && maximumMerged <= 64 && refusedRuns <= 1_024)
        self.maximumRuns = maximumRuns
        self.maximumMerged = maximumMerged
        self.refusedRuns = refusedRuns
        windowSeconds = max(1, ttlSeconds / 4)
    }

    /// Which neighbours to merge next: nil while there are few enough runs. `runs` is the oldest
    /// first.
    ///
    /// Of the ranges within a window it takes the one whose largest run is smallest compared with
    /// the others. Then each key is written again only when its run has about doubled. Where no two
    /// neighbours fit into a window, the two smallest neighbours are merged all the same. The limit
    /// of the number of runs has precedence.
    func nextMerge(_ runs: [KeyRunSummary]) -> Range<Int>? {
        guard runs.count > maximumRuns else { return nil }
        var best: (range: Range<Int>, ratio: Double)?
        for start in runs.indices {
            var total: UInt64 = runs[start].count
            var largest = runs[start].count
            var first = runs[start].firstExpiry
            var last = runs[start].lastExpiry
            for end in start + 1..<max(start + 1, min(start + maximumMerged, runs.count)) {
                total += runs[end].count
                largest = max(largest, runs[end].count)
                first = min(first, runs[end].firstExpiry)
                last = max(last, runs[end].lastExpiry)
                guard last - first <= windowSeconds else { break }
                let ratio = Double(largest) / Double(max(1, total - largest))
                if best.map({ ratio < $0.ratio }) ?? true { best = (start..<end + 1, ratio) }
            }
        }
        return best?.range ?? smallestPair(runs)
    }

    private func smallestPair(_ runs: [KeyRunSummary]) -> Range<Int> {
        var best = 0
        for start in 0..<runs.count - 1
        where runs[start].count + runs[start + 1].count < runs[best].count + runs[best + 1].count {
            best = start
        }
        return best..<best + 2
    }
}
