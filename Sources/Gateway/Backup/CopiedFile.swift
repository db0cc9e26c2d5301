import Crypto
import Glibc

/// Whole files of any size, copied and hashed a piece at a time. Blocks.
enum CopiedFile {
    static let pieceBytes = 1 << 20

    /// The size and SHA-256 of a file.
    static func digest(_ path: String) throws(FileError) -> (bytes: UInt64, digest: String) {
        try forEachPiece(path) { _ throws(FileError) in }
    }

    /// Copies a file and syncs the copy; returns size and SHA-256 of what was read.
    static func copy(_ path: String, to target: String) throws(FileError) -> (bytes: UInt64, digest: String) {
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError("open", target) }
        defer { close(descriptor) }
        let result = try forEachPiece(path) { piece throws(FileError) in
            var written = 0
            while written < piece.count {
                let count = write(descriptor, piece.baseAddress.map { $0 + written }, piece.count - written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw FileError("write", target) }
                written += count
            }
        }
        guard fsync(descriptor) == 0 else { throw FileError("fsync", target) }
        return result
    }

    private static func forEachPiece(
        _ path: String,
        _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError) -> (bytes: UInt64, digest: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 4_096)
        defer { memory.deallocate() }
        var hash = SHA256()
        var bytes: UInt64 = 0
        while true {
            let count = read(descriptor, memory.baseAddress, memory.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", path) }
            if count == 0 { return (bytes, Hexadecimal.encode(Array(hash.finalize()))) }
            let piece = UnsafeRawBufferPointer(rebasing: memory[..<count])
            hash.update(bufferPointer: piece)
            bytes += UInt64(count)
            try body(piece)
        }
    }
}
