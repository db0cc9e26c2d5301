package import Journal
package import Synchronization

/// A disk in memory. Names and bytes that were not synced are gone after `afterPowerLoss`; any one
/// operation can be refused.
package final class MemoryDisk: JournalFileSystem {
    package final class Inode: Sendable {
        package let bytes = Mutex<[UInt8]>([])
        package let synced = Mutex<[UInt8]>([])
    }

    private struct State {
        var names: [String: Inode] = [:]
        var durable: [String: Inode] = [:]
        var operations = 0
        var refusedOperation = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// The operation from now on, counted from 1, that is refused with EIO; 0 for none.
    package func refuse(operation: Int) {
        state.withLock {
            $0.operations = 0
            $0.refusedOperation = operation
        }
    }

    package var operations: Int { state.withLock { $0.operations } }
    package var names: [String] { state.withLock { $0.names.keys.sorted() } }

    package func afterPowerLoss() -> MemoryDisk {
        let next = MemoryDisk()
        let durable = state.withLock { $0.durable }
        for (name, inode) in durable {
            let copy = Inode()
            let bytes = inode.synced.withLock { $0 }
            copy.bytes.withLock { $0 = bytes }
            copy.synced.withLock { $0 = bytes }
            next.state.withLock {
                $0.names[name] = copy
                $0.durable[name] = copy
            }
        }
        return next
    }

    package func flip(_ name: String, byte: Int) {
        guard let inode = state.withLock({ $0.names[name] }) else { preconditionFailure("no such file") }
        inode.bytes.withLock { $0[byte] ^= 1 }
        inode.synced.withLock { $0[byte] ^= 1 }
    }

    package func count(of name: String) -> Int { state.withLock { $0.names[name] }?.bytes.withLock { $0.count } ?? 0 }

    fileprivate func operation(_ name: String, _ path: String) throws(JournalFileError) {
        let isRefused = state.withLock {
            $0.operations += 1
            return $0.operations == $0.refusedOperation
        }
        if isRefused { throw JournalFileError(code: 5, operation: name, path: path) }
    }

    // MARK: JournalFileSystem

    package func createDirectory(_ path: String) throws(JournalFileError) -> Bool { false }

    package func list(directory: String) throws(JournalFileError) -> [String] {
        try operation("list", directory)
        let prefix = directory + "/"
        let inner = names.lazy.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        // Files, and the directories of files further below.
        return Set(inner.map { String($0.prefix { $0 != "/" }) }).sorted()
    }

    package func syncDirectory(_ path: String) throws(JournalFileError) {
        try operation("sync directory", path)
        let prefix = path + "/"
        state.withLock { state in
            for name in Set(state.names.keys).union(state.durable.keys)
            where name.hasPrefix(prefix) && !name.dropFirst(prefix.count).contains("/") {
                state.durable[name] = state.names[name]
            }
        }
    }

    package func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        try operation("open", path)
        switch mode {
        case .create, .prepare: state.withLock { $0.names[path] = Inode() }
        case .update, .read, .durable: break
        }
        guard let inode = state.withLock({ $0.names[path] }) else {
            throw JournalFileError(code: 2, operation: "open", path: path)
        }
        return File(disk: self, inode: inode, path: path)
    }

    package func rename(_ old: String, to new: String) throws(JournalFileError) {
        try operation("rename", old)
        state.withLock { $0.names[new] = $0.names.removeValue(forKey: old) }
    }

    package func remove(_ path: String) throws(JournalFileError) {
        try operation("remove", path)
        state.withLock { _ = $0.names.removeValue(forKey: path) }
    }

    package func lock(_ path: String) throws(JournalFileError) -> any JournalFile { try open(path, .create) }
}

private final class File: JournalFile {
    let disk: MemoryDisk
    let inode: MemoryDisk.Inode
    let path: String

    package init(disk: MemoryDisk, inode: MemoryDisk.Inode, path: String) {
        self.disk = disk
        self.inode = inode
        self.path = path
    }

    package var byteCount: UInt64 { inode.bytes.withLock { UInt64($0.count) } }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError) {
        try disk.operation("write", path)
        inode.bytes.withLock { file in
            let end = Int(offset) + bytes.count
            if file.count < end { file.append(contentsOf: repeatElement(0, count: end - file.count)) }
            file.withUnsafeMutableBytes {
                UnsafeMutableRawBufferPointer(rebasing: $0[Int(offset)..<end]).copyMemory(from: bytes)
            }
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int {
        try disk.operation("read", path)
        return inode.bytes.withLock { file in
            let start = min(Int(offset), file.count)
            let end = min(start + buffer.count, file.count)
            file.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
            return end - start
        }
    }

    package func sync() throws(JournalFileError) {
        try disk.operation("sync", path)
        let bytes = inode.bytes.withLock { $0 }
        inode.synced.withLock { $0 = bytes }
    }
}
