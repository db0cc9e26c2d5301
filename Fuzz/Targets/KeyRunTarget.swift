@testable import Journal
@testable import KeyRuns

extension FuzzTarget {
    /// The files of key runs: damage to valid ones, with and without right checksums. A start
    /// refuses, or finds every key as it was written, or refuses to answer for it; the offline
    /// check accepts nothing that a start refuses.
    static let keyRuns = FuzzTarget(name: "key-runs", maximumBytes: 256) { input in
        var program = FuzzInput(input)
        var isForged = false
        var files = KeyRunSeed.files
        for _ in 0..<16 where !program.isEmpty {
            let path = KeyRunSeed.paths[Int(program.byte()) % KeyRunSeed.paths.count]
            if program.byte() == 255 {
                files[path] = nil
            } else if var file = files[path] {
                SnapshotDamage.damage(&file, by: &program, isForged: &isForged)
                files[path] = file
            }
        }
        let disk = MemoryDisk(files)
        let verified = try? KeyRunVerifier.verify(
            journal: KeyRunSeed.journal,
            journalID: KeyRunSeed.journalID,
            lastPosition: KeyRunSeed.position,
            ring: nil,
            fileSystem: disk
        )
        // As a start from a snapshot does: without it a directory that lost everything looks new.
        guard let runs = try? KeyRunSeed.store(on: disk).open(requiring: KeyRunSeed.position) else {
            return precondition(verified == nil || isForged, "a start refuses what the check calls sound")
        }
        for key in KeyRunSeed.keys {
            guard let (found, _) = try? runs.find(key.digest, at: 0) else { continue }
            if !isForged { precondition(found == .held(key), "\(key.digest): another answer than was written") }
        }
    }
}

/// Two small runs and their catalogue.
private enum KeyRunSeed {
    static let journal = "d"
    static let journalID: UInt64 = 7
    static let position: RecordPosition = 400
    /// More than two blocks, then less than one.
    static let keys = (1...220 as ClosedRange<UInt64>).map { number in
        StoredKey(
            digest: StoredKeyDigest(high: number &* 0x9E37_79B9_7F4A_7C15, low: number),
            fingerprintHigh: number,
            fingerprintLow: ~number,
            record: number,
            expiresAt: 1_000
        )
    }

    static func store(on disk: MemoryDisk) -> KeyRunStore {
        KeyRunStore(
            directory: KeyRunStore.directory(of: journal),
            journalID: journalID,
            fileSystem: disk,
            policy: KeyRunPolicy(ttlSeconds: 1_000)
        )
    }

    static let files: [String: [UInt8]] = {
        let disk = MemoryDisk()
        let store = Self.store(on: disk)
        do throws(JournalError) {
            _ = try store.open()
            _ = try store.add(Array(keys[..<200]), coveringUpTo: 200, at: 0)
            _ = try store.add(Array(keys[200...]), coveringUpTo: position, at: 0)
        } catch {
            preconditionFailure("the seed: \(error)")
        }
        return disk.files
    }()

    static let paths = files.keys.sorted()
}
