import Journal
import NIOCore
import Payments
import ShardCore
import ShardModel
import ShardStorage
import Testing

@Suite("Payments that left memory")
struct ColdPaymentTests {
    let disk = MemoryDisk()

    private func world(_ configuration: ShardConfiguration = .test) -> ShardWorld {
        var world = ShardWorld(configuration: configuration)
        world.storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk)
        world.loadsAtOnce = false
        return world
    }

    /// One captured payment, cold.
    private func cold(_ world: inout ShardWorld) throws -> PaymentID {
        let id = world.paid(key: "first")
        try world.snapshot()
        #expect(world.core.coldPaymentCount == 1 && world.core.warmPaymentCount == 0)
        return id
    }

    @Test("A cold payment is read back for its merchant, with its details and references")
    func getLoads() throws {
        var world = world()
        let id = world.paid(key: "a")
        world.send(.getPayment(id))
        let warm = world.lastBody
        try world.snapshot()
        world.send(.getPayment(id))
        #expect(world.loads == [1] && world.core.parkedCommands.count == 1 && world.core.hasWaitingReplies)
        world.answerLoads()
        #expect(world.lastBody == warm && world.lastStatus == 200 && world.core.parkedCommands.count == 0)
        #expect(world.core.statistics.coldLoads == 1 && world.core.warmPaymentCount == 1)
    }

    @Test("Another merchant, or another identifier with the same number, learns nothing")
    func othersAreRefused() throws {
        var world = world()
        let id = try cold(&world)
        world.send(.getPayment(id), merchant: 8)
        world.send(.getPayment(PaymentID(high: id.high ^ 1 << 20, low: id.low)))
        world.answerLoads()
        #expect(world.responses.suffix(2).allSatisfy { $0.status == 404 })
    }

    @Test("A merchant that asks for another's payments brings none of them into memory")
    func othersReadNothingIn() throws {
        var world = world()
        let id = try cold(&world)
        let memory = world.core.tableBytes
        world.send(.getPayment(id), merchant: 8)
        world.send(.refund(id, amountMinor: 1), key: "r", merchant: 8)
        world.answerLoads()
        #expect(world.responses.suffix(2).allSatisfy { $0.status == 404 })
        #expect(
            world.core.warmPaymentCount == 0 && world.core.tableBytes == memory && world.core.parkedCommands.count == 0
        )
        // Beside its merchant it learns nothing either, and an operator reads it in.
        world.send(.getPayment(id), merchant: 8)
        world.send(.getPayment(id))
        world.answerLoads()
        #expect(world.responses.suffix(2).map(\.status) == [404, 200] && world.core.warmPaymentCount == 1)
        try world.snapshot()
        world.tell(.settlementMatched, of: id) { $0.amountMinor = 10 }
        world.answerLoads()
        #expect(world.lastStatus == 200 && world.core.warmPaymentCount == 1)
    }

    @Test("A greedy merchant takes its share of the places for waiting, and others' go on")
    func greedyMerchant() throws {
        var configuration = ShardConfiguration.test
        configuration.parkedCapacity = 9
        configuration.parkedPerMerchant = 6
        var world = world(configuration)
        let mine = (0..<7).map { world.paid(key: "m\($0)") }
        world.send(ShardWorld.create(), key: "o", merchant: 8)
        world.answer(world.lastCall.token, ShardWorld.success())
        let other = world.lastCall.call.payment
        try world.snapshot()
        for id in mine { world.send(.getPayment(id)) }
        #expect(world.lastBody == "refused merchantLimitReached" && world.lastStatus == 503)
        #expect(world.responses.last?.retryAfterSeconds == 1)
        #expect(world.core.parkedCommands == .init(count: 6, capacity: 9, largestMerchant: 6))
        // Another merchant's and an operator's have room.
        world.send(.getPayment(other), merchant: 8)
        world.tell(.settlementMatched, of: mine[0]) { $0.amountMinor = 10 }
        world.send(.refund(other, amountMinor: 1), key: "r", merchant: 8)
        #expect(world.core.parkedCommands == .init(count: 9, capacity: 9, largestMerchant: 6))
        // All places are taken: nobody's share says so.
        let before = world.responses.count
        world.send(.getPayment(other), merchant: 8)
        world.tell(.settlementMatched, of: mine[1]) { $0.amountMinor = 10 }
        #expect(
            world.responses[before...].map { String(buffer: $0.body) } == ["refused overloaded", "refused overloaded"]
        )
        world.answerLoads()
        #expect(world.core.parkedCommands == .init(count: 0, capacity: 9, largestMerchant: 0))
        #expect(
            world.responses[(before + 2)...].allSatisfy { $0.status == 200 } && world.lastCall.call.operation == .refund
        )
        world.send(.getPayment(mine[6]))
        world.answerLoads()
        #expect(world.lastStatus == 200)
    }

    @Test("Requests for one cold payment cause one load and run in their order")
    func orderIsKept() throws {
        var world = world()
        let id = try cold(&world)
        world.send(.refund(id, amountMinor: 600), key: "r1")
        world.send(.refund(id, amountMinor: 600), key: "r2")
        world.send(.refund(id, amountMinor: 600), key: "r1")
        world.send(.getPayment(id))
        #expect(world.loads == [1] && world.core.parkedCommands.count == 4)
        let before = world.responses.count
        world.answerLoads()
        let bodies = world.responses[before...].map { String(buffer: $0.body) }
        #expect(bodies.count == 3 && world.lastCall.call.operation == .refund)
        #expect(bodies[0].contains("amountExceedsRefundable"))
        #expect(bodies[1].contains("keyInUse"))
        #expect(bodies[2].contains("pending=600"))
        world.answer(world.lastCall.token, ShardWorld.success(600, "re_1"))
        #expect(world.lastStatus == 201)
    }

    @Test("A snapshot while a load is under way changes nothing")
    func snapshotMeanwhile() throws {
        var world = world()
        let id = try cold(&world)
        world.send(.refund(id, amountMinor: 400), key: "r1")
        try world.snapshot()
        world.answerLoads()
        try world.snapshot()
        #expect(world.core.warmPaymentCount == 1, "its refund is running")
        world.answer(world.lastCall.token, ShardWorld.success(400, "re_1"))
        try world.snapshot()
        #expect(world.core.warmPaymentCount == 0)
        world.send(.getPayment(id))
        world.answerLoads()
        #expect(world.lastBody.contains("refunded=400"))
        let restarted = try ShardWorld(
            from: ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk),
            journal: world.journal,
            at: world.now
        )
        #expect(restarted.digest() == world.digest())
    }

    @Test("A payment that changes while the snapshot is written stays")
    func changedMeanwhileStays() throws {
        var world = world()
        let id = world.paid(key: "a")
        let written = try world.snapshot(releasing: false)
        world.send(.refund(id, amountMinor: 100), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(100, "re_1"))
        var plan = written.plan
        while !world.core.release(&plan, limit: 100) {}
        #expect(world.core.warmPaymentCount == 1)
        let restarted = try ShardWorld(
            from: ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk),
            journal: world.journal,
            at: world.now
        )
        #expect(restarted.digest() == world.digest())
    }

    @Test("The stored answer of a key needs no payment in memory")
    func replayNeedsNoLoad() throws {
        var world = world()
        _ = try cold(&world)
        world.send(ShardWorld.create(), key: "first")
        #expect(world.replays.map(\.record) == [2] && world.loads.isEmpty)
    }

    @Test("More waiting commands than the limit are refused with 503")
    func parkingIsBounded() throws {
        var configuration = ShardConfiguration.test
        configuration.parkedCapacity = 2
        var world = world(configuration)
        let id = try cold(&world)
        for _ in 0..<3 { world.send(.getPayment(id)) }
        #expect(world.lastStatus == 503 && world.core.parkedCommands.count == 2)
        world.answerLoads()
        world.send(.getPayment(id))
        #expect(world.lastStatus == 200)
    }

    @Test("Operators' commands read an eighth beyond the table's limit back, until a snapshot makes room")
    func operatorsAreBounded() throws {
        var world = world()
        let ids = (0..<11).map { world.paid(key: "p\($0)") }
        try world.snapshot()
        world.core.share = ProcessShare(payments: 8)
        func settle(_ number: Int) { world.tell(.settlementMatched, of: ids[number]) { $0.amountMinor = 10 } }
        for number in 0..<9 { settle(number) }
        #expect(world.core.parkedCommands.count == 9)
        settle(9)
        #expect(world.lastBody == "refused overloaded" && world.core.parkedCommands.count == 9)
        world.answerLoads()
        #expect(world.core.warmPaymentCount == 9)
        settle(10)
        #expect(world.lastBody == "refused overloaded")
        try world.snapshot()
        settle(10)
        world.answerLoads()
        #expect(world.lastStatus == 200 && world.core.warmPaymentCount == 1)
    }

    @Test("A command for what is being read back takes no place more of the table")
    func awaitedTakesNoPlace() throws {
        var world = world()
        let ids = (0..<2).map { world.paid(key: "p\($0)") }
        try world.snapshot()
        world.core.share = ProcessShare(payments: 1)
        world.send(.getPayment(ids[0]))
        world.send(.getPayment(ids[0]))
        #expect(world.core.parkedCommands.count == 2)
        world.send(.getPayment(ids[1]))
        #expect(world.lastBody == "refused overloaded" && world.core.parkedCommands.count == 2)
        world.answerLoads()
        #expect(world.responses.suffix(2).allSatisfy { $0.status == 200 })
    }

    @Test("A payment that cannot be read is answered 503, and asked for again by the next request")
    func failedLoad() throws {
        var world = world()
        let id = try cold(&world)
        world.send(.refund(id, amountMinor: 100), key: "r1")
        world.answerLoads(failing: true)
        #expect(world.lastStatus == 503 && world.core.statistics.coldLoadsFailed == 1)
        world.send(.refund(id, amountMinor: 100), key: "r1")
        world.answerLoads()
        #expect(world.lastCall.call.operation == .refund && world.lastCall.call.amountMinor == 100)
    }

    @Test("A payment that was only read leaves again without being written again")
    func unchangedIsNotRewritten() throws {
        var world = world()
        let id = try cold(&world)
        world.send(.getPayment(id))
        world.answerLoads()
        let written = try world.snapshot()
        #expect(written.coldPayments == 0 && world.core.warmPaymentCount == 0)
        #expect(disk.names.filter { $0.hasSuffix(".payments") }.count == 1)
    }

    @Test("Memory comes back; payments that stay keep their bytes")
    func memoryComesBack() throws {
        var world = world()
        var open: [PaymentID] = []
        for number in 0..<20_000 {
            let id = world.paid(capture: number % 100 != 0, key: "\(number % 1_000)-\(number)")
            if number % 100 == 0 { open.append(id) }
            if number % 1_000 == 999 {
                world.now += 90_000_000
                world.pass(milliseconds: 0)
            }
        }
        let before = world.core.tableBytes
        try world.snapshot()
        #expect(world.core.warmPaymentCount == open.count && world.core.coldPaymentCount == 20_000 - open.count)
        #expect(world.core.tableBytes < before / 3, "\(before) to \(world.core.tableBytes)")
        for id in open {
            world.send(.getPayment(id))
            #expect(world.lastBody.contains("reference=order-1"))
        }
        let restarted = try ShardWorld(
            from: ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk),
            journal: world.journal,
            at: world.now
        )
        #expect(restarted.digest() == world.digest())
    }

    @Test("Bytes at a cold file or its index that are wrong are found, never served")
    func damageIsFound() throws {
        var world = world()
        let id = try cold(&world)
        disk.flip("/shard/cold/index", byte: 4_096)
        world.send(.getPayment(id))
        world.answerLoads()
        // The file holds the payment, and the index is made from the files.
        #expect(world.lastStatus == 200)
        try world.snapshot()
        #expect(world.core.warmPaymentCount == 0)
        let file = try #require(disk.names.first { $0.hasSuffix(".payments") })
        disk.flip(file, byte: 4_200)
        world.send(.getPayment(id))
        world.answerLoads()
        #expect(world.lastStatus == 503)
    }
}
