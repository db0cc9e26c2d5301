import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import ShardStorage
import Testing

@Suite("Sellers leave memory with their money")
struct ShardSellerTests {
    private let storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: MemoryDisk())

    private func world(_ configuration: ShardConfiguration = .test) -> ShardWorld {
        var world = ShardWorld(configuration: configuration)
        world.storage = storage
        return world
    }

    private func owner(_ number: UInt64) -> UInt64 { 3 << 48 | number }

    private func sellers(_ world: borrowing ShardWorld) -> Int? {
        world.core.treasuryOccupancy.first { $0.name == "sellers" }?.count
    }

    private func parts(_ names: [String], _ amount: Int64 = 100) throws -> [SplitRequest] {
        try names.map { SplitRequest(seller: try ShardWalletTests.seller($0), share: .amount(amount)) }
    }

    private func payout(of seller: String) throws -> Command.Kind {
        let seller = try ShardWalletTests.seller(seller)
        return .createPayout(CreatePayout(amountMinor: nil, currency: .eur, seller: seller, destination: "ba"))
    }

    /// The world, one replayed from its journal, and one from its newest snapshot are the same, and
    /// the ledger is as it should be.
    private func check(_ world: borrowing ShardWorld, _ configuration: ShardConfiguration = .test) throws {
        let replayed = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        let restored = try ShardWorld(
            from: storage,
            journal: world.journal,
            configuration: configuration,
            at: world.now
        )
        let digests = [world.digest(), replayed.digest(), restored.digest()]
        #expect(Set(digests).count == 1)
        #expect(sellers(world) == sellers(replayed) && sellers(world) == sellers(restored))
        try ProviderEventTests.check(world.journal)
    }

    @Test("A seller that is paid out is forgotten; with new money it has the next number, and nobody has its old one")
    func comesBack() throws {
        var world = world()
        let payment = world.paid(2_000, capture: false, key: "k")
        world.send(
            ShardWalletTests.capture(payment, amount: 500, final: false, splits: try parts(["a", "b"])),
            key: "c1"
        )
        world.answer(world.lastCall.token, ShardWorld.success(500))
        world.settle(payment, 500)
        #expect(sellers(world) == 2 && world.sum(.sellerAvailable, owner: owner(1)) == 100)
        world.send(try payout(of: "a"), key: "p1")
        #expect(world.lastStatus == 201 && sellers(world) == 1)
        world.send(try payout(of: "a"), key: "p2")
        #expect(world.lastStatus == 422 && world.lastBody == "refused balanceInsufficient")
        world.send(try payout(of: "nobody"), key: "p3")
        #expect(world.lastStatus == 422 && world.lastBody == "refused balanceInsufficient")
        try world.snapshot()
        try check(world)
        // On the same payment: one part for the seller, the old settled and the new pending.
        world.send(
            ShardWalletTests.capture(payment, amount: 500, final: false, splits: try parts(["c", "a"])),
            key: "c2"
        )
        world.answer(world.lastCall.token, ShardWorld.success(500))
        #expect(world.lastStatus == 200)
        #expect(world.sum(.sellerPending, owner: owner(3)) == 100 && world.sum(.sellerPending, owner: owner(4)) == 100)
        #expect(world.sum(.sellerPending, owner: owner(1)) == 0 && sellers(world) == 3)
        world.settle(payment, 500)
        #expect(world.sum(.sellerAvailable, owner: owner(4)) == 100)
        for seller in ["a", "b", "c"] {
            world.send(try payout(of: seller), key: "all" + seller)
            #expect(world.lastStatus == 201)
        }
        #expect(sellers(world) == 0)
        try check(world)
        world.checkBooks()
    }

    @Test(
        "A pay-out that comes back finds a seller that was forgotten, under its next number, also when the table is full"
    )
    func payoutReturned() throws {
        var configuration = ShardConfiguration.test
        configuration.treasury.sellers = 1
        var world = world(configuration)
        let payment = world.paid(1_000, capture: false, key: "k")
        world.send(ShardWalletTests.capture(payment, amount: 500, final: false, splits: try parts(["a"])), key: "c1")
        world.answer(world.lastCall.token, ShardWorld.success(500))
        world.settle(payment, 500)
        world.send(try payout(of: "a"), key: "p1")
        let id = world.lastPayout
        world.send(.payoutEvent(id, .paid, reason: ""), key: "e1")
        #expect(sellers(world) == 0)
        world.send(ShardWalletTests.capture(payment, amount: 500, splits: try parts(["b"])), key: "c2")
        world.answer(world.lastCall.token, ShardWorld.success(500))
        try world.snapshot()
        let mine = world.available()
        world.send(.payoutEvent(id, .returned, reason: "account_closed"), key: "e2")
        #expect(world.lastStatus == 200 && sellers(world) == 2)
        #expect(world.sum(.sellerAvailable, owner: owner(3)) == 100 && world.available() == mine)
        try check(world, configuration)
        world.send(try payout(of: "a"), key: "p2")
        #expect(world.lastStatus == 201 && sellers(world) == 1)
        world.send(.payoutEvent(world.lastPayout, .failed, reason: ""), key: "e3")
        #expect(world.sum(.sellerAvailable, owner: owner(4)) == 100)
        try check(world, configuration)
    }

    @Test("A capture under way keeps its sellers' places, also behind a snapshot; a declined one gives them back")
    func claims() throws {
        var configuration = ShardConfiguration.test
        configuration.treasury.sellers = 1
        var world = world(configuration)
        let first = world.paid(1_000, capture: false, key: "k1")
        let second = world.paid(1_000, capture: false, key: "k2")
        world.send(ShardWalletTests.capture(first, amount: 500, splits: try parts(["a"])), key: "c1")
        let token = world.lastCall.token
        world.send(ShardWalletTests.capture(second, amount: 500, final: false, splits: try parts(["b"])), key: "c2")
        #expect(world.lastStatus == 503 && world.lastBody.contains("sellerTableFull"))
        try world.snapshot()
        try check(world, configuration)
        let restored = try ShardWorld(
            from: storage,
            journal: world.journal,
            configuration: configuration,
            at: world.now
        )
        #expect(sellers(restored) == 1 && sellers(world) == 1)
        // The same seller in two captures takes one place.
        world.send(ShardWalletTests.capture(second, amount: 500, final: false, splits: try parts(["a"])), key: "c3")
        let other = world.lastCall.token
        let decline = Decline(category: .softLater, code: .doNotHonor, providerCode: "05")
        world.answer(token, .declined(decline))
        #expect(world.lastStatus == 402 && sellers(world) == 1)
        world.answer(other, .declined(decline))
        #expect(world.lastStatus == 402 && sellers(world) == 0)
        world.send(ShardWalletTests.capture(second, amount: 500, final: false, splits: try parts(["b"])), key: "c2")
        world.answer(world.lastCall.token, ShardWorld.success(500))
        #expect(world.lastStatus == 200 && sellers(world) == 1)
        try check(world, configuration)
    }

    @Test("A sale with sellers that waits for its shopper takes no success from elsewhere; its confirmation is shared")
    func confirmedSale() throws {
        var world = world()
        guard case .create(var sale) = ShardWorld.create(1_000, fee: 0) else { return }
        sale.details.append(plan: try parts(["a"], 400))
        sale.hasSplits = true
        world.send(.create(sale), key: "k")
        let payment = world.lastCall.call.payment
        let action = NextAction(kind: .threeDSecure, url: "https://psp.test/3ds/1")
        world.answer(world.lastCall.token, .actionRequired(action, providerReference: "psp_1"))
        for type in [PaymentEventType.authorizationSucceeded, .captureSucceeded] {
            world.tell(type, of: payment) { $0.amountMinor = 1_000 }
            #expect(world.lastStatus == 409 && world.lastBody.contains("operationInProgress"))
        }
        world.send(.confirm(payment), key: "c")
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        #expect(world.lastStatus == 200 && world.sum(.sellerPending, owner: owner(1)) == 400)
        try check(world)
    }

    @Test(
        "Random captures, settlements, pay-outs and their returns, with snapshots: each seller has what a naive model says"
    )
    func random() throws {
        var run = RandomSellers(world())
        for step in 0..<1_500 {
            try run.step(step)
            if step % 250 == 249 {
                try run.world.snapshot()
                try check(run.world)
            }
        }
        run.world.checkBooks()
        try check(run.world)
        #expect(run.returned > 10 && run.forgotten > 10)
    }
}

/// What six sellers of a merchant have, by name alone.
private struct RandomSellers: ~Copyable {
    var world: ShardWorld
    var returned = 0
    var forgotten = 0
    private var state: UInt64 = 7
    private var pending: [String: Int64] = [:]
    private var available: [String: Int64] = [:]
    /// Captured payments that are not settled, with their sellers' parts.
    private var open: [(payment: PaymentID, parts: [String: Int64])] = []
    private var payouts: [(id: PayoutID, seller: String, amount: Int64, isPaid: Bool)] = []

    init(_ world: consuming ShardWorld) { self.world = world }

    private mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    mutating func step(_ step: Int) throws {
        let before = count
        switch next(5) {
        case 0: try capture(step)
        case 1 where !open.isEmpty: settle()
        case 2: try payOut(step)
        default: if !payouts.isEmpty { tell(step) }
        }
        if count < before { forgotten += 1 }
        world.send(.getBalance)
        let lines = world.lastBody.split(separator: "; ").filter { !$0.hasPrefix("EUR") }.map(String.init)
        var expected: [String] = []
        for name in Set(pending.keys).union(available.keys) {
            let sums = (pending[name] ?? 0, available[name] ?? 0)
            if sums != (0, 0) { expected.append("\(name) EUR pending=\(sums.0) available=\(sums.1)") }
        }
        #expect(lines.sorted() == expected.sorted(), "step \(step)")
        #expect(count == expected.count)
    }

    private var count: Int { world.core.treasuryOccupancy.first { $0.name == "sellers" }?.count ?? 0 }

    private mutating func capture(_ step: Int) throws {
        let payment = world.paid(1_000, capture: false, key: "k\(step)")
        let names = Set((0...next(3)).map { _ in "s\(next(6))" }).sorted()
        let amount = Int64(next(200) + 1)
        let plan = try names.map { SplitRequest(seller: try ShardWalletTests.seller($0), share: .amount(amount)) }
        world.send(ShardWalletTests.capture(payment, amount: nil, splits: plan), key: "c\(step)")
        guard next(4) > 0 else {
            return world.answer(
                world.lastCall.token,
                .declined(Decline(category: .softLater, code: .doNotHonor, providerCode: "05"))
            )
        }
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        for name in names { pending[name, default: 0] += amount }
        open.append((payment, Dictionary(uniqueKeysWithValues: names.map { ($0, amount) })))
    }

    private mutating func settle() {
        let settled = open.remove(at: next(open.count))
        world.settle(settled.payment, 1_000)
        for (name, amount) in settled.parts {
            pending[name, default: 0] -= amount
            available[name, default: 0] += amount
        }
    }

    private mutating func payOut(_ step: Int) throws {
        let name = "s\(next(6))"
        let amount = available[name] ?? 0
        let request = CreatePayout(
            amountMinor: nil,
            currency: .eur,
            seller: try ShardWalletTests.seller(name),
            destination: "ba"
        )
        world.send(.createPayout(request), key: "p\(step)")
        let status = world.lastStatus
        #expect(status == (amount > 0 ? 201 : 422))
        guard amount > 0 else { return }
        available[name] = 0
        payouts.append((world.lastPayout, name, amount, false))
    }

    private mutating func tell(_ step: Int) {
        let place = next(payouts.count)
        let payout = payouts[place]
        guard payout.isPaid || next(2) == 0 else {
            payouts[place].isPaid = true
            return world.tellPayout(payout.id, .paid, key: "e\(step)")
        }
        world.tellPayout(payout.id, payout.isPaid ? .returned : .failed, key: "e\(step)")
        payouts.remove(at: place)
        available[payout.seller, default: 0] += payout.amount
        returned += 1
    }
}

extension ShardWorld {
    /// The bank reports what the pay-out's state allows.
    mutating func tellPayout(_ id: PayoutID, _ event: PayoutEvent, key: String) {
        send(.payoutEvent(id, event, reason: ""), key: key)
        precondition(lastStatus == 200, lastBody)
    }
}
