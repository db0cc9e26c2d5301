import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import ShardStorage
import Testing

/// Card money that no provider has settled: it can be spent from wallets, and reaches no pay-out.
@Suite struct UnsettledMoneyTests {
    @Test func `a merchant that fills a wallet by card and pays itself from it has nothing to pay out`() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000)
        let topUp = world.lastCall.call.payment
        world.send(.pay(from: wallet, 1_000), key: "p")
        #expect(world.lastStatus == 201 && world.available() == 0 && world.pending() == 1_000)
        world.send(ShardTreasuryTests.payout(), key: "out")
        #expect(world.lastStatus == 422 && world.lastBody.contains("balanceInsufficient"))
        world.send(try ShardTreasuryTests.quote(1_000), key: "q")
        world.send(.convertExchange(world.lastQuote), key: "x")
        #expect(world.lastStatus == 422 && world.lastBody.contains("balanceInsufficient"))
        world.settle(topUp, 400)
        #expect(world.available() == 400 && world.pending() == 600)
        world.settle(topUp, 600)
        #expect(world.available() == 1_000 && world.pending() == 0)
        world.send(ShardTreasuryTests.payout(), key: "out")
        #expect(world.lastStatus == 201)
        world.checkBooks()
        try ProviderEventTests.check(world.journal)
        try world.checkReplay()
    }

    @Test func `settled money is spent first, and a refund returns unsettled money first`() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(500, settled: true)
        world.send(.topUp(wallet, 500), key: "t")
        world.answer(world.lastCall.token, ShardWorld.success(500, "ch_2"))
        world.send(.getWallet(wallet))
        #expect(world.lastBody.contains("unsettled=500"))
        world.send(.pay(from: wallet, 600), key: "p")
        let payment = world.lastWalletPayment
        #expect(world.available() == 500 && world.pending() == 100)
        world.send(.refund(payment, amountMinor: 150), key: "r")
        #expect(world.available() == 450 && world.pending() == 0)
        world.send(.getWallet(wallet))
        #expect(world.lastBody.contains("available=550 held=0 unsettled=500"))
        try ProviderEventTests.check(world.journal)
        try world.checkReplay()
    }

    @Test func `what a hold keeps unsettled stays pending when it is captured`() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000)
        world.send(.pay(from: wallet, 800, capture: false, fee: 250), key: "p")
        world.send(.capture(world.lastWalletPayment, amountMinor: 600, isFinal: true), key: "c")
        #expect(world.lastStatus == 200 && world.available() == 0 && world.pending() == 585)
        world.settle(world.calls[0].call.payment, 1_000)
        #expect(world.available() == 585 && world.pending() == 0)
        try ProviderEventTests.check(world.journal)
    }

    @Test func `a refund of a settled top-up does not take what other top-ups brought and nobody settled`() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(100, settled: true)
        let settled = world.lastCall.call.payment
        world.send(.topUp(wallet, 100), key: "t")
        let unsettled = world.lastCall.call.payment
        world.answer(world.lastCall.token, ShardWorld.success(100, "ch_2"))
        world.send(.pay(from: wallet, 100), key: "p")
        #expect(world.available() == 100)
        world.send(.refund(settled, amountMinor: nil), key: "r1")
        #expect(world.lastStatus == 422 && world.lastBody.contains("walletFundsInsufficient"))
        world.send(.refund(unsettled, amountMinor: nil), key: "r2")
        world.answer(world.lastCall.token, ShardWorld.success(100, "re_1"))
        #expect(world.lastStatus == 201 && world.view(wallet) == (0, 0))
        try ProviderEventTests.check(world.journal)
        try world.checkReplay()
    }

    @Test func `money that a bounced refund brings back settled is not shown as unsettled`() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000)
        let settled = world.lastCall.call.payment
        world.send(.refund(settled, amountMinor: nil), key: "r")
        world.answer(world.lastCall.token, ShardWorld.success(1_000, "re_1"))
        #expect(world.lastStatus == 201 && world.view(wallet) == (0, 0))
        let refund = RefundID(createdAt: world.now, shard: 3, paymentSequence: 1, ordinal: 1)
        world.settle(settled, 1_000)
        // Another top-up is paid to the merchant, and waits there for its settlement.
        world.send(.topUp(wallet, 500), key: "t")
        world.answer(world.lastCall.token, ShardWorld.success(500, "ch_2"))
        world.send(.pay(from: wallet, 500), key: "p")
        #expect(world.available() == 0 && world.pending() == 500)
        world.tell(.refundFailed, of: settled) { $0.refund = refund }
        #expect(world.lastStatus == 200, "\(world.lastBody)")
        #expect(world.pending() == 500)
        world.send(.getWallet(wallet))
        #expect(world.lastBody.contains("available=1000 held=0 unsettled=0"))
        try ProviderEventTests.check(world.journal)
        try world.checkReplay()
    }

    @Test func `a snapshot keeps what is unsettled`() throws {
        var world = ShardWorld()
        world.storage = ShardStorage(directory: "/data", journalID: 1, fileSystem: MemoryDisk())
        let wallet = world.fillWallet(1_000)
        let topUp = world.lastCall.call.payment
        world.send(.pay(from: wallet, 700), key: "p")
        try world.snapshot()
        let written = world.storage
        let storage = try #require(written)
        var again = try ShardWorld(from: storage, journal: world.journal, at: world.now)
        #expect(again.restored.position > 0 && again.digest() == world.digest())
        _ = again.resume()
        again.settle(topUp, 1_000)
        #expect(again.available() == 700 && again.pending() == 0)
    }

    @Test func `parts of sellers and the merchant together never get more than was settled`() throws {
        var world = ShardWorld()
        let payment = world.paid(2_000, capture: false, key: "k")
        world.send(.capture(payment, amountMinor: 1_000, isFinal: false), key: "c1")
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        world.settle(payment, 500)
        let all = SplitRequest(seller: try ShardWalletTests.seller("a"), share: .basisPoints(10_000))
        world.send(ShardWalletTests.capture(payment, amount: 1_000, splits: [all]), key: "c2")
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        world.settle(payment, 500)
        let seller = world.sum(.sellerAvailable, owner: 3 << 48 | 1)
        #expect(seller == 325 && world.available() + seller <= 1_000)
        world.settle(payment, 1_000)
        #expect(world.sum(.sellerAvailable, owner: 3 << 48 | 1) == 975 && world.available() == 975)
        #expect(world.pending() == 0 && world.sum(.sellerPending, owner: 3 << 48 | 1) == 0)
        try ProviderEventTests.check(world.journal)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `in random captures and settlements no more becomes available than is settled`(seed: UInt64) throws {
        var draw = Draw(state: seed)
        var world = ShardWorld()
        let names = try ["a", "b", "c"].map(ShardWalletTests.seller)
        var settledInAll: Int64 = 0
        for number in 0..<60 {
            let payment = world.paid(4_000, capture: false, key: "p\(number)")
            var (captured, settled): (Int64, Int64) = (0, 0)
            for step in 0..<8 {
                if draw.below(2) == 0, captured + 500 < 4_000 {
                    let amount = draw.below(500) + 1
                    let parts = names.prefix(Int(draw.below(4)))
                        .map {
                            SplitRequest(seller: $0, share: .basisPoints(UInt16(draw.below(3_200) + 1)))
                        }
                    let kind: Command.Kind =
                        parts.isEmpty
                        ? .capture(payment, amountMinor: amount, isFinal: false)
                        : ShardWalletTests.capture(payment, amount: amount, final: false, splits: parts)
                    world.send(kind, key: "c\(number).\(step)")
                    world.answer(world.lastCall.token, ShardWorld.success(amount))
                    captured += amount
                } else if captured > settled {
                    let amount = draw.below(captured - settled) + 1
                    world.settle(payment, amount)
                    settled += amount
                }
                let sellers = (1...3).reduce(0) { $0 + world.sum(.sellerAvailable, owner: 3 << 48 | $1) }
                #expect(world.available() + sellers <= settledInAll + settled)
            }
            if captured > settled { world.settle(payment, captured - settled) }
            settledInAll += captured
            #expect((1...3).allSatisfy { world.sum(.sellerPending, owner: 3 << 48 | $0) == 0 } && world.pending() == 0)
        }
        try ProviderEventTests.check(world.journal)
        try world.checkReplay()
    }

    @Test(arguments: [(1, 0), (2, 0), (3, 0), (4, 250), (5, 250), (6, 9_000)] as [(UInt64, UInt16)])
    func `in random lives no unsettled unit reaches a pay-out`(seed: UInt64, fee: UInt16) throws {
        var run = UnsettledRun(seed: seed, fee: fee)
        for step in 0..<1_200 { try run.step("\(step)") }
        try run.settleAll()
        run.world.checkBooks()
        try ProviderEventTests.check(run.world.journal)
        try run.world.checkReplay()
    }
}

extension ShardWorld {
    /// What the ledger holds as captured and not settled of the merchant's.
    func pending(_ currency: Currency = .eur, merchant: UInt64 = 7) -> Int64 {
        sum(.merchantPending, owner: merchant, currency)
    }
}
