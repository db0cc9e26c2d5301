import Journal

/// The disk as one process sees it. When the process is gone its operations do nothing and fail.
///
/// Proof that `@unchecked Sendable` holds: a simulation runs on one thread from its beginning to
/// its end. Nothing in it hands a reference to another thread. The journal is opened with
/// `driving = .steps` and has no threads.
final class DiskSession: JournalFileSystem, @unchecked Sendable {
    let disk: SimDisk
    private(set) var isOver = false

    init(_ disk: SimDisk) { self.disk = disk }

    func end() { isOver = true }

    fileprivate func check(_ operation: String, _ path: String) throws(JournalFileError) {
        if isOver { throw JournalFileError(code: 5, operation: operation, path: path) }
    }

    func createDirectory(_ path: String) throws(JournalFileError) -> Bool {
        try check("mkdir", path)
        return false
    }

    func list(directory: String) throws(JournalFileError) -> [String] {
        try check("list", directory)
        return disk.list(directory)
    }

    func syncDirectory(_ path: String) throws(JournalFileError) {
        try check("sync directory", path)
        try disk.syncDirectory(path)
    }

    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        try check("open", path)
        return SessionFile(self, try disk.open(path, mode), path: path, isDurable: mode == .durable)
    }

    func rename(_ old: String, to new: String) throws(JournalFileError) {
        try check("rename", old)
        try disk.rename(old, to: new)
    }

    func remove(_ path: String) throws(JournalFileError) {
        try check("remove", path)
        try disk.remove(path)
    }

    /// One process at a time lives in a simulated world, so the lock is always free.
    func lock(_ path: String) throws(JournalFileError) -> any JournalFile {
        try check("lock", path)
        return SessionFile(self, try disk.openLock(path), path: path, isDurable: false)
    }
}

/// As `DiskSession`.
private final class SessionFile: JournalFile, @unchecked Sendable {
    let session: DiskSession
    let inode: SimDisk.Inode
    let path: String
    let isDurable: Bool

    init(_ session: DiskSession, _ inode: SimDisk.Inode, path: String, isDurable: Bool) {
        self.session = session
        self.inode = inode
        self.path = path
        self.isDurable = isDurable
    }

    var byteCount: UInt64 {
        get throws(JournalFileError) { UInt64(inode.cached.count) }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError) {
        try session.check("write", path)
        if isDurable { precondition(offset % 4_096 == 0 && bytes.count % 4_096 == 0, "direct I/O is aligned") }
        try session.disk.write(bytes, to: inode, at: Int(offset), path: path, isDurable: isDurable)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int {
        try session.check("read", path)
        try session.disk.noteRead(path)
        let count = min(buffer.count, max(0, inode.cached.count - Int(offset)))
        guard count > 0 else { return 0 }
        inode.cached.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset) + count]))
        }
        return count
    }

    func sync() throws(JournalFileError) {
        try session.check("sync", path)
        try session.disk.sync(inode, path: path)
    }
}
