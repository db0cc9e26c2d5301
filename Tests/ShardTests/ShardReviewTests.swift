import Journal
import Ledger
import Money
import Payments
import Risk
import ShardCore
import ShardModel
import ShardStorage
import Testing
import Time

/// What people do with payments that were held for them, and who may.
@Suite struct ShardReviewTests {
    private func held(
        _ world: inout ShardWorld,
        key: String = "create",
        isSanctioned: Bool = false
    ) throws -> PaymentID {
        var lists = RiskLists()
        lists.sanctionedCustomers.insert("listed", ShardRiskTests.key)
        world.core.reload(
            risk: RiskPolicy(
                rules: [RiskRule(name: "large", score: 50, condition: .amount(overMinor: 999, .eur))],
                lists: lists,
                sanctions: .review,
                reviewTimeout: 60_000,
                key: ShardRiskTests.key
            ),
            version: 2
        )
        world.send(ShardRiskTests.create(customer: isSanctioned ? "listed" : "cus"), key: key)
        #expect(world.lastStatus == 202 && world.lastBody.contains("review"))
        let made = ShardRiskTests.newest(world)
        return try #require(made)
    }

    @Test func `an approved payment is sent once, and the approval's key has the answer`() throws {
        var world = ShardWorld()
        let id = try held(&world)
        #expect(world.calls.isEmpty)
        world.send(.approve(id), key: "approve")
        #expect(world.calls.count == 1 && world.lastCall.call.operation == .authorize)
        #expect(world.lastCall.call.paymentMethod == "tok_visa" && world.lastCall.call.payment == id)
        world.send(.approve(id), key: "approve")
        #expect(world.lastStatus == 409, "it is under way")
        world.send(.reject(id), key: "reject")
        #expect(world.lastStatus == 409)
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        #expect(world.lastStatus == 200 && world.lastBody.contains("captured"))
        world.send(.approve(id), key: "approve")
        #expect(world.replays.count == 1 && world.calls.count == 1)
        world.send(.reject(id), key: "reject")
        #expect(world.lastStatus == 409)
        #expect(world.core.trialBalance().isBalanced)
        let replayed = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(replayed.digest() == world.digest())
    }

    @Test func `a rejected payment has failed, for good`() throws {
        var world = ShardWorld()
        let id = try held(&world)
        world.send(.reject(id), key: "reject")
        #expect(world.lastStatus == 200 && world.lastBody.contains("failed"))
        world.send(.reject(id), key: "reject")
        #expect(world.replays.count == 1)
        world.send(.reject(id), key: "other")
        #expect(world.lastStatus == 409)
        world.send(.approve(id), key: "approve")
        #expect(world.lastStatus == 409 && world.calls.isEmpty)
        let replayed = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(replayed.digest() == world.digest())
    }

    @Test func `another merchant's review is not there`() throws {
        var world = ShardWorld()
        let id = try held(&world)
        world.send(.approve(id), key: "approve", merchant: 10)
        #expect(world.lastStatus == 404)
    }

    @Test func `an operator ends the reviews of all merchants, under a key of its own`() throws {
        var world = ShardWorld()
        let first = try held(&world)
        world.send(.approve(first), key: "operator", merchant: 0, operatorShard: first.shard)
        #expect(world.calls.count == 1)
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        #expect(world.lastStatus == 200 && world.lastBody.contains("captured"))
        world.send(.approve(first), key: "operator", merchant: 0, operatorShard: first.shard)
        #expect(world.replays.count == 1)
        let second = try held(&world, key: "again")
        world.send(.reject(second), key: "operator 2", merchant: 0, operatorShard: second.shard)
        #expect(world.lastStatus == 200 && world.lastBody.contains("failed"))
        let unknown = PaymentID(createdAt: 1, shard: first.shard, sequence: 99)
        world.send(.reject(unknown), key: "operator 3", merchant: 0, operatorShard: first.shard)
        #expect(world.lastStatus == 404)
        try world.checkReplay()
    }

    @Test(arguments: [false, true])
    func `what a sanctions list holds only an operator lets go, also after a restart`(_ restarts: Bool) throws {
        var world = ShardWorld()
        let id = try held(&world, isSanctioned: true)
        if restarts {
            world = try ShardWorld(replaying: world.journal, at: world.now)
            _ = world.resume()
        }
        let records = world.journal.count
        for (kind, key) in [(Command.Kind.approve(id), "a"), (.reject(id), "r")] {
            world.send(kind, key: key)
            #expect(world.lastStatus == 403 && world.lastBody.contains("reviewForOperators"))
        }
        #expect(world.calls.isEmpty && world.journal.count == records)
        // What it may ask instead is nothing.
        world.send(.cancel(id), key: "c")
        #expect(world.lastStatus == 409)
        world.send(.approve(id), key: "a", merchant: 10)
        #expect(world.lastStatus == 404)
        world.send(.approve(id), key: "a", merchant: 0, operatorShard: id.shard)
        #expect(world.calls.count == 1 && world.core.statistics.risk.approved == 1)
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        #expect(world.lastStatus == 200)
        // Its end is nobody's secret.
        world.send(.reject(id), key: "r")
        #expect(world.lastStatus == 409 && world.lastBody.contains("notInReview"))
        try world.checkReplay()
    }

    @Test(arguments: [false, true])
    func `a review times out, also after a restart and from a snapshot`(_ restarts: Bool) throws {
        let disk = MemoryDisk()
        func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }
        var world = ShardWorld()
        world.storage = storage()
        let id = try held(&world)
        if restarts {
            try world.snapshot()
            let journal = world.journal
            world = try ShardWorld(from: storage(), journal: journal, at: world.now + 30_000)
            _ = world.resume()
        } else {
            world.pass(milliseconds: 30_000)
        }
        for _ in 0..<30 { world.pass(milliseconds: 900) }
        world.send(.getPayment(id))
        #expect(world.lastBody.contains("review"))
        for _ in 0..<60 { world.pass(milliseconds: 100) }
        world.send(.getPayment(id))
        #expect(world.lastBody.contains("failed") && world.core.statistics.risk.timedOut == 1)
        world.send(.approve(id), key: "approve")
        #expect(world.lastStatus == 409 && world.calls.isEmpty)
        let replayed = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(replayed.digest() == world.digest())
    }
}
