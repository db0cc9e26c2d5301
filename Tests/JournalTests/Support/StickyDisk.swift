@testable import Journal

/// A disk whose durable writes can be made to fail from now on; it counts how often they were
/// tried.
final class StickyDisk: JournalFileSystem {
    struct Failing {
        var code: Int32?
        var refused = 0
    }

    private let disk: FakeDisk
    fileprivate let failing = Monitor(Failing())

    init(_ disk: FakeDisk) { self.disk = disk }

    func failDurableWrites(code: Int32) { failing.withLock { $0.code = code } }
    var refusedWrites: Int { failing.withLock { $0.refused } }

    func createDirectory(_ path: String) throws(JournalFileError) -> Bool { try disk.createDirectory(path) }
    func list(directory: String) throws(JournalFileError) -> [String] { try disk.list(directory: directory) }
    func syncDirectory(_ path: String) throws(JournalFileError) { try disk.syncDirectory(path) }
    func rename(_ old: String, to new: String) throws(JournalFileError) { try disk.rename(old, to: new) }
    func remove(_ path: String) throws(JournalFileError) { try disk.remove(path) }
    func lock(_ path: String) throws(JournalFileError) -> any JournalFile { try disk.lock(path) }

    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        let file = try disk.open(path, mode)
        return mode == .durable ? StickyFile(file, self) : file
    }

    private final class StickyFile: JournalFile {
        let file: any JournalFile
        let disk: StickyDisk

        init(_ file: any JournalFile, _ disk: StickyDisk) {
            self.file = file
            self.disk = disk
        }

        var byteCount: UInt64 { get throws(JournalFileError) { try file.byteCount } }

        func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError) {
            let code = disk.failing.withLock { failing -> Int32? in
                if failing.code != nil { failing.refused += 1 }
                return failing.code
            }
            if let code { throw JournalFileError(code: code, operation: "write", path: "sticky") }
            try file.write(bytes, at: offset)
        }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int {
            try file.read(into: buffer, at: offset)
        }

        func sync() throws(JournalFileError) { try file.sync() }
    }
}
