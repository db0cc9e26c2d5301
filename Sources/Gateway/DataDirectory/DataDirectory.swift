import Glibc
import Journal
import Payments
import Synchronization

/// The directory that holds everything a gateway must not forget. `meta.yaml` has the format, the
/// identity, the numbers of shards and logs, and the digest seed. `connectors.yaml` has the number
/// of each connector, and `configurations.yaml` the number of each configuration. The logs are in
/// `log-000`, `log-001` and so on. `shard-000`, `shard-001` and so on have what each shard keeps
/// beside its log: snapshots, payments and keys that left memory, cursors.
///
/// Only `create` makes a directory, and only when an operator asks for it. `open` never makes one.
/// The mount point of a disk that is not mounted is empty. A gateway with a new directory there
/// would execute every repeated request a second time.
///
/// An open directory is locked against other processes until `close`, or until the process ends in
/// whatever way.
package final class DataDirectory: Sendable {
    package let path: String
    private let meta: DataDirectoryMeta
    private let lock: FileLock
    /// Held while a configuration is given its number: two reloads may run at once.
    private let numbering = Mutex(())

    private init(path: String, meta: DataDirectoryMeta, lock: consuming FileLock) {
        self.path = path
        self.meta = meta
        self.lock = lock
    }

    /// 32 hexadecimal digits that no other data directory has, but for copies of this one.
    package var id: String { meta.id }

    /// How many shards the directory was made for; never changes.
    package var shards: Int { meta.shards }

    /// How many logs its shards share; never changes.
    package var logs: Int { meta.logs }

    /// 32 random bytes, the key of idempotency digests. A secret: whoever knows it can construct
    /// colliding keys.
    package var digestSeed: [UInt8] { meta.digestSeed }

    /// The number of logs for a new directory: one for each event loop, but no more than there are
    /// shards. It is more when that many logs cannot take all shards as streams.
    package static func logCount(shards: Int, loops: Int) -> Int {
        max(min(shards, loops), (shards + StreamLimits.streams - 1) / StreamLimits.streams)
    }

    static func fits(shards: Int, logs: Int) -> Bool { logCount(shards: shards, loops: logs) == logs }

    /// Makes a data directory for `shards` shards (1...1,024) at `path`, with missing parents, and
    /// opens it. Blocks.
    ///
    /// - Parameter logs: how many logs they share; from `logCount`.
    ///
    /// An empty directory may be there already, as on a fresh file system. Throws `exists` when a
    /// data directory is there, and `held` when another process makes one. Throws `damaged` when
    /// journals without `meta.yaml` are there, and `io` when the system refuses.
    package static func create(path: String, shards: Int, logs: Int) throws(DataDirectoryError) -> DataDirectory {
        precondition((1...1_024).contains(shards), "the configuration bounds the number of shards")
        precondition(fits(shards: shards, logs: logs), "the number of logs is from logCount")
        do throws(FileError) {
            try Files.makeDirectory(path, permissions: 0o700)
            // It may be there already, made by a process that was killed before it synced the name.
            try Files.syncName(of: path)
        } catch {
            throw .io(error)
        }
        let lock = try FileLock(path: FilePaths.join(path, "lock"))
        guard !Files.exists(metaPath(in: path)) else { throw .exists(path: path) }
        try refuseOrphans(in: path)
        // Before `meta.yaml`, which makes the directory one.
        try ConnectorRegistryFile.write(ConnectorRegistry(), in: path)
        try ConfigurationVersions().write(in: path)
        let id = Hexadecimal.encode([UInt8].random(count: 16))
        let meta = DataDirectoryMeta(id: id, shards: shards, logs: logs, digestSeed: .random(count: 32))
        try meta.write(to: metaPath(in: path))
        return DataDirectory(path: path, meta: meta, lock: lock)
    }

    /// Opens the data directory at `path`. Blocks.
    ///
    /// - Parameters:
    ///   - shards: the number of shards that the configuration demands; nil takes what the
    ///     directory has.
    ///   - id: the identity that the configuration demands; nil takes any.
    ///   - isShared: whether other users may have the right to write to it.
    ///
    /// Throws `missing` when none is there, and `held` when another process has it open. Throws
    /// `writableByOthers` when others may make and remove files in it. Throws
    /// `mismatch` and `otherIdentity` when it is not the one that the configuration means. Throws
    /// `damaged` when `meta.yaml` cannot be understood, and `io` when the system refuses.
    package static func open(
        path: String,
        shards: Int?,
        id: String?,
        isShared: Bool = false
    ) throws(DataDirectoryError) -> DataDirectory {
        try check(path: path, shards: shards, id: id, isShared: isShared)
        let lock = try FileLock(path: FilePaths.join(path, "lock"))
        // What is read here must not vanish again: journals are opened because of it.
        try DataDirectoryFile.confirm(in: path)
        // Read again under the lock: what was looked at before may have been replaced.
        return DataDirectory(path: path, meta: try inspect(path: path, shards: shards, id: id), lock: lock)
    }

    /// Checks what `open` checks, without locking or writing. Blocks; throws as `open` does, but
    /// never `held`.
    /// - Returns: how many shards and logs it has.
    @discardableResult
    package static func check(
        path: String,
        shards: Int?,
        id: String?,
        isShared: Bool = false
    ) throws(DataDirectoryError) -> (shards: Int, logs: Int) {
        if !isShared { try refuseWritableByOthers(path) }
        let meta = try inspect(path: path, shards: shards, id: id)
        return (meta.shards, meta.logs)
    }

    private static func refuseWritableByOthers(_ path: String) throws(DataDirectoryError) {
        // What is not there is told as missing.
        guard let status = try? FileStatus(of: path) else { return }
        guard status.permissions & 0o022 == 0 else { throw .writableByOthers(path: path, mode: status.permissions) }
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

    /// Where a log is; it is made when it is opened.
    package func logDirectory(_ log: Int) -> String {
        precondition((0..<logs).contains(log), "no such log")
        return Self.logDirectory(in: path, log: log)
    }

    package static func logDirectory(in path: String, log: Int) -> String { numbered("log", log, in: path) }

    /// Where what a shard has beside its log is; made when the log is opened.
    package func shardDirectory(_ shard: Int) -> String {
        precondition((0..<shards).contains(shard), "no such shard")
        return Self.shardDirectory(in: path, shard: shard)
    }

    package static func shardDirectory(in path: String, shard: Int) -> String { numbered("shard", shard, in: path) }

    private static func numbered(_ name: String, _ number: Int, in path: String) -> String {
        let digits = String(number)
        return FilePaths.join(path, name + "-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits)
    }

    /// The shards that are streams of a log.
    package func shards(of log: Int) -> [Int] { meta.shards(of: log) }

    /// The log that holds a shard's records.
    package func log(of shard: Int) -> Int { meta.log(of: shard) }

    /// Gives each connector of the configuration its number, and makes new numbers durable before
    /// it returns. Blocks.
    ///
    /// Throws `damaged` when the registry is missing or makes no sense, `full` when it has no room,
    /// `io` when the system refuses.
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
        if registry != known {
            try ConnectorRegistryFile.write(registry, in: path)
        } else {
            try DataDirectoryFile.confirm(in: path)
        }
        return registry
    }

    /// The number of the configuration with this digest, durable before it returns: the last one's,
    /// if its digest is the same, else the next. Blocks.
    ///
    /// Throws `damaged` when the file of numbers is missing or makes no sense, `configurationsFull`
    /// after 2^32 - 1 numbers, `io` when the system refuses.
    func configurationVersion(of digest: String) throws(DataDirectoryError) -> UInt32 {
        let path = path
        return try numbering.withLock { (_) throws(DataDirectoryError) -> UInt32 in
            let known = try ConfigurationVersions.read(in: path)
            var versions = known
            guard let number = versions.number(of: digest) else {
                throw .configurationsFull(path: ConfigurationVersions.path(in: path))
            }
            if versions != known { try versions.write(in: path) } else { try DataDirectoryFile.confirm(in: path) }
            return number
        }
    }

    /// Lets other processes open the directory. Journals must be closed first.
    package func close() {
        lock.release()
    }

    /// Logs without `meta.yaml` mean that somebody removed it; making a new one would change every
    /// digest and place merchants on other shards.
    private static func refuseOrphans(in path: String) throws(DataDirectoryError) {
        guard Files.exists(logDirectory(in: path, log: 0)) else { return }
        throw .damaged(path: metaPath(in: path), reason: "is missing, but there are logs beside it")
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
    /// All numbers of configurations are used up.
    case configurationsFull(path: String)
    /// Other users may make and remove files in it.
    case writableByOthers(path: String, mode: UInt32)
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
        case .configurationsFull(let path):
            "\(path): all numbers of configurations are used up"
        case .writableByOthers(let path, let mode):
            "\(path): has mode 0\(String(mode, radix: 8)), so that other users may remove journals from it (chmod go-w); "
                + "or set allow_shared_data_directory: true"
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
        case .mismatch, .otherIdentity, .registryFull, .configurationsFull, .writableByOthers: ExitStatus.configuration
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
