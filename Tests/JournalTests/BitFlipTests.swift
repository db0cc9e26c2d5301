import Testing

@testable import Journal

/// One bit of every byte of a small journal's files is wrong, in turn. Opening then gives every
/// acknowledged record, or refuses and names the file and a place at or before the damage. It never
/// gives fewer.
@Suite struct BitFlipTests {
    /// Header and three frames fill a segment.
    static let configuration = {
        var configuration = TestJournal.configuration(segmentBytes: 16_384, batchBytes: 4_096)
        configuration.driving = .steps
        configuration.clock = { 0 }
        return configuration
    }()

    static let records = 8

    /// Four batches of two records in two segments.
    private static func image(closed: Bool) throws -> FakeDisk {
        let disk = FakeDisk()
        let journal = try TestJournal(disk, configuration)
        for number in 0..<4 {
            try journal.append(2, bytes: 900)
            while journal.journal.stepWriter() == .did {}
            // A kill: the last batch is acknowledged, and the keeper has not come to its witness.
            if closed || number < 3 {
                while journal.journal.stepKeeper() == .did || journal.journal.stepWriter() == .did {}
            }
        }
        #expect(journal.owner.acknowledged == 8)
        let files = disk.restarted()
        journal.journal.close()
        return closed ? disk.restarted() : files
    }

    private enum Verdict {
        case whole
        case refused(JournalError)
        case cut(Int, RecoveryReport)
    }

    private static func open(_ disk: FakeDisk) -> Verdict {
        do throws(JournalError) {
            let journal = try TestJournal(disk, configuration)
            journal.journal.close()
            expectTestRecords(journal.replayed)
            let count = journal.replayed.count
            return count == records ? .whole : .cut(count, journal.report)
        } catch {
            return .refused(error)
        }
    }

    /// What recovery would say, without its writes.
    private static func scan(_ disk: FakeDisk) -> Verdict {
        var found: [[UInt8]] = []
        do throws(JournalProblem) {
            try JournalDump.forEachRecord(directory: TestJournal.directory, fileSystem: disk) { _, _, bytes in
                found.append(bytes.withUnsafeBufferPointer(Array.init))
            }
        } catch {
            return .refused(error.asJournalError)
        }
        expectTestRecords(found)
        return found.count == records ? .whole : .cut(found.count, RecoveryReport())
    }

    /// The files that a start reads, with their sizes.
    private static func files(_ disk: FakeDisk) -> [(path: String, bytes: Int)] {
        disk.fileNames.filter { $0.hasSuffix(".journal") || $0.hasSuffix("/witness") }.map {
            ($0, disk.contents($0).count)
        }
    }

    @Test func everyByteOfAClosedJournal() throws {
        let image = try Self.image(closed: true)
        var whole = 0
        var refused = 0
        for (path, bytes) in Self.files(image) {
            for byte in 0..<bytes {
                let mask: UInt8 = 1 << UInt8(byte % 8)
                image.flip(path, byte: byte, mask: mask)
                // Every byte by the scan that a start begins with, and some by a start.
                switch byte % 64 == 0 ? Self.open(image.restarted()) : Self.scan(image) {
                case .whole: whole += 1
                case .refused(let error):
                    refused += 1
                    Self.expectNamed(error, file: path, byte: byte)
                case .cut(let count, _): Issue.record("\(path), byte \(byte): only \(count) records")
                }
                image.flip(path, byte: byte, mask: mask)
            }
        }
        print("bit flips, closed: \(whole) harmless, \(refused) refused")
        // Two headers, and of each frame header and payload.
        #expect(refused > 2 * 4_096 + 4 * 2_000 && whole + refused == 2 * 16_384 + 4_096 + 64 * 512)
    }

    /// Of a killed journal the last batch has no witness: damage to it looks like a write that did
    /// not end, and is cut, reported and kept aside (docs/journal.md, "What remains"). Nothing else
    /// may be lost.
    @Test func everyByteOfAKilledJournal() throws {
        let image = try Self.image(closed: false)
        let lastSegment = TestJournal.directory + "/" + JournalDirectory.segmentName(2)
        let frame = 4_096..<4_096 + 256 + 2 * 904
        var cut = 0
        for (path, bytes) in Self.files(image) {
            // Of the others a sample.
            for byte in stride(from: 0, to: bytes, by: path == lastSegment ? 1 : 7) {
                let disk = image.restarted()
                disk.flip(path, byte: byte, mask: 1 << UInt8(byte % 8))
                switch Self.open(disk) {
                case .whole: break
                case .refused(let error): Self.expectNamed(error, file: path, byte: byte)
                case .cut(let count, let report):
                    cut += 1
                    #expect(count == 6 && path == lastSegment && frame.contains(byte), "\(path), byte \(byte)")
                    let torn = try #require(report.torn)
                    let kept = disk.contents(TestJournal.directory + "/" + torn.keptIn)
                    #expect(torn.offset == 4_096 && kept.count == Int(torn.bytes) && kept.count >= frame.count)
                }
            }
        }
        #expect(cut == frame.count)
        print("bit flips, killed: \(cut) cut the last batch")
    }

    private static func expectNamed(_ error: JournalError, file path: String, byte: Int) {
        #expect(error.code == .corrupt || error.code == .format || error.code == .key, "\(error)")
        let name = String(path.dropFirst(TestJournal.directory.count + 1))
        let words = error.description.split(separator: " ")
        let offset = words.firstIndex(of: "offset").flatMap { Int(words[$0 + 1].filter(\.isNumber)) }
        #expect(error.description.hasPrefix(name) && (offset ?? .max) <= byte, "\(path), byte \(byte): \(error)")
    }

    /// 24 sectors of the write in progress: every prefix, and ten thousand of their subsets.
    @Test func everyPrefixAndTenThousandSubsetsOfATornBatch() throws {
        var configuration = TestJournal.configuration(segmentBytes: 32 << 10, batchBytes: 16 << 10)
        configuration.driving = .steps
        configuration.clock = { 0 }
        let disk = FakeDisk()
        let journal = try TestJournal(disk, configuration)
        try journal.append(6)
        while journal.journal.stepWriter() == .did || journal.journal.stepKeeper() == .did {}
        let before = disk.restarted()
        try journal.append(2, bytes: 5_900)
        while journal.journal.stepWriter() == .did {}
        let path = TestJournal.directory + "/" + JournalDirectory.segmentName(1)
        let old = before.contents(path)
        let new = disk.contents(path)
        journal.journal.close()
        let used = 256 + 2 * 5_904
        var random = SplitMix(state: 20_261_121)
        var whole = 0
        for trial in 0..<10_025 {
            let sectors = trial < 25 ? (UInt64(1) << UInt64(trial)) - 1 : random.next()
            var image = old
            for sector in 0..<24 where sectors >> UInt64(sector) & 1 == 1 {
                let range = 8_192 + sector * 512..<8_192 + sector * 512 + 512
                image.replaceSubrange(range, with: new[range])
            }
            let isWhole = image[8_192..<8_192 + used] == new[8_192..<8_192 + used]
            let torn = before.restarted()
            torn.setContents(path, image)
            let found = try TestJournal(torn, configuration)
            #expect(found.replayed.count == (isWhole ? 8 : 6), "sectors \(sectors)")
            #expect((found.report.torn != nil) == (!isWhole && image != old), "sectors \(sectors)")
            found.journal.close()
            whole += isWhole ? 1 : 0
        }
        #expect(whole >= 1 && whole < 100)
    }
}
