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

private struct Draw {
    var state: UInt64

    /// Below `bound`, which is above zero.
    mutating func below(_ bound: Int64) -> Int64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int64((state >> 33) % UInt64(bound))
    }
}

/// Money as single units, by where they are and whether a provider has settled them: written from
/// docs/posting-rules.md, "Unsettled money", and not from the shard. Units are counted, not named:
/// those of one wallet are alike.
private struct UnitModel {
    struct Wallet {
        /// In the wallet, held or not.
        var settled: Int64 = 0
        var unsettled: Int64 = 0
        /// Unsettled units that the wallet paid: with the merchant, and with the platform as its
        /// fees.
        var withMerchant: Int64 = 0
        var withPlatform: Int64 = 0
        var held: Int64 = 0

        var spendable: Int64 { settled + unsettled - held }
    }

    struct TopUp {
        var payment: PaymentID
        var wallet: Int
        var captured: Int64
        var settled: Int64 = 0
        var refunded: Int64 = 0

        /// A refund takes settled units first.
        var unsettled: Int64 { captured - max(settled, refunded) }
    }

    var wallets: [Wallet] = []
    /// Settled units of the merchant, which can be paid out. Negative where it owes.
    var free: Int64 = 0

    /// Settled units leave the wallet first, and of these the platform's fee comes first.
    mutating func pay(_ wallet: Int, _ amount: Int64, fee: Int64) {
        let settled = min(amount, wallets[wallet].settled)
        let settledFee = min(fee, settled)
        wallets[wallet].settled -= settled
        wallets[wallet].unsettled -= amount - settled
        wallets[wallet].withPlatform += fee - settledFee
        wallets[wallet].withMerchant += amount - settled - (fee - settledFee)
        free += settled - settledFee
    }

    /// The merchant gives back; unsettled units first.
    mutating func giveBack(_ wallet: Int, _ amount: Int64) {
        let unsettled = min(amount, wallets[wallet].withMerchant)
        wallets[wallet].withMerchant -= unsettled
        wallets[wallet].unsettled += unsettled
        wallets[wallet].settled += amount - unsettled
        free -= amount - unsettled
    }

    /// A provider has settled units of a wallet: first those that the merchant waits for.
    mutating func settle(_ wallet: Int, _ amount: Int64) {
        let merchants = min(amount, wallets[wallet].withMerchant)
        let inside = min(amount - merchants, wallets[wallet].unsettled)
        wallets[wallet].withMerchant -= merchants
        wallets[wallet].unsettled -= inside
        wallets[wallet].settled += inside
        wallets[wallet].withPlatform -= amount - merchants - inside
        free += merchants
    }
}

/// Random lives of one merchant's money: what leaves for a bank or another currency must be settled
/// units.
private struct UnsettledRun: ~Copyable {
    var world = ShardWorld()
    private var model = UnitModel()
    private var draw: Draw
    private let fee: UInt16
    private var wallets: [WalletID] = []
    private var topUps: [UnitModel.TopUp] = []
    private var holds: [(payment: PaymentID, wallet: Int, held: Int64)] = []
    private var paid: [(payment: PaymentID, wallet: Int, left: Int64)] = []
    private var cards: [(payment: PaymentID, captured: Int64, settled: Int64, refunded: Int64)] = []
    private var payouts: [(id: PayoutID, amount: Int64)] = []

    init(seed: UInt64, fee: UInt16) {
        draw = Draw(state: seed)
        self.fee = fee
        for number in 0..<3 {
            world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w\(number)")
            wallets.append(world.lastWallet)
            model.wallets.append(UnitModel.Wallet())
        }
    }

    mutating func step(_ key: String) throws {
        switch draw.below(12) {
        case 0, 1: fill(Int(draw.below(3)), draw.below(900) + 1, key: key)
        case 2, 3: pay(Int(draw.below(3)), draw.below(900) + 1, key: key)
        case 4: hold(Int(draw.below(3)), draw.below(900) + 1, key: key)
        case 5: endHold(key)
        case 6: refundPaid(key)
        case 7: settleTopUp(part: true)
        case 8: refundTopUp(key)
        case 9: useCard(key)
        case 10: payOut(key)
        default: try exchange(key)
        }
        check()
    }

    private func check() {
        // Without a fee the books say exactly what the units say; a fee may keep more pending than
        // need be.
        #expect(fee == 0 ? world.available() == model.free : world.available() <= model.free)
        for (index, wallet) in wallets.enumerated() {
            let view = world.view(wallet)
            #expect(view == (model.wallets[index].spendable, model.wallets[index].held))
        }
    }

    private func feePart(_ amount: Int64) -> Int64 { BasisPoints.fee(of: amount, basisPoints: fee) }

    private mutating func fill(_ wallet: Int, _ amount: Int64, key: String) {
        world.send(.topUp(wallets[wallet], amount), key: key)
        world.answer(world.lastCall.token, ShardWorld.success(amount, "ch_\(key)"))
        topUps.append(UnitModel.TopUp(payment: world.lastCall.call.payment, wallet: wallet, captured: amount))
        model.wallets[wallet].unsettled += amount
    }

    private mutating func pay(_ wallet: Int, _ amount: Int64, key: String) {
        world.send(.pay(from: wallets[wallet], amount, fee: fee), key: key)
        #expect(world.lastStatus == (amount <= model.wallets[wallet].spendable ? 201 : 402))
        guard world.lastStatus == 201 else { return }
        model.pay(wallet, amount, fee: feePart(amount))
        paid.append((world.lastWalletPayment, wallet, amount))
    }

    private mutating func hold(_ wallet: Int, _ amount: Int64, key: String) {
        world.send(.pay(from: wallets[wallet], amount, capture: false, fee: fee), key: key)
        guard world.lastStatus == 201 else { return }
        model.wallets[wallet].held += amount
        holds.append((world.lastWalletPayment, wallet, amount))
    }

    private mutating func endHold(_ key: String) {
        guard !holds.isEmpty else { return }
        let hold = holds.remove(at: Int(draw.below(Int64(holds.count))))
        model.wallets[hold.wallet].held -= hold.held
        guard draw.below(3) > 0 else { return _ = world.send(.cancel(hold.payment), key: key) }
        let amount = draw.below(hold.held) + 1
        world.send(.capture(hold.payment, amountMinor: amount, isFinal: true), key: key)
        #expect(world.lastStatus == 200)
        model.pay(hold.wallet, amount, fee: feePart(amount))
        paid.append((hold.payment, hold.wallet, amount))
    }

    private mutating func refundPaid(_ key: String) {
        guard !paid.isEmpty else { return }
        let place = Int(draw.below(Int64(paid.count)))
        guard paid[place].left > 0 else { return }
        let amount = draw.below(paid[place].left) + 1
        world.send(.refund(paid[place].payment, amountMinor: amount), key: key)
        #expect(world.lastStatus == 201)
        paid[place].left -= amount
        model.giveBack(paid[place].wallet, amount)
    }

    private mutating func settleTopUp(part: Bool) {
        let open = topUps.indices.filter { topUps[$0].settled < topUps[$0].captured }
        guard !open.isEmpty else { return }
        let place = open[Int(draw.below(Int64(open.count)))]
        let rest = topUps[place].captured - topUps[place].settled
        let amount = part ? draw.below(rest) + 1 : rest
        let before = topUps[place].unsettled
        world.settle(topUps[place].payment, amount)
        topUps[place].settled += amount
        model.settle(topUps[place].wallet, before - topUps[place].unsettled)
    }

    private mutating func refundTopUp(_ key: String) {
        guard !topUps.isEmpty else { return }
        let place = Int(draw.below(Int64(topUps.count)))
        var topUp = topUps[place]
        guard topUp.captured > topUp.refunded else { return }
        let amount = draw.below(topUp.captured - topUp.refunded) + 1
        let before = topUp.unsettled
        topUp.refunded += amount
        let unsettled = before - topUp.unsettled
        let wallet = model.wallets[topUp.wallet]
        let isPossible = amount <= wallet.spendable && amount - unsettled <= wallet.settled
        let answers = world.responses.count
        world.send(.refund(topUp.payment, amountMinor: amount), key: key)
        let isRefused = world.responses.count > answers
        if fee == 0 || !isPossible { #expect(isRefused != isPossible, "\(world.lastBody)") }
        guard !isRefused else { return }
        let isDeclined = draw.below(4) == 0
        let decline = Decline(category: .hard, code: .genericDecline, providerCode: "no")
        world.answer(world.lastCall.token, isDeclined ? .declined(decline) : ShardWorld.success(amount, "re_\(key)"))
        guard !isDeclined else { return }
        topUps[place] = topUp
        model.wallets[topUp.wallet].unsettled -= unsettled
        model.wallets[topUp.wallet].settled -= amount - unsettled
    }

    private mutating func useCard(_ key: String) {
        let open = cards.indices.filter { cards[$0].settled < cards[$0].captured }
        if draw.below(2) == 0 || open.isEmpty {
            let amount = draw.below(500) + 1
            world.send(ShardWorld.create(amount, fee: 0), key: key)
            world.answer(world.lastCall.token, ShardWorld.success(amount, "ch_\(key)"))
            cards.append((world.lastCall.call.payment, amount, 0, 0))
        } else if draw.below(3) > 0 {
            let place = open[Int(draw.below(Int64(open.count)))]
            let amount = draw.below(cards[place].captured - cards[place].settled) + 1
            world.settle(cards[place].payment, amount)
            cards[place].settled += amount
            model.free += amount
        } else if let place = cards.indices.first(where: {
            cards[$0].settled == cards[$0].captured && cards[$0].refunded == 0
        }) {
            // Of settled money: the merchant may owe then.
            world.send(.refund(cards[place].payment, amountMinor: nil), key: key)
            world.answer(world.lastCall.token, ShardWorld.success(cards[place].captured, "re_\(key)"))
            cards[place].refunded = cards[place].captured
            model.free -= cards[place].captured
        }
    }

    private mutating func payOut(_ key: String) {
        if let place = payouts.indices.last, draw.below(3) == 0 {
            world.send(.payoutEvent(payouts[place].id, .failed, reason: ""), key: key)
            #expect(world.lastStatus == 200)
            model.free += payouts.remove(at: place).amount
            return
        }
        let before = world.available()
        world.send(ShardTreasuryTests.payout(draw.below(2) == 0 ? nil : draw.below(1_500) + 1), key: key)
        guard world.lastStatus == 201 else { return }
        let amount = before - world.available()
        #expect(amount > 0 && amount <= model.free, "unsettled units are paid out")
        model.free -= amount
        payouts.append((world.lastPayout, amount))
    }

    private mutating func exchange(_ key: String) throws {
        world.send(try ShardTreasuryTests.quote(draw.below(600) + 10), key: key + "q")
        let before = world.available()
        world.send(.convertExchange(world.lastQuote), key: key)
        guard world.lastStatus == 201 else { return }
        #expect(before - world.available() <= model.free, "unsettled units are exchanged")
        model.free -= before - world.available()
    }

    /// In the end all is settled, and all that the merchant has is available.
    mutating func settleAll() throws {
        while topUps.contains(where: { $0.settled < $0.captured }) { settleTopUp(part: false) }
        for card in cards where card.settled < card.captured {
            world.settle(card.payment, card.captured - card.settled)
            model.free += card.captured - card.settled
        }
        #expect(world.available() == model.free && world.pending() == 0)
    }
}
