import Journal

/// Reads the keys of one run in order.
private struct KeyRunCursor {
    let run: KeyRun
    private var keys: [StoredKey] = []
    private var index = 0
    private var nextBlock = 0

    init(_ run: KeyRun) throws(JournalError) {
        self.run = run
        try load()
    }

    var current: StoredKey? { index < keys.count ? keys[index] : nil }

    mutating func advance() throws(JournalError) {
        index += 1
        if index == keys.count { try load() }
    }

    private mutating func load() throws(JournalError) {
        index = 0
        keys = nextBlock < run.blockCount ? try run.block(nextBlock) : []
        nextBlock += 1
    }
}

enum KeyRunMerge {
    /// Writes the keys of several runs, the oldest run first, as one. A key that stands in two runs
    /// keeps what the newer one says. Keys that are forgotten at `second` are left out; when none
    /// is left there is no run: nil.
    static func write(
        _ runs: [KeyRun],
        _ files: KeyRunFiles,
        number: UInt64,
        at second: UInt32,
        pace: @escaping SnapshotWriter.Pace
    ) throws(JournalError) -> (summary: KeyRunSummary, files: KeyRunFileDigests)? {
        let position = runs.map(\.summary.lastRecord).max() ?? 0
        var writer = try KeyRunWriter(files, number: number, position: position, pace: pace)
        var cursors: [KeyRunCursor] = []
        for run in runs { cursors.append(try KeyRunCursor(run)) }
        while let (key, holders) = smallest(cursors) {
            if key.isRemembered(at: second) { try writer.append(key) }
            for place in cursors.indices where holders & 1 << UInt64(place) != 0 { try cursors[place].advance() }
        }
        guard writer.summary.count > 0 else { return nil }
        return try writer.finish()
    }

    /// The smallest digest, as the newest run has it, and the cursors that stand on it.
    private static func smallest(_ cursors: [KeyRunCursor]) -> (StoredKey, UInt64)? {
        var found: StoredKey?
        var holders: UInt64 = 0
        for place in cursors.indices {
            guard let key = cursors[place].current else { continue }
            if let smaller = found, smaller.digest < key.digest { continue }
            holders = (found?.digest == key.digest ? holders : 0) | 1 << UInt64(place)
            found = key
        }
        return found.map { ($0, holders) }
    }
}
