import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import ShardStorage
import Testing

@Suite("Wallets, splits and captures by hand")
struct ShardWalletTests {
    // MARK: Wallets

    @Test("A top-up goes through the provider and fills the wallet, not the merchant's balance")
    func topUp() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(5_000)
        #expect(world.lastCall.call.amountMinor == 5_000 && world.lastStatus == 201)
        #expect(world.view(wallet) == (5_000, 0))
        #expect(world.sum(.merchantPending, owner: 7) == 0 && world.available() == 0)
        try world.checkReplay()
    }

    @Test("A sale from a wallet asks no provider, and never takes more than is there")
    func sale() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000, settled: true)
        let calls = world.calls.count
        world.send(.pay(from: wallet, 600, fee: 250), key: "s1")
        #expect(world.lastStatus == 201 && world.lastBody.contains("captured"))
        #expect(world.view(wallet) == (400, 0) && world.available() == 585)
        world.send(.pay(from: wallet, 401), key: "s2")
        #expect(world.lastStatus == 402 && world.lastBody.contains("insufficient_funds"))
        world.send(.pay(from: wallet, 400), key: "s3", respondsAtOnce: true)
        #expect(world.lastStatus == 201)
        #expect(world.view(wallet) == (0, 0) && world.calls.count == calls)
        world.send(.pay(from: wallet, 600, fee: 250), key: "s1")
        #expect(world.replays.count == 1)
        world.checkBooks()
        try world.checkReplay()
    }

    @Test("What is held cannot be spent; capture, cancel and refund move it as they should")
    func holds() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000, settled: true)
        world.send(.pay(from: wallet, 700, capture: false), key: "a1")
        let payment = world.lastWalletPayment
        #expect(world.lastStatus == 201 && world.lastBody.contains("authorized"))
        #expect(world.view(wallet) == (300, 700))
        world.send(.pay(from: wallet, 301), key: "s1")
        #expect(world.lastStatus == 402)
        world.send(.capture(payment, amountMinor: 200, isFinal: false), key: "c1")
        #expect(world.lastStatus == 200 && world.view(wallet) == (300, 500))
        world.send(.capture(payment, amountMinor: 100, isFinal: true), key: "c2")
        #expect(world.view(wallet) == (700, 0) && world.available() == 300)
        world.send(.refund(payment, amountMinor: 250), key: "r1")
        #expect(world.lastStatus == 201 && world.view(wallet) == (950, 0) && world.available() == 50)
        world.send(.pay(from: wallet, 950, capture: false), key: "a2")
        let second = world.lastWalletPayment
        world.send(.cancel(second), key: "x")
        #expect(world.lastStatus == 200 && world.view(wallet) == (950, 0))
        world.checkBooks()
        try world.checkReplay()
    }

    @Test("A wallet of another merchant, another currency or none at all is refused")
    func foreignWallets() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000)
        world.send(.pay(from: wallet, 10), key: "k1", merchant: 8)
        #expect(world.lastStatus == 422 && world.lastBody.contains("walletUnknown"))
        world.send(.pay(from: wallet, 10, .usd), key: "k2")
        #expect(world.lastStatus == 422 && world.lastBody.contains("walletCurrencyMismatch"))
        let missing = WalletID(high: wallet.high, low: wallet.low + 1)
        world.send(.topUp(missing, 10), key: "k3")
        #expect(world.lastStatus == 404)
        world.send(.getWallet(wallet), merchant: 8)
        #expect(world.lastStatus == 404)
        world.send(.getWallet(wallet))
        #expect(world.lastStatus == 200 && world.lastBody.contains("available=1000 held=0"))
    }

    @Test("A refund of a top-up returns what is still in the wallet, through the provider")
    func topUpRefund() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000)
        let topUp = world.lastWalletPayment
        world.send(.pay(from: wallet, 600), key: "s")
        world.send(.refund(topUp, amountMinor: 401), key: "r1")
        #expect(world.lastStatus == 422 && world.lastBody.contains("walletFundsInsufficient"))
        world.send(.refund(topUp, amountMinor: 400), key: "r2")
        #expect(world.view(wallet) == (0, 0))
        world.answer(world.lastCall.token, ShardWorld.success(400, "re_1"))
        #expect(world.lastStatus == 201)
        world.send(.refund(topUp, amountMinor: 1), key: "r3")
        #expect(world.lastStatus == 422)
        world.checkBooks()
        try world.checkReplay()
    }

    @Test("A payment from a wallet whose end did not reach the disk is executed after the restart, once")
    func crash() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000)
        world.send(.pay(from: wallet, 600), key: "s")
        let cut = Array(world.journal.dropLast())
        var restarted = try ShardWorld(replaying: cut, at: world.now)
        #expect(restarted.view(wallet) == (1_000, 0))
        #expect(restarted.resume() == 1)
        restarted.pass(milliseconds: 1_000)
        #expect(restarted.view(wallet) == (400, 0) && restarted.calls.isEmpty)
        restarted.send(.pay(from: wallet, 600), key: "s")
        #expect(restarted.replays.count == 1)
        try restarted.checkReplay()
    }

    @Test("Many random steps on a few wallets: no overdraft ever, the wallets' sums are the naive model's")
    func randomWallets() throws {
        var world = ShardWorld()
        var state: UInt64 = 11
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var wallets: [(id: WalletID, available: Int64, held: Int64)] = []
        for _ in 0..<3 { wallets.append((world.fillWallet(5_000), 5_000, 0)) }
        var open: [(payment: PaymentID, wallet: Int, held: Int64)] = []
        var captured: [(payment: PaymentID, wallet: Int, left: Int64)] = []
        for step in 0..<1_500 {
            let amount = Int64(next(900)) + 1
            switch next(5) {
            case 0:
                let index = next(3)
                world.send(.pay(from: wallets[index].id, amount), key: "\(step)")
                #expect(world.lastStatus == (amount <= wallets[index].available ? 201 : 402))
                if amount <= wallets[index].available {
                    wallets[index].available -= amount
                    captured.append((world.lastWalletPayment, index, amount))
                }
            case 1:
                let index = next(3)
                world.send(.pay(from: wallets[index].id, amount, capture: false), key: "\(step)")
                if amount <= wallets[index].available {
                    wallets[index].available -= amount
                    wallets[index].held += amount
                    open.append((world.lastWalletPayment, index, amount))
                }
            case 2 where !open.isEmpty:
                let place = next(open.count)
                let taken = min(amount, open[place].held)
                world.send(.capture(open[place].payment, amountMinor: taken, isFinal: true), key: "\(step)")
                #expect(world.lastStatus == 200)
                wallets[open[place].wallet].held -= open[place].held
                wallets[open[place].wallet].available += open[place].held - taken
                captured.append((open[place].payment, open[place].wallet, taken))
                open.remove(at: place)
            case 3 where !open.isEmpty:
                let place = next(open.count)
                world.send(.cancel(open[place].payment), key: "\(step)")
                wallets[open[place].wallet].held -= open[place].held
                wallets[open[place].wallet].available += open[place].held
                open.remove(at: place)
            default:
                guard !captured.isEmpty else { continue }
                let place = next(captured.count)
                let back = min(amount, captured[place].left)
                guard back > 0 else { continue }
                world.send(.refund(captured[place].payment, amountMinor: back), key: "\(step)")
                #expect(world.lastStatus == 201)
                wallets[captured[place].wallet].available += back
                captured[place].left -= back
            }
            for wallet in wallets {
                let view = world.view(wallet.id)
                #expect(view == (wallet.available, wallet.held) && view.available >= 0 && view.held >= 0)
            }
        }
        world.checkBooks()
        try world.checkReplay()
    }

    // MARK: Splits

    static func seller(_ text: String) throws -> SellerName { try #require(SellerName(text)) }

    static func capture(_ id: PaymentID, amount: Int64?, final: Bool = true, splits: [SplitRequest]) -> Command.Kind {
        var instructions = CaptureInstructions()
        instructions.splits = splits
        return .capture(id, amountMinor: amount, isFinal: final, with: instructions)
    }

    private func owner(_ number: UInt64) -> UInt64 { 3 << 48 | number }

    @Test("A capture is shared: fee first, parts rounded down, the rounding is the platform's, the rest the merchant's")
    func splitCapture() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, capture: false, key: "k")
        let third = SplitRequest.Share.basisPoints(3_333)
        world.send(
            Self.capture(
                payment,
                amount: 1_000,
                splits: [
                    SplitRequest(seller: try Self.seller("a"), share: third),
                    SplitRequest(seller: try Self.seller("b"), share: third),
                    SplitRequest(seller: try Self.seller("c"), share: .amount(100)),
                ]
            ),
            key: "c"
        )
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        #expect(world.lastStatus == 200)
        // Fee 25; of 975: 324.97 twice -> 324, 324, what rounding took is 1; 100 as said.
        #expect(world.sum(.sellerPending, owner: owner(1)) == 324)
        #expect(world.sum(.sellerPending, owner: owner(2)) == 324)
        #expect(world.sum(.sellerPending, owner: owner(3)) == 100)
        #expect(world.sum(.platformFees, owner: 0) == 26)
        #expect(world.sum(.merchantPending, owner: 7) == 1_000 - 26 - 748)
        world.checkBooks()
        try world.checkReplay()
    }

    @Test("Parts that do not fit, too many sellers and a full table are refused, and nothing is kept of them")
    func splitRefusals() throws {
        var configuration = ShardConfiguration.test
        configuration.treasury.sellersOfMerchant = 5
        var world = ShardWorld(configuration: configuration)
        let payment = world.paid(1_000, capture: false, key: "k")
        func parts(_ names: [String], _ amount: Int64 = 10) throws -> [SplitRequest] {
            try names.map { SplitRequest(seller: try Self.seller($0), share: .amount(amount)) }
        }
        world.send(Self.capture(payment, amount: 1_000, splits: try parts(["a", "b"], 500)), key: "c1")
        #expect(world.lastStatus == 422 && world.lastBody.contains("splitsExceedCapture"))
        world.send(Self.capture(payment, amount: 1_000, splits: try parts(["a", "b", "c", "d", "e"])), key: "c2")
        #expect(world.lastStatus == 422 && world.lastBody.contains("tooManySellers"))
        world.send(Self.capture(payment, amount: 400, final: false, splits: try parts(["a", "b", "c"])), key: "c3")
        world.answer(world.lastCall.token, ShardWorld.success(400))
        world.send(Self.capture(payment, amount: 100, final: false, splits: try parts(["d", "e"])), key: "c4")
        #expect(world.lastStatus == 422 && world.lastBody.contains("tooManySellers"))
        world.send(Self.capture(payment, amount: 100, final: false, splits: try parts(["a", "d"])), key: "c5")
        world.answer(world.lastCall.token, ShardWorld.success(100))
        #expect(world.sum(.sellerPending, owner: owner(1)) == 20 && world.sum(.sellerPending, owner: owner(4)) == 10)
        let other = world.paid(1_000, capture: false, key: "k2")
        world.send(Self.capture(other, amount: 100, splits: try parts(["e", "f"])), key: "c6")
        #expect(world.lastStatus == 422 && world.lastBody.contains("sellerLimitReached"))
        // A seller that is known takes no place.
        world.send(Self.capture(other, amount: 100, final: false, splits: try parts(["a", "d"])), key: "c7")
        #expect(world.calls.last?.call.amountMinor == 100)
        try world.checkReplay()
    }

    @Test("Full tables say when to try again: what is in them leaves memory")
    func fullTables() throws {
        var configuration = ShardConfiguration.test
        configuration.treasury.sellers = 1
        configuration.treasury.wallets = 1
        configuration.treasury.payouts = 0
        var world = ShardWorld(configuration: configuration)
        let payment = world.paid(1_000, capture: false, key: "k")
        let parts = try ["a", "b"].map { SplitRequest(seller: try Self.seller($0), share: .amount(1)) }
        world.send(Self.capture(payment, amount: 400, splits: parts), key: "c")
        #expect(world.lastStatus == 503 && world.lastBody.contains("sellerTableFull"))
        #expect(world.responses.last?.retryAfterSeconds == 60)
        world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w1")
        world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w2")
        #expect(world.lastStatus == 503 && world.responses.last?.retryAfterSeconds == 60)
        world.send(ShardTreasuryTests.payout(1), key: "p")
        #expect(world.lastStatus == 503 && world.responses.last?.retryAfterSeconds == 60)
        let tables = world.core.treasuryOccupancy
        #expect(tables.map(\.name) == ["payouts", "wallets", "quotes", "accounts", "sellers"])
        #expect(tables.map(\.count) == [0, 1, 0, 4, 0])
        #expect(tables.map(\.capacity) == [0, 1, 1 << 16, 1 << 20, 1])
    }

    @Test(
        "A declined capture gives sellers nothing; a sale with splits is shared when it succeeds, also after a snapshot"
    )
    func splitSale() throws {
        let disk = MemoryDisk()
        var world = ShardWorld()
        world.storage = ShardStorage(directory: "/data", journalID: 1, fileSystem: disk)
        let payment = world.paid(1_000, capture: false, key: "k")
        let parts = [SplitRequest(seller: try Self.seller("a"), share: .basisPoints(10_000))]
        world.send(Self.capture(payment, amount: nil, splits: parts), key: "c")
        world.answer(
            world.lastCall.token,
            .declined(Decline(category: .softLater, code: .doNotHonor, providerCode: "05"))
        )
        #expect(world.lastStatus == 402 && world.sum(.sellerPending, owner: owner(1)) == 0)
        guard case .create(var sale) = ShardWorld.create(2_000) else { return }
        sale.details.append(plan: parts)
        sale.hasSplits = true
        world.send(.createPayment(sale), key: "s")
        let token = world.lastCall.token
        try world.snapshot()
        let written = world.storage
        let storage = try #require(written)
        world.answer(token, ShardWorld.success(2_000))
        #expect(world.sum(.sellerPending, owner: owner(1)) == 1_950)
        #expect(world.sum(.merchantPending, owner: 7) == 0)
        let restarted = try ShardWorld(from: storage, journal: world.journal, at: world.now)
        #expect(restarted.restored.position > 0 && restarted.digest() == world.digest())
        try world.checkReplay()
        world.send(.getBalance)
        #expect(world.lastBody.contains("a EUR pending=1950 available=0"))
    }

    @Test("A settlement while a second capture with sellers runs takes nothing from its sellers")
    func settledWhileCapturing() throws {
        var world = ShardWorld()
        let payment = world.paid(10_000, capture: false, key: "k")
        let parts = [SplitRequest(seller: try Self.seller("a"), share: .basisPoints(5_000))]
        world.send(Self.capture(payment, amount: 4_000, final: false, splits: parts), key: "c1")
        world.answer(world.lastCall.token, ShardWorld.success(4_000))
        world.send(Self.capture(payment, amount: 6_000, splits: parts), key: "c2")
        let token = world.lastCall.token
        world.settle(payment, 4_000)
        #expect(world.sum(.sellerAvailable, owner: owner(1)) == 1_950)
        world.answer(token, ShardWorld.success(6_000))
        #expect(world.lastStatus == 200 && world.sum(.sellerPending, owner: owner(1)) == 2_925)
        try ProviderEventTests.check(world.journal)
        try world.checkReplay()
    }

    @Test("Payments from wallets and top-ups have no splits")
    func noSplitsFromWallets() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000)
        world.send(.pay(from: wallet, 500, capture: false), key: "a")
        let parts = [SplitRequest(seller: try Self.seller("a"), share: .amount(1))]
        world.send(Self.capture(world.lastWalletPayment, amount: nil, splits: parts), key: "c")
        #expect(world.lastStatus == 422 && world.lastBody.contains("splitsNotPossible"))
    }

    // MARK: By hand

    static func manual(
        _ id: PaymentID,
        by method: ManualMethod,
        amount: Int64? = nil,
        final: Bool = true
    ) -> Command.Kind {
        var instructions = CaptureInstructions()
        instructions.manual = (method, "till 4, receipt 17")
        return .capture(id, amountMinor: amount, isFinal: final, with: instructions)
    }

    @Test("Cash is with the bank and available at once; its refund is cash; no provider is asked")
    func cash() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, capture: false, key: "k")
        let calls = world.calls.count
        world.send(Self.manual(payment, by: .cash, amount: 800), key: "c")
        #expect(world.lastStatus == 200 && world.calls.count == calls)
        #expect(world.sum(.bankCash, owner: 1) == -800 && world.available() == 780)
        #expect(world.sum(.memoAuthorizationMerchant, owner: 7) == 0)
        world.send(.refund(payment, amountMinor: 300), key: "r")
        #expect(world.lastStatus == 201 && world.calls.count == calls)
        #expect(world.sum(.bankCash, owner: 1) == -500 && world.available() == 480)
        world.send(Self.manual(payment, by: .cash, amount: 800), key: "c")
        #expect(world.replays.count == 1)
        world.checkBooks()
        try world.checkReplay()
    }

    @Test("An external capture is owed by the provider, like any other; a second or partial one by hand is refused")
    func external() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, capture: false, key: "k")
        world.send(Self.manual(payment, by: .external, amount: 100, final: false), key: "c0")
        #expect(world.lastStatus == 409 && world.lastBody.contains("manualCaptureNotPossible"))
        let calls = world.calls.count
        world.send(Self.manual(payment, by: .external), key: "c")
        #expect(world.lastStatus == 200 && world.calls.count == calls)
        #expect(world.sum(.providerReceivable, owner: 1) == -1_000 && world.sum(.merchantPending, owner: 7) == 975)
        world.send(.refund(payment, amountMinor: 100), key: "r")
        #expect(world.calls.count == calls + 1)
        world.send(Self.manual(payment, by: .external), key: "c2")
        #expect(world.lastStatus == 409)
        try world.checkReplay()
    }

    @Test("A capture by hand that a crash interrupted ends after the restart")
    func manualCrash() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, capture: false, key: "k")
        world.send(Self.manual(payment, by: .cash), key: "c")
        var restarted = try ShardWorld(replaying: Array(world.journal.dropLast()), at: world.now)
        _ = restarted.resume()
        restarted.pass(milliseconds: 1_000)
        #expect(restarted.available() == 975 && restarted.calls.isEmpty)
    }
}
