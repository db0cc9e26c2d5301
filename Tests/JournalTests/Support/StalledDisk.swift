@testable import Journal

/// A disk whose durable writes stop when told to, and go on when released.
final class StalledDisk: JournalFileSystem {
    struct Gate {
        var isStalled = false
        var waiting = 0
    }

    private let disk: FakeDisk
    fileprivate let gate = Monitor(Gate())

    init(_ disk: FakeDisk) { self.disk = disk }

    func stall() { gate.withLock { $0.isStalled = true } }

    func release() {
        gate.withLock { $0.isStalled = false }
        gate.signal(.writer)
    }

    /// Waits until a write stands at the gate.
    func waitUntilStalled() {
        gate.wait(.keeper) { $0.waiting > 0 ? .ready(()) : .wait }
    }

    func createDirectory(_ path: String) throws(JournalFileError) -> Bool { try disk.createDirectory(path) }
    func list(directory: String) throws(JournalFileError) -> [String] { try disk.list(directory: directory) }
    func syncDirectory(_ path: String) throws(JournalFileError) { try disk.syncDirectory(path) }
    func rename(_ old: String, to new: String) throws(JournalFileError) { try disk.rename(old, to: new) }
    func remove(_ path: String) throws(JournalFileError) { try disk.remove(path) }
    func lock(_ path: String) throws(JournalFileError) -> any JournalFile { try disk.lock(path) }

    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        let file = try disk.open(path, mode)
        return mode == .durable ? StalledFile(file, self) : file
    }

    private final class StalledFile: JournalFile {
        let file: any JournalFile
        let disk: StalledDisk

        init(_ file: any JournalFile, _ disk: StalledDisk) {
            self.file = file
            self.disk = disk
        }

        var byteCount: UInt64 { get throws(JournalFileError) { try file.byteCount } }

        func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError) {
            disk.gate.withLock { $0.waiting += 1 }
            disk.gate.signal(.keeper)
            disk.gate.wait(.writer) { $0.isStalled ? .wait : .ready(()) }
            disk.gate.withLock { $0.waiting -= 1 }
            try file.write(bytes, at: offset)
        }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int {
            try file.read(into: buffer, at: offset)
        }

        func sync() throws(JournalFileError) { try file.sync() }
    }
}
