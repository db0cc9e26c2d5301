import CMillrace
import Testing

@testable import Journal

/// `makeDurableDirectory`: a directory's name is durable when it returns, whoever made it.
@Suite struct DurableDirectoryTests {
    /// A disk on which the directory is made, or is there already.
    private struct Disk: JournalFileSystem {
        let disk = FakeDisk()
        let isNew: Bool

        func createDirectory(_ path: String) throws(JournalFileError) -> Bool {
            _ = try disk.createDirectory(path)
            return isNew
        }
        func list(directory: String) throws(JournalFileError) -> [String] { try disk.list(directory: directory) }
        func syncDirectory(_ path: String) throws(JournalFileError) { try disk.syncDirectory(path) }
        func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
            try disk.open(path, mode)
        }
        func rename(_ old: String, to new: String) throws(JournalFileError) { try disk.rename(old, to: new) }
        func remove(_ path: String) throws(JournalFileError) { try disk.remove(path) }
        func lock(_ path: String) throws(JournalFileError) -> any JournalFile { try disk.lock(path) }
    }

    @Test("the parent is synced, also when the directory was there", arguments: [false, true])
    func parent(isNew: Bool) throws {
        let disk = Disk(isNew: isNew)
        #expect(try disk.makeDurableDirectory("/data/shard-000/") == isNew)
        #expect(disk.disk.operationName(1) == "mkdir /data/shard-000/")
        #expect(disk.disk.operationName(2) == "sync directory /data" && disk.disk.operations == 2)
    }

    @Test("a parent that may not be read matters only for a new directory", arguments: [false, true])
    func unreadable(isNew: Bool) throws {
        for (code, matters) in [(millrace_error_access, isNew), (5, true)] {
            let disk = Disk(isNew: isNew)
            disk.disk.arm(.refuse(code: code), atOperation: 2)
            if matters {
                let error = #expect(throws: JournalFileError.self) { try disk.makeDurableDirectory("/data/shard-000") }
                #expect(error?.code == code)
            } else {
                #expect(try !disk.makeDurableDirectory("/data/shard-000"))
            }
        }
    }
}
