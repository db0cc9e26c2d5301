@testable import Journal

/// A disk on which the next openings of one mode are refused, as when the process or the system has
/// no descriptor left.
final class ShortageDisk: JournalFileSystem {
    private struct Shortage {
        var code: Int32 = 0
        var mode = JournalFileMode.prepare
        var remaining = 0
    }

    private let disk: FakeDisk
    private let shortage = Monitor(Shortage())

    init(_ disk: FakeDisk) { self.disk = disk }

    func refuse(_ count: Int, _ mode: JournalFileMode, code: Int32) {
        shortage.withLock { $0 = Shortage(code: code, mode: mode, remaining: count) }
    }

    /// How many openings are still to be refused.
    var remaining: Int { shortage.withLock { $0.remaining } }

    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        let code = shortage.withLock { shortage -> Int32? in
            guard shortage.mode == mode, shortage.remaining > 0 else { return nil }
            shortage.remaining -= 1
            return shortage.code
        }
        if let code { throw JournalFileError(code: code, operation: "open", path: path) }
        return try disk.open(path, mode)
    }

    func createDirectory(_ path: String) throws(JournalFileError) -> Bool { try disk.createDirectory(path) }
    func list(directory: String) throws(JournalFileError) -> [String] { try disk.list(directory: directory) }
    func syncDirectory(_ path: String) throws(JournalFileError) { try disk.syncDirectory(path) }
    func rename(_ old: String, to new: String) throws(JournalFileError) { try disk.rename(old, to: new) }
    func remove(_ path: String) throws(JournalFileError) { try disk.remove(path) }
    func lock(_ path: String) throws(JournalFileError) -> any JournalFile { try disk.lock(path) }
}
