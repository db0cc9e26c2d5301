import Glibc
import Payments
import Synchronization

/// The directory that holds everything a gateway must not forget: `meta.yaml` (format, identity, number of shards, digest
/// seed), `connectors.yaml` (which number each connector has), and a journal per shard in `shard-000`, `shard-001`, ...
///
/// A directory is made by `create` alone, which an operator asks for. `open` never makes one: the mount point of a disk that is
/// not mounted is empty, and a new directory there would execute every repeated request a second time.
///
/// An open directory is locked against other processes until `close` (or the process's end, however it comes).
package final class DataDirectory: Sendable {
    package let path: String
    /// 32 hexadecimal digits that no other data directory has, but for copies of this one.
    package let id: String
    /// How many shards the directory was made for; never changes.
    package let shards: Int
    /// 32 random bytes, the key of idempotency digests. A secret: whoever knows it can construct colliding keys.
    package let digestSeed: [UInt8]
    private let lock: FileLock

    private init(path: String, meta: DataDirectoryMeta, lock: consuming FileLock) {
        self.path = path
        self.id = meta.id
        self.shards = meta.shards
        self.digestSeed = meta.digestSeed
        self.lock = lock
    }

    /// Makes a data directory for `shards` shards (1...1,024) at `path`, with missing parents, and opens it. Blocks.
    ///
    /// An empty directory may be there already (a fresh file system, say). Throws `exists` when a data directory is there, `held`
    /// when another process makes one, `damaged` when journals without `meta.yaml` are there, `io` when the system refuses.
    package static func create(path: String, shards: Int) throws(DataDirectoryError) -> DataDirectory {
        precondition((1...1_024).contains(shards), "the configuration bounds the number of shards")
        do throws(FileError) {
            try Files.makeDirectory(path, permissions: 0o700)
        } catch {
            throw .io(error)
        }
        let lock = try FileLock(path: FilePaths.join(path, "lock"))
        guard !Files.exists(metaPath(in: path)) else { throw .exists(path: path) }
        try refuseOrphans(in: path)
        // Before `meta.yaml`, which makes the directory one.
        try ConnectorRegistryFile.write(ConnectorRegistry(), in: path)
        let id = Hexadecimal.encode([UInt8].random(count: 16))
        let meta = DataDirectoryMeta(id: id, shards: shards, digestSeed: .random(count: 32))
        try meta.write(to: metaPath(in: path))
        return DataDirectory(path: path, meta: meta, lock: lock)
    }

    /// Opens the data directory at `path`. Blocks.
    ///
    /// - Parameters:
    ///   - shards: the number of shards that the configuration demands; nil takes what the directory has.
    ///   - id: the identity that the configuration demands; nil takes any.
    ///
    /// Throws `missing` when none is there, `held` when another process has it open, `mismatch` and `otherIdentity` when it is not
    /// the one that the configuration means, `damaged` when `meta.yaml` cannot be understood, `io` when the system refuses.
    package static func open(path: String, shards: Int?, id: String?) throws(DataDirectoryError) -> DataDirectory {
        _ = try inspect(path: path, shards: shards, id: id)
        let lock = try FileLock(path: FilePaths.join(path, "lock"))
        // Read again under the lock: what was looked at before may have been replaced.
        return DataDirectory(path: path, meta: try inspect(path: path, shards: shards, id: id), lock: lock)
    }

    /// Checks what `open` checks, without locking or writing. Blocks; throws as `open` does, but never `held`.
    @discardableResult
    package static func check(path: String, shards: Int?, id: String?) throws(DataDirectoryError) -> Int {
        try inspect(path: path, shards: shards, id: id).shards
    }

    private static func inspect(
        path: String,
        shards: Int?,
        id: String?
    ) throws(DataDirectoryError) -> DataDirectoryMeta {
        guard Files.exists(metaPath(in: path)) else {
            try refuseOrphans(in: path)
            throw .missing(path: path)
        }
        let meta = try DataDirectoryMeta(readingFrom: metaPath(in: path))
        if let id, id != meta.id { throw .otherIdentity(path: path, configured: id, found: meta.id) }
        if let shards, shards != meta.shards {
            throw .mismatch(path: path, configured: shards, found: meta.shards)
        }
        return meta
    }

    /// Whether a data directory is at `path`, whole or not.
    static func exists(at path: String) -> Bool { Files.exists(metaPath(in: path)) }

    private static func metaPath(in path: String) -> String { FilePaths.join(path, "meta.yaml") }

    /// Where the journal of a shard lives; the journal makes it.
    package func journalDirectory(shard: Int) -> String {
        precondition((0..<shards).contains(shard), "no such shard")
        return Self.journalDirectory(in: path, shard: shard)
    }

    static func journalDirectory(in path: String, shard: Int) -> String {
        let digits = String(shard)
        return FilePaths.join(path, "shard-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits)
    }

    /// Gives each connector of the configuration its number, and makes new numbers durable before it returns. Blocks.
    ///
    /// Throws `damaged` when the registry is missing or makes no sense, `full` when it has no room, `io` when the system refuses.
    func register(
        _ connectors: [GatewayConfiguration.Connector]
    ) throws(DataDirectoryError) -> ConnectorRegistry {
        let known = try ConnectorRegistryFile.read(in: path)
        var registry = known
        do throws(ConnectorRegistry.Problem) {
            try registry.register(connectors)
        } catch {
            throw .registryFull(path: ConnectorRegistryFile.path(in: path))
        }
        if registry != known { try ConnectorRegistryFile.write(registry, in: path) }
        return registry
    }

    /// Lets other processes open the directory. Journals must be closed first.
    package func close() {
        lock.release()
    }

    /// Journals without `meta.yaml` mean that somebody removed it; making a new one would change every digest and place
    /// merchants on other shards.
    private static func refuseOrphans(in path: String) throws(DataDirectoryError) {
        guard Files.exists(journalDirectory(in: path, shard: 0)) else { return }
        throw .damaged(path: metaPath(in: path), reason: "is missing, but there are journals beside it")
    }
}

/// Why a data directory cannot be opened.
package enum DataDirectoryError: Error, Equatable, CustomStringConvertible {
    /// There is none at the path, which may be the mount point of a disk that is not mounted.
    case missing(path: String)
    /// A new one was asked for where one is.
    case exists(path: String)
    /// It is another one than the configuration names.
    case otherIdentity(path: String, configured: String, found: String)
    /// Another process has it open.
    case held(path: String)
    /// It was made for another number of shards.
    case mismatch(path: String, configured: Int, found: Int)
    /// `meta.yaml` is missing beside journals, of another format, or makes no sense.
    case damaged(path: String, reason: String)
    /// Its registry of connectors takes no more names.
    case registryFull(path: String)
    /// The operating system refused.
    case io(FileError)

    package var description: String {
        switch self {
        case .missing(let path):
            "\(path): there is no data directory here. Is its disk mounted? "
                + "Only `millrace init \(path)` makes a new one, which knows no payment and no idempotency key"
        case .exists(let path):
            "\(path): is a data directory already; start without --init"
        case .otherIdentity(let path, let configured, let found):
            "\(path): is the data directory \(found), but the configuration says data_directory_id \(configured)"
        case .held(let path):
            "\(path): another process has this data directory open"
        case .mismatch(let path, let configured, let found):
            "\(path): made for \(found) shards, but the configuration says \(configured); "
                + "the number of shards of a data directory cannot be changed"
        case .damaged(let path, let reason):
            "\(path): \(reason)"
        case .registryFull(let path):
            "\(path): holds \(ConnectorRegistry.maximumConnectors) connectors and takes no more; use a name that it has"
        case .io(let error):
            error.description
        }
    }

    /// What the process exits with.
    package var exitStatus: Int32 {
        switch self {
        case .missing: ExitStatus.missing
        case .exists: ExitStatus.exists
        case .held: ExitStatus.held
        case .mismatch, .otherIdentity, .registryFull: ExitStatus.configuration
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
