import Payments
import ShardCore
import ShardModel
import ShardRecords
import Testing

@Suite("Captures by hand that an operator asks for")
struct OperatorCaptureTests {
    /// The first 8 bytes of a digest of the operator's key.
    static let credential: UInt64 = 0x0BAD_CAFE

    /// The captures that began, as the journal has them.
    private func started(_ world: borrowing ShardWorld) throws -> [(header: RecordHeader, record: OperationStarted)] {
        var found: [(header: RecordHeader, record: OperationStarted)] = []
        for bytes in world.journal {
            guard case .operationStarted(let record) = try ShardRecord(decoding: bytes.span),
                record.operation == .capture
            else { continue }
            var reader = RecordReader()
            found.append((try reader.header(bytes.span), record))
        }
        return found
    }

    @Test("Cash that an operator books is available once, under the operator's key, and the record names the operator")
    func cash() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, capture: false, key: "k")
        let calls = world.calls.count
        func capture(_ world: inout ShardWorld, key: String, body: UInt64 = 1) {
            let kind = ShardWalletTests.manual(payment, by: .cash, amount: 800)
            world.send(kind, key: key, body: body, merchant: 0, operatorShard: 3, credential: Self.credential)
        }
        capture(&world, key: "till")
        #expect(world.lastStatus == 200 && world.calls.count == calls && world.available() == 780)
        capture(&world, key: "till")
        #expect(world.replays.count == 1 && world.available() == 780)
        capture(&world, key: "till", body: 2)
        #expect(world.lastStatus == 422 && world.lastBody.contains("keyReused"))
        capture(&world, key: "again")
        #expect(world.lastStatus == 409 && world.available() == 780)
        let records = try started(world)
        #expect(records.map(\.header.actor) == [RecordActor(.operator, identity: Self.credential)])
        #expect(records.map(\.header.merchant) == [MerchantID(rawValue: 7)])
        world.checkBooks()
        try world.checkReplay()
    }

    @Test("A merchant's own capture by hand is recorded as the merchant's")
    func merchantsOwn() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, capture: false, key: "k")
        world.send(ShardWalletTests.manual(payment, by: .external), key: "c", credential: 9)
        #expect(world.lastStatus == 200)
        let records = try started(world)
        #expect(records.map(\.header.actor) == [RecordActor(.merchant, identity: 9)])
    }

    @Test("An operator's capture by hand of a payment that does not exist books nothing")
    func unknownPayment() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, capture: false, key: "k")
        let other = PaymentID(createdAt: payment.createdAt, shard: 3, sequence: 99)
        let kind = ShardWalletTests.manual(other, by: .cash)
        world.send(kind, key: "c", merchant: 0, operatorShard: 3, credential: Self.credential)
        let records = try started(world)
        #expect(world.lastStatus == 404 && records.isEmpty)
    }

    @Test("An operator's capture by hand that a crash interrupted ends after the restart, once")
    func crash() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, capture: false, key: "k")
        let kind = ShardWalletTests.manual(payment, by: .cash)
        world.send(kind, key: "c", merchant: 0, operatorShard: 3, credential: Self.credential)
        var restarted = try ShardWorld(replaying: Array(world.journal.dropLast()), at: world.now)
        _ = restarted.resume()
        restarted.pass(milliseconds: 1_000)
        #expect(restarted.available() == 975 && restarted.calls.isEmpty)
        restarted.send(kind, key: "c", merchant: 0, operatorShard: 3, credential: Self.credential)
        #expect(restarted.replays.count == 1 && restarted.available() == 975)
    }
}
