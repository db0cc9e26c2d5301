import Journal
import Ledger
import Money
import Payments
import ShardModel
import Testing
import Time

@testable import ShardCore
@testable import ShardRecords
@testable import ShardStorage

/// A shard goes on from a snapshot and the journal behind it as if nothing had happened.
@Suite("Snapshots of a shard")
struct ShardSnapshotTests {
    let disk = MemoryDisk()

    private func storage(_ disk: MemoryDisk? = nil) -> ShardStorage {
        ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk ?? self.disk)
    }

    /// Payments in every state: settled, refunded, open, running, unknown.
    private func world() -> ShardWorld {
        var world = ShardWorld()
        world.storage = storage()
        grow(&world, "a")
        return world
    }

    private func grow(_ world: inout ShardWorld, _ prefix: String) {
        let paid = world.paid(key: prefix + "1")
        _ = world.paid(capture: false, key: prefix + "2")
        world.send(.refund(paid, amountMinor: 300), key: prefix + "3")
        world.answer(world.lastCall.token, ShardWorld.success(300, "re_1"))
        world.send(ShardWorld.create(), key: prefix + "4")
        world.send(ShardWorld.create(), key: prefix + "5")
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.send(.refund(paid, amountMinor: 100), key: prefix + "6")
        world.now += 1_000
    }

    /// A PSP that says nanoseconds where it means milliseconds.
    @Test("An authorization's end beyond all sense is not believed, and does not keep a snapshot from being read")
    func impossibleDeadline() throws {
        var world = ShardWorld()
        world.storage = storage()
        world.send(ShardWorld.create(1_000, capture: false), key: "a")
        let told = ProviderSuccess(
            providerReference: "ch_1",
            amountMinor: 1_000,
            currency: .eur,
            expiresAt: 1_790_000_000_000_000_000
        )
        world.answer(world.lastCall.token, .succeeded(told))
        let lifetime = ShardConfiguration.test.capabilities.authorizationLifetime
        #expect(world.payment.expiresAt == world.now + lifetime)
        // A journal of the time before may hold one.
        let finished = world.journal[1]
        guard case .operationFinished(var record) = try ShardRecord(decoding: finished.span) else { return }
        record.deadline = told.expiresAt
        var journal = world.journal
        var framed: [UInt8] = []
        let linked = try LinkedRecord(decoding: finished.span)
        ShardRecord.operationFinished(record).encodeFramed(header: linked.header, entryLink: 0, into: &framed)
        journal[1] = Array(framed.dropFirst(4))
        var old = try ShardWorld(replaying: journal, at: world.now)
        old.storage = storage()
        #expect(old.payment.expiresAt == told.expiresAt)
        try old.snapshot()
        let restarted = try ShardWorld(from: storage(), journal: journal, at: world.now)
        #expect(restarted.restored.position == 2 && restarted.digest() == old.digest())
    }

    @Test("Live, the whole journal, and snapshot with tail have the same digest, with cold payments or without")
    func digestsAgree() throws {
        var world = world()
        try world.snapshot(coldAfter: 1_000_000)
        #expect(world.core.coldPaymentCount == 0)
        grow(&world, "b")
        let warm = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
        #expect(warm.digest() == world.digest() && warm.restored.position > 0)
        _ = world.paid(key: "c")
        try world.snapshot()
        #expect(world.core.coldPaymentCount == 1)
        grow(&world, "d")
        let cold = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
        #expect(cold.digest() == world.digest() && cold.core.coldPaymentCount == 1)
        let whole = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(whole.digest() == world.digest())
        #expect(cold.core.trialBalance() == whole.core.trialBalance())
    }

    @Test("What was in flight at the snapshot is resolved after a start from it")
    func runningOperations() throws {
        var world = world()
        let running = world.core.runningCount
        try world.snapshot()
        var next = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
        #expect(next.core.runningCount == running && running == 3)
        #expect(next.resume() == running)
        next.pass(milliseconds: 100)
        #expect(next.calls.count == running && next.calls.allSatisfy { $0.call.mode == .query })
        for (call, token) in next.calls { next.answer(token, ShardWorld.success(call.amountMinor)) }
        #expect(next.core.runningCount == 0 && next.core.trialBalance().isBalanced)
    }

    @Test("Keys keep their answers through snapshots, and their conflicts")
    func keysSurvive() throws {
        var world = world()
        try world.snapshot()
        _ = world.paid(key: "tail")
        try world.snapshot()
        _ = world.paid(key: "later")
        var next = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
        #expect(next.core.idempotencyCount == world.core.idempotencyCount)
        for key in ["a1", "a2", "a3", "tail", "later"] {
            next.send(ShardWorld.create(), key: key)
            world.send(ShardWorld.create(), key: key)
        }
        #expect(next.replays.map(\.record) == world.replays.map(\.record) && next.replays.count == 5)
        next.send(ShardWorld.create(), key: "a1", body: 2)
        #expect(next.lastBody.contains("keyReused"))
        next.send(ShardWorld.create(), key: "a4")
        #expect(next.lastStatus == 202, "its request is still running")
        #expect(next.core.paymentCount == world.core.paymentCount)
    }

    @Test("Runs of keys whose time has passed are removed, and their records can be retired")
    func expiredRuns() throws {
        var world = ShardWorld()
        world.storage = storage()
        for day in 0..<4 {
            _ = world.paid(key: "day-\(day)")
            let written = try world.snapshot()
            #expect(written.retirable <= UInt64(max(0, day * 2)))
            world.now += 90_000_000
        }
        _ = world.paid(key: "now")
        let last = try world.snapshot()
        #expect(last.retirable == 8, "the snapshot before the last lies at 8, and no key answers with an older record")
        #expect(disk.names.filter { $0.hasSuffix(".keys") }.count <= 2)
        #expect(disk.names.filter { $0.hasSuffix(".snapshot") }.count == 2)
    }

    @Test(
        "A damaged snapshot is passed over and set aside; when none is left the start is from the journal's beginning"
    )
    func damagedSnapshots() throws {
        var world = world()
        let first = try world.snapshot().position
        grow(&world, "b")
        let second = try world.snapshot().position
        grow(&world, "c")
        for (position, expected) in [(second, first), (first, 0)] {
            let digits = String(position)
            let name = "/shard/snapshots/" + String(repeating: "0", count: 20 - digits.count) + digits + ".snapshot"
            disk.flip(name, byte: disk.count(of: name) / 2)
            let next = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
            #expect(next.restored.position == expected && next.restored.damaged.count == 1)
            #expect(next.restored.damaged.first?.contains(name) == true)
            #expect(disk.names.contains(name + ".damaged"))
            if expected > 0 { #expect(next.digest() == world.digest()) }
        }
    }

    @Test("From the older snapshot, a payment that was changed and cold again behind it is read as it was then")
    func olderVersionOfColdPayment() throws {
        var world = ShardWorld()
        world.storage = storage()
        let id = world.paid(key: "a")
        let first = try world.snapshot().position
        #expect(world.core.coldPaymentCount == 1)
        world.send(.refund(id, amountMinor: 300), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(300, "re_1"))
        let second = try world.snapshot().position
        #expect(world.core.coldPaymentCount == 1 && second > first)
        let name = try #require(disk.names.last { $0.hasSuffix(".snapshot") })
        disk.flip(name, byte: 5_000)
        let next = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
        #expect(next.restored.position == first && next.digest() == world.digest())
    }

    @Test("Another journal's snapshot is refused")
    func anotherJournal() throws {
        var world = world()
        try world.snapshot()
        let other = ShardStorage(directory: "/shard", journalID: 4, fileSystem: disk)
        let error = #expect(throws: JournalError.self) {
            _ = try ShardWorld(from: other, journal: world.journal, at: world.now)
        }
        #expect(error?.code == .format && error?.description.contains("belongs to journal 3") == true)
    }

    @Test("The index of cold payments is made again when it is gone")
    func indexIsDerived() throws {
        var world = ShardWorld()
        world.storage = storage()
        for number in 0..<600 { _ = world.paid(Int64(number + 1), key: "\(number)") }
        try world.snapshot()
        #expect(world.core.coldPaymentCount == 600)
        try disk.remove("/shard/cold/index")
        let next = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
        #expect(next.core.coldPaymentCount == 600 && next.digest() == world.digest())
    }

    @Test(
        "Any refused operation leaves a shard that goes on, a start that finds the same, and a next snapshot that works"
    )
    func everyRefusal() throws {
        var operation = 1
        while true {
            let disk = MemoryDisk()
            var world = ShardWorld()
            world.storage = storage(disk)
            grow(&world, "a")
            try world.snapshot()
            grow(&world, "b")
            _ = world.paid(key: "c")
            let id = world.paid(key: "d")
            disk.refuse(operation: operation)
            var failed = false
            do { try world.snapshot() } catch { failed = true }
            let seen = disk.operations
            disk.refuse(operation: 0)
            let crashed = try ShardWorld(from: storage(disk.afterPowerLoss()), journal: world.journal, at: world.now)
            #expect(crashed.digest() == world.digest(), "operation \(operation)")
            #expect(crashed.restored.position > 0)
            world.send(.refund(id, amountMinor: 10), key: "e")
            world.answer(world.lastCall.token, ShardWorld.success(10, "re_2"))
            try world.snapshot()
            let next = try ShardWorld(from: storage(disk.afterPowerLoss()), journal: world.journal, at: world.now)
            #expect(next.digest() == world.digest() && next.restored.position == world.core.lastPosition)
            #expect(next.core.idempotencyCount == world.core.idempotencyCount)
            if !failed {
                #expect(seen < operation, "a refused operation went unnoticed")
                break
            }
            operation += 1
        }
        #expect(operation > 30)
    }
}
