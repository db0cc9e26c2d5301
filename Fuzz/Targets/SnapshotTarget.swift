@testable import Journal

extension FuzzTarget {
    /// The snapshot container: damage to a valid file, with and without right checksums. The reader refuses, or (nothing
    /// forged) gives the chunks as they were written.
    static let snapshot = FuzzTarget(name: "snapshot", maximumBytes: 256) { input in
        var program = FuzzInput(input)
        var isForged = false
        var file = SnapshotSeed.file
        for _ in 0..<32 where !program.isEmpty { SnapshotSeed.damage(&file, &program, &isForged) }
        let disk = MemoryDisk([SnapshotSeed.path: file])
        var chunks: [SnapshotSeed.Chunk] = []
        let read = try? SnapshotReader.readAll(disk, path: SnapshotSeed.path) { section, bytes throws(JournalError) in
            chunks.append(.init(section: section, bytes: Array(bytes)))
        }
        if !isForged, read != nil { precondition(chunks == SnapshotSeed.chunks, "other chunks than were written") }
        let offset = UInt64(program.word())
        _ = try? SnapshotReader.header(disk, path: SnapshotSeed.path)
        _ = try? SnapshotReader.chunk(disk, path: SnapshotSeed.path, at: offset & 1 == 0 ? 4_096 : offset)
    }
}

/// A small snapshot file: three chunks, one of them empty.
private enum SnapshotSeed {
    struct Chunk: Equatable {
        var section: UInt16
        var bytes: [UInt8]
    }

    static let path = "d/s"
    static let chunks = [
        Chunk(section: 1, bytes: Array(0..<64)), Chunk(section: 2, bytes: []),
        Chunk(section: 3, bytes: (0..<6_000).map { UInt8(truncatingIfNeeded: $0 &* 3) }),
    ]

    static let file: [UInt8] = {
        let disk = MemoryDisk()
        var header = SnapshotHeader(
            kind: .snapshot,
            journalID: 7,
            position: 40,
            epoch: 2,
            wallMilliseconds: 1_700_000_000_000,
            contentVersion: 1
        )
        header.salt = Salt(bytes: SIMD16(repeating: 5))
        do throws(JournalError) {
            var writer = try SnapshotWriter(disk, directory: "d", name: "s", header: header)
            for chunk in chunks {
                try write(chunk, &writer)
            }
            _ = try writer.finish()
        } catch {
            preconditionFailure("the seed: \(error)")
        }
        return disk.files[path] ?? []
    }()

    private static func write(_ chunk: Chunk, _ writer: inout SnapshotWriter) throws(JournalError) {
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: max(1, chunk.bytes.count))
        defer { memory.deallocate() }
        memory.copyBytes(from: chunk.bytes)
        try writer.write(section: chunk.section, UnsafeRawBufferPointer(memory).part(0, chunk.bytes.count))
    }

    static func damage(_ file: inout [UInt8], _ input: inout FuzzInput, _ isForged: inout Bool) {
        let operation = input.byte() % 8
        let offset = input.word()
        switch operation {
        case 0: if offset < file.count { file[offset] ^= input.byte() }
        case 1:
            for (index, byte) in input.take(8).enumerated() where offset + index < file.count {
                file[offset + index] = byte
            }
        case 2: file.removeLast(min(file.count, offset))
        case 3: file += [UInt8](repeating: input.byte(), count: min(offset, 8_192))
        case 4:
            let source = input.word()
            let part = Array(file.dropFirst(source).prefix(64))
            for (index, byte) in part.enumerated() where offset + index < file.count { file[offset + index] = byte }
        default: forge(&file, operation, &input, &isForged)
        }
    }

    /// A field of the header, of the first chunk's header or of the trailer, with the checksum made right.
    private static func forge(
        _ file: inout [UInt8],
        _ operation: UInt8,
        _ input: inout FuzzInput,
        _ isForged: inout Bool
    ) {
        let field = Int(input.byte()) % 96
        let (width, value) = (1 << (Int(input.byte()) % 4), input.edge())
        guard file.count >= 3 * 4_096 else { return }
        isForged = true
        let start = operation == 5 ? 0 : operation == 6 ? 4_096 : file.count - 4_096
        for index in 0..<width { file[start + field + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
        file.withUnsafeMutableBytes { memory in
            let bytes = UnsafeRawBufferPointer(memory)
            let seed = crc32c(bytes.part(64, 16))
            switch operation {
            case 5: memory.store(crc32c(bytes.part(12, 4_084)), at: 8)
            case 6: memory.store(crc32c(bytes.part(start + 4, 28), seed: seed), at: start)
            default: memory.store(crc32c(bytes.part(start + 12, 4_084), seed: seed), at: start + 8)
            }
        }
    }
}
