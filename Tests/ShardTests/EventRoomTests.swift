import Payments
import ShardCore
import ShardModel
import ShardStorage
import Testing

/// Events have limits of their own: whatever merchants fill, what a provider reports is taken.
@Suite("Room for events")
struct EventRoomTests {
    private let disk = MemoryDisk()

    private func world(_ change: (inout ShardConfiguration) -> Void) -> ShardWorld {
        var configuration = ShardConfiguration.test
        change(&configuration)
        var world = ShardWorld(configuration: configuration)
        world.storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk)
        return world
    }

    private static func paid(_ world: inout ShardWorld, _ key: String, merchant: UInt64) -> PaymentID {
        world.send(ShardWorld.create(), key: key, merchant: merchant)
        world.answer(world.lastCall.token, ShardWorld.success())
        return world.lastCall.call.payment
    }

    @Test("Events open disputes while payments and refunds are full, as many as each payment may have")
    func disputes() throws {
        var world = world { $0.paymentCapacity = 2 }
        let cold = Self.paid(&world, "cold", merchant: 8)
        try world.snapshot()
        let ids = [Self.paid(&world, "a", merchant: 7), Self.paid(&world, "b", merchant: 8)]
        for (number, id) in ids.enumerated() {
            world.send(.refund(id, amountMinor: 1), key: "r\(number)", merchant: 7 + UInt64(number))
        }
        world.send(ShardWorld.create(), key: "full", merchant: 9)
        #expect(world.lastBody == "refused paymentTableFull")
        for number in 0..<Payment.maximumDisputes {
            for id in ids + [cold] {
                world.tell(.disputeOpened, of: id) {
                    $0.amountMinor = 10
                    $0.reference = "dp_\(number)"
                }
                #expect(world.lastStatus == 200, "\(world.lastBody)")
            }
        }
        #expect(world.core.paymentOccupancy.disputes == 3 * Int(Payment.maximumDisputes))
        world.tell(.disputeOpened, of: ids[0]) {
            $0.amountMinor = 10
            $0.reference = "dp_more"
        }
        #expect(world.lastBody == "refused tooManyDisputes")
        world.tell(.disputeWarning, of: ids[0]) {
            $0.amountMinor = 10
            $0.reference = "dp_warning"
        }
        #expect(world.lastBody == "refused tooManyDisputes")
    }

    @Test("Merchants that wait for cold payments leave places for events and operators")
    func parking() throws {
        // 64 places, of which two are kept.
        var world = world {
            $0.parkedCapacity = 64
            $0.parkedPerMerchant = 64
        }
        let ids = (0..<4).map { Self.paid(&world, "a\($0)", merchant: 7) }
        try world.snapshot()
        world.loadsAtOnce = false
        for _ in 0..<62 { world.send(.getPayment(ids[0])) }
        #expect(world.core.parkedCommands == .init(count: 62, capacity: 64, largestMerchant: 62))
        world.send(.getPayment(ids[0]))
        #expect(world.lastStatus == 503 && world.lastBody == "refused overloaded")
        world.send(.getPayment(ids[1]), merchant: 8)
        #expect(world.lastBody == "refused overloaded")
        let before = world.responses.count
        for id in ids[1...2] { world.tell(.settlementMatched, of: id) { $0.amountMinor = 10 } }
        #expect(world.core.parkedCommands == .init(count: 64, capacity: 64, largestMerchant: 62))
        #expect(world.responses.count == before)
        world.tell(.settlementMatched, of: ids[3]) { $0.amountMinor = 10 }
        #expect(world.lastBody == "refused overloaded")
        world.answerLoads()
        #expect(world.core.parkedCommands == .init(count: 0, capacity: 64, largestMerchant: 0))
        #expect(world.responses[(before + 1)...].allSatisfy { $0.status == 200 })
        #expect(world.responses.count == before + 65)
    }

    @Test("Merchants that wait for their keys leave places for events and operators")
    func keyParking() throws {
        var world = world {
            $0.parkedKeyCapacity = 64
            $0.parkedKeysPerMerchant = 64
        }
        let id = Self.paid(&world, "old", merchant: 7)
        for number in 0..<3 { world.tell(.settlementMatched, of: id, id: "evt\(number)") { $0.amountMinor = 10 } }
        try world.snapshot()
        world.looksUpAtOnce = false
        for _ in 0..<62 { world.send(ShardWorld.create(), key: "old") }
        #expect(world.core.parkedKeys == .init(count: 62, capacity: 64, largestMerchant: 62))
        world.send(ShardWorld.create(), key: "old")
        #expect(world.lastStatus == 503 && world.lastBody == "refused overloaded")
        let before = world.responses.count
        for number in 0..<2 { world.tell(.settlementMatched, of: id, id: "evt\(number)") { $0.amountMinor = 10 } }
        #expect(world.core.parkedKeys == .init(count: 64, capacity: 64, largestMerchant: 62))
        #expect(world.responses.count == before)
        world.tell(.settlementMatched, of: id, id: "evt2") { $0.amountMinor = 10 }
        #expect(world.lastBody == "refused overloaded")
        world.answerKeyLookUps()
        #expect(world.core.parkedKeys.count == 0 && world.replays.count == 64)
    }

    @Test("Events of one merchant's payments take seven eighths of the events' keys")
    func shareOfKeys() {
        var world = world { $0.eventCapacity = 16 }
        let mine = Self.paid(&world, "a", merchant: 7)
        let other = Self.paid(&world, "b", merchant: 8)
        for _ in 0..<14 {
            world.tell(.settlementMatched, of: mine) { $0.amountMinor = 1 }
            #expect(world.lastStatus == 200)
        }
        world.tell(.settlementMatched, of: mine) { $0.amountMinor = 1 }
        #expect(world.lastStatus == 503 && world.lastBody == "refused eventTableFull")
        #expect(world.responses.last?.retryAfterSeconds == 5)
        for _ in 0..<2 {
            world.tell(.settlementMatched, of: other) { $0.amountMinor = 1 }
            #expect(world.lastStatus == 200)
        }
        #expect(world.core.eventKeyCount == 16)
        world.tell(.settlementMatched, of: other) { $0.amountMinor = 1 }
        #expect(world.lastBody == "refused eventTableFull")
        // Neither keeps a merchant's request out.
        world.send(.refund(mine, amountMinor: 1), key: "r")
        #expect(world.lastCall.call.operation == .refund)
    }
}
