import Testing

@testable import Journal

@Suite("Files in the snapshot container")
struct SnapshotFileTests {
    let disk = FakeDisk()
    private let path = "/s/file"

    private var header: SnapshotHeader {
        SnapshotHeader(
            kind: .snapshot,
            journalID: 3,
            position: 77,
            epoch: 5,
            wallMilliseconds: 1_790_000_000_000,
            contentVersion: 1
        )
    }

    private func write(_ chunks: [[UInt8]], ring: MasterKeyRing? = nil) throws -> [UInt64] {
        var writer = try SnapshotWriter(disk, directory: "/s", name: "file", header: header, ring: ring)
        var offsets: [UInt64] = []
        for (number, chunk) in chunks.enumerated() {
            offsets.append(writer.offset)
            try chunk.withUnsafeBytes { try writer.write(section: UInt16(number + 1), $0) }
        }
        let summary = try writer.finish()
        #expect(summary.bytes == UInt64(disk.contents(path).count))
        return offsets
    }

    private func read(ring: MasterKeyRing? = nil) throws(JournalError) -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        let (found, _) = try SnapshotReader.readAll(disk, path: path, ring: ring) { section, bytes in
            chunks.append([UInt8(section)] + Array(bytes))
        }
        #expect(found.position == 77 && found.journalID == 3 && found.epoch == 5)
        return chunks
    }

    private var chunks: [[UInt8]] {
        [[], [1, 2, 3], [UInt8](repeating: 7, count: 300_000), (0..<5_000).map { UInt8(truncatingIfNeeded: $0) }]
    }

    @Test("gives back what was written, whole and by chunk, in clear and encrypted")
    func roundTrip() throws {
        let ring = try testRing("1: 9")
        for ring in [nil, ring] {
            let offsets = try write(chunks, ring: ring)
            #expect(try read(ring: ring) == chunks.enumerated().map { [UInt8($0 + 1)] + $1 })
            for (chunk, offset) in zip(chunks, offsets) {
                #expect(try SnapshotReader.chunk(disk, path: path, at: offset, ring: ring) == chunk)
            }
        }
        #expect(disk.fileNames == [path])
    }

    @Test("gives single chunks of a file that stays open, whatever size was expected, and what its end says")
    func openFile() throws {
        for ring in [nil, try testRing("1: 9")] {
            let offsets = try write(chunks, ring: ring)
            let (header, whole) = try SnapshotReader.readAll(disk, path: path, ring: ring) { _, _ in }
            let file = try SnapshotChunkFile(disk, path: path, ring: ring)
            #expect(file.header == header)
            #expect(try file.summary() == whole)
            for (number, (chunk, offset)) in zip(chunks, offsets).enumerated().reversed() {
                for expected in [0, 1, chunk.count, chunk.count + 1, 400_000] {
                    let found = try file.chunk(at: offset, expectedBytes: expected)
                    #expect(found.section == UInt16(number + 1) && found.bytes == chunk)
                }
            }
            #expect(throws: JournalError.self) { _ = try file.chunk(at: offsets[1] + 1) }
            #expect(throws: JournalError.self) { _ = try file.chunk(at: whole.bytes) }
        }
        let error = #expect(throws: JournalError.self) { _ = try SnapshotChunkFile(disk, path: path) }
        #expect(error?.code == .key)
    }

    @Test("A flipped bit of a chunk is found when that chunk is read", arguments: [false, true])
    func flippedBitsOfAChunk(isEncrypted: Bool) throws {
        let ring = isEncrypted ? try testRing("1: 9") : nil
        let offset = try write([[1, 2, 3], [UInt8](repeating: 7, count: 100)], ring: ring)[1]
        for byte in Int(offset)..<Int(offset) + 132 {
            disk.flip(path, byte: byte, mask: 4)
            let file = try SnapshotChunkFile(disk, path: path, ring: ring)
            #expect(throws: JournalError.self, "byte \(byte)") { _ = try file.chunk(at: offset, expectedBytes: 100) }
            disk.flip(path, byte: byte, mask: 4)
        }
    }

    @Test("is encrypted: the content is not in the file, and another key or none does not open it")
    func encryption() throws {
        let secret = Array("the merchant's reference".utf8)
        _ = try write([secret], ring: try testRing("1: 9"))
        let bytes = disk.contents(path)
        #expect(!bytes.indices.contains { bytes[$0...].starts(with: secret) })
        for ring in [nil, try testRing("1: 8"), try testRing("2: 9")] {
            let error = #expect(throws: JournalError.self) { _ = try read(ring: ring) }
            #expect(error?.code == .key && error?.description.contains(path) == true)
        }
    }

    @Test("A flipped bit anywhere is found", arguments: [false, true])
    func flippedBits(isEncrypted: Bool) throws {
        let ring = isEncrypted ? try testRing("1: 9") : nil
        _ = try write([[1, 2, 3], [UInt8](repeating: 7, count: 100)], ring: ring)
        let count = disk.contents(path).count
        for byte in 0..<count {
            disk.flip(path, byte: byte, mask: 1 << UInt8(byte % 8))
            let error = #expect(throws: JournalError.self, "byte \(byte)") { _ = try read(ring: ring) }
            #expect(error.map { [.corrupt, .format, .key].contains($0.code) } == true)
            disk.flip(path, byte: byte, mask: 1 << UInt8(byte % 8))
        }
        #expect(try read(ring: ring).count == 2)
    }

    @Test("A file that was cut short anywhere, or is a newer program's, is refused")
    func cutShort() throws {
        _ = try write(chunks)
        let bytes = disk.contents(path)
        for count in stride(from: 0, to: bytes.count, by: 1_024) {
            disk.setContents(path, Array(bytes[..<count]))
            #expect(throws: JournalError.self) { _ = try read() }
        }
        disk.setContents(path, bytes)
        disk.flip(path, byte: 12, mask: 2)
        let error = #expect(throws: JournalError.self) { _ = try read() }
        #expect(error?.code == .format && error?.description.contains("newer") == true)
    }

    @Test("Power can fail at any operation: the name is there with the whole content, or not at all")
    func powerFailures() throws {
        var operation = 1
        while true {
            let disk = FakeDisk()
            _ = try disk.createDirectory("/s")
            disk.arm(.powerOff, atOperation: disk.operations + operation)
            var isDone = false
            do {
                var writer = try SnapshotWriter(disk, directory: "/s", name: "file", header: header)
                try chunks[2].withUnsafeBytes { try writer.write(section: 1, $0) }
                _ = try writer.finish()
                isDone = true
            } catch { #expect(error is JournalError) }
            for seed in 1...3 {
                let after = disk.afterPowerFailure(seed: UInt64(seed))
                guard after.fileNames.contains(path) else {
                    #expect(!isDone)
                    continue
                }
                var count = 0
                try SnapshotReader.readAll(after, path: path) { _, bytes in count += bytes.count }
                #expect(count == chunks[2].count)
            }
            if isDone { break }
            operation += 1
        }
        #expect(operation > 6)
    }
}
