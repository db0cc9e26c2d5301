import Testing

@testable import Journal

/// Headers with right checksums and numbers that no journal can have, as the fuzzer made them:
/// refused or harmless, never a trap.
@Suite struct ForgedHeaderTests {
    private static func path(_ name: String) -> String { TestJournal.directory + "/" + name }

    /// A closed journal of two segments and more.
    private func closedJournal() throws -> FakeDisk {
        let disk = FakeDisk()
        let test = try TestJournal(disk)
        for _ in 0..<30 { #expect(try test.appendDurably(1, bytes: 4_000)) }
        test.journal.close()
        return disk
    }

    private func patch(_ disk: FakeDisk, file path: String, by body: (UnsafeMutableRawBufferPointer) -> Void) {
        var bytes = disk.contents(path)
        bytes.withUnsafeMutableBytes(body)
        disk.setContents(path, bytes)
    }

    @Test func `A witness slot with the last of all sequence numbers does not end the ring`() throws {
        let disk = try closedJournal()
        patch(disk, file: Self.path("witness")) { memory in
            let start = WitnessHeader.byteCount
            let bytes = UnsafeRawBufferPointer(memory)
            memory.store(UInt64.max, at: start + 8)
            memory.store(WitnessSlot.magic, at: start + 4)
            memory.store(UInt32(0), at: start + 96)
            let seed = crc32c(bytes.part(32, Salt.byteCount))
            memory.store(crc32c(bytes.part(start + 4, WitnessSlot.byteCount - 4), seed: seed), at: start)
        }
        let test = try TestJournal(disk)
        #expect(test.replayed.count == 30)
        #expect(try test.appendDurably(1))
        test.journal.close()
    }

    @Test(arguments: [UInt64(0), .max])
    func `A file with a number that no segment has is not taken for one`(_ number: UInt64) throws {
        let disk = try closedJournal()
        disk.setContents(Self.path(JournalDirectory.segmentName(number)), [UInt8](repeating: 0, count: 64 << 10))
        #expect(JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk).isSound)
        let test = try TestJournal(disk)
        #expect(test.replayed.count == 30)
        test.journal.close()
    }

    @Test(arguments: [(48, UInt64(0)), (48, .max), (56, 0), (56, .max)])
    func `An oldest segment that begins with an impossible batch or record is refused`(
        _ offset: Int,
        _ value: UInt64
    ) throws {
        let disk = try closedJournal()
        disk.deleteFile(Self.path(JournalDirectory.segmentName(1)))
        patch(disk, file: Self.path(JournalDirectory.segmentName(2))) { memory in
            memory.store(value, at: offset)
            memory.store(crc32c(UnsafeRawBufferPointer(memory).part(12, SegmentHeader.byteCount - 12)), at: 8)
        }
        let verification = JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk)
        #expect(verification.problem?.code == .corrupt)
        #expect(throws: JournalError.self) { _ = try TestJournal(disk) }
    }
}
