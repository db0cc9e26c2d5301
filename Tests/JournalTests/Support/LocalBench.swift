@testable import Journal

/// The local engine on a disk that stalls and fails when told to.
struct LocalBench: EngineBench {
    private let disk = FakeDisk()
    private let stalling: StalledDisk
    private let failing: FailingDisk

    init() {
        stalling = StalledDisk(disk)
        failing = FailingDisk(stalling)
    }

    func open(_ owner: RecordingOwner) throws(JournalError) -> (engine: LocalJournal, replayed: [[UInt8]]) {
        var replayed: [[UInt8]] = []
        let (journal, _) = try LocalJournal.open(
            directory: TestJournal.directory,
            configuration: TestJournal.configuration(),
            owner: owner,
            fileSystem: failing
        ) { _, bytes in replayed.append(bytes.withUnsafeBufferPointer(Array.init)) }
        return (journal, replayed)
    }

    func stall() { stalling.stall() }
    func waitUntilStalled() { stalling.waitUntilStalled() }
    func release() { stalling.release() }
    func failNext(keeping: Bool) { failing.state.withLock { $0 = keeping ? .afterWriting : .beforeWriting } }
    func mend() { failing.state.withLock { $0 = .none } }
}

/// A disk whose durable writes fail from a moment on; the first of them is written all the same, or
/// not.
final class FailingDisk: JournalFileSystem {
    enum Failing {
        case none
        case beforeWriting
        case afterWriting
    }

    private let disk: any JournalFileSystem
    fileprivate let state = Monitor(Failing.none)

    init(_ disk: any JournalFileSystem) { self.disk = disk }

    func createDirectory(_ path: String) throws(JournalFileError) -> Bool { try disk.createDirectory(path) }
    func list(directory: String) throws(JournalFileError) -> [String] { try disk.list(directory: directory) }
    func syncDirectory(_ path: String) throws(JournalFileError) { try disk.syncDirectory(path) }
    func rename(_ old: String, to new: String) throws(JournalFileError) { try disk.rename(old, to: new) }
    func remove(_ path: String) throws(JournalFileError) { try disk.remove(path) }
    func lock(_ path: String) throws(JournalFileError) -> any JournalFile { try disk.lock(path) }

    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        let file = try disk.open(path, mode)
        return mode == .durable ? FailingFile(file, self) : file
    }

    private final class FailingFile: JournalFile {
        let file: any JournalFile
        let disk: FailingDisk

        init(_ file: any JournalFile, _ disk: FailingDisk) {
            self.file = file
            self.disk = disk
        }

        var byteCount: UInt64 { get throws(JournalFileError) { try file.byteCount } }

        func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError) {
            let failing = disk.state.withLock { state in
                defer { if case .afterWriting = state { state = .beforeWriting } }
                return state
            }
            switch failing {
            case .none: try file.write(bytes, at: offset)
            case .beforeWriting: throw JournalFileError(code: 5, operation: "write", path: "bench")
            case .afterWriting:
                try file.write(bytes, at: offset)
                throw JournalFileError(code: 5, operation: "write", path: "bench")
            }
        }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int {
            try file.read(into: buffer, at: offset)
        }

        func sync() throws(JournalFileError) { try file.sync() }
    }
}
