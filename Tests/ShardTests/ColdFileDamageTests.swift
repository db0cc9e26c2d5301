import Journal
import Payments
import ShardCore
import ShardModel
import ShardState
import Synchronization
import Testing

@testable import ShardStorage

/// Damage to what a shard has beside its journal is found, told with its place, and mended where
/// other files hold the same.
@Suite("Damage to cold files and their indexes")
struct ColdFileDamageTests {
    private static let index = "/shard/cold/index"
    private let disk = MemoryDisk()
    private let heard = HeardDamage()

    private func storage() -> ShardStorage {
        ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk, onDamage: { [heard] in heard.add($0) })
    }

    /// `count` payments in as many cold files; the first is in the last one, too, in a later state.
    private func world(_ ids: inout [PaymentID], in storage: ShardStorage? = nil, count: Int = 3) throws -> ShardWorld {
        var world = ShardWorld()
        world.storage = storage ?? self.storage()
        world.loadsAtOnce = false
        for number in 0..<count {
            ids.append(world.paid(key: "key-\(number)"))
            try world.snapshot()
        }
        world.send(.refund(ids[0], amountMinor: 400), key: "refund")
        world.answerLoads()
        world.answer(world.lastCall.token, ShardWorld.success(400, "re_1"))
        try world.snapshot()
        #expect(world.core.warmPaymentCount == 0 && world.core.coldPaymentCount == count)
        return world
    }

    private func restart(_ world: borrowing ShardWorld) throws -> ShardWorld {
        try ShardWorld(from: storage(), journal: world.journal, at: world.now)
    }

    private func file(_ number: Int) -> String { "/shard/cold/0000000\(number).payments" }

    private func word(_ place: Int) -> Range<Int> { 4_096 + place * 8..<4_096 + place * 8 + 8 }

    private func expectAllReadable(_ world: inout ShardWorld, _ ids: [PaymentID]) {
        for id in ids {
            world.send(.getPayment(id))
            world.answerLoads()
            #expect(world.lastStatus == 200)
        }
        world.send(.getPayment(ids[0]))
        #expect(world.lastBody.contains("refunded=400"))
    }

    @Test("an index that leads nowhere is made anew by the read that finds it", arguments: [0, 1, 5, 7])
    func readMends(byte: Int) throws {
        let storage = storage()
        var ids: [PaymentID] = []
        var world = try world(&ids, in: storage)
        for place in ids.indices { disk.flip(Self.index, byte: word(place).lowerBound + byte) }
        expectAllReadable(&world, ids)
        #expect(storage.indexRebuilds.load(ordering: .relaxed) == 1 && heard.all.isEmpty)
        #expect(storage.scrub().rebuilt.isEmpty)
    }

    @Test("an index that leads to a former state is found by the scrubber and made anew")
    func staleWord() throws {
        let storage = storage()
        var ids: [PaymentID] = []
        var world = try world(&ids, in: storage)
        let now = disk.contents(Self.index)
        var former = ColdLocation(file: 1, offset: 4_096).rawValue.littleEndian
        withUnsafeBytes(of: &former) { disk.overwrite(Self.index, at: word(0).lowerBound, with: Array($0)) }
        #expect(disk.contents(Self.index) != now)
        let report = storage.scrub()
        #expect(report.rebuilt.count == 1 && report.rebuilt[0].contains("payment 1 has a later entry"))
        #expect(report.damaged.isEmpty && disk.contents(Self.index) == now)
        expectAllReadable(&world, ids)
        #expect(storage.scrub().rebuilt.isEmpty)
    }

    @Test("a damaged cold file is named with its place by the scrubber and by the read")
    func damagedFile() throws {
        let storage = storage()
        var ids: [PaymentID] = []
        var world = try world(&ids, in: storage)
        disk.flip(file(2), byte: 4_200)
        let damaged = storage.scrub().damaged
        #expect(damaged.count == 1 && damaged[0].contains("\(file(2)), offset 4096"))
        world.send(.getPayment(ids[1]))
        world.answerLoads()
        #expect(world.lastStatus == 503)
        #expect(heard.all.count == 1 && heard.all[0].contains(file(2)))
        // All others are read, and nothing was made worse.
        for id in [ids[0], ids[2]] {
            world.send(.getPayment(id))
            world.answerLoads()
            #expect(world.lastStatus == 200)
        }
        disk.flip(file(2), byte: 4_200)
        #expect(storage.scrub().damaged.isEmpty)
        expectAllReadable(&world, ids)
    }

    @Test("a start without one of the cold files is refused with its name", arguments: 1...4)
    func missingFile(number: Int) throws {
        let storage = storage()
        var ids: [PaymentID] = []
        let world = try world(&ids, in: storage)
        try disk.remove(file(number))
        let error = #expect(throws: JournalError.self) { _ = try restart(world) }
        #expect(error?.code == .corrupt && error?.description.contains(file(number)) == true)
        #expect(throws: JournalError.self) { try storage.verify() }
    }

    @Test("a start without any cold file is refused when the snapshot leaves payments to them")
    func noFiles() throws {
        let storage = storage()
        var ids: [PaymentID] = []
        let world = try world(&ids, in: storage)
        for name in disk.names where name.hasPrefix("/shard/cold/") { try disk.remove(name) }
        let error = #expect(throws: JournalError.self) { _ = try restart(world) }
        #expect(error?.code == .corrupt && error?.description.contains("3 payments") == true)
    }

    @Test("without snapshots and cold files all is made anew from the journal")
    func rebuiltFromJournal() throws {
        var ids: [PaymentID] = []
        let world = try world(&ids)
        let digest = world.digest()
        for name in disk.names where name.hasPrefix("/shard/cold/") || name.hasPrefix("/shard/snapshots/") {
            try disk.remove(name)
        }
        var restarted = try restart(world)
        #expect(restarted.core.warmPaymentCount == ids.count && restarted.digest() == digest)
        expectAllReadable(&restarted, ids)
    }

    @Test("the last cold files that a repair took away are not missed")
    func cutFiles() throws {
        let storage = storage()
        var ids: [PaymentID] = []
        let world = try world(&ids, in: storage)
        let digest = world.digest()
        for number in 3...4 { try disk.rename(file(number), to: file(number) + ".cut") }
        for name in disk.names where name.hasSuffix(".snapshot") { try disk.rename(name, to: name + ".cut") }
        #expect(try restart(world).digest() == digest)
        try disk.rename(file(1), to: file(1) + ".cut")
        #expect(throws: JournalError.self) { _ = try restart(world) }
    }

    @Test("every flipped bit of a shard's files is found by the scrubber, or has no effect")
    func everyFile() throws {
        let storage = storage()
        var ids: [PaymentID] = []
        _ = try world(&ids, in: storage)
        #expect(storage.scrub().damaged.isEmpty)
        for name in disk.names where name == Self.index || !name.hasSuffix("/index") {
            for byte in stride(from: 0, to: disk.count(of: name), by: 61) {
                disk.flip(name, byte: byte)
                let report = storage.scrub()
                if name == Self.index {
                    // Behind its header of 32 bytes the first block is not read. Making an index
                    // anew makes a new file.
                    #expect(report.rebuilt.isEmpty == (32..<4_096).contains(byte), "\(name) \(byte)")
                    if !report.rebuilt.isEmpty { continue }
                } else {
                    // The scrubber reads no snapshot that it has found damaged again.
                    #expect(report.damaged.contains { $0.contains(name) }, "\(name) \(byte)")
                    if name.hasSuffix(".snapshot") { break }
                }
                disk.flip(name, byte: byte)
            }
        }
    }

    @Test("a damaged snapshot keeps records from being retired")
    func damagedSnapshot() throws {
        let storage = storage()
        var ids: [PaymentID] = []
        var world = try world(&ids, in: storage)
        let newest = try #require(disk.names.last { $0.hasSuffix(".snapshot") })
        disk.flip(newest, byte: 5_000)
        #expect(storage.scrub().damaged.count == 1)
        _ = world.paid(key: "more")
        let next = try world.snapshot()
        // Behind the damaged one nothing is retired: a start needs what follows the one before it.
        #expect(storage.state.withLock { $0.verified.map(\.position) }.last == next.position)
        #expect(next.retirable < next.position)
        #expect(storage.scrub().damaged.isEmpty)
    }
}

private final class HeardDamage: Sendable {
    private let errors = Mutex<[String]>([])

    var all: [String] { errors.withLock { $0 } }

    func add(_ error: JournalError) { errors.withLock { $0.append(error.description) } }
}

extension MemoryDisk {
    fileprivate func contents(_ name: String) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count(of: name))
        bytes.withUnsafeMutableBytes { buffer in
            do { _ = try open(name, .read).read(into: buffer, at: 0) } catch { Issue.record(error) }
        }
        return bytes
    }

    fileprivate func overwrite(_ name: String, at offset: Int, with bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            do { try open(name, .update).write(buffer, at: UInt64(offset)) } catch { Issue.record(error) }
        }
    }
}
