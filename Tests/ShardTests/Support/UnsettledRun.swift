import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import Testing

struct Draw {
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
        /// With what is on its way.
        var refunded: Int64 = 0
        /// Asked for, whatever came of them.
        var refunds: UInt16 = 0

        /// A refund takes settled units first.
        var unsettled: Int64 { captured - max(settled, refunded) }
    }

    var wallets: [Wallet] = []
    /// Settled units of the merchant, which can be paid out. Negative where it owes.
    var free: Int64 = 0
    /// Units that refunds of top-ups have exchanged.
    var exchanged: Int64 = 0

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

    /// A refund takes units out of a wallet to the provider, of which so many are unsettled. If the
    /// wallet has fewer of these, it exchanges settled units for those that the merchant has, and
    /// then for the platform's.
    mutating func takeOut(_ wallet: Int, _ amount: Int64, unsettled: Int64) {
        let inside = min(unsettled, wallets[wallet].unsettled)
        let merchants = min(unsettled - inside, wallets[wallet].withMerchant)
        wallets[wallet].unsettled -= inside
        wallets[wallet].settled -= amount - inside
        wallets[wallet].withMerchant -= merchants
        wallets[wallet].withPlatform -= unsettled - inside - merchants
        free += merchants
        exchanged += merchants
    }

    /// A refund that failed, or came back, puts units into the wallet.
    mutating func putBack(_ wallet: Int, _ amount: Int64, unsettled: Int64) {
        wallets[wallet].unsettled += unsettled
        wallets[wallet].settled += amount - unsettled
    }
}

/// Random lives of one merchant's money: what leaves for a bank or another currency must be settled
/// units.
struct UnsettledRun: ~Copyable {
    /// Of a top-up, by its place.
    private struct Refund {
        var topUp: Int
        var number: UInt16
        var amount: Int64
        var token: UInt64
    }

    var world = ShardWorld()
    private var model = UnitModel()
    private var draw: Draw
    private let fee: UInt16
    private var wallets: [WalletID] = []
    private var topUps: [UnitModel.TopUp] = []
    /// Refunds of top-ups that the provider has not answered, and those that it has executed.
    private var underWay: [Refund] = []
    private var executed: [Refund] = []
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
        switch draw.below(15) {
        case 0, 1: fill(Int(draw.below(3)), draw.below(900) + 1, key: key)
        case 2, 3: pay(Int(draw.below(3)), draw.below(900) + 1, key: key)
        case 4: hold(Int(draw.below(3)), draw.below(900) + 1, key: key)
        case 5: endHold(key)
        case 6: refundPaid(key)
        case 7: settleTopUp(part: true)
        case 8: settleTopUp(part: false, isRefunded: true)
        case 9, 10: refundTopUp(key)
        case 11: endRefund(key)
        case 12: useCard(key)
        case 13: payOut(key)
        default: try exchange(key)
        }
        check()
    }

    private mutating func check() {
        // Without a fee the books say exactly what the units say; a fee may keep more pending than
        // need be.
        #expect(fee == 0 ? world.available() == model.free : world.available() <= model.free)
        for (index, wallet) in wallets.enumerated() {
            let units = model.wallets[index]
            let view = world.view(wallet)
            #expect(view == (units.spendable, units.held))
            // Of what the platform has, nobody can say that it is not in the wallet.
            let shown = world.shownUnsettled(wallet)
            #expect(shown >= units.unsettled && shown <= units.unsettled + units.withPlatform)
        }
    }

    private func feePart(_ amount: Int64) -> Int64 { BasisPoints.fee(of: amount, basisPoints: fee) }

    private mutating func fill(_ wallet: Int, _ amount: Int64, key: String) {
        world.send(.topUp(wallets[wallet], amount), key: key)
        world.answer(world.lastCall.token, ShardWorld.success(amount, "ch_\(key)"))
        topUps.append(UnitModel.TopUp(payment: world.lastCall.call.payment, wallet: wallet, captured: amount))
        model.wallets[wallet].unsettled += amount
    }

    private mutating func pay(_ wallet: Int, _ most: Int64, key: String) {
        let spendable = model.wallets[wallet].spendable
        // Often all that it has.
        let amount = draw.below(2) == 0 && spendable > 0 ? spendable : most
        world.send(.pay(from: wallets[wallet], amount, fee: fee), key: key)
        #expect(world.lastStatus == (amount <= spendable ? 201 : 402))
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

    /// - Parameter isRefunded: only of those of which something was refunded, or is on its way.
    private mutating func settleTopUp(part: Bool, isRefunded: Bool = false) {
        let open = topUps.indices.filter {
            topUps[$0].settled < topUps[$0].captured && (topUps[$0].refunded > 0 || !isRefunded)
        }
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
        let wallet = model.wallets[topUp.wallet]
        let left = topUp.captured - topUp.refunded
        var amount = draw.below(left) + 1
        // Often all that the wallet has.
        if draw.below(2) == 0 { amount = min(left, max(1, wallet.spendable)) }
        topUp.refunded += amount
        topUp.refunds += 1
        let unsettled = topUps[place].unsettled - topUp.unsettled
        let isPossible = amount <= wallet.spendable && amount - unsettled <= wallet.settled
        let answers = world.responses.count
        world.send(.refund(topUp.payment, amountMinor: amount), key: key)
        let isRefused = world.responses.count > answers
        if fee == 0 || !isPossible { #expect(isRefused != isPossible, "\(world.lastBody)") }
        guard !isRefused else { return }
        topUps[place] = topUp
        model.takeOut(topUp.wallet, amount, unsettled: unsettled)
        let token = world.lastCall.token
        underWay.append(Refund(topUp: place, number: topUp.refunds, amount: amount, token: token))
    }

    /// The provider answers a refund, or tells that an executed one came back.
    private mutating func endRefund(_ key: String) {
        if !executed.isEmpty, underWay.isEmpty || draw.below(3) == 0 {
            let refund = executed.remove(at: Int(draw.below(Int64(executed.count))))
            let payment = topUps[refund.topUp].payment
            let id = RefundID(
                createdAt: world.now,
                shard: 3,
                paymentSequence: payment.sequence,
                ordinal: refund.number
            )
            world.tell(.refundFailed, of: payment) { $0.refund = id }
            #expect(world.lastStatus == 200, "\(world.lastBody)")
            putBack(refund)
        } else if !underWay.isEmpty {
            let refund = underWay.remove(at: Int(draw.below(Int64(underWay.count))))
            let isDeclined = draw.below(2) == 0
            let decline = Decline(category: .hard, code: .genericDecline, providerCode: "no")
            let outcome: ProviderOutcome =
                isDeclined ? .declined(decline) : ShardWorld.success(refund.amount, "re_\(key)")
            world.answer(refund.token, outcome)
            #expect(world.lastStatus == (isDeclined ? 402 : 201), "\(world.lastBody)")
            if isDeclined { putBack(refund) } else { executed.append(refund) }
        }
    }

    private mutating func putBack(_ refund: Refund) {
        let before = topUps[refund.topUp].unsettled
        topUps[refund.topUp].refunded -= refund.amount
        let unsettled = topUps[refund.topUp].unsettled - before
        model.putBack(topUps[refund.topUp].wallet, refund.amount, unsettled: unsettled)
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
        // Refunds that are still open end; nothing of a wallet becomes unsettled by that.
        while !underWay.isEmpty { endRefund("end\(underWay.count)") }
        check()
        #expect(world.pending() == 0 && model.wallets.allSatisfy { $0.unsettled == 0 })
        // Where the platform has nearly everything, nothing waits for the merchant.
        #expect(fee > 5_000 || model.exchanged > 0, "no refund made anything available")
    }
}

extension ShardWorld {
    /// What a wallet shows as unsettled.
    mutating func shownUnsettled(_ wallet: WalletID) -> Int64 {
        send(.getWallet(wallet))
        return lastBody.split(separator: "=").last.flatMap { Int64($0) } ?? -1
    }
}
