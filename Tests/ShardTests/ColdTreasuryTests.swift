import Journal
import Ledger
import Money
import NIOCore
import Payments
import ShardCore
import ShardModel
import ShardState
import ShardStorage
import Testing

@Suite("Pay-outs and wallets that left memory")
struct ColdTreasuryTests {
    let disk = MemoryDisk()
    private let storage: ShardStorage

    init() { storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }

    private func world(_ configuration: ShardConfiguration = .test) -> ShardWorld {
        var world = ShardWorld(configuration: configuration)
        world.storage = storage
        return world
    }

    private func restarted(
        _ world: borrowing ShardWorld,
        _ configuration: ShardConfiguration = .test
    ) throws -> ShardWorld {
        try ShardWorld(from: storage, journal: world.journal, configuration: configuration, at: world.now)
    }

    private func table(_ name: String, _ world: borrowing ShardWorld) -> [Int] {
        let table = world.core.treasuryOccupancy.first { $0.name == name }
        return [table?.count ?? -1, table?.cold ?? -1]
    }

    /// The world, one replayed from its journal, and one from its newest snapshot are the same; the
    /// ledger is as it should be.
    private func check(_ world: borrowing ShardWorld, _ configuration: ShardConfiguration = .test) throws {
        let replayed = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        let restored = try restarted(world, configuration)
        let digests = [world.digest(), replayed.digest(), restored.digest()]
        #expect(Set(digests).count == 1)
        try ProviderEventTests.check(world.journal)
    }

    @Test("Elements take what docs/capacity.md says")
    func sizes() {
        #expect(MemoryLayout<Payout>.stride == 120)
        #expect(MemoryLayout<Wallet>.stride == 80)
        #expect(MemoryLayout<WalletSums>.stride == 32)
    }

    // MARK: Pay-outs

    @Test("A pay-out that ended leaves memory, one under way stays; both answer, and a bank returns the cold one")
    func payouts() throws {
        var world = world()
        world.makeAvailable(1_000)
        world.send(ShardTreasuryTests.payout(100), key: "open")
        let open = world.lastPayout
        world.send(ShardTreasuryTests.payout(200), key: "paid")
        let paid = world.lastPayout
        world.send(.payoutEvent(paid, .paid, reason: ""), key: "e1")
        world.send(.getPayout(paid))
        let warm = world.lastBody
        let written = try world.snapshot()
        #expect(written.coldPayouts == 1 && table("payouts", world) == [1, 1])
        world.loadsAtOnce = false
        world.send(.getPayout(open))
        #expect(world.lastStatus == 200 && world.loadedItems.isEmpty)
        world.send(.getPayout(paid))
        #expect(world.loadedItems == [ColdItem(.payout, sequence: 2)] && world.core.parkedCommands.count == 1)
        world.answerLoads()
        #expect(world.lastBody == warm && world.lastStatus == 200 && table("payouts", world) == [2, 0])
        // Nothing changed it: it leaves again without being written.
        let again1 = try world.snapshot()
        #expect(again1.coldPayouts == 0)
        #expect(table("payouts", world) == [1, 1])
        // Not of a state that takes the event, and then one that does; each waits for the disk.
        world.send(.payoutEvent(paid, .sent, reason: ""), key: "e2")
        world.answerLoads()
        #expect(world.lastStatus == 409)
        try world.snapshot()
        world.send(.payoutEvent(paid, .returned, reason: "account_closed"), key: "e3")
        world.answerLoads()
        #expect(world.lastStatus == 200 && world.lastBody.contains("returned") && world.available() == 900)
        // From the snapshot before the event: replay reads the pay-out as it was.
        try check(world)
        let again2 = try world.snapshot()
        #expect(again2.coldPayouts == 1)
        try check(world)
        world.send(.payoutEvent(paid, .returned, reason: "account_closed"), key: "e3")
        #expect(world.replays.count == 1 && world.loadedItems.isEmpty)
        world.loadsAtOnce = true
        world.send(.getPayout(paid))
        #expect(world.lastBody.contains("returned"))
    }

    @Test("Replay from an older snapshot takes the entry of that time, whatever was written since")
    func olderSnapshot() throws {
        var world = world()
        world.makeAvailable(1_000)
        world.send(ShardTreasuryTests.payout(200), key: "p")
        let payout = world.lastPayout
        world.send(.payoutEvent(payout, .paid, reason: ""), key: "e1")
        let first = try world.snapshot()
        world.send(.payoutEvent(payout, .returned, reason: "account_closed"), key: "e2")
        let second = try world.snapshot()
        #expect(first.coldPayouts == 1 && second.coldPayouts == 1)
        // The newer snapshot is damaged: a start takes the older one, and replays the event.
        let name = String(second.position)
        let path = "/shard/snapshots/" + String(repeating: "0", count: 20 - name.count) + name + ".snapshot"
        disk.flip(path, byte: 5_000)
        let restarted = try restarted(world)
        #expect(restarted.restored.position == first.position && restarted.restored.damaged.count == 1)
        let (mine, other) = (world.digest(), restarted.digest())
        #expect(mine == other)
    }

    @Test("Another merchant, or another identifier with the same number, learns nothing and reads nothing in")
    func strangers() throws {
        var world = world()
        world.makeAvailable(1_000)
        let wallet = world.fillWallet(500)
        world.send(ShardTreasuryTests.payout(200), key: "p")
        let payout = world.lastPayout
        world.send(.payoutEvent(payout, .failed, reason: ""), key: "e")
        try world.snapshot()
        #expect(table("payouts", world) == [0, 1] && table("wallets", world) == [0, 2])
        world.send(.getPayout(payout), merchant: 8)
        #expect(world.lastStatus == 404)
        world.send(.getWallet(wallet), merchant: 8)
        #expect(world.lastStatus == 404)
        world.send(.pay(from: wallet, 10), key: "w1", merchant: 8)
        #expect(world.lastStatus == 422 && world.lastBody == "refused walletUnknown")
        world.send(.topUp(wallet, 10), key: "w2", merchant: 8)
        #expect(world.lastStatus == 404)
        #expect(table("payouts", world) == [0, 1] && table("wallets", world) == [0, 2])
        world.send(.getPayout(PayoutID(high: payout.high ^ 1 << 20, low: payout.low)))
        #expect(world.lastStatus == 404)
        world.send(.getWallet(WalletID(high: wallet.high ^ 1 << 20, low: wallet.low)))
        #expect(world.lastStatus == 404)
        world.send(.getPayout(PayoutID(high: payout.high, low: 77)))
        #expect(world.lastStatus == 404 && world.core.parkedCommands.count == 0)
    }

    @Test("Full tables have room again when a snapshot was taken")
    func roomAgain() throws {
        var configuration = ShardConfiguration.test
        configuration.treasury.payouts = 4
        configuration.treasury.wallets = 4
        var world = world(configuration)
        world.makeAvailable(100)
        for round in 0..<3 {
            for number in 0..<3 {
                world.send(ShardTreasuryTests.payout(1), key: "p\(round)\(number)")
                #expect(world.lastStatus == 201)
                world.tellPayout(world.lastPayout, .paid, key: "e\(round)\(number)")
            }
            world.send(ShardTreasuryTests.payout(1), key: "full\(round)")
            #expect(world.lastStatus == 503 && world.lastBody == "refused payoutTableFull")
            let wallets = round == 0 ? 2 : 3
            for number in 0..<wallets {
                world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w\(round)\(number)")
                #expect(world.lastStatus == 201)
            }
            world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w\(round)")
            #expect(world.lastStatus == 503 && world.lastBody == "refused walletTableFull")
            try world.snapshot()
            #expect(table("payouts", world)[0] == 0 && table("wallets", world)[0] == 0)
            try check(world, configuration)
        }
    }

    @Test("What cannot be read back is refused and can be tried again; one merchant takes its share of the places")
    func parking() throws {
        var configuration = ShardConfiguration.test
        configuration.parkedCapacity = 3
        configuration.parkedPerMerchant = 2
        var world = world(configuration)
        world.makeAvailable(100)
        let wallet = world.fillWallet(50)
        let other = world.fillWallet(50, merchant: 8)
        world.send(ShardTreasuryTests.payout(1), key: "p")
        let payout = world.lastPayout
        world.tellPayout(payout, .paid, key: "e")
        try world.snapshot()
        world.loadsAtOnce = false
        world.send(.getPayout(payout))
        world.send(.getWallet(wallet))
        world.send(.pay(from: wallet, 10), key: "w")
        #expect(
            world.lastStatus == 503 && world.lastBody == "refused merchantLimitReached"
                && world.core.parkedCommands.count == 2
        )
        world.send(.getWallet(other), merchant: 8)
        #expect(world.core.parkedCommands.count == 3)
        world.answerLoads(failing: true)
        #expect(world.responses.suffix(3).allSatisfy { $0.status == 503 } && world.core.parkedCommands.count == 0)
        world.send(.pay(from: wallet, 10), key: "w")
        world.answerLoads()
        #expect(world.lastStatus == 201)
    }

    // MARK: Wallets

    @Test("A wallet leaves memory with its money in the ledger: it answers, is filled, pays and gets refunds as before")
    func wallets() throws {
        var world = world()
        let wallet = world.fillWallet(1_000)
        let topUp = world.lastCall.call.payment
        world.send(.pay(from: wallet, 400, capture: false), key: "hold")
        let held = world.lastWalletPayment
        world.send(.getWallet(wallet))
        let warm = world.lastBody
        #expect(warm.hasSuffix("available=600 held=400 unsettled=1000"))
        let again3 = try world.snapshot()
        #expect(again3.coldWallets == 1)
        #expect(table("wallets", world) == [0, 1])
        world.loadsAtOnce = false
        // What is under way needs the wallet's sums and accounts, and not the wallet.
        world.send(.capture(held, amountMinor: 400), key: "c")
        #expect(world.lastStatus == 200 && world.loadedItems.isEmpty)
        world.settle(topUp, 700)
        #expect(world.loadedItems == [ColdItem(.payment, sequence: 1)])
        world.answerLoads()
        world.send(.refund(held, amountMinor: 100), key: "r")
        #expect(world.lastStatus == 201)
        #expect(table("wallets", world) == [0, 1])
        try check(world)
        world.send(.getWallet(wallet))
        #expect(world.loadedItems == [ColdItem(.wallet, sequence: 1)])
        world.answerLoads()
        #expect(world.lastBody.hasSuffix("available=700 held=0 unsettled=300"), "\(world.lastBody)")
        #expect(table("wallets", world) == [1, 0])
        // It never changes: it is on the disk already.
        let again4 = try world.snapshot()
        #expect(again4.coldWallets == 0)
        world.send(.pay(from: wallet, 700), key: "all")
        #expect(world.loadedItems.count == 1)
        world.answerLoads()
        #expect(world.lastStatus == 201 && world.view(wallet) == (0, 0))
        try world.snapshot()
        world.send(.topUp(wallet, 50), key: "t")
        world.answerLoads()
        world.answer(world.lastCall.token, ShardWorld.success(50))
        #expect(world.lastStatus == 201 && world.view(wallet) == (50, 0))
        try check(world)
    }

    @Test("A wallet that somebody uses stays in memory until nobody has for a while")
    func usedWallets() throws {
        var world = world()
        let wallet = world.fillWallet(1_000)
        world.pass(milliseconds: 5_000)
        world.send(.pay(from: wallet, 1), key: "a")
        world.pass(milliseconds: 1_000)
        try world.snapshot(coldAfter: 2_000)
        #expect(table("wallets", world) == [1, 0])
        world.pass(milliseconds: 2_000)
        try world.snapshot(coldAfter: 2_000)
        #expect(table("wallets", world) == [0, 1])
        try check(world)
    }

    @Test("The room of accounts of cold wallets is counted behind a snapshot, and their sums leave with their money")
    func sums() throws {
        var world = world()
        let wallets = (0..<20).map { _ in world.fillWallet(100, settled: true) }
        try world.snapshot()
        let accounts = table("accounts", world)[0]
        let restored = try restarted(world)
        #expect(table("accounts", restored)[0] == accounts && accounts == 4 + 40)
        for (number, wallet) in wallets.enumerated() {
            world.send(.pay(from: wallet, 100), key: "all\(number)")
            #expect(world.lastStatus == 201)
        }
        let before = world.core.tableBytes
        try world.snapshot()
        #expect(table("accounts", world)[0] == 4 && world.core.tableBytes < before)
        try check(world)
    }

    // MARK: Everything together

    @Test("Random commands are answered as by a shard that releases nothing and never ends", arguments: [1, 2, 3, 4])
    func random(_ seed: UInt64) throws {
        var run = RandomTreasury(seed: seed, storage)
        for step in 0..<400 { try run.step(step) }
        run.cold.checkBooks()
        let (mine, other) = (run.cold.digest(), run.warm.digest())
        #expect(mine == other)
        try ProviderEventTests.check(run.cold.journal)
        #expect(run.cold.journal == run.warm.journal)
        #expect(run.snapshots > 10 && run.restarts > 5)
    }
}

/// The same commands for two shards: one writes snapshots, lets leave what may, and ends now and
/// then; the other does neither.
private struct RandomTreasury: ~Copyable {
    var warm = ShardWorld()
    var cold = ShardWorld()
    var snapshots = 0
    var restarts = 0
    private let storage: ShardStorage
    private var state: UInt64
    private var wallets: [WalletID] = []
    private var payments: [PaymentID] = []
    private var topUps: [PaymentID] = []
    private var payouts: [PayoutID] = []

    init(seed: UInt64, _ storage: ShardStorage) {
        state = seed
        self.storage = storage
        cold.storage = storage
        warm.makeAvailable(10_000)
        cold.makeAvailable(10_000)
    }

    private mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    private mutating func any<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[next(elements.count)]
    }

    private mutating func send(_ kind: Command.Kind, _ key: String?, merchant: UInt64 = 7) {
        warm.responses = []
        cold.responses = []
        warm.send(kind, key: key, merchant: merchant)
        cold.send(kind, key: key, merchant: merchant)
        let answers = [warm.responses, cold.responses].map { $0.map { "\($0.status) \(String(buffer: $0.body))" } }
        #expect(answers[0] == answers[1], "\(kind)")
    }

    /// The provider's word on what was just asked of it.
    private mutating func answer(_ amount: Int64) {
        warm.answer(warm.lastCall.token, ShardWorld.success(amount))
        cold.answer(cold.lastCall.token, ShardWorld.success(amount))
        let statuses = [warm.lastStatus, cold.lastStatus]
        #expect(statuses[0] == statuses[1])
    }

    mutating func step(_ step: Int) throws {
        let key = "\(step)"
        let amount = Int64(next(300) + 1)
        switch next(14) {
        case 0: openWallet(key)
        case 1: if let wallet = any(wallets) { topUp(wallet, amount, key: key) }
        case 2, 3:
            guard let wallet = any(wallets) else { return }
            send(.pay(from: wallet, amount, capture: next(2) == 0, fee: 100), key)
            if warm.lastStatus == 201 { payments.append(warm.lastWalletPayment) }
        case 4: if let payment = any(payments) { send(.capture(payment, amountMinor: nil), key) }
        case 5: if let payment = any(payments) { send(.cancel(payment), key) }
        case 6: if let payment = any(payments) { send(.refund(payment, amountMinor: min(amount, 20)), key) }
        case 7: if let topUp = any(topUps) { settle(topUp, amount, key: key) }
        case 8: if let wallet = any(wallets) { send(.getWallet(wallet), nil, merchant: next(4) == 0 ? 8 : 7) }
        case 9:
            send(ShardTreasuryTests.payout(min(amount, 40)), key)
            if warm.lastStatus == 201 { payouts.append(warm.lastPayout) }
        case 10, 11:
            guard let payout = any(payouts) else { return }
            send(.payoutEvent(payout, PayoutEvent.allCases[next(4)], reason: "r\(step)"), key)
        case 12: if let payout = any(payouts) { send(.getPayout(payout), nil, merchant: next(4) == 0 ? 8 : 7) }
        default: try release()
        }
        warm.pass(milliseconds: 100)
        cold.pass(milliseconds: 100)
    }

    private mutating func openWallet(_ key: String) {
        send(.createWallet(CreateWallet(currency: .eur, reference: "c" + key)), key)
        wallets.append(warm.lastWallet)
    }

    private mutating func topUp(_ wallet: WalletID, _ amount: Int64, key: String) {
        send(.topUp(wallet, amount), key)
        topUps.append(warm.lastCall.call.payment)
        answer(amount)
    }

    private mutating func settle(_ topUp: PaymentID, _ amount: Int64, key: String) {
        let first = warm.tell(.settlementMatched, of: topUp, id: "s" + key) { $0.amountMinor = amount }
        let second = cold.tell(.settlementMatched, of: topUp, id: "s" + key) { $0.amountMinor = amount }
        #expect(first == second)
    }

    /// What is idle leaves memory; one time in three the shard ends, and another one goes on.
    private mutating func release() throws {
        snapshots += 1
        try cold.snapshot(coldAfter: Int64(next(3)) * 1_000, releasing: next(5) > 0)
        guard next(3) == 0 else { return }
        restarts += 1
        let requests = cold.requests
        cold = try ShardWorld(from: storage, journal: cold.journal, at: cold.now)
        cold.requests = requests
        _ = cold.resume()
    }
}
