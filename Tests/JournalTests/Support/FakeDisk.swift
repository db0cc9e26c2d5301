import CMillrace

@testable import Journal

/// A disk in memory with the faults that real ones have. What it models:
/// - a write to a file opened for durable writes is on the platter when it returns; any other write
///   is in the cache until `sync`;
/// - creations, renames and removals are in the cache until the directory is synced;
/// - at a power failure any subset of the 512-byte sectors of cached writes, and of the one write
///   in progress, may survive, and any number of the first of the directory's changes;
/// - any operation can be refused, once or from then on, with any error; a sync that fails may have
///   lost for good what it was to write, as Linux file systems do.
final class FakeDisk: JournalFileSystem {
    /// What happens at a numbered operation (from 1).
    enum Fault: Equatable {
        case refuse(code: Int32)
        /// This operation and every later one.
        case refuseFromHereOn(code: Int32)
        /// A write stores its first half. Anything else is refused.
        case shortWrite
        /// A sync fails and what it was to write is lost, though later syncs succeed. Anything else
        /// is refused.
        case loseSync
        /// Power goes; sectors of the write in progress survive at random.
        case powerOff
    }

    final class Inode {
        var cached: [UInt8] = []
        var platter: [UInt8] = []
        /// Ranges written since the last sync.
        var dirty: [Range<Int>] = []
    }

    struct State {
        var names: [String: Inode] = [:]
        var durableNames: [String: Inode] = [:]
        /// What the names were after each change since the directory was synced last.
        var unsyncedNames: [[String: Inode]] = []
        var locked: Set<String> = []
        var operations = 0
        var log: [String] = []
        var fault: Fault?
        var faultAt = 0
        var isOff = false
        /// Bytes that files may take in all; nil for no limit.
        var capacity: Int?
    }

    let state: Monitor<State>

    init() {
        state = Monitor(State())
    }

    /// Arms a fault.
    func arm(_ fault: Fault, atOperation operation: Int) {
        state.withLock {
            $0.fault = fault
            $0.faultAt = operation
        }
    }

    var operations: Int { state.withLock { $0.operations } }
    var isOff: Bool { state.withLock { $0.isOff } }

    /// What the operation with this number was, from 1.
    func operationName(_ number: Int) -> String { state.withLock { $0.log[number - 1] } }

    func setCapacity(_ bytes: Int?) { state.withLock { $0.capacity = bytes } }

    var usedBytes: Int { state.withLock { $0.names.values.reduce(0) { $0 + $1.cached.count } } }

    var fileNames: [String] { state.withLock { $0.names.keys.sorted() } }

    func contents(_ path: String) -> [UInt8] { state.withLock { $0.names[path]?.cached ?? [] } }

    func setContents(_ path: String, _ bytes: [UInt8]) {
        state.withLock {
            let inode = Inode()
            inode.cached = bytes
            inode.platter = bytes
            $0.names[path] = inode
            $0.durableNames[path] = inode
        }
    }

    func deleteFile(_ path: String) {
        state.withLock {
            $0.names[path] = nil
            $0.durableNames[path] = nil
        }
    }

    func flip(_ path: String, byte: Int, mask: UInt8) {
        state.withLock {
            $0.names[path]?.cached[byte] ^= mask
            $0.names[path]?.platter[byte] ^= mask
        }
    }

    /// The disk as the next process finds it when only the last one ended: with everything in the
    /// caches. (A sync that lost something left the old bytes on the platter, where they stay until
    /// the cache is dropped.)
    func restarted() -> FakeDisk {
        let disk = FakeDisk()
        let names = state.withLock { $0.names }
        for (path, inode) in names { disk.setContents(path, inode.cached) }
        return disk
    }

    /// The disk as the next process finds it when the last one was killed: what was in the caches
    /// still is, and is no more durable than before. The killed process must not go on.
    func afterKill() -> FakeDisk {
        let disk = FakeDisk()
        let old = state.withLock { $0 }
        disk.state.withLock {
            $0.names = old.names
            $0.durableNames = old.durableNames
            $0.unsyncedNames = old.unsyncedNames
        }
        return disk
    }

    /// What of the caches reaches the platter when the power goes.
    enum Survival: Equatable {
        case nothing
        case everything
        /// Any sectors, and any number of the directory's first changes.
        case some(seed: UInt64)
    }

    /// The disk as the next start finds it after a power failure.
    func afterPowerFailure(seed: UInt64) -> FakeDisk { afterPowerFailure(.some(seed: seed)) }

    func afterPowerFailure(_ survival: Survival) -> FakeDisk {
        let disk = FakeDisk()
        let files = state.withLock { $0.surviving(survival) }
        for (path, bytes) in files { disk.setContents(path, bytes) }
        return disk
    }

    // MARK: JournalFileSystem

    func createDirectory(_ path: String) throws(JournalFileError) -> Bool {
        try operation("mkdir", path)
        return false
    }

    func list(directory: String) throws(JournalFileError) -> [String] {
        try operation("list", directory)
        return state.withLock { state in
            state.names.keys.filter { $0.hasPrefix(directory + "/") }.map { String($0.dropFirst(directory.count + 1)) }
                .filter { !$0.contains("/") }
        }
    }

    func syncDirectory(_ path: String) throws(JournalFileError) {
        try operation("sync directory", path)
        state.withLock { state in
            state.durableNames = state.names
            state.unsyncedNames = []
        }
    }

    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> any JournalFile {
        try operation("open", path)
        return try state.withLock { state throws(JournalFileError) in
            if mode == .create || mode == .prepare {
                state.names[path] = Inode()
                state.noteNames()
            }
            guard let inode = state.names[path] else { throw JournalFileError(code: 2, operation: "open", path: path) }
            return FakeFile(disk: self, inode: inode, path: path, isDurable: mode == .durable)
        }
    }

    func rename(_ old: String, to new: String) throws(JournalFileError) {
        try operation("rename", old)
        try state.withLock { state throws(JournalFileError) in
            guard let inode = state.names.removeValue(forKey: old) else {
                throw JournalFileError(code: 2, operation: "rename", path: old)
            }
            state.names[new] = inode
            state.noteNames()
        }
    }

    func remove(_ path: String) throws(JournalFileError) {
        try operation("remove", path)
        try state.withLock { state throws(JournalFileError) in
            guard state.names.removeValue(forKey: path) != nil else {
                throw JournalFileError(code: 2, operation: "remove", path: path)
            }
            state.noteNames()
        }
    }

    func lock(_ path: String) throws(JournalFileError) -> any JournalFile {
        try operation("open", path)
        return try state.withLock { state throws(JournalFileError) in
            guard state.locked.insert(path).inserted else {
                throw JournalFileError(code: 11, operation: "lock", path: path, heldBy: 4711)
            }
            let inode = state.names[path] ?? Inode()
            state.names[path] = inode
            return FakeFile(disk: self, inode: inode, path: path, isDurable: false, isLock: true)
        }
    }

    /// Counts an operation; throws if it is the one to fail, or if the power is off.
    @discardableResult
    fileprivate func operation(_ name: String, _ path: String) throws(JournalFileError) -> Fault? {
        let fault = state.withLock { state -> Fault? in
            if state.isOff { return .refuse(code: 5) }
            state.operations += 1
            state.log.append(name + " " + path)
            guard let fault = state.fault, state.operations >= state.faultAt else { return nil }
            if case .refuseFromHereOn = fault { return fault }
            guard state.operations == state.faultAt else { return nil }
            if fault == .powerOff { state.isOff = true }
            return fault
        }
        switch fault {
        case .refuse(let code), .refuseFromHereOn(let code):
            throw JournalFileError(code: code, operation: name, path: path)
        case .powerOff where name == "write": return fault
        case .shortWrite where name == "write": return fault
        case .loseSync where name == "sync": return fault
        case .powerOff, .shortWrite, .loseSync: throw JournalFileError(code: 5, operation: name, path: path)
        case nil: return nil
        }
    }
}

extension FakeDisk.State {
    /// Remembers the names after a change that no sync of the directory has made durable yet.
    mutating func noteNames() { unsyncedNames.append(names) }

    func surviving(_ survival: FakeDisk.Survival) -> [(String, [UInt8])] {
        switch survival {
        case .nothing: return durableNames.map { ($0.key, $0.value.platter) }
        case .everything: return names.map { ($0.key, $0.value.cached) }
        case .some(let seed):
            var random = SplitMix(state: seed)
            let histories = [durableNames] + unsyncedNames
            let found = histories[Int(random.next() % UInt64(histories.count))]
            return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value.surviving(&random)) }
        }
    }
}

extension FakeDisk.Inode {
    /// The platter, and whichever sectors of the cache made it there.
    func surviving(_ random: inout SplitMix) -> [UInt8] {
        var bytes = platter
        for range in dirty {
            if bytes.count < range.upperBound {
                bytes += [UInt8](repeating: 0, count: range.upperBound - bytes.count)
            }
            for start in stride(from: range.lowerBound & ~511, to: range.upperBound, by: 512)
            where random.next() & 1 == 0 {
                let sector = max(start, range.lowerBound)..<min(start + 512, range.upperBound)
                bytes.replaceSubrange(sector, with: cached[sector])
            }
        }
        return bytes
    }
}

/// Used by one journal thread at a time; every access to the inode is under the disk's mutex.
private final class FakeFile: JournalFile, @unchecked Sendable {
    let disk: FakeDisk
    let inode: FakeDisk.Inode
    let path: String
    let isDurable: Bool
    let isLock: Bool

    init(disk: FakeDisk, inode: FakeDisk.Inode, path: String, isDurable: Bool, isLock: Bool = false) {
        self.disk = disk
        self.inode = inode
        self.path = path
        self.isDurable = isDurable
        self.isLock = isLock
    }

    deinit { if isLock { disk.state.withLock { _ = $0.locked.remove(path) } } }

    var byteCount: UInt64 {
        get throws(JournalFileError) {
            try disk.operation("stat", path)
            return disk.state.withLock { _ in UInt64(inode.cached.count) }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError) {
        if isDurable { precondition(offset % 4096 == 0 && bytes.count % 4096 == 0, "direct I/O is aligned") }
        let fault = try disk.operation("write", path)
        let count = fault == .shortWrite ? bytes.count / 1_024 * 512 : bytes.count
        let range = Int(offset)..<Int(offset) + count
        let isFull = disk.state.withLock { state -> Bool in
            let growth = max(0, range.upperBound - inode.cached.count)
            let used = state.names.values.reduce(0) { $0 + $1.cached.count }
            if let capacity = state.capacity, growth > 0, used + growth > capacity { return true }
            inode.put(UnsafeRawBufferPointer(rebasing: bytes[..<count]), range)
            if fault == .powerOff {
                inode.dirty.append(range)
            } else if isDurable {
                inode.settle(range)
            } else {
                inode.dirty.append(range)
            }
            return false
        }
        if isFull { throw JournalFileError(code: millrace_error_no_space, operation: "write", path: path) }
        if let fault { throw JournalFileError(code: fault == .shortWrite ? 0 : 5, operation: "write", path: path) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int {
        try disk.operation("read", path)
        return disk.state.withLock { _ in
            let end = min(Int(offset) + buffer.count, inode.cached.count)
            guard Int(offset) < end else { return 0 }
            inode.cached.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[Int(offset)..<end])) }
            return end - Int(offset)
        }
    }

    func sync() throws(JournalFileError) {
        let fault = try disk.operation("sync", path)
        disk.state.withLock { _ in
            if fault != .loseSync { inode.platter = inode.cached }
            inode.dirty = []
        }
        if fault == .loseSync { throw JournalFileError(code: 5, operation: "sync", path: path) }
    }
}

extension FakeDisk.Inode {
    func put(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        if cached.count < range.upperBound {
            cached += [UInt8](repeating: 0, count: range.upperBound - cached.count)
        }
        cached.withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[range]).copyMemory(from: bytes) }
    }
}

extension FakeDisk.Inode {
    /// The platter gets what the cache holds of this range, and nothing else.
    func settle(_ range: Range<Int>) {
        if platter.count < range.upperBound {
            platter += [UInt8](repeating: 0, count: range.upperBound - platter.count)
        }
        platter.replaceSubrange(range, with: cached[range])
    }
}

/// A small seeded generator.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
