import Journal

/// A disk whose content outlives processes and power failures. For every write it knows when the
/// write began and when it is durable. At a crash it undoes what had not happened by then. So the
/// simulated process may run ahead of virtual time inside one step.
///
/// One thread uses it. What it models:
/// - A write to a file opened for durable writes is durable when it ends. Any other write is
///   durable when a later sync ends.
/// - Changes of names wait for a sync, too. Creations, renames and removals are durable when a
///   later sync of the directory ends.
/// - A power failure loses what is not durable. Of the 512-byte sectors of such writes any subset
///   remains, in any order. Sometimes it leaves garbage in sectors that were being written. Of each
///   file's changes of name any prefix remains.
/// - The end of a process alone loses nothing. Everything that it had begun remains, durable or
///   not.
/// - Operations take time, sometimes seconds. They may fail with EIO, write short, or find the disk
///   full.
final class SimDisk {
    static let sector = 512
    static let notDurable = Int64.max

    /// One of a file's writes that may not be durable.
    struct Write {
        var offset: Int
        var bytes: [UInt8]
        var begins: Int64
        var durableAt: Int64
    }

    final class Inode {
        /// What a reader sees.
        var cached: [UInt8] = []
        var platter: [UInt8] = []
        var writes: [Write] = []
        /// Where the last writes to it began that were durable by themselves, newest last; at most
        /// three.
        var lastDurable: [Int] = []
    }

    /// A change of the directory that may not be durable.
    struct NameChange {
        var old: String?
        var new: String?
        var inode: Inode
        var begins: Int64
        var durableAt: Int64

        var directory: Substring {
            let path = new ?? old ?? ""
            return path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        }
    }

    /// Who uses the disk: each has its own stream of operations, one after another.
    enum Actor {
        case writer(log: Int)
        case keeper(log: Int)
        case archiver(log: Int)
        case recovery(log: Int)
        case reader(shard: Int)
        case snapshot(shard: Int)

        /// A number that no other actor has.
        fileprivate var place: Int {
            switch self {
            case .writer(let log): log * 6
            case .keeper(let log): log * 6 + 1
            case .archiver(let log): log * 6 + 2
            case .recovery(let log): log * 6 + 3
            case .reader(let shard): shard * 6 + 4
            case .snapshot(let shard): shard * 6 + 5
            }
        }
    }

    struct Faults {
        /// Per million operations.
        var errors = 0
        var isFull = false
        /// Latency of one operation is multiplied by this.
        var slowness: Int64 = 1
        /// A planted bug: nothing becomes durable, whatever is said.
        var neverDurable = false
    }

    private(set) var names: [String: Inode] = [:]
    private var durableNames: [String: Inode] = [:]
    private var changes: [NameChange] = []
    /// In the order of their making, so that chance is drawn in the same order every time.
    private var inodes: [Inode] = []
    private var random: SimRandom
    private let clock: SimClock
    /// When each actor's operations end, by its place.
    private var busyUntil: [Int64] = []
    private var actor = Actor.recovery(log: 0)
    var faults = Faults()
    private(set) var statistics = Statistics()

    struct Statistics {
        var operations = 0
        var bytesWritten = 0
        var errors = 0
        var fullRefusals = 0
        var tornSectors = 0
        var lostNames = 0
    }

    init(seed: UInt64, clock: SimClock) {
        random = SimRandom(seed: seed, .disk)
        self.clock = clock
    }

    /// The operations that follow are this actor's.
    func use(_ actor: Actor) { self.actor = actor }

    /// An actor begins nothing before that time.
    func delay(_ actor: Actor, until time: Int64) { setBusy(actor, until: max(busy(actor), time)) }

    /// When the operations of an actor so far have ended.
    func idleAt(_ actor: Actor) -> Int64 { max(clock.now, busy(actor)) }

    private func busy(_ actor: Actor) -> Int64 {
        let place = actor.place
        return place < busyUntil.count ? busyUntil[place] : 0
    }

    private func setBusy(_ actor: Actor, until time: Int64) {
        let place = actor.place
        while busyUntil.count <= place { busyUntil.append(0) }
        busyUntil[place] = time
    }

    // MARK: Operations

    /// While this is set reads take no time and do not fail.
    var isWatched = false

    /// Takes the time of an operation and decides whether it fails.
    func operate(_ name: String, _ path: String) throws(JournalFileError) -> (begins: Int64, ends: Int64) {
        if isWatched { return (clock.now, clock.now) }
        let begins = idleAt(actor)
        let ends = begins + random.skewed(60) * faults.slowness
        setBusy(actor, until: ends)
        statistics.operations += 1
        if random.chance(faults.errors) {
            statistics.errors += 1
            throw JournalFileError(code: 5, operation: name, path: path)
        }
        return (begins, ends)
    }

    func open(_ path: String, _ mode: JournalFileMode) throws(JournalFileError) -> Inode {
        let (begins, _) = try operate("open", path)
        if mode == .create || mode == .prepare {
            if faults.isFull { throw full("open", path) }
            let inode = newInode()
            names[path] = inode
            changes.append(.init(old: nil, new: path, inode: inode, begins: begins, durableAt: Self.notDurable))
            return inode
        }
        guard let inode = names[path] else { throw JournalFileError(code: 2, operation: "open", path: path) }
        return inode
    }

    /// The lock file is made if need be.
    func openLock(_ path: String) throws(JournalFileError) -> Inode {
        if let inode = names[path] { return inode }
        return try open(path, .create)
    }

    func list(_ directory: String) -> [String] {
        let prefix = directory + "/"
        return names.keys.filter { $0.hasPrefix(prefix) && $0.dropFirst(prefix.count).allSatisfy { $0 != "/" } }
            .map { String($0.dropFirst(prefix.count)) }.sorted()
    }

    func rename(_ old: String, to new: String) throws(JournalFileError) {
        let (begins, _) = try operate("rename", old)
        guard let inode = names.removeValue(forKey: old) else {
            throw JournalFileError(code: 2, operation: "rename", path: old)
        }
        names[new] = inode
        changes.append(.init(old: old, new: new, inode: inode, begins: begins, durableAt: Self.notDurable))
    }

    func remove(_ path: String) throws(JournalFileError) {
        let (begins, _) = try operate("remove", path)
        guard let inode = names.removeValue(forKey: path) else { return }
        changes.append(.init(old: path, new: nil, inode: inode, begins: begins, durableAt: Self.notDurable))
    }

    func syncDirectory(_ path: String) throws(JournalFileError) {
        let (begins, ends) = try operate("sync directory", path)
        if faults.neverDurable { return }
        // Another actor may have run ahead of virtual time. This sync does not know that actor's
        // changes of names yet.
        for index in changes.indices
        where changes[index].durableAt == Self.notDurable && changes[index].begins <= begins
            && changes[index].directory == path
        {
            changes[index].durableAt = ends
        }
        settleNames()
    }

    func write(
        _ bytes: UnsafeRawBufferPointer,
        to inode: Inode,
        at offset: Int,
        path: String,
        isDurable: Bool
    ) throws(JournalFileError) {
        if faults.isFull, offset + bytes.count > inode.cached.count {
            _ = try operate("write", path)
            throw full("write", path)
        }
        let time: (begins: Int64, ends: Int64)
        do {
            time = try operate("write", path)
        } catch {
            try failWrite(error, of: bytes, to: inode, at: offset)
        }
        let durableAt = isDurable && !faults.neverDurable ? time.ends : Self.notDurable
        put(bytes, into: inode, at: offset, begins: time.begins, durableAt: durableAt)
        if isDurable { inode.noteDurable(offset) }
        settle(inode)
    }

    func sync(_ inode: Inode, path: String) throws(JournalFileError) {
        let (begins, ends) = try operate("sync", path)
        if faults.neverDurable { return }
        for index in inode.writes.indices
        where inode.writes[index].durableAt == Self.notDurable && inode.writes[index].begins <= begins {
            inode.writes[index].durableAt = ends
        }
        settle(inode)
    }

    /// Reads take their time, too, and may fail.
    func noteRead(_ path: String) throws(JournalFileError) { _ = try operate("read", path) }

    /// An error, or a short write, after some of the bytes. None of them is durable.
    private func failWrite(
        _ error: JournalFileError,
        of bytes: UnsafeRawBufferPointer,
        to inode: Inode,
        at offset: Int
    ) throws(JournalFileError) -> Never {
        let some = random.below(bytes.count / Self.sector + 1) * Self.sector
        let part = UnsafeRawBufferPointer(rebasing: bytes[..<min(some, bytes.count)])
        if !part.isEmpty {
            put(part, into: inode, at: offset, begins: idleAt(actor), durableAt: Self.notDurable)
        }
        var error = error
        if random.chance(300_000) { error.code = 0 }
        throw error
    }

    private func put(
        _ bytes: UnsafeRawBufferPointer,
        into inode: Inode,
        at offset: Int,
        begins: Int64,
        durableAt: Int64
    ) {
        inode.cached.overlay(bytes, at: offset)
        inode.writes.append(.init(offset: offset, bytes: Array(bytes), begins: begins, durableAt: durableAt))
        statistics.bytesWritten += bytes.count
    }

    private func full(_ operation: String, _ path: String) -> JournalFileError {
        statistics.fullRefusals += 1
        return JournalFileError(code: 28, operation: operation, path: path)
    }

    private func newInode() -> Inode {
        let inode = Inode()
        inodes.append(inode)
        return inode
    }

    // MARK: What has become durable

    private func settle(_ inode: Inode) {
        let now = clock.now
        let count = inode.writes.firstIndex { $0.durableAt > now } ?? inode.writes.count
        guard count > 0 else { return }
        for write in inode.writes[..<count] { inode.platter.overlay(write) }
        inode.writes.removeFirst(count)
    }

    private func settleNames() {
        let now = clock.now
        for change in changes where change.durableAt <= now { durableNames.apply(change) }
        changes.removeAll { $0.durableAt <= now }
    }

    // MARK: Crashes

    /// The process is gone. The kernel completes the writes that it had begun by now.
    func processEnded() {
        let now = clock.now
        for inode in inodes {
            settle(inode)
            let hadFuture = inode.writes.contains { $0.begins > now }
            inode.writes.removeAll { $0.begins > now }
            for index in inode.writes.indices where inode.writes[index].durableAt > now {
                inode.writes[index].durableAt = Self.notDurable
            }
            guard hadFuture else { continue }
            inode.cached = inode.platter
            for write in inode.writes { inode.cached.overlay(write) }
        }
        settleNames()
        changes.removeAll { $0.begins > now }
        names = durableNames
        for index in changes.indices {
            if changes[index].durableAt > now { changes[index].durableAt = Self.notDurable }
            names.apply(changes[index])
        }
        rest()
    }

    /// The power failed: only durable writes remain, and parts of others.
    func powerFailed() {
        let now = clock.now
        for inode in inodes {
            settle(inode)
            for write in inode.writes where write.begins <= now { survive(write, inode) }
            inode.writes = []
            inode.cached = inode.platter
        }
        settleNames()
        surviveNames(now)
        names = durableNames
        rest()
    }

    /// Sectors of a write that was not durable.
    private func survive(_ write: Write, _ inode: Inode) {
        if write.durableAt <= clock.now { return inode.platter.overlay(write) }
        let share = [0, 100_000, 500_000, 900_000, 1_000_000][random.below(5)]
        let isBeingWritten = write.durableAt != Self.notDurable
        for start in stride(from: 0, to: write.bytes.count, by: Self.sector) {
            guard random.chance(share) else { continue }
            statistics.tornSectors += 1
            let end = min(start + Self.sector, write.bytes.count)
            var bytes = Array(write.bytes[start..<end])
            if isBeingWritten, random.chance(20_000) {
                for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
            }
            bytes.withUnsafeBytes { inode.platter.overlay($0, at: write.offset + start) }
        }
    }

    /// For each file, any prefix of the changes of its name that were not durable.
    private func surviveNames(_ now: Int64) {
        var isCut: [ObjectIdentifier: Bool] = [:]
        for change in changes where change.begins <= now {
            let file = ObjectIdentifier(change.inode)
            let isDurable = change.durableAt <= now
            if !isDurable, isCut[file] != true { isCut[file] = random.chance(500_000) }
            if isDurable || isCut[file] != true {
                durableNames.apply(change)
            } else {
                statistics.lostNames += 1
            }
        }
        changes = []
    }

    private func rest() {
        let reachable = Set(names.values.map(ObjectIdentifier.init))
        inodes.removeAll { !reachable.contains(ObjectIdentifier($0)) }
        busyUntil = []
    }

    // MARK: Damage

    /// Files with their sizes, for choosing where to do damage.
    var files: [(path: String, inode: Inode)] { names.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }

    /// Flips one bit, on the disk and in the cache.
    func flip(_ inode: Inode, byte: Int, bit: Int) {
        if byte < inode.cached.count { inode.cached[byte] ^= 1 << UInt8(bit) }
        if byte < inode.platter.count { inode.platter[byte] ^= 1 << UInt8(bit) }
    }
}

extension SimDisk.Inode {
    fileprivate func noteDurable(_ offset: Int) {
        lastDurable.append(offset)
        if lastDurable.count > 3 { lastDurable.removeFirst() }
    }
}

extension [UInt8] {
    fileprivate mutating func overlay(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        let end = offset + bytes.count
        if count < end { append(contentsOf: repeatElement(0, count: end - count)) }
        withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: bytes) }
    }

    fileprivate mutating func overlay(_ write: SimDisk.Write) {
        write.bytes.withUnsafeBytes { overlay($0, at: write.offset) }
    }
}

extension [String: SimDisk.Inode] {
    fileprivate mutating func apply(_ change: SimDisk.NameChange) {
        if let old = change.old, self[old] === change.inode { self[old] = nil }
        if let new = change.new { self[new] = change.inode }
    }
}
