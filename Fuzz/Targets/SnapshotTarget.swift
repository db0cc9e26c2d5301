@testable import Journal

extension FuzzTarget {
    /// The snapshot container: damage to a valid file, with and without right checksums. The reader
    /// refuses, or (nothing forged) gives the chunks as they were written.
    static let snapshot = FuzzTarget(name: "snapshot", maximumBytes: 256) { input in
        var program = FuzzInput(input)
        var isForged = false
        var file = SnapshotSeed.file
        for _ in 0..<32 where !program.isEmpty { SnapshotDamage.damage(&file, by: &program, isForged: &isForged) }
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
}
