import Journal
import Ledger
import Payments
import ShardModel
import ShardState
import Testing

@testable import ShardCore
@testable import ShardStorage

/// Operations whose outcome is not known leave the calls, and what ends them is always admitted.
@Suite("Operations that wait")
struct ShardWaitingTests {
    private static func configuration(
        calls: Int,
        waiting: Int,
        resolutions: Int = 64,
        keys: Int = 1 << 15,
        events: Int = 1 << 13,
        share: Int = 75
    ) -> ShardConfiguration {
        var configuration = ShardConfiguration.test
        configuration.operationCapacity = calls
        configuration.waitingCapacity = waiting
        configuration.resolutionCapacity = resolutions
        configuration.idempotencyCapacity = keys
        configuration.eventCapacity = events
        configuration.merchantShare = .init(percent: share)
        return configuration
    }

    private static func occupancy(_ world: borrowing ShardWorld) -> OperationOccupancy { world.core.operationOccupancy }

    /// A payment of `merchant` whose outcome the PSP leaves open.
    @discardableResult
    private static func leaveOpen(
        _ world: inout ShardWorld,
        key: String,
        merchant: UInt64 = 7,
        _ outcome: ProviderOutcome = .unknown(.timeout)
    ) -> PaymentID? {
        let calls = world.calls.count
        world.send(ShardWorld.create(capture: false), key: key, merchant: merchant)
        guard world.calls.count > calls else { return nil }
        world.answer(world.lastCall.token, outcome)
        #expect(world.lastStatus == 202)
        return world.lastCall.call.payment
    }

    @Test("4,096 pending captures take no calls: others go on, and events end them one by one")
    func pendingCaptures() throws {
        let configuration = Self.configuration(calls: 16, waiting: 1 << 13)
        var world = ShardWorld(configuration: configuration)
        var payments: [PaymentID] = []
        for number in 0..<4_096 {
            let id = world.paid(capture: false, key: "a\(number)")
            world.send(.capture(id, amountMinor: nil), key: "c\(number)")
            world.answer(world.lastCall.token, .pending(providerReference: "cap_\(number)"))
            #expect(world.lastStatus == 202)
            payments.append(id)
        }
        #expect(Self.occupancy(world).waiting == 4_096 && Self.occupancy(world).calls == 0)
        for (number, id) in payments.enumerated() {
            world.tell(.captureSucceeded, of: id) { $0.amountMinor = 1_000 }
            #expect(world.lastStatus == 200, "\(world.lastBody)")
            guard number % 64 == 0 else { continue }
            // The same merchant and others pay meanwhile, and the PSP is asked.
            world.send(ShardWorld.create(), key: "b\(number)", merchant: UInt64(number % 2 == 0 ? 8 : 7))
            world.answer(world.lastCall.token, ShardWorld.success())
            #expect(world.lastStatus == 201)
            world.pass(milliseconds: 100)
        }
        #expect(world.core.runningCount == Self.occupancy(world).resolutions && world.core.runningCount == 0)
        #expect(world.core.trialBalance().isBalanced)
        for id in payments.prefix(50) {
            world.send(.getPayment(id))
            #expect(world.lastBody.contains("captured"))
        }
        try ProviderEventTests.restart(&world, configuration)
    }

    @Test("The PSP's own answer ends a waiting operation too, and its key replays the end")
    func resolved() {
        var world = ShardWorld(configuration: Self.configuration(calls: 4, waiting: 64))
        Self.leaveOpen(&world, key: "a")
        #expect(Self.occupancy(world).calls == 0 && Self.occupancy(world).waiting == 1)
        world.send(ShardWorld.create(capture: false), key: "a")
        #expect(world.lastStatus == 202, "the state is the answer while nobody knows the end")
        world.pass(milliseconds: 1_010)
        #expect(world.lastCall.call.mode == .query)
        #expect(Self.occupancy(world).resolutions == 1 && Self.occupancy(world).waiting == 0)
        world.send(ShardWorld.create(capture: false), key: "a")
        #expect(world.lastStatus == 202)
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.core.runningCount == 0)
        world.send(ShardWorld.create(capture: false), key: "a")
        #expect(world.replays.count == 1)
    }

    @Test("With calls, waiting operations and keys full, events end what fills them")
    func fullShard() throws {
        let configuration = Self.configuration(calls: 4, waiting: 2, keys: 6, share: 100)
        var world = ShardWorld(configuration: configuration)
        let open = (0..<6).compactMap { Self.leaveOpen(&world, key: "a\($0)", .pending(providerReference: "")) }
        #expect(open.count == 6)
        #expect(Self.occupancy(world).calls == 4 && Self.occupancy(world).waiting == 2)
        #expect(world.core.statistics.waitingTableFull == 4)
        world.send(ShardWorld.create(), key: "b")
        #expect(world.lastStatus == 503 && world.lastBody == "refused idempotencyTableFull")
        for (number, id) in open.enumerated() {
            world.tell(.authorizationSucceeded, of: id, id: "evt_\(number)") {
                $0.amountMinor = 1_000
                $0.reference = "ch_\(number)"
            }
            #expect(world.lastStatus == 200, "\(world.lastBody)")
        }
        #expect(world.core.runningCount == 0 && Self.occupancy(world).calls == 0)
        // Each event is applied once.
        world.tell(.authorizationSucceeded, of: open[0], id: "evt_0") { $0.amountMinor = 1_000 }
        #expect(world.replays.count == 1)
        try ProviderEventTests.restart(&world, configuration)
        world.tell(.authorizationSucceeded, of: open[0], id: "evt_0") { $0.amountMinor = 1_000 }
        #expect(world.replays.count == 1)
    }

    @Test("A full table of events' keys refuses events alone")
    func fullEventTable() {
        var world = ShardWorld(configuration: Self.configuration(calls: 8, waiting: 8, events: 2))
        let id = world.paid(capture: false, key: "a")
        for number in 0..<2 { world.tell(.authorizationSucceeded, of: id, id: "e\(number)") { $0.amountMinor = 1_000 } }
        world.tell(.authorizationSucceeded, of: id, id: "e2") { $0.amountMinor = 1_000 }
        #expect(world.lastStatus == 503 && world.lastBody == "refused eventTableFull")
        #expect(world.responses.last?.retryAfterSeconds == 5)
        world.send(.capture(id, amountMinor: nil), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.lastStatus == 200)
    }

    @Test("One merchant's calls never take the last ones from the others")
    func shareOfCalls() {
        var world = ShardWorld(configuration: Self.configuration(calls: 8, waiting: 8))
        for number in 0..<6 { world.send(ShardWorld.create(), key: "a\(number)") }
        #expect(world.calls.count == 6 && Self.occupancy(world).largestMerchantCalls == 6)
        world.send(ShardWorld.create(), key: "a6")
        #expect(world.lastStatus == 503 && world.lastBody == "refused merchantLimitReached")
        #expect(world.responses.last?.retryAfterSeconds == 1)
        world.send(ShardWorld.create(), key: "b", merchant: 8)
        #expect(world.calls.count == 7)
        world.answer(world.calls[0].token, ShardWorld.success())
        world.send(ShardWorld.create(), key: "a6")
        #expect(world.calls.count == 8)
    }

    @Test("One merchant's unknown outcomes never stop another's, however many they are")
    func shareOfWaiting() {
        var world = ShardWorld(configuration: Self.configuration(calls: 8, waiting: 8))
        var open = 0
        while Self.leaveOpen(&world, key: "a\(open)") != nil { open += 1 }
        // Six wait, and six more keep the merchant's share of the calls.
        #expect(open == 12 && world.lastBody == "refused merchantLimitReached")
        #expect(Self.occupancy(world).waiting == 6 && Self.occupancy(world).calls == 6)
        for number in 0..<2 {
            #expect(Self.leaveOpen(&world, key: "b\(number)", merchant: 8) != nil)
            _ = world.lastBody
        }
        #expect(Self.occupancy(world).waiting == 8)
        world.send(ShardWorld.create(), key: "c", merchant: 9)
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.lastStatus == 201)
    }

    @Test("A bounded number of resolutions is under way, and one merchant has a share of them")
    func shareOfResolutions() {
        var world = ShardWorld(configuration: Self.configuration(calls: 64, waiting: 64, resolutions: 4))
        for number in 0..<10 { Self.leaveOpen(&world, key: "a\(number)") }
        Self.leaveOpen(&world, key: "b", merchant: 8)
        let before = world.calls.count
        world.pass(milliseconds: 1_010)
        let asked = world.calls[before...]
        #expect(asked.count == 4 && Self.occupancy(world).resolutions == 4)
        #expect(Set(asked.map(\.call.payment.sequence)).contains(11), "the other merchant's is among them")
        for (_, token) in Array(asked) { world.answer(token, .unknown(.timeout)) }
        #expect(Self.occupancy(world).resolutions == 0 && Self.occupancy(world).waiting == 11)
        world.pass(milliseconds: 10)
        #expect(world.calls.count == before + 7, "those whose turn has not come")
    }

    @Test("100,000 waiting operations survive a restart from the journal, and a few are asked about at a time")
    func manyAfterRestart() throws {
        let count = 100_000
        var configuration = Self.configuration(calls: 16, waiting: 1 << 17, keys: 1 << 17, share: 100)
        configuration.paymentCapacity = 1 << 17
        var world = ShardWorld(configuration: configuration)
        for number in 0..<count {
            world.send(ShardWorld.create(), key: "a\(number)")
            world.answer(world.lastCall.token, .pending(providerReference: ""))
        }
        #expect(Self.occupancy(world).waiting == count && Self.occupancy(world).calls == 0)
        let digest = world.core.stateDigest()
        var next = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        #expect(next.core.stateDigest() == digest)
        #expect(Self.occupancy(next).waiting == count && Self.occupancy(next).calls == 0)
        #expect(next.resume() == count)
        next.pass(milliseconds: 10)
        #expect(next.calls.count > 0 && next.calls.count <= 64)
        let (oldest, total) = next.core.unresolved(limit: 10, at: next.now)
        #expect(total == count && oldest.count == 10 && oldest.allSatisfy(\.isKnownToProvider))
        let payment = next.calls[0].call.payment
        next.tell(.captureSucceeded, of: payment) { $0.amountMinor = 1_000 }
        #expect(next.lastStatus == 200 && next.core.runningCount == count - 1)
    }

    @Test("A snapshot holds what waits; behind it, the journal ends some of it")
    func snapshot() throws {
        let storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: MemoryDisk())
        let configuration = Self.configuration(calls: 64, waiting: 1 << 12)
        var world = ShardWorld(configuration: configuration)
        world.storage = storage
        let open = (0..<2_000).compactMap { Self.leaveOpen(&world, key: "a\($0)") }
        world.send(ShardWorld.create(), key: "in flight")
        try world.snapshot()
        for id in open.prefix(500) { world.tell(.authorizationSucceeded, of: id) { $0.amountMinor = 1_000 } }
        world.pass(milliseconds: 1_010)
        world.answer(world.lastCall.token, .pending(providerReference: ""))
        let running = world.core.runningCount
        var next = try ShardWorld(
            from: storage,
            journal: world.journal,
            configuration: configuration,
            at: world.now
        )
        #expect(next.restored.position > 0 && next.digest() == world.digest())
        #expect(next.core.runningCount == running && running == 1_501)
        #expect(next.resume() == running)
        for id in open.suffix(1_500) { next.tell(.authorizationSucceeded, of: id) { $0.amountMinor = 1_000 } }
        #expect(next.core.runningCount == 1)
        next.send(ShardWorld.create(capture: false), key: "a1999")
        #expect(next.replays.count == 1, "its key has the answer that the event brought")
    }
}
