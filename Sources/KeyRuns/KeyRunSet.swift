package import Journal

/// The runs of a shard at one moment. A value: the shard keeps it on its event loop, readers take
/// it to their threads, and a merge meanwhile changes nothing in it. Files that a set reads stay
/// readable after they were removed.
package struct KeyRunSet: Sendable {
    /// Every key completed by a record up to this one is in a run, or is forgotten.
    package let covered: RecordPosition
    /// The newest first.
    let runs: [KeyRun]

    package static let empty = KeyRunSet(covered: 0, runs: [])

    init(covered: RecordPosition, runs: [KeyRun]) {
        self.covered = covered
        self.runs = runs
    }

    /// What reading for a key found.
    package enum Found: Sendable, Equatable {
        /// No run holds the key, or its time has passed.
        case absent
        case held(StoredKey)
    }

    /// Whether a run may hold the key; `false` is certain. Never reads the disk and never waits, so
    /// the event loop may call it. It costs about three cache misses a run.
    package func mayContain(_ digest: StoredKeyDigest) -> Bool {
        runs.contains { $0.mayContain(digest) }
    }

    /// Looks the key up in the runs that may hold it, the newest first. Blocks on the disk.
    ///
    /// Throws `corrupt` or `io` with the file's name. Then nothing is known of the key, and the
    /// request must not be executed.
    /// - Parameter second: seconds since 1970. A key that is forgotten by then is absent.
    /// - Returns: what was found, and how many blocks of 4 KiB were read for it.
    package func find(
        _ digest: StoredKeyDigest,
        at second: UInt32
    ) throws(JournalError) -> (found: Found, reads: Int) {
        var reads = 0
        for run in runs where run.mayContain(digest) {
            guard let key = try run.find(digest, reads: &reads), key.isRemembered(at: second) else { continue }
            return (.held(key), reads)
        }
        return (.absent, reads)
    }

    package var occupancy: KeyRunOccupancy {
        runs.reduce(into: KeyRunOccupancy()) { sums, run in
            sums.runs += 1
            sums.keys += run.summary.count
            sums.memoryBytes += run.memoryBytes
            sums.fileBytes += run.fileBytes
        }
    }

    /// Reads every run and checks it: checksums, order, counts, and that no filter denies a key of
    /// its run. Returns the number of keys. Blocks for as long as reading all files takes.
    package func verify(pace: @escaping SnapshotWriter.Pace = { _ in true }) throws(JournalError) -> UInt64 {
        var keys: UInt64 = 0
        for run in runs { keys += try run.verify(pace: pace) }
        return keys
    }
}

/// What the runs of a shard hold and take.
package struct KeyRunOccupancy: Sendable, Equatable {
    package var runs = 0
    /// Keys in runs, with those that are forgotten and not yet dropped.
    package var keys: UInt64 = 0
    /// Bytes of memory: filters and indices.
    package var memoryBytes = 0
    /// Bytes of the files.
    package var fileBytes: UInt64 = 0

    package init() {}
}
