import Journal
import ShardModel
import Testing

@testable import KeyRuns

/// Damage to any file is refused with the file's name, or found when the key is read; a wrong
/// answer is never given.
@Suite("Damaged runs of completed keys")
struct KeyRunDamageTests {
    private let now: UInt32 = 1_000_000

    private func filled(isEncrypted: Bool = false) throws -> (bench: KeyBench, keys: [StoredKey]) {
        let bench = try KeyBench(isEncrypted: isEncrypted)
        var random = KeyRandom(seed: 1)
        let first = random.keys(1...95, expiresAt: now + 100)
        let second = random.keys(96...100, expiresAt: now + 200)
        _ = try bench.store.add(first, coveringUpTo: 95, at: now)
        _ = try bench.store.add(second, coveringUpTo: 100, at: now)
        return (bench, first + second)
    }

    private func refusal(_ bench: KeyBench, requiring covered: RecordPosition = 0) -> JournalError? {
        var next = bench
        return #expect(throws: JournalError.self) { try next.restart(on: bench.disk, requiring: covered) }
    }

    @Test(
        "A file that the catalogue names and that is gone is refused with its name",
        arguments: ["000000000001.keys", "000000000002.filter", "catalogue"]
    )
    func missing(name: String) throws {
        let (bench, _) = try filled()
        try bench.disk.remove(KeyBench.path(name))
        let error = refusal(bench)
        #expect(error?.code == .corrupt && error?.description.contains(name) == true, "\(String(describing: error))")
        // Nothing was made or removed that would hide it from the next start.
        #expect(refusal(bench)?.code == .corrupt)
    }

    @Test("All files gone: a snapshot that relies on them is refused")
    func everythingMissing() throws {
        let (bench, _) = try filled()
        for name in bench.files { try bench.disk.remove(KeyBench.path(name)) }
        let error = refusal(bench, requiring: 100)
        #expect(error?.code == .corrupt && error?.description.contains("up to 100") == true)
    }

    @Test("A file under another's name, and one of another journal, are refused", arguments: [".keys", ".filter"])
    func swapped(suffix: String) throws {
        let (bench, _) = try filled()
        try bench.disk.rename(KeyBench.path("000000000001\(suffix)"), to: KeyBench.path("000000000002\(suffix)"))
        let error = refusal(bench)
        #expect(error?.code == .corrupt)

        let (other, _) = try filled()
        let stranger = KeyRunStore(
            directory: KeyBench.directory,
            journalID: 8,
            fileSystem: other.disk,
            policy: other.policy
        )
        let foreign = #expect(throws: JournalError.self) { _ = try stranger.open() }
        #expect(foreign?.code == .format && foreign?.description.contains("journal 7") == true)
    }

    @Test("A run of an earlier time with the same number is refused")
    func replacedByAnOlderRun() throws {
        let (bench, _) = try filled()
        var random = KeyRandom(seed: 2)
        let other = try KeyBench()
        _ = try other.store.add(random.keys(1...95, expiresAt: now + 100), coveringUpTo: 95, at: now)
        for suffix in [".keys", ".filter"] {
            let path = KeyBench.path("000000000001\(suffix)")
            let file = try other.disk.open(path, .read)
            var bytes = [UInt8](repeating: 0, count: Int(try file.byteCount))
            _ = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
            let copy = try bench.disk.open(path, .create)
            try bytes.withUnsafeBytes { try copy.write($0, at: 0) }
            let error = refusal(bench)
            #expect(error?.code == .corrupt && error?.description.contains("not the file that the catalogue") == true)
        }
    }

    @Test("A flipped bit anywhere in catalogue or filters is refused at start", arguments: [false, true])
    func flippedAtStart(isEncrypted: Bool) throws {
        let (bench, _) = try filled(isEncrypted: isEncrypted)
        for name in ["catalogue", "000000000001.filter", "000000000002.filter"] {
            let path = KeyBench.path(name)
            for byte in stride(from: 0, to: bench.disk.count(of: path), by: 37) {
                bench.disk.flip(path, byte: byte)
                var next = bench
                let error = #expect(throws: JournalError.self, "\(name), byte \(byte)") {
                    try next.restart(on: bench.disk)
                }
                #expect(error?.description.contains(name) == true, "\(String(describing: error))")
                bench.disk.flip(path, byte: byte)
            }
        }
        var next = bench
        try next.restart(on: bench.disk)
    }

    @Test(
        "A flipped bit anywhere in the keys is found by the verifier, and never gives a wrong answer",
        arguments: [false, true]
    )
    func flippedKeys(isEncrypted: Bool) throws {
        let (bench, keys) = try filled(isEncrypted: isEncrypted)
        let name = "000000000001.keys"
        let path = KeyBench.path(name)
        for byte in stride(from: 0, to: bench.disk.count(of: path), by: 151) {
            bench.disk.flip(path, byte: byte)
            let set = bench.store.current
            for key in keys {
                do throws(JournalError) {
                    #expect(try set.find(key.digest, at: now).found == .held(key), "byte \(byte)")
                } catch {
                    #expect(error.code == .corrupt && error.description.contains(name))
                }
            }
            let error = #expect(throws: JournalError.self, "byte \(byte)") { _ = try set.verify() }
            #expect(error?.description.contains(name) == true)
            bench.disk.flip(path, byte: byte)
        }
        #expect(try bench.store.current.verify() == 100)
    }

    @Test("A damaged block stops the merge; the runs stay as they are")
    func mergeOfDamage() throws {
        let bench = try KeyBench(policy: KeyRunPolicy(ttlSeconds: KeyBench.ttl, maximumRuns: 5))
        var random = KeyRandom(seed: 3)
        for record in 1...6 as ClosedRange<RecordPosition> {
            _ = try bench.store.add(random.keys(record...record, expiresAt: now + 100), coveringUpTo: record, at: now)
        }
        bench.disk.flip(KeyBench.path("000000000003.keys"), byte: 4_096 + 40)
        let files = bench.files
        let error = #expect(throws: JournalError.self) { _ = try bench.store.merge(at: now) }
        #expect(error?.code == .corrupt && error?.description.contains("000000000003.keys") == true)
        #expect(bench.files == files && bench.store.current.occupancy.runs == 6)
    }

    @Test("Encrypted runs need their key")
    func withoutTheKey() throws {
        var (bench, _) = try filled(isEncrypted: true)
        bench.ring = nil
        #expect(refusal(bench)?.code == .key)
    }
}
