import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import ShardStorage
import Testing

/// Room for the ledger's accounts: 64 are 24 wallets in all, 18 of one merchant, and 16 accounts
/// kept for merchants.
@Suite("Room for accounts")
struct AccountRoomTests {
    private static func configuration(accounts: Int = 64) -> ShardConfiguration {
        var configuration = ShardConfiguration.test
        configuration.treasury = TreasuryLimits(accounts: accounts)
        return configuration
    }

    private func world(accounts: Int = 64, _ disk: MemoryDisk = MemoryDisk()) -> ShardWorld {
        var world = ShardWorld(configuration: Self.configuration(accounts: accounts))
        world.storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk)
        return world
    }

    /// Fills wallets until a merchant finds no room.
    private func fill(_ world: inout ShardWorld, merchant: UInt64, prefix: String = "") -> [WalletID] {
        var wallets: [WalletID] = []
        while true {
            let key = "\(prefix)\(merchant)-\(wallets.count)"
            let open = CreateWallet(currency: .eur, reference: "")
            world.send(.createWallet(open), key: "w" + key, merchant: merchant)
            let wallet = world.lastWallet
            let calls = world.calls.count
            world.send(.topUp(wallet, 100), key: "t" + key, merchant: merchant)
            guard world.calls.count > calls else { return wallets }
            world.answer(world.lastCall.token, ShardWorld.success(100))
            world.settle(world.lastCall.call.payment, 100)
            wallets.append(wallet)
        }
    }

    /// The whole fills up: one merchant's wallets, then another's.
    private func filled(_ world: inout ShardWorld) -> [WalletID] {
        let wallets = fill(&world, merchant: 7)
        #expect(wallets.count == 18 && world.lastStatus == 503 && world.lastBody == "refused merchantLimitReached")
        #expect(fill(&world, merchant: 8).count == 6 && world.lastBody == "refused accountTableFull")
        #expect(world.lastStatus == 503 && world.responses.last?.retryAfterSeconds == 60)
        return wallets
    }

    private func expectAccounts(
        _ world: borrowing ShardWorld,
        _ count: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let accounts = world.core.treasuryOccupancy.first { $0.name == "accounts" }
        #expect(accounts?.count == count, sourceLocation: sourceLocation)
        #expect(accounts?.capacity == 64, sourceLocation: sourceLocation)
    }

    @Test("Wallets that fill the table stop neither other merchants, nor events, nor what is decided")
    func othersGoOn() throws {
        var world = world()
        let wallets = filled(&world)
        // Two merchants with wallets, and 24 wallets: 16 accounts are left for merchants, of which
        // two have four each.
        expectAccounts(world, 56)
        for merchant: UInt64 in 7...10 {
            world.send(ShardWorld.create(), key: "p\(merchant)", merchant: merchant)
            world.answer(world.lastCall.token, ShardWorld.success())
            #expect(world.lastStatus == 201)
        }
        expectAccounts(world, 64)
        world.send(ShardWorld.create(), key: "p11", merchant: 11)
        #expect(world.lastStatus == 503 && world.lastBody == "refused accountTableFull")
        // Who has accounts goes on: payments, events, refunds, pay-outs, wallets with money.
        let payment = world.paid(key: "again")
        world.settle(payment, 1_000)
        world.send(.refund(payment, amountMinor: 10), key: "r")
        world.answer(world.lastCall.token, ShardWorld.success(10, "re"))
        #expect(world.lastStatus == 201)
        world.send(ShardTreasuryTests.payout(100), key: "payout")
        #expect(world.lastStatus == 201)
        world.send(.topUp(wallets[3], 50), key: "more")
        world.answer(world.lastCall.token, ShardWorld.success(50))
        #expect(world.lastStatus == 201 && world.view(wallets[3]) == (150, 0))
        // Money in another currency, of which nobody heard: the event is taken, beyond the limit.
        world.tell(.moneyUnexplained, of: payment) {
            $0.amountMinor = 5
            $0.currency = .usd
        }
        #expect(world.lastStatus == 200)
        world.checkBooks()
        try world.checkReplay()
    }

    @Test("Emptied wallets make room, also behind a snapshot and behind a replay")
    func emptied() throws {
        var world = world()
        let wallets = filled(&world)
        try world.snapshot()
        let written = world.storage
        let storage = try #require(written)
        let configuration = Self.configuration()
        var replayed = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        var restored = try ShardWorld(
            from: storage,
            journal: world.journal,
            configuration: configuration,
            at: world.now
        )
        #expect(restored.restored.position > 0)
        goOn(&world, wallets)
        goOn(&replayed, wallets)
        goOn(&restored, wallets)
        try world.checkReplay()
        try replayed.checkReplay()
        try restored.checkReplay()
    }

    private func goOn(_ world: inout ShardWorld, _ wallets: [WalletID]) {
        expectAccounts(world, 56)
        let last = WalletID(high: wallets[17].high, low: wallets[17].low + 1)
        world.send(.topUp(last, 100), key: "full")
        #expect(world.lastBody == "refused merchantLimitReached")
        for (number, wallet) in wallets.prefix(2).enumerated() {
            world.send(.pay(from: wallet, 100), key: "spend\(number)")
            #expect(world.lastStatus == 201)
        }
        let spent = world.lastWalletPayment
        expectAccounts(world, 52)
        world.send(.topUp(last, 100), key: "room")
        // While it runs, its room is taken; the other place is the other merchant's to take.
        expectAccounts(world, 54)
        let token = world.lastCall.token
        #expect(fill(&world, merchant: 8, prefix: "again").count == 1 && world.lastBody == "refused accountTableFull")
        world.answer(token, ShardWorld.success(100))
        #expect(world.lastStatus == 201)
        expectAccounts(world, 56)
        // A refund fills a wallet without money again, and finds no room; its money stays where it
        // is.
        world.send(.refund(spent, amountMinor: 1), key: "refund")
        #expect(world.lastStatus == 503 && world.lastBody == "refused accountTableFull")
        world.checkBooks()
    }

    @Test("What runs holds its room until it ends, also behind a snapshot")
    func inFlight() throws {
        var world = world()
        var tokens: [UInt64] = []
        for number in 0..<18 {
            world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w\(number)")
            world.send(.topUp(world.lastWallet, 100), key: "t\(number)")
            tokens.append(world.lastCall.token)
        }
        expectAccounts(world, 4 + 36)
        world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w")
        let wallet = world.lastWallet
        world.send(.topUp(wallet, 100), key: "t")
        #expect(world.lastStatus == 503 && world.lastBody == "refused merchantLimitReached")
        try world.snapshot()
        let written = world.storage
        let storage = try #require(written)
        let configuration = Self.configuration()
        let restored = try ShardWorld(
            from: storage,
            journal: world.journal,
            configuration: configuration,
            at: world.now
        )
        let replayed = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        expectAccounts(restored, 40)
        expectAccounts(replayed, 40)
        let decline = Decline(category: .softLater, code: .doNotHonor, providerCode: "05")
        world.answer(tokens[0], .declined(decline))
        expectAccounts(world, 38)
        world.send(.topUp(wallet, 100), key: "t")
        #expect(world.lastCall.token != tokens[17])
        for token in tokens.dropFirst() { world.answer(token, ShardWorld.success(100)) }
        world.answer(world.lastCall.token, .declined(decline))
        expectAccounts(world, 4 + 34)
        try world.checkReplay()
    }

    @Test("Sellers hold room while they have money, and in plans until their captures end")
    func sellers() throws {
        var world = world()
        func plan(_ names: ClosedRange<Int>) throws -> [SplitRequest] {
            try names.map { SplitRequest(seller: try ShardWalletTests.seller("s\($0)"), share: .amount(10)) }
        }
        // A merchant's share: 18 sellers with money in a currency.
        for number in 0..<4 {
            let payment = world.paid(1_000, capture: false, key: "k\(number)")
            let names = number * 4...number * 4 + 3
            world.send(ShardWalletTests.capture(payment, amount: nil, splits: try plan(names)), key: "c\(number)")
            expectAccounts(world, 4 + (number + 1) * 8)
            world.answer(world.lastCall.token, ShardWorld.success(1_000))
            expectAccounts(world, 4 + (number + 1) * 8)
        }
        let payment = world.paid(1_000, capture: false, key: "k")
        world.send(ShardWalletTests.capture(payment, amount: 100, final: false, splits: try plan(16...18)), key: "c")
        #expect(world.lastStatus == 503 && world.lastBody.hasPrefix("refused merchantLimitReached"))
        // Sellers with money, and fewer new ones, find room.
        world.send(ShardWalletTests.capture(payment, amount: 100, final: false, splits: try plan(15...17)), key: "c")
        let decline = Decline(category: .softLater, code: .doNotHonor, providerCode: "05")
        world.answer(world.lastCall.token, .declined(decline))
        #expect(world.lastStatus == 402)
        expectAccounts(world, 4 + 32)
        // What is settled and paid out leaves.
        let first = try #require(world.calls.first?.call.payment)
        world.settle(first, 1_000)
        for number in 0..<4 {
            let seller = try ShardWalletTests.seller("s\(number)")
            let payout = CreatePayout(amountMinor: nil, currency: .eur, seller: seller, destination: "ba")
            world.send(.createPayout(payout), key: "p\(number)")
            #expect(world.lastStatus == 201)
        }
        expectAccounts(world, 4 + 24)
        world.send(
            ShardWalletTests.capture(payment, amount: 100, final: false, splits: try plan(16...18)),
            key: "again"
        )
        world.answer(world.lastCall.token, ShardWorld.success(100))
        #expect(world.lastStatus == 200, "\(world.lastBody)")
        expectAccounts(world, 4 + 30)
        world.send(.getBalance)
        #expect(!world.lastBody.contains("s0 EUR") && world.lastBody.contains("s16 EUR pending=10"))
        world.checkBooks()
        try world.checkReplay()
    }

    @Test("A merchant has a share of the wallets, too")
    func shareOfWallets() throws {
        var configuration = ShardConfiguration.test
        configuration.treasury.wallets = 8
        var world = ShardWorld(configuration: configuration)
        for number in 0..<7 {
            world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w\(number)")
            #expect(world.lastStatus == (number < 6 ? 201 : 503))
        }
        #expect(world.lastBody == "refused walletTableFull" && world.responses.last?.retryAfterSeconds == 60)
        world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w", merchant: 8)
        #expect(world.lastStatus == 201)
        let replayed = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        let (mine, other) = (world.digest(), replayed.digest())
        #expect(mine == other)
    }

    @Test("A merchant has a share of the quotes, others go on, and it is free again when quotes are forgotten")
    func shareOfQuotes() throws {
        var configuration = ShardConfiguration.test
        configuration.treasury.quotes = 8
        var world = ShardWorld(configuration: configuration)
        let quote = try ShardTreasuryTests.quote(100)
        for number in 0..<7 {
            world.send(quote, key: "q\(number)")
            #expect(world.lastStatus == (number < 6 ? 201 : 503))
        }
        #expect(world.lastBody == "refused quoteTableFull" && world.responses.last?.retryAfterSeconds == 60)
        for number in 0..<2 {
            world.send(quote, key: "o\(number)", merchant: 8)
            #expect(world.lastStatus == 201)
        }
        world.send(quote, key: "o2", merchant: 8)
        #expect(world.lastBody == "refused quoteTableFull", "the table is full")
        world.pass(milliseconds: 3_661_000)
        for merchant: UInt64 in 7...8 {
            world.send(quote, key: "later", merchant: merchant)
            #expect(world.lastStatus == 201)
        }
        let replayed = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        let (mine, other) = (world.digest(), replayed.digest())
        #expect(mine == other)
    }

    @Test("A merchant has a share of the pay-outs, also behind a snapshot, and others go on")
    func shareOfPayouts() throws {
        var configuration = ShardConfiguration.test
        configuration.treasury.payouts = 8
        var world = ShardWorld(configuration: configuration)
        world.storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: MemoryDisk())
        world.makeAvailable(100)
        world.makeAvailable(100, merchant: 8)
        for number in 0..<7 {
            world.send(ShardTreasuryTests.payout(1), key: "p\(number)")
            #expect(world.lastStatus == (number < 6 ? 201 : 503))
        }
        #expect(world.lastBody == "refused payoutTableFull" && world.responses.last?.retryAfterSeconds == 60)
        try world.snapshot()
        let written = world.storage
        let storage = try #require(written)
        var restored = try ShardWorld(
            from: storage,
            journal: world.journal,
            configuration: configuration,
            at: world.now
        )
        restored.send(ShardTreasuryTests.payout(1), key: "again")
        #expect(restored.restored.position > 0 && restored.lastBody == "refused payoutTableFull")
        restored.send(ShardTreasuryTests.payout(1), key: "p", merchant: 8)
        #expect(restored.lastStatus == 201)
    }
}
