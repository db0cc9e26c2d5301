import Journal
import Money
import Payments
import ShardModel
import ShardState
import ShardStorage
import Testing

@testable import ShardCore

/// One merchant's share of payments and refunds in memory, and of what other shards leave of the
/// process's limits.
@Suite("A merchant's share of the tables")
struct MerchantShareTests {
    private let disk = MemoryDisk()

    private static func configuration(payments: Int = 8, share: Int = 75) -> ShardConfiguration {
        var configuration = ShardConfiguration.test
        configuration.paymentCapacity = payments
        configuration.merchantShare = .init(percent: share)
        return configuration
    }

    private func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }

    private func world(_ configuration: ShardConfiguration) -> ShardWorld {
        var world = ShardWorld(configuration: configuration)
        world.storage = storage()
        return world
    }

    /// A payment that the PSP has approved; nil where it was refused.
    @discardableResult
    private func pay(
        _ world: inout ShardWorld,
        _ key: String,
        merchant: UInt64 = 7,
        capture: Bool = false
    ) -> PaymentID? {
        let calls = world.calls.count
        world.send(ShardWorld.create(capture: capture), key: key, merchant: merchant)
        guard world.calls.count > calls else { return nil }
        world.answer(world.lastCall.token, ShardWorld.success())
        return world.lastCall.call.payment
    }

    private func paid(
        _ world: inout ShardWorld,
        _ key: String,
        merchant: UInt64 = 7,
        capture: Bool = true
    ) throws -> PaymentID {
        let id = pay(&world, key, merchant: merchant, capture: capture)
        return try #require(id)
    }

    // MARK: Payments

    @Test("One merchant's open authorizations never take the last payments from the others")
    func shareOfPayments() {
        var world = world(Self.configuration())
        for number in 0..<6 { #expect(pay(&world, "a\(number)") != nil) }
        #expect(pay(&world, "a6") == nil)
        #expect(world.lastStatus == 503 && world.lastBody == "refused merchantLimitReached")
        #expect(world.responses.last?.retryAfterSeconds == 1)
        #expect(world.core.paymentOccupancy.payments == 6)
        #expect(world.core.paymentOccupancy.largestMerchantPayments == 6)
        #expect(pay(&world, "b0", merchant: 8) != nil && pay(&world, "b1", merchant: 8) != nil)
        #expect(pay(&world, "b2", merchant: 8) == nil && world.lastBody == "refused paymentTableFull")
        // What exists goes on.
        world.send(.capture(world.only.id, amountMinor: nil), key: "c")
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.lastStatus == 200)
    }

    @Test("The share is free again when payments leave memory, and a restart counts the same")
    func leaving() throws {
        let configuration = Self.configuration()
        var world = world(configuration)
        for number in 0..<6 { #expect(pay(&world, "a\(number)", capture: number < 2) != nil) }
        #expect(pay(&world, "a6") == nil)
        try world.snapshot()
        #expect(world.core.paymentOccupancy.largestMerchantPayments == 4 && world.core.coldPaymentCount == 2)
        #expect(pay(&world, "a6") != nil)
        let restored = try ShardWorld(
            from: storage(),
            journal: world.journal,
            configuration: configuration,
            at: world.now
        )
        #expect(restored.core.paymentOccupancy == world.core.paymentOccupancy)
        #expect(restored.core.paymentOccupancy.largestMerchantPayments == 5)
        // From the journal alone all of them are in memory: the share refuses nothing that was
        // accepted.
        let replayed = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        #expect(replayed.core.paymentOccupancy.largestMerchantPayments == 7)
    }

    @Test("What is read back takes a place of its merchant's share; an operator's event is not refused for it")
    func readingBack() throws {
        var world = world(Self.configuration())
        let cold = [try paid(&world, "cold0"), try paid(&world, "cold1")]
        try world.snapshot()
        for number in 0..<5 { #expect(pay(&world, "a\(number)") != nil) }
        world.loadsAtOnce = false
        // One place is left: of two reads at once the second is refused.
        world.send(.getPayment(cold[0]))
        world.send(.getPayment(cold[1]))
        #expect(world.lastStatus == 503 && world.lastBody == "refused merchantLimitReached")
        world.answerLoads()
        #expect(world.lastStatus == 200 && world.core.paymentOccupancy.largestMerchantPayments == 6)
        world.send(.getPayment(cold[1]))
        #expect(world.lastBody == "refused merchantLimitReached")
        world.tell(.settlementMatched, of: cold[1]) { $0.amountMinor = 10 }
        world.answerLoads()
        #expect(world.lastStatus == 200 && world.core.paymentOccupancy.largestMerchantPayments == 7)
        // In memory it is answered, and another merchant's share is its own.
        world.send(.getPayment(cold[1]))
        #expect(world.lastStatus == 200)
        #expect(pay(&world, "b", merchant: 8) != nil)
    }

    // MARK: Refunds

    @Test("One merchant's refunds never take the last places from the others, nor from the gateway's own")
    func shareOfRefunds() throws {
        var world = world(Self.configuration(payments: 4))
        let mine = try paid(&world, "a")
        let late = try paid(&world, "late", capture: false)
        let other = try paid(&world, "o", merchant: 8)
        for number in 0..<3 {
            world.send(.refund(mine, amountMinor: 10), key: "r\(number)")
            world.answer(world.lastCall.token, ShardWorld.success(10, "re_\(number)"))
            #expect(world.lastStatus == 201)
        }
        world.send(.refund(mine, amountMinor: 10), key: "r3")
        #expect(world.lastStatus == 503 && world.lastBody == "refused merchantLimitReached")
        #expect(world.core.paymentOccupancy.largestMerchantRefunds == 3)
        // The PSP captures what was cancelled: the gateway refunds it, whatever its merchant's
        // share is.
        world.send(.cancel(late), key: "cancel")
        world.answer(world.lastCall.token, ShardWorld.success())
        world.tell(.captureSucceeded, of: late) { $0.amountMinor = 1_000 }
        let calls = world.calls.count
        world.pass(milliseconds: 2_000)
        #expect(world.calls.count == calls + 1 && world.lastCall.call.operation == .refund)
        #expect(world.lastCall.call.payment == late && world.core.paymentOccupancy.largestMerchantRefunds == 4)
        // All places are taken.
        world.send(.refund(other, amountMinor: 10), key: "o1", merchant: 8)
        #expect(world.lastBody == "refused paymentTableFull")
        world.send(.refund(mine, amountMinor: 10), key: "r3")
        #expect(world.lastBody == "refused paymentTableFull")
    }

    @Test("Another merchant's refund finds a place beside a share that is used up")
    func othersRefund() throws {
        var world = world(Self.configuration(payments: 4))
        let mine = try paid(&world, "a")
        let other = try paid(&world, "o", merchant: 8)
        for number in 0..<4 { world.send(.refund(mine, amountMinor: 10), key: "r\(number)") }
        #expect(world.lastBody == "refused merchantLimitReached")
        world.send(.refund(other, amountMinor: 10), key: "o1", merchant: 8)
        world.answer(world.lastCall.token, ShardWorld.success(10, "re_o"))
        #expect(world.lastStatus == 201)
    }

    // MARK: The journal's room

    @Test("One merchant's calls never reserve the journal's last room from the others")
    func shareOfJournalRoom() {
        var world = world(Self.configuration(payments: 1 << 10))
        // Each call keeps two frames of 4 KiB for its outcome.
        world.core.room.journalBytes = 8 * 8_192
        for number in 0..<6 { world.send(ShardWorld.create(), key: "a\(number)") }
        #expect(world.calls.count == 6 && world.core.callReserveBytes == 6 * 8_192)
        world.send(ShardWorld.create(), key: "a6")
        #expect(world.lastStatus == 503 && world.lastBody == "refused merchantLimitReached")
        world.send(ShardWorld.create(), key: "b", merchant: 8)
        #expect(world.calls.count == 7)
        world.answer(world.calls[0].token, ShardWorld.success())
        world.send(ShardWorld.create(), key: "a6")
        #expect(world.calls.count == 8)
    }

    // MARK: Limits of the process

    @Test("A share is of what other shards leave, where that is less than the shard's own limit")
    func processLimit() throws {
        var world = world(Self.configuration(payments: 1 << 10))
        world.core.share = ProcessShare(payments: 8)
        for number in 0..<6 { #expect(pay(&world, "a\(number)") != nil) }
        #expect(pay(&world, "a6") == nil && world.lastBody == "refused merchantLimitReached")
        #expect(pay(&world, "b", merchant: 8) != nil)
        world.core.share = ProcessShare(payments: 7)
        #expect(pay(&world, "b1", merchant: 8) == nil && world.lastBody == "refused paymentTableFull")
        // Reading back is bounded by the same.
        world.core.share = ProcessShare()
        let cold = try paid(&world, "cold")
        try world.snapshot()
        world.core.share = ProcessShare(payments: 7)
        world.send(.getPayment(cold))
        #expect(world.lastBody == "refused overloaded")
        world.core.share = ProcessShare(payments: 8)
        world.send(.getPayment(cold))
        #expect(world.lastBody == "refused merchantLimitReached")
    }

    @Test("One merchant's keys are seven eighths of what other shards leave")
    func processLimitOfKeys() {
        var world = world(Self.configuration(payments: 1 << 10))
        world.core.share = ProcessShare(keys: 16)
        for number in 0..<14 { #expect(pay(&world, "a\(number)") != nil) }
        #expect(pay(&world, "a14") == nil && world.lastBody == "refused idempotencyTableFull")
        #expect(pay(&world, "b0", merchant: 8) != nil && pay(&world, "b1", merchant: 8) != nil)
        #expect(pay(&world, "b2", merchant: 8) == nil && world.lastBody == "refused idempotencyTableFull")
    }

    @Test("Wallets take three quarters of the accounts that other shards leave, one merchant's its share of that")
    func processLimitOfAccounts() {
        var world = world(Self.configuration(payments: 1 << 10))
        // 64 accounts: 24 wallets in all, 18 of one merchant.
        world.core.share = ProcessShare(accounts: 64)
        var open = 0
        while open < 64 {
            world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w\(open)")
            let calls = world.calls.count
            world.send(.topUp(world.lastWallet, 100), key: "t\(open)")
            guard world.calls.count > calls else { break }
            world.answer(world.lastCall.token, ShardWorld.success(100))
            open += 1
        }
        #expect(open == 18 && world.lastBody == "refused merchantLimitReached")
    }

    // MARK: Counts

    /// What each merchant has in memory, counted anew.
    private static func recount(_ store: PaymentStore) -> [UInt64: [Int]] {
        var counts: [UInt64: [Int]] = [:]
        for chunk in store.chunkNumbers {
            for index in store.indices(inChunk: chunk, where: { (_: Payment) in true }) {
                let parts = [1, store.refunds(of: index).count, store.disputes(of: index).count]
                let merchant = store[index].merchant.rawValue
                counts[merchant] = zip(counts[merchant] ?? [0, 0, 0], parts).map { $0 + $1 }
            }
        }
        return counts
    }

    private static func expectCounts(_ core: borrowing ShardCore, sourceLocation: SourceLocation = #_sourceLocation) {
        let store = core.payments
        let recounted = recount(store)
        for merchant in 7...9 as ClosedRange<UInt64> {
            let id = MerchantID(rawValue: merchant)
            let counted = [store.paymentCount(of: id), store.refundCount(of: id), store.disputeCount(of: id)]
            #expect(counted == recounted[merchant] ?? [0, 0, 0], sourceLocation: sourceLocation)
        }
        let occupancy = core.paymentOccupancy
        let largest = (0..<3).map { part in recounted.values.map { $0[part] }.max() ?? 0 }
        #expect(occupancy.largestMerchantPayments == largest[0], sourceLocation: sourceLocation)
        #expect(occupancy.largestMerchantRefunds == largest[1], sourceLocation: sourceLocation)
        #expect(occupancy.largestMerchantDisputes == largest[2], sourceLocation: sourceLocation)
    }

    /// Creations, refunds, disputes, snapshots, reads and restarts in random order.
    @Test("Counts equal a recount after random steps", arguments: 1...4 as ClosedRange<UInt64>)
    func counts(seed: UInt64) throws {
        let configuration = Self.configuration(payments: 60, share: 60)
        var random = SplitMix(state: seed)
        var world = world(configuration)
        var known: [(id: PaymentID, merchant: UInt64)] = []
        var largest = [0, 0, 0, 0]
        for step in 0..<300 {
            let any = known.isEmpty ? nil : known[Int(random.next() % UInt64(known.count))]
            switch (random.next() % 16, any) {
            case (0...5, _), (_, nil):
                let merchant = 7 + random.next() % 3
                if let id = pay(&world, "a\(step)", merchant: merchant, capture: random.next() % 3 > 0) {
                    known.append((id, merchant))
                }
            case (6...9, let payment?):
                let calls = world.calls.count
                world.send(.refund(payment.id, amountMinor: 1), key: "r\(step)", merchant: payment.merchant)
                let isLeftOpen = random.next() % 4 == 0
                if world.calls.count > calls, !isLeftOpen {
                    world.answer(world.lastCall.token, ShardWorld.success(1, "re_\(step)"))
                }
            case (10, let payment?):
                world.tell(.disputeOpened, of: payment.id) {
                    $0.amountMinor = 1
                    $0.reference = "dp_\(step)"
                }
            case (11, let payment?):
                world.tell(.disputeWon, of: payment.id) { $0.reference = "dp_\(step - 1)" }
            case (12, let payment?):
                let calls = world.calls.count
                world.send(.cancel(payment.id), key: "c\(step)", merchant: payment.merchant)
                if world.calls.count > calls { world.answer(world.lastCall.token, ShardWorld.success()) }
            case (13, let payment?): world.send(.getPayment(payment.id), merchant: payment.merchant)
            case (14, _): try world.snapshot()
            default: world = try restarted(world, configuration, fromSnapshot: random.next() % 2 == 0)
            }
            Self.expectCounts(world.core)
            let now = world.core.paymentOccupancy
            largest = zip(largest, [now.payments, now.refunds, now.disputes, now.coldPayments]).map(max)
        }
        #expect(
            largest[0] > 20 && largest[1] > 5 && largest[2] > 1 && largest[3] > 5,
            "\(largest): the steps reach the tables"
        )
    }

    private func restarted(
        _ world: borrowing ShardWorld,
        _ configuration: ShardConfiguration,
        fromSnapshot: Bool
    ) throws -> ShardWorld {
        var next =
            fromSnapshot
            ? try ShardWorld(from: storage(), journal: world.journal, configuration: configuration, at: world.now)
            : try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        next.storage = storage()
        Self.expectCounts(next.core)
        _ = next.resume()
        next.requests = world.requests
        return next
    }
}
