@testable import Journal

/// A disk on which the next openings of one mode are refused, as when the process or the system has
/// no descriptor left; or on which the next writes to segments being prepared fall short.
final class ShortageDisk: JournalFileSystem {
    private struct Shortage {
        var code: Int32 = 0
        var mode = JournalFileMode.prepare
        var remaining = 0
        /// Whether writes fall short and openings succeed.
        var isOfWrites = false
        /// Writes that are whole before.
        var spared = 0
    }

    private let disk: FakeDisk
    private let shortage = Monitor(Shortage())

    init(_ disk: FakeDisk) { self.disk = disk }

    func refuse(_ count: Int, _ mode: JournalFileMode, code: Int32) {
        shortage.withLock { $0 = Shortage(code: code, mode: mode, remaining: count) }
    }

    /// After `sparing` of them the next `count` writes to segments being prepared store a part.
    func shortenPreparation(_ count: Int, sparing: Int = 0) {
        shortage.withLock { $0 = Shortage(mode: .prepare, remaining: count, isOfWrites: true, spared: sparing) }
    }

    fileprivate func takeShortWrite() -> Bool {
        shortage.withLock { shortage in
            guard shortage.isOfWrites, shortage.remaining > 0 else { return false }
            guard shortage.spared == 0 else {
                shortage.spared -= 1
                return false
            }
            shortage.remaining -= 1
            return true
        }
    }

    /// How many openings or writes are still to be refused.
    var remaining: Int { shortage.withLock { $0.remaining } }

    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        let code = shortage.withLock { shortage -> Int32? in
            guard !shortage.isOfWrites, shortage.mode == mode, shortage.remaining > 0 else { return nil }
            shortage.remaining -= 1
            return shortage.code
        }
        if let code { throw JournalFileError(code: code, operation: "open", path: path) }
        let file = try disk.open(path, mode)
        return mode == .prepare ? ShorteningFile(file: file, disk: self, path: path) : file
    }

    func createDirectory(_ path: String) throws(JournalFileError) -> Bool { try disk.createDirectory(path) }
    func list(directory: String) throws(JournalFileError) -> [String] { try disk.list(directory: directory) }
    func syncDirectory(_ path: String) throws(JournalFileError) { try disk.syncDirectory(path) }
    func rename(_ old: String, to new: String) throws(JournalFileError) { try disk.rename(old, to: new) }
    func remove(_ path: String) throws(JournalFileError) { try disk.remove(path) }
    func lock(_ path: String) throws(JournalFileError) -> any JournalFile { try disk.lock(path) }
}

private final class ShorteningFile: JournalFile {
    let file: any JournalFile
    let disk: ShortageDisk
    let path: String

    init(file: any JournalFile, disk: ShortageDisk, path: String) {
        self.file = file
        self.disk = disk
        self.path = path
    }

    var byteCount: UInt64 { get throws(JournalFileError) { try file.byteCount } }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError) {
        guard disk.takeShortWrite() else { return try file.write(bytes, at: offset) }
        try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]), at: offset)
        throw JournalFileError(code: 0, operation: "write", path: path)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func sync() throws(JournalFileError) { try file.sync() }
}
