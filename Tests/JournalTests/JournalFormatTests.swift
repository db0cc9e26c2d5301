import Testing

@testable import Journal

/// Holds the layouts to docs/journal.md byte by byte: a change here is a change of format.
@Suite struct JournalFormatTests {
    private let salt = Salt(bytes: SIMD16(repeating: 0x5A))
    private let hash = ChainHash(bytes: SIMD32(repeating: 0xC3))

    private func encoded(_ count: Int, _ encode: (UnsafeMutableRawBufferPointer) -> Void) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: count)
        bytes.withUnsafeMutableBytes(encode)
        return bytes
    }

    private func field(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    private var segment: SegmentHeader {
        SegmentHeader(
            flags: 1,
            wrappedKey: WrappedDataKey(keyID: 0x0B0A_0908, bytes: SIMD64(repeating: 0x6B)),
            journalID: 2,
            number: 3,
            segmentBytes: 4,
            batchBytes: 5,
            firstBatch: 6,
            firstPosition: 7,
            epoch: 8,
            createdMilliseconds: 9,
            salt: salt,
            previousHash: hash
        )
    }

    @Test func `segment header has its documented layout`() {
        let bytes = encoded(4096, segment.encode)
        #expect(Array(bytes[0..<8]) == Array("MILLRACE".utf8))
        let fields: [(Int, Int, UInt64)] = [
            (12, 2, 1), (14, 2, 0), (16, 4, 1), (20, 4, 0x0B0A_0908), (24, 8, 2), (32, 8, 3), (40, 8, 4), (48, 8, 6),
            (56, 8, 7),
            (64, 8, 8),
            (72, 8, 9), (128, 4, 5),
        ]
        for (offset, count, value) in fields {
            #expect(field(bytes, at: offset, bytes: count) == value, "offset \(offset)")
        }
        #expect(bytes[80..<96].allSatisfy { $0 == 0x5A } && bytes[96..<128].allSatisfy { $0 == 0xC3 })
        #expect(bytes[132..<136].allSatisfy { $0 == 0 } && bytes[136..<200].allSatisfy { $0 == 0x6B })
        #expect(bytes[200...].allSatisfy { $0 == 0 })
        #expect(field(bytes, at: 8, bytes: 4) == UInt64(bytes[12...].withUnsafeBytes { crc32c($0) }))
        #expect(bytes.withUnsafeBytes(SegmentHeader.decode) == .header(segment))
    }

    @Test func `batch frame has its documented layout`() {
        let payload = framed([testRecord(1)])
        let header = BatchHeader(
            flags: 1,
            batch: 2,
            firstPosition: 3,
            recordCount: 4,
            length: UInt32(payload.count),
            durablePosition: 2,
            epoch: 6,
            wallMilliseconds: 7,
            segment: 8,
            offset: 4096,
            previousHash: hash
        )
        var frameHash = ChainHash.genesis
        let bytes = encoded(4096) { frame in
            frame.zero()
            for (index, byte) in payload.enumerated() { frame[256 + index] = byte }
            frameHash = header.seal(frame, saltSeed: salt.seed)
        }
        #expect(Array(bytes[8..<12]) == Array("MRBF".utf8))
        let fields: [(Int, Int, UInt64)] = [
            (12, 2, 1), (14, 2, 1), (16, 8, 2), (24, 8, 3), (32, 4, 4), (36, 4, UInt64(payload.count)), (40, 8, 2),
            (48, 8, 6),
            (56, 8, 7), (64, 8, 8), (72, 8, 4096), (80, 4, 0),
        ]
        for (offset, count, value) in fields {
            #expect(field(bytes, at: offset, bytes: count) == value, "offset \(offset)")
        }
        #expect(bytes[84..<112].allSatisfy { $0 == 0 } && bytes[112..<144].allSatisfy { $0 == 0xC3 })
        #expect(bytes[144..<256].allSatisfy { $0 == 0 })
        #expect(field(bytes, at: 4, bytes: 4) == UInt64(payload.withUnsafeBytes { crc32c($0) }))
        let salted = [UInt8](repeating: 0x5A, count: 16) + bytes[4..<256]
        #expect(field(bytes, at: 0, bytes: 4) == UInt64(salted.withUnsafeBytes { crc32c($0) }))
        #expect(frameHash == bytes[8..<256 + payload.count].withUnsafeBytes { ChainHash(hashing: $0) })
        #expect(bytes.withUnsafeBytes { BatchHeader.decode($0, saltSeed: salt.seed) } == header)
        #expect(bytes.withUnsafeBytes { BatchHeader.decode($0, saltSeed: salt.seed &+ 1) } == nil)
    }

    @Test func `witness slot has its documented layout`() {
        let slot = WitnessSlot(
            kind: .closed,
            sequence: 1,
            batch: 2,
            position: 3,
            segment: 4,
            offset: 5,
            epoch: 6,
            hash: hash
        )
        let bytes = encoded(512) { slot.encode(into: $0, saltSeed: salt.seed, wallMilliseconds: 7) }
        #expect(Array(bytes[4..<8]) == Array("MRWS".utf8))
        for index in 0..<7 { #expect(field(bytes, at: 8 + 8 * index, bytes: 8) == UInt64(index + 1)) }
        #expect(bytes[64..<96].allSatisfy { $0 == 0xC3 } && field(bytes, at: 96, bytes: 4) == 3)
        #expect(bytes.withUnsafeBytes { WitnessSlot.decode($0, saltSeed: salt.seed) } == slot)
        #expect(bytes.withUnsafeBytes { WitnessSlot.decode($0, saltSeed: salt.seed ^ 1) } == nil)
    }

    @Test func `SHA-256 of the chain is the published one`() {
        let hash = Array("abc".utf8).withUnsafeBytes { ChainHash(hashing: $0) }
        #expect(hash.hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `segment of a newer major format is refused by name, one of a newer minor is read`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk)
        #expect(try journal.appendDurably(3))
        journal.journal.close()
        let path = TestJournal.directory + "/" + JournalDirectory.segmentName(1)
        let original = disk.contents(path)
        var bytes = original
        bytes[14] = 9
        restamp(&bytes)
        disk.setContents(path, bytes)
        let newerMinor = try TestJournal(disk)
        #expect(newerMinor.replayed.count == 3)
        newerMinor.journal.close()
        bytes = original
        bytes[12] = 2
        disk.setContents(path, bytes)
        let error = #expect(throws: JournalError.self) { try TestJournal(disk) }
        #expect(error?.code == .format)
    }

    @Test func `encrypted segment is refused, never taken for torn`() throws {
        let disk = FakeDisk()
        try TestJournal(disk).journal.close()
        let path = TestJournal.directory + "/" + JournalDirectory.segmentName(1)
        var bytes = disk.contents(path)
        bytes[20] = 5
        restamp(&bytes)
        disk.setContents(path, bytes)
        let error = #expect(throws: JournalError.self) { try TestJournal(disk) }
        #expect(error?.code == .key)
    }
}

/// Makes a changed segment header valid again.
func restamp(_ segment: inout [UInt8]) {
    let crc = segment[12..<4096].withUnsafeBytes { crc32c($0) }
    for index in 0..<4 { segment[8 + index] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * index)) }
}
