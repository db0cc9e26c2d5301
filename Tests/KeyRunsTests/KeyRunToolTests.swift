import Glibc
import Journal
import KeyRuns
import Testing

/// The journal's tools know the files of key runs: a cut sets them aside, a copy is whole.
@Suite("Key runs beside the tools of the journal")
struct KeyRunToolTests {
    private final class SilentOwner: JournalOwner {
        func journalDurable(upTo position: RecordPosition) {}
        func journalFailed(_ error: JournalError) { Issue.record("\(error)") }
    }

    private static let now: UInt32 = 1_000_000
    private let root: String

    init() throws {
        var template = Array("/tmp/millrace-key-tools.XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        root = String(cString: made)
    }

    private var journal: String { root + "/journal" }
    private var keys: String { journal + "/keys" }

    private func store(in journal: String) -> KeyRunStore {
        KeyRunStore(directory: journal + "/keys", journalID: 7, policy: KeyRunPolicy(ttlSeconds: 86_400))
    }

    /// A journal of ten records, and runs that hold the keys up to record `covered`.
    private func fill(coveredUpTo covered: RecordPosition) throws -> KeyRunStore {
        let (journal, _) = try LocalJournal.open(
            directory: journal,
            configuration: JournalConfiguration(journalID: 7),
            owner: SilentOwner()
        ) { _, _ in }
        let records = (0..<10).flatMap { _ in [4, 0, 0, 0, 1, 2, 3, 4] as [UInt8] }
        try journal.append(records: records, count: 10, expecting: 0, epoch: journal.epoch)
        journal.close()
        let store = store(in: self.journal)
        _ = try store.open()
        var random = KeyRandom(seed: 1)
        for record in 1...covered {
            let key = random.key(record: record, expiresAt: Self.now + 86_400)
            _ = try store.add([key], coveringUpTo: record, at: Self.now)
        }
        return store
    }

    private func names(_ directory: String) throws -> [String] {
        try PosixFileSystem().list(directory: directory).sorted()
    }

    private func removeAll() {
        // The paths are this test's own.
        for directory in [keys, journal, root + "/copy/keys", root + "/copy", root] {
            for name in (try? names(directory)) ?? [] { unlink(directory + "/" + name) }
            rmdir(directory)
        }
    }

    @Test("A cut before records whose keys the runs hold sets all runs aside, and no other cut does")
    func cut() throws {
        defer { removeAll() }
        _ = try fill(coveredUpTo: 4)
        let kept = try JournalRepair.plan(directory: journal, truncateAt: 5)
        #expect(!kept.setAside.contains { $0.hasPrefix(keys) })
        let plan = try JournalRepair.truncate(directory: journal, at: 4)
        #expect(plan.setAside.filter { $0.hasPrefix(keys) }.count == 9)
        #expect(try names(keys).allSatisfy { $0.hasSuffix(".cut") })
        let set = try store(in: journal).open()
        #expect(set.covered == 0 && set.occupancy.runs == 0)
    }

    @Test("A copy made while runs are merged and dropped opens with every key that its list names")
    func copy() throws {
        defer { removeAll() }
        let store = try fill(coveredUpTo: 10)
        #expect(store.needsMerge)
        var steps = 0
        _ = try JournalBackup.copy(directory: journal, to: root + "/copy") { _ in
            steps += 1
            if steps == 3 { #expect((try? store.merge(at: Self.now)) != nil) }
        }
        #expect(steps > 3)
        let copied = try self.store(in: root + "/copy").open(requiring: 10)
        #expect(try copied.verify() == 10)
    }

    private func verify(lastPosition: RecordPosition = 10, journalID: UInt64? = 7) throws -> KeyRunVerification? {
        try KeyRunVerifier.verify(journal: journal, journalID: journalID, lastPosition: lastPosition, ring: nil)
    }

    @Test("The offline check counts the keys and writes nothing")
    func verifies() throws {
        defer { removeAll() }
        #expect(try PosixFileSystem().createDirectory(root + "/journal"))
        #expect(try verify() == nil)
        _ = try fill(coveredUpTo: 4)
        let before = try names(keys)
        let found = try #require(try verify(journalID: nil))
        #expect(found == (try verify()))
        #expect(found.keys == 4 && found.covered == 4 && found.runs == 4 && !found.isSealed)
        #expect(try names(keys) == before)
    }

    @Test(
        "The offline check refuses what a start refuses",
        arguments: ["flip", "filter", "catalogue", "stranger", "behind"]
    )
    func refuses(fault: String) throws {
        defer { removeAll() }
        _ = try fill(coveredUpTo: 4)
        let run = try #require(try names(keys).first { $0.hasSuffix(".keys") })
        var expected = JournalError.Code.corrupt
        switch fault {
        case "flip":
            let descriptor = open(keys + "/" + run, O_RDWR)
            defer { close(descriptor) }
            let size = lseek(descriptor, 0, SEEK_END)
            var byte: UInt8 = 0
            #expect(pread(descriptor, &byte, 1, size / 2) == 1)
            byte ^= 1
            #expect(pwrite(descriptor, &byte, 1, size / 2) == 1)
        case "filter": #expect(unlink(keys + "/" + run.dropLast(5) + ".filter") == 0)
        case "catalogue": #expect(unlink(keys + "/catalogue") == 0)
        default: expected = .format
        }
        #expect {
            try verify(lastPosition: fault == "behind" ? 3 : 10, journalID: fault == "stranger" ? 8 : 7)
        } throws: { ($0 as? JournalError)?.code == expected }
    }
}
