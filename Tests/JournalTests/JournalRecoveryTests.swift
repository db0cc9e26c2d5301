import Testing

@testable import Journal

/// Torn tails, damage and missing files: recovery keeps every acknowledged record or refuses to
/// start.
@Suite struct JournalRecoveryTests {
    static let segment = TestJournal.directory + "/" + JournalDirectory.segmentName(1)
    static let second = TestJournal.directory + "/" + JournalDirectory.segmentName(2)
    static let witness = TestJournal.directory + "/witness"

    /// A journal of three acknowledged batches, closed.
    private func closedJournal(
        bytes: Int = 100,
        _ configuration: JournalConfiguration = TestJournal.configuration()
    ) throws -> FakeDisk {
        let disk = FakeDisk()
        let journal = try TestJournal(disk, configuration)
        for _ in 0..<3 { #expect(try journal.appendDurably(2, bytes: bytes)) }
        journal.journal.close()
        return disk
    }

    /// The same disk before and after one more batch, as if the power went while that batch was
    /// being written.
    private func beforeAndAfterLastBatch() throws -> (disk: FakeDisk, before: [UInt8], after: [UInt8], offset: Int) {
        let disk = try closedJournal()
        let before = disk.contents(Self.segment)
        let witness = disk.contents(Self.witness)
        let journal = try TestJournal(disk)
        #expect(try journal.appendDurably(2, bytes: 5_000))
        journal.journal.close()
        let after = disk.contents(Self.segment)
        disk.setContents(Self.witness, witness)
        let offset = before.indices.first { before[$0] != after[$0] } ?? 0
        return (disk, before, after, offset / 4096 * 4096)
    }

    /// Opens the journal of a torn image; it must hold six records, or eight if the whole batch is
    /// there.
    private func expectRecovery(_ disk: FakeDisk, image: [UInt8], whole: Bool, torn: Bool) throws {
        disk.setContents(Self.segment, image)
        let recovered = try TestJournal(disk)
        #expect(recovered.replayed.count == (whole ? 8 : 6))
        #expect((recovered.report.torn != nil) == torn)
        #expect(try recovered.appendDurably(1))
        recovered.journal.close()
        if let tail = recovered.report.torn {
            let kept = disk.contents(TestJournal.directory + "/" + tail.keptIn)
            #expect(kept == Array(image[Int(tail.offset)..<Int(tail.offset + tail.bytes)]))
        }
        let again = try TestJournal(disk)
        #expect(again.replayed.count == (whole ? 9 : 7) && again.report.torn == nil)
        expectTestRecords(again.replayed)
        again.journal.close()
    }

    @Test func `batch torn after any sector is cut, kept aside, and the journal goes on`() throws {
        let (disk, before, after, offset) = try beforeAndAfterLastBatch()
        let witness = disk.contents(Self.witness)
        for sectors in 0...24 {
            let end = offset + sectors * 512
            let image = Array(after[..<end] + before[end...])
            let whole = image[offset + 256..<offset + 10_264] == after[offset + 256..<offset + 10_264]
            disk.setContents(Self.witness, witness)
            try expectRecovery(disk, image: image, whole: whole, torn: sectors > 0 && !whole)
        }
    }

    @Test func `batch of which any sectors arrived is whole or cut`() throws {
        let (disk, before, after, offset) = try beforeAndAfterLastBatch()
        let witness = disk.contents(Self.witness)
        var random = SplitMix(state: 11)
        for _ in 0..<150 {
            var image = before
            let mask = random.next()
            for sector in 0..<24 where mask >> UInt64(sector) & 1 == 1 {
                let range = offset + sector * 512..<offset + sector * 512 + 512
                image.replaceSubrange(range, with: after[range])
            }
            let whole = image[offset..<offset + 10_264] == after[offset..<offset + 10_264]
            disk.setContents(Self.witness, witness)
            try expectRecovery(disk, image: image, whole: whole, torn: !whole && image != before)
        }
    }

    @Test(arguments: [segment, second, witness]) func `flipped bit in any byte is refused or changes nothing`(
        path: String
    ) throws {
        // Header and three frames fill the first segment; the second is prepared and unused.
        let disk = try closedJournal(TestJournal.configuration(segmentBytes: 16_384, batchBytes: 4_096))
        var refused = 0
        for byte in disk.contents(path).indices {
            // Zeros of the unused segment and of unused slots are alike everywhere: a sample of
            // them is enough.
            if path == Self.second || byte >= 4_096 * 2, path != Self.segment, byte % 61 != 0 { continue }
            disk.flip(path, byte: byte, mask: 1 << UInt8(byte % 8))
            var records: [[UInt8]] = []
            do {
                try JournalDump.forEachRecord(directory: TestJournal.directory, fileSystem: disk) { _, _, bytes in
                    records.append(bytes.withUnsafeBufferPointer(Array.init))
                }
                #expect(records.count == 6, "byte \(byte) lost acknowledged records")
                expectTestRecords(records)
            } catch {
                refused += 1
            }
            disk.flip(path, byte: byte, mask: 1 << UInt8(byte % 8))
        }
        if path == Self.segment { #expect(refused > 4_096 + 3 * 400) }
        if path == Self.witness { #expect(refused == 0) }
    }

    @Test(arguments: [segment, second, witness])
    func `journal with a flipped bit opens with every record or not at all`(path: String) throws {
        let image = try closedJournal()
        let names = image.fileNames
        for byte in stride(from: 0, to: image.contents(path).count, by: 211) {
            let disk = FakeDisk()
            for name in names { disk.setContents(name, image.contents(name)) }
            disk.flip(path, byte: byte, mask: 0x80)
            guard let journal = try? TestJournal(disk) else { continue }
            #expect(journal.replayed.count == 6, "byte \(byte)")
            journal.journal.close()
        }
    }

    @Test func `damage before a later batch names file, offset and record`() throws {
        let disk = try closedJournal()
        disk.deleteFile(Self.witness)
        disk.flip(Self.segment, byte: 4096 * 2 + 300, mask: 1)
        let error = #expect(throws: JournalError.self) { try TestJournal(disk) }
        #expect(error?.code == .corrupt)
        #expect(error?.description.contains("00000000000000000001.journal, offset 8192, record 3") == true)
    }

    @Test func `last batch damaged is refused because of the witness, and without it taken for torn`() throws {
        let disk = try closedJournal()
        disk.flip(Self.segment, byte: 4096 * 3 + 300, mask: 1)
        let error = #expect(throws: JournalError.self) { try TestJournal(disk) }
        #expect(error?.code == .corrupt)
        disk.deleteFile(Self.witness)
        let journal = try TestJournal(disk)
        #expect(journal.replayed.count == 4 && journal.report.torn?.bytes == 4096 && journal.report.witness == .absent)
        journal.journal.close()
    }

    @Test func `last batch turned to zeros is refused`() throws {
        let disk = try closedJournal()
        var bytes = disk.contents(Self.segment)
        for index in 4096 * 3..<4096 * 4 { bytes[index] = 0 }
        disk.setContents(Self.segment, bytes)
        #expect(throws: JournalError.self) { try TestJournal(disk) }
    }

    @Test func `batch moved to another place is refused`() throws {
        let disk = try closedJournal()
        var bytes = disk.contents(Self.segment)
        bytes.replaceSubrange(4096 * 2..<4096 * 3, with: bytes[4096 * 3..<4096 * 4])
        disk.setContents(Self.segment, bytes)
        #expect(throws: JournalError.self) { try TestJournal(disk) }
    }

    @Test func `missing segments and swapped histories are refused`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk)
        for _ in 0..<30 { #expect(try journal.appendDurably(1, bytes: 10_000)) }
        journal.journal.close()
        let segments = disk.fileNames.filter { $0.hasSuffix(".journal") }
        #expect(segments.count >= 4)
        for name in segments.dropLast() {
            let copy = FakeDisk()
            for other in disk.fileNames where other != name { copy.setContents(other, disk.contents(other)) }
            let error = #expect(throws: JournalError.self, "\(name)") { try TestJournal(copy) }
            #expect(error?.code == .corrupt)
        }
        // The witness remembers segments even if all of them are gone.
        let empty = FakeDisk()
        empty.setContents(Self.witness, disk.contents(Self.witness))
        #expect(throws: JournalError.self) { try TestJournal(empty) }
    }

    @Test func `shortened segment is refused`() throws {
        let disk = try closedJournal()
        disk.setContents(Self.segment, Array(disk.contents(Self.segment).dropLast(4096)))
        #expect(throws: JournalError.self) { try TestJournal(disk) }
    }

    @Test func `leftovers of another salt in a recycled segment are not records`() throws {
        let old = try closedJournal(bytes: 120)
        let disk = FakeDisk()
        let journal = try TestJournal(disk)
        #expect(try journal.appendDurably(1))
        journal.journal.close()
        var bytes = disk.contents(Self.segment)
        let stale = old.contents(Self.segment)
        bytes.replaceSubrange(8192..<16_384, with: stale[8192..<16_384])
        disk.setContents(Self.segment, bytes)
        bytes[16] = 1
        restamp(&bytes)
        disk.setContents(Self.segment, bytes)
        let recycled = try TestJournal(disk)
        #expect(recycled.replayed.count == 1)
        #expect(try recycled.appendDurably(2))
        recycled.journal.close()
        let again = try TestJournal(disk)
        #expect(again.replayed.count == 3)
        again.journal.close()
    }

    @Test func `damaged witness is replaced and kept aside`() throws {
        let disk = try closedJournal()
        disk.flip(Self.witness, byte: 100, mask: 1)
        let journal = try TestJournal(disk)
        #expect(journal.report.witness == .damaged && journal.replayed.count == 6)
        journal.journal.close()
        #expect(disk.fileNames.contains(Self.witness + ".damaged"))
        let again = try TestJournal(disk)
        #expect(again.report.witness == .present(batch: 3, position: 6))
        again.journal.close()
    }

    @Test func `bytes beyond one unfinished write are damage`() throws {
        let disk = try closedJournal()
        disk.flip(Self.segment, byte: 4096 * 12, mask: 1)
        #expect(throws: JournalError.self) { try TestJournal(disk) }
    }
}
