import Glibc
import Synchronization

/// The directory that holds everything a gateway must not forget: `meta.yaml` (format, number of shards, digest seed),
/// and a journal per shard in `shard-000`, `shard-001`, ...
///
/// An open directory is locked against other processes until `close` (or the process's end, however it comes).
package final class DataDirectory: Sendable {
    package let path: String
    /// How many shards the directory was made for; never changes.
    package let shards: Int
    /// 32 random bytes, the key of idempotency digests. A secret: whoever knows it can construct colliding keys.
    package let digestSeed: [UInt8]
    /// Whether this call made the directory.
    package let isNew: Bool
    private let lock: FileLock

    private init(path: String, meta: DataDirectoryMeta, isNew: Bool, lock: consuming FileLock) {
        self.path = path
        self.shards = meta.shards
        self.digestSeed = meta.digestSeed
        self.isNew = isNew
        self.lock = lock
    }

    /// Opens the directory, making it first when nothing is there. `shards` is what the configuration demands, if it
    /// does; `defaultShards` serves a new directory otherwise. Blocks.
    ///
    /// Throws `held` when another process has it open, `mismatch` when it was made for another number of shards,
    /// `damaged` when `meta.yaml` cannot be understood, `io` when the system refuses.
    package static func open(
        path: String,
        shards: Int?,
        defaultShards: Int
    ) throws(DataDirectoryError) -> DataDirectory {
        precondition((1...1_024).contains(shards ?? defaultShards), "the configuration bounds the number of shards")
        do throws(FileError) {
            try Files.makeDirectory(path, permissions: 0o700)
        } catch {
            throw .io(error)
        }
        let lock = try FileLock(path: FilePaths.join(path, "lock"))
        let metaPath = FilePaths.join(path, "meta.yaml")
        let isNew = !Files.exists(metaPath)
        let meta: DataDirectoryMeta
        if isNew {
            meta = DataDirectoryMeta(shards: shards ?? defaultShards, digestSeed: .random(count: 32))
            try refuseOrphans(in: path)
            try meta.write(to: metaPath)
        } else {
            meta = try DataDirectoryMeta(readingFrom: metaPath)
        }
        if let shards, shards != meta.shards {
            throw .mismatch(path: path, configured: shards, found: meta.shards)
        }
        return DataDirectory(path: path, meta: meta, isNew: isNew, lock: lock)
    }

    /// Where the journal of a shard lives; the journal makes it.
    package func journalDirectory(shard: Int) -> String {
        precondition((0..<shards).contains(shard), "no such shard")
        return Self.journalDirectory(in: path, shard: shard)
    }

    static func journalDirectory(in path: String, shard: Int) -> String {
        let digits = String(shard)
        return FilePaths.join(path, "shard-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits)
    }

    /// Lets other processes open the directory. Journals must be closed first.
    package func close() {
        lock.release()
    }

    /// Journals without `meta.yaml` mean that somebody removed it; making a new one would change every digest and place
    /// merchants on other shards.
    private static func refuseOrphans(in path: String) throws(DataDirectoryError) {
        guard Files.exists(journalDirectory(in: path, shard: 0)) else { return }
        throw .damaged(path: FilePaths.join(path, "meta.yaml"), reason: "is missing, but there are journals beside it")
    }
}

/// Why a data directory cannot be opened.
package enum DataDirectoryError: Error, Equatable, CustomStringConvertible {
    /// Another process has it open.
    case held(path: String)
    /// It was made for another number of shards.
    case mismatch(path: String, configured: Int, found: Int)
    /// `meta.yaml` is missing beside journals, of another format, or makes no sense.
    case damaged(path: String, reason: String)
    /// The operating system refused.
    case io(FileError)

    package var description: String {
        switch self {
        case .held(let path):
            "\(path): another process has this data directory open"
        case .mismatch(let path, let configured, let found):
            "\(path): made for \(found) shards, but the configuration says \(configured); "
                + "the number of shards of a data directory cannot be changed"
        case .damaged(let path, let reason):
            "\(path): \(reason)"
        case .io(let error):
            error.description
        }
    }

    /// What the process exits with.
    package var exitStatus: Int32 {
        switch self {
        case .held: ExitStatus.held
        case .mismatch: ExitStatus.configuration
        case .damaged: ExitStatus.damaged
        case .io: ExitStatus.io
        }
    }
}

extension [UInt8] {
    /// Bytes of the system's generator, which is cryptographically secure on Linux.
    static func random(count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}

/// An advisory lock (flock) on a file, which the kernel releases when the process ends.
private final class FileLock: Sendable {
    private let descriptor: Mutex<Int32?>

    init(path: String) throws(DataDirectoryError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .io(FileError("open", path)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw code == EWOULDBLOCK
                ? .held(path: FilePaths.directory(of: path)) : .io(FileError("flock", path, code: code))
        }
        self.descriptor = Mutex(descriptor)
    }

    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { Glibc.close(open) }
            descriptor = nil
        }
    }

    deinit { release() }
}
