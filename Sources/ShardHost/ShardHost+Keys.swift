import Journal
import KeyRuns
import NIOCore
import ShardCore
import ShardRecords
import ShardStorage
import Time

extension ShardHost {
    /// Looks a key up in the runs, off the loop. How many look-ups are under way is bounded by the
    /// commands that wait for them.
    func lookUp(_ digest: KeyDigest, at second: UInt32) {
        lookUpsUnderWay += 1
        let runs = core.keyRuns
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = self.eventLoop
        keyPool.run {
            let found = ShardStorage.lookUp(digest, in: runs, at: second)
            eventLoop.execute { loopBound.value.lookedUp(digest, found) }
        }
    }

    private func lookedUp(_ digest: KeyDigest, _ found: KeyLookUp) {
        lookUpsUnderWay -= 1
        let now = clock()
        work.keyLookedUp(digest, found, at: now)
        commit(now)
    }

    /// Keys went to the disk, or runs were merged. What another thread has made durable since then
    /// counts as well.
    func keyRunsChanged() {
        guard let storage else { return }
        work.core.use(storage.keyRuns.current)
        mergeKeyRuns()
    }

    /// Merges runs of keys on the thread for that, when there are many, until there are few enough.
    private func mergeKeyRuns() {
        guard let snapshots, let merger = snapshots.merger, !isMergingKeys, ending == nil, draining == nil,
            snapshots.storage.keyRuns.needsMerge
        else { return }
        isMergingKeys = true
        let second = clock().seconds
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = self.eventLoop
        merger.run {
            do throws(JournalError) {
                _ = try snapshots.storage.keyRuns.merge(at: second) { snapshots.pace.spend($0) }
                eventLoop.execute { loopBound.value.merged(nil) }
            } catch {
                eventLoop.execute { loopBound.value.merged(error) }
            }
        }
    }

    private func merged(_ failure: JournalError?) {
        isMergingKeys = false
        guard let failure else { return keyRunsChanged() }
        // The runs are as they were. The next snapshot tries again.
        snapshotStatistics.keyMergesFailed += 1
        snapshotStatistics.lastFailure = failure.description
    }
}
