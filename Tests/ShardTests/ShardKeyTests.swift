import Journal
import KeyRuns
import Payments
import ShardCore
import ShardModel
import ShardRecords
import ShardState
import ShardStorage
import Testing

@Suite("Idempotency keys that left memory")
struct ShardKeyTests {
    private let disk = MemoryDisk()

    private func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }

    private func world(_ configuration: ShardConfiguration = .test) -> ShardWorld {
        var world = ShardWorld(configuration: configuration)
        world.storage = storage()
        return world
    }

    /// A world whose keys `old-0`, `old-1`, ... are in runs alone.
    private func worldWithOldKeys(
        _ count: Int = 3,
        _ configuration: ShardConfiguration = .test
    ) throws -> ShardWorld {
        var world = world(configuration)
        for number in 0..<count { _ = world.paid(key: "old-\(number)") }
        try world.snapshot()
        #expect(world.core.idempotencyCount == 0)
        return world
    }

    @Test("A key leaves memory behind a snapshot, and its request gets the first answer")
    func replay() throws {
        var world = try worldWithOldKeys()
        let calls = world.calls.count
        let reply = world.send(ShardWorld.create(), key: "old-1")
        #expect(world.replays.last?.reply == reply && world.replays.last?.record == 4)
        #expect(world.calls.count == calls && world.core.statistics.replays == 1)
        #expect(world.core.statistics.keyLookUps == 1 && world.core.statistics.keyFalsePositives == 0)
        world.send(ShardWorld.create(), key: "old-1", body: 2)
        #expect(world.lastBody.contains("keyReused") && world.core.statistics.keyConflicts == 1)
    }

    @Test("The same after a restart from the snapshot, and from the journal alone")
    func replayAfterRestart() throws {
        var world = try worldWithOldKeys()
        _ = world.paid(key: "new")
        var restored = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
        #expect(restored.restored.keys == 3 && restored.core.idempotencyCount == 1)
        var replayed = try ShardWorld(replaying: world.journal, at: world.now)
        for key in ["old-0", "old-1", "old-2", "new"] {
            world.send(ShardWorld.create(), key: key)
            restored.send(ShardWorld.create(), key: key)
            replayed.send(ShardWorld.create(), key: key)
        }
        #expect(restored.replays.map(\.record) == [2, 4, 6, 8])
        #expect(replayed.replays.map(\.record) == [2, 4, 6, 8])
        #expect(restored.digest() == world.digest())
    }

    @Test("A forgotten key is new, although its run still lives")
    func forgotten() throws {
        var world = try worldWithOldKeys(1)
        world.now += 86_400_000 - 1_000
        _ = world.paid(key: "younger")
        try world.snapshot()
        world.now += 2_000
        let payments = world.core.paymentCount
        world.send(ShardWorld.create(), key: "old-0")
        #expect(world.core.paymentCount == payments + 1)
        world.send(ShardWorld.create(), key: "younger")
        #expect(world.core.paymentCount == payments + 1 && world.replays.count == 1)
    }

    @Test("A new key that a filter could not rule out is executed once, after the look-up")
    func falsePositive() throws {
        var world = try worldWithOldKeys()
        world.looksUpAtOnce = false
        let calls = world.calls.count
        // The look-up's answer is what a false positive comes to.
        world.send(ShardWorld.create(), key: "old-0")
        world.send(ShardWorld.create(), key: "old-0")
        world.send(ShardWorld.create(), key: "old-0", body: 2)
        #expect(world.keyLookUps.count == 1 && world.core.parkedKeys.count == 3 && world.calls.count == calls)
        let digest = world.keyLookUps.removeFirst().digest
        let responses = world.responses.count
        world.keyFound(digest, .absent)
        #expect(world.core.parkedKeys.count == 0 && world.calls.count == calls + 1)
        #expect(world.responses.count == responses + 2, "the first request's key is in use, and belongs to one body")
        #expect(world.core.statistics.keyFalsePositives == 1)
    }

    @Test("A key that cannot be looked up is refused with 503, and nothing is executed")
    func unreadable() throws {
        var world = try worldWithOldKeys()
        world.looksUpAtOnce = false
        let calls = world.calls.count
        world.send(ShardWorld.create(), key: "old-0")
        world.answerKeyLookUps(failing: true)
        #expect(world.lastStatus == 503 && world.calls.count == calls && world.replays.isEmpty)
        #expect(world.core.statistics.keyLookUpsFailed == 1)
        world.send(ShardWorld.create(), key: "old-0")
        world.answerKeyLookUps()
        #expect(world.replays.count == 1)
    }

    @Test("A damaged block refuses its keys and no others")
    func damagedBlock() throws {
        var world = try worldWithOldKeys()
        disk.flip("/shard/keys/000000000001.keys", byte: 4_096 + 50)
        let calls = world.calls.count
        world.send(ShardWorld.create(), key: "old-0")
        #expect(world.lastStatus == 503 && world.calls.count == calls)
        _ = world.paid(key: "never seen")
        #expect(world.calls.count == calls + 1)
    }

    @Test("Waiting commands are bounded, and one merchant takes a part of the places")
    func parking() throws {
        var configuration = ShardConfiguration.test
        configuration.parkedKeyCapacity = 3
        configuration.parkedKeysPerMerchant = 2
        var world = world(configuration)
        for merchant in [7, 8] as [UInt64] {
            world.send(ShardWorld.create(), key: "old", merchant: merchant)
            guard let (call, token) = world.calls.last else { return #expect(Bool(false), "no call was made") }
            world.answer(token, ShardWorld.success(call.amountMinor))
        }
        try world.snapshot()
        world.looksUpAtOnce = false
        for _ in 0..<3 { world.send(ShardWorld.create(), key: "old") }
        #expect(world.lastBody == "refused merchantLimitReached" && world.lastStatus == 503)
        #expect(world.core.parkedKeys == .init(count: 2, capacity: 3, largestMerchant: 2))
        world.send(ShardWorld.create(), key: "old", merchant: 8)
        #expect(world.core.parkedKeys == .init(count: 3, capacity: 3, largestMerchant: 2))
        world.send(ShardWorld.create(), key: "old", merchant: 8)
        #expect(world.lastBody == "refused overloaded" && world.responses.last?.retryAfterSeconds == 1)
        world.answerKeyLookUps()
        #expect(world.core.parkedKeys == .init(count: 0, capacity: 3, largestMerchant: 0) && world.replays.count == 3)
        // The places are free again, also when the disk did not answer.
        for _ in 0..<2 { world.send(ShardWorld.create(), key: "old") }
        world.answerKeyLookUps(failing: true)
        #expect(world.lastBody == "refused journalFailed" && world.core.parkedKeys.count == 0)
    }

    @Test("Operators' commands that wait for their keys are nobody's share")
    func operatorsParking() throws {
        var configuration = ShardConfiguration.test
        configuration.parkedKeyCapacity = 3
        configuration.parkedKeysPerMerchant = 1
        var world = world(configuration)
        let id = world.paid(key: "old")
        world.tell(.settlementMatched, of: id, id: "evt") { $0.amountMinor = 10 }
        try world.snapshot()
        world.looksUpAtOnce = false
        for _ in 0..<3 { world.tell(.settlementMatched, of: id, id: "evt") { $0.amountMinor = 10 } }
        #expect(world.core.parkedKeys == .init(count: 3, capacity: 3, largestMerchant: 0))
        world.answerKeyLookUps()
        #expect(world.core.parkedKeys.count == 0 && world.replays.count == 3)
    }

    @Test("A full table takes keys again behind the next snapshot")
    func fullTable() throws {
        var configuration = ShardConfiguration.test
        configuration.idempotencyCapacity = 4
        var world = world(configuration)
        for number in 0..<4 { _ = world.paid(key: "old-\(number)") }
        #expect(world.core.keysAreDue == true)
        world.send(ShardWorld.create(), key: "one too many")
        #expect(world.lastStatus == 503)
        try world.snapshot()
        #expect(world.core.keysAreDue == false)
        _ = world.paid(key: "one too many")
        world.send(ShardWorld.create(), key: "old-3")
        #expect(world.replays.last?.record == 8)
    }

    @Test("A journal with many times the keys that fit into memory is replayed, and every key is known")
    func longReplay() throws {
        var configuration = ShardConfiguration.test
        configuration.idempotencyCapacity = 16
        var world = world(configuration)
        for number in 0..<400 {
            _ = world.paid(key: "key-\(number)")
            if world.core.keysAreDue { try world.snapshot() }
        }
        let empty = MemoryDisk()
        let storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: empty)
        var next = try ShardWorld(from: storage, journal: world.journal, configuration: configuration, at: world.now)
        let runs = next.core.keyRuns.occupancy.runs
        #expect(next.core.idempotencyCount <= 16 && runs <= 8)
        #expect(next.digest() == world.digest())
        for number in 0..<400 { next.send(ShardWorld.create(), key: "key-\(number)") }
        #expect(next.replays.map(\.record) == (1...400).map { $0 * 2 })
    }

    @Test("Runs that hold keys of records which the journal does not have are refused")
    func aheadOfTheJournal() throws {
        let world = try worldWithOldKeys()
        let storage = storage()
        var core = ShardCore(configuration: .test, renderer: TestRenderer())
        _ = try storage.restore(into: &core)
        try storage.checkKeys(in: core)
        for name in disk.names where name.hasSuffix(".snapshot") { try disk.remove(name) }
        let again = self.storage()
        var shorter = ShardCore(configuration: .test, renderer: TestRenderer())
        _ = try again.restore(into: &shorter)
        for (index, record) in world.journal.dropLast().enumerated() {
            try shorter.replay(record.span, at: RecordPosition(index + 1))
        }
        let error = #expect(throws: JournalError.self) { try again.checkKeys(in: shorter) }
        #expect(error?.code == .format && error?.description.contains("/shard/keys") == true)
    }

    @Test("A snapshot whose keys are gone is refused, and stays")
    func lostKeys() throws {
        _ = try worldWithOldKeys()
        for name in disk.names where name.hasPrefix("/shard/keys/") { try disk.remove(name) }
        var core = ShardCore(configuration: .test, renderer: TestRenderer())
        let storage = storage()
        let error = #expect(throws: JournalError.self) { _ = try storage.restore(into: &core) }
        #expect(error?.description.contains("/shard/keys") == true)
        #expect(disk.names.contains { $0.hasSuffix(".snapshot") })
    }
}
