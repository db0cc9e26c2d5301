import Glibc

/// What the operating system said to a file operation.
package struct FileError: Error, Equatable, CustomStringConvertible {
    package var operation: String
    package var path: String
    /// The system's `errno`; 0 where this program found the problem itself.
    package var code: Int32
    package var reason: String

    init(_ operation: String, _ path: String, code: Int32 = errno) {
        self.operation = operation
        self.path = path
        self.code = code
        self.reason = String(cString: strerror(code))
    }

    init(_ operation: String, _ path: String, reason: String) {
        self.operation = operation
        self.path = path
        self.code = 0
        self.reason = reason
    }

    package var description: String { "\(path): \(operation): \(reason)" }
}

/// Small whole files, for start-up and tools; everything here blocks.
package enum Files {
    /// The whole file, if it is a regular file (or a pipe) of at most `limit` bytes.
    package static func read(_ path: String, limit: Int = 1 << 20) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw FileError("read", path, reason: "longer than \(limit) bytes") }
        }
    }

    /// Puts `bytes` at `path`. A reader, also after a crash, sees the old file or the new one and
    /// nothing between. It writes the bytes beside the file, syncs them, renames the new file and
    /// syncs the directory.
    package static func writeAtomically(
        _ bytes: [UInt8],
        to path: String,
        permissions: UInt32 = 0o644
    ) throws(FileError) {
        let temporary = "\(path).tmp.\(getpid())"
        do throws(FileError) {
            try write(bytes, toNew: temporary, permissions: permissions)
            guard rename(temporary, path) == 0 else { throw FileError("rename", path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try syncDirectory(FilePaths.directory(of: path))
    }

    /// Makes the directory and its missing parents; their names are durable when this returns.
    package static func makeDirectory(_ path: String, permissions: UInt32 = 0o755) throws(FileError) {
        if mkdir(path, permissions) != 0 {
            switch errno {
            case EEXIST:
                guard isDirectory(path) else { throw FileError("mkdir", path, code: ENOTDIR) }
                return
            case ENOENT:
                try makeDirectory(FilePaths.directory(of: path))
                guard mkdir(path, permissions) == 0 || errno == EEXIST else { throw FileError("mkdir", path) }
            default:
                throw FileError("mkdir", path)
            }
        }
        try syncDirectory(FilePaths.directory(of: path))
    }

    /// Throws when this process may not make files in the directory, or could not make the
    /// directory and its missing parents. Writes nothing.
    package static func checkWritable(_ path: String) throws(FileError) {
        if exists(path) {
            guard isDirectory(path) else { throw FileError("open", path, code: ENOTDIR) }
            guard access(path, W_OK | X_OK) == 0 else { throw FileError("access", path) }
            return
        }
        let parent = FilePaths.directory(of: path)
        guard parent != path else { throw FileError("open", path, code: ENOENT) }
        try checkWritable(parent)
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package static func isDirectory(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// Makes renames and new names in `path` durable.
    package static func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError("fsync", path) }
    }

    /// Makes the name of a directory that was there durable, unless its parent may not be read:
    /// then both are somebody else's.
    package static func syncName(of path: String) throws(FileError) {
        do throws(FileError) {
            try syncDirectory(FilePaths.directory(of: path))
        } catch {
            guard error.code == EACCES else { throw error }
        }
    }

    private static func write(_ bytes: [UInt8], toNew path: String, permissions: UInt32) throws(FileError) {
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError("write", path) }
            written += count
        }
        guard fchmod(descriptor, permissions) == 0 else { throw FileError("fchmod", path) }
        guard fsync(descriptor) == 0 else { throw FileError("fsync", path) }
    }
}
