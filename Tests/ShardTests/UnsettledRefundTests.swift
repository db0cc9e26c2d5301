import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import Testing

/// What refunds leave pending and available, while some of the money is not settled. The figures
/// are derived by hand from docs/posting-rules.md.
@Suite struct UnsettledRefundTests {
    private static var declined: ProviderOutcome {
        .declined(Decline(category: .hard, code: .genericDecline, providerCode: "no"))
    }

    private func show(_ wallet: WalletID, _ world: inout ShardWorld) -> String {
        world.send(.getWallet(wallet))
        return world.lastBody.split(separator: " ").dropFirst().joined(separator: " ")
    }

    private func check(_ world: borrowing ShardWorld) throws {
        world.checkBooks()
        try ProviderEventTests.check(world.journal)
        try world.checkReplay()
    }

    private func expectNoPayout(_ world: inout ShardWorld, _ key: String) {
        world.send(ShardTreasuryTests.payout(), key: key)
        #expect(world.lastStatus == 422 && world.lastBody.contains("balanceInsufficient"))
    }

    // MARK: Top-ups

    /// The first top-up is settled while its refund is under way, which is declined later. The
    /// wallet has paid the second one to the merchant, who waits for its settlement.
    private func declinedAfterSettlement(
        _ world: inout ShardWorld
    ) -> (wallet: WalletID, first: PaymentID, second: PaymentID) {
        let wallet = world.fillWallet(1_000)
        let first = world.lastCall.call.payment
        world.send(.refund(first, amountMinor: 1_000), key: "r1")
        let refund = world.lastCall.token
        #expect(show(wallet, &world) == "available=0 held=0 unsettled=0")
        world.settle(first, 1_000)
        world.send(.topUp(wallet, 500), key: "t2")
        let second = world.lastCall.call.payment
        world.answer(world.lastCall.token, ShardWorld.success(500, "ch_2"))
        #expect(show(wallet, &world) == "available=500 held=0 unsettled=500")
        world.send(.pay(from: wallet, 500), key: "p")
        #expect(world.lastStatus == 201 && world.shares == [500, 0])
        #expect(show(wallet, &world) == "available=0 held=0 unsettled=0")
        world.answer(refund, Self.declined)
        #expect(world.lastStatus == 402 && world.shares == [500, 0])
        #expect(show(wallet, &world) == "available=1000 held=0 unsettled=0")
        return (wallet, first, second)
    }

    @Test func `a settlement makes no more available than it settles, though the wallet has settled money`() throws {
        var world = ShardWorld()
        let (wallet, first, second) = declinedAfterSettlement(&world)
        expectNoPayout(&world, "out1")
        world.settle(second, 200)
        #expect(world.shares == [300, 200])
        #expect(show(wallet, &world) == "available=1000 held=0 unsettled=0")
        let calls = world.calls.count
        world.send(.refund(first, amountMinor: 1_000), key: "r2")
        #expect(world.calls.count == calls + 1 && world.view(wallet) == (0, 0))
        world.answer(world.lastCall.token, ShardWorld.success(1_000, "re_2"))
        #expect(world.lastStatus == 201 && world.shares == [300, 200])
        world.settle(second, 300)
        #expect(world.shares == [0, 500])
        try check(world)
    }

    @Test(arguments: [true, false])
    func `a refund of the top-up that is waited for makes the payment available`(isPaidOut: Bool) throws {
        var world = ShardWorld()
        let (wallet, _, second) = declinedAfterSettlement(&world)
        world.send(.refund(second, amountMinor: 500), key: "r2")
        #expect(world.shares == [0, 500])
        #expect(show(wallet, &world) == "available=500 held=0 unsettled=0")
        world.answer(world.lastCall.token, ShardWorld.success(500, "re_2"))
        #expect(world.lastStatus == 201 && world.shares == [0, 500])
        if isPaidOut {
            world.send(ShardTreasuryTests.payout(500), key: "out")
            #expect(world.lastStatus == 201 && world.shares == [0, 0])
            // It comes back, and the wallet has it unsettled.
            let refund = RefundID(createdAt: world.now, shard: 3, paymentSequence: second.sequence, ordinal: 1)
            world.tell(.refundFailed, of: second) { $0.refund = refund }
            #expect(world.lastStatus == 200 && world.shares == [0, 0])
            #expect(show(wallet, &world) == "available=1000 held=0 unsettled=500")
            world.send(.pay(from: wallet, 600), key: "p2")
            #expect(world.shares == [100, 500])
        } else {
            world.send(.topUp(wallet, 400), key: "t3")
            world.answer(world.lastCall.token, ShardWorld.success(400, "ch_3"))
            #expect(show(wallet, &world) == "available=900 held=0 unsettled=400")
            world.send(.pay(from: wallet, 600), key: "p2")
            #expect(world.shares == [100, 1_000])
            #expect(show(wallet, &world) == "available=300 held=0 unsettled=300")
        }
        try check(world)
    }

    @Test func `a part of a top-up that is refunded leaves the rest of it pending`() throws {
        var world = ShardWorld()
        let (wallet, _, second) = declinedAfterSettlement(&world)
        world.send(.refund(second, amountMinor: 200), key: "r2")
        let refund = world.lastCall.token
        #expect(world.shares == [300, 200])
        #expect(show(wallet, &world) == "available=800 held=0 unsettled=0")
        // A settlement of what is refunded releases nothing: the provider will deduct the refund.
        world.settle(second, 200)
        #expect(world.shares == [300, 200])
        world.answer(refund, Self.declined)
        #expect(world.shares == [300, 200])
        #expect(show(wallet, &world) == "available=1000 held=0 unsettled=0")
        world.settle(second, 300)
        #expect(world.shares == [0, 500])
        try check(world)
    }

    @Test func `a wallet that paid everything shows nothing as unsettled, although a fee was taken`() throws {
        var world = ShardWorld()
        let wallet = world.fillWallet(1_000)
        let topUp = world.lastCall.call.payment
        world.send(.pay(from: wallet, 1_000, fee: 250), key: "p")
        #expect(world.lastStatus == 201 && world.shares == [975, 0])
        #expect(show(wallet, &world) == "available=0 held=0 unsettled=0")
        world.settle(topUp, 1_000)
        #expect(world.shares == [0, 975])
        try check(world)
    }

    // MARK: Cards

    /// Two captures of 500 without a fee, of which the first is settled.
    private func halfSettled(_ world: inout ShardWorld) -> PaymentID {
        world.send(ShardWorld.create(1_000, capture: false, fee: 0), key: "a")
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        let payment = world.lastCall.call.payment
        world.send(.capture(payment, amountMinor: 500, isFinal: false), key: "c1")
        world.answer(world.lastCall.token, ShardWorld.success(500))
        world.settle(payment, 500)
        #expect(world.shares == [0, 500])
        world.send(.capture(payment, amountMinor: 500, isFinal: true), key: "c2")
        world.answer(world.lastCall.token, ShardWorld.success(500))
        #expect(world.lastStatus == 200 && world.shares == [500, 500])
        return payment
    }

    @Test func `what is settled of a payment is not paid out while all of it is refunded`() throws {
        var world = ShardWorld()
        let payment = halfSettled(&world)
        world.send(.refund(payment, amountMinor: 1_000), key: "r")
        #expect(world.shares == [0, 0])
        expectNoPayout(&world, "out1")
        world.answer(world.lastCall.token, Self.declined)
        // It waits until all is settled.
        #expect(world.shares == [1_000, 0])
        expectNoPayout(&world, "out2")
        world.settle(payment, 500)
        #expect(world.shares == [0, 1_000])
        try check(world)
    }

    @Test func `what was paid out before a refund is owed, and comes back with the money`() throws {
        var world = ShardWorld()
        let payment = halfSettled(&world)
        world.send(ShardTreasuryTests.payout(), key: "out1")
        #expect(world.lastStatus == 201 && world.shares == [500, 0])
        world.send(.refund(payment, amountMinor: 1_000), key: "r")
        #expect(world.shares == [0, -500])
        world.answer(world.lastCall.token, Self.declined)
        #expect(world.shares == [1_000, -500])
        // Half of what was not settled: half of what is pending.
        world.settle(payment, 250)
        #expect(world.shares == [500, 0])
        expectNoPayout(&world, "out2")
        world.settle(payment, 250)
        #expect(world.shares == [0, 500])
        try check(world)
    }

    @Test func `a full refund before the settlement leaves the fee as a debt at once`() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, key: "a")
        world.send(.refund(payment, amountMinor: nil), key: "r")
        #expect(world.shares == [0, -25])
        world.answer(world.lastCall.token, ShardWorld.success(1_000, "re_1"))
        #expect(world.shares == [0, -25])
        world.settle(payment, 1_000)
        #expect(world.shares == [0, -25])
        try check(world)
    }

    @Test func `a refund that bounces is pending until all is settled`() throws {
        var world = ShardWorld()
        let payment = halfSettled(&world)
        world.send(.refund(payment, amountMinor: 700), key: "r")
        world.answer(world.lastCall.token, ShardWorld.success(700, "re_1"))
        #expect(world.shares == [0, 300])
        let refund = RefundID(createdAt: world.now, shard: 3, paymentSequence: payment.sequence, ordinal: 1)
        world.tell(.refundFailed, of: payment) { $0.refund = refund }
        #expect(world.lastStatus == 200 && world.shares == [700, 300])
        world.settle(payment, 500)
        #expect(world.shares == [0, 1_000])
        try check(world)
    }

    @Test func `a capture that fails takes what the payment has pending, and then available money`() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, fee: 0), key: "a")
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        let payment = world.lastCall.call.payment
        world.settle(payment, 400)
        world.send(.refund(payment, amountMinor: 500), key: "r")
        world.answer(world.lastCall.token, ShardWorld.success(500, "re_1"))
        #expect(world.shares == [100, 400])
        world.tell(.captureFailed, of: payment) { $0.amountMinor = 300 }
        #expect(world.lastStatus == 200 && world.shares == [0, 200])
        world.settle(payment, 300)
        #expect(world.shares == [0, 200])
        try check(world)
    }

    @Test func `a capture that fails after its share was refunded leaves a debt, and gives the fee back`() throws {
        var world = ShardWorld()
        let payment = world.paid(1_000, key: "a")
        world.send(.refund(payment, amountMinor: 975), key: "r")
        world.answer(world.lastCall.token, ShardWorld.success(975, "re_1"))
        #expect(world.shares == [0, 0])
        // The fee of 25 is 0.625, which is 1.
        world.tell(.captureFailed, of: payment) { $0.amountMinor = 25 }
        #expect(world.lastStatus == 200 && world.shares == [0, -24])
        world.settle(payment, 975)
        #expect(world.shares == [0, -24])
        try check(world)
    }

    @Test func `a refund of pending money is owed when the capture fails that it counted on`() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(fee: 0), key: "a")
        world.answer(world.lastCall.token, ShardWorld.success())
        let payment = world.lastCall.call.payment
        world.settle(payment, 500)
        world.send(.refund(payment, amountMinor: 500), key: "r")
        world.answer(world.lastCall.token, ShardWorld.success(500, "re_1"))
        #expect(world.shares == [0, 500])
        world.send(ShardTreasuryTests.payout(500), key: "out")
        #expect(world.lastStatus == 201 && world.shares == [0, 0])
        world.tell(.captureFailed, of: payment) { $0.amountMinor = 500 }
        // 500 stay captured. The shopper and the merchant had 500 each.
        #expect(world.lastStatus == 200 && world.lastBody.hasSuffix("owes") && world.shares == [0, -500])
        #expect(world.sum(.providerReceivable, owner: 1) == 500, "the provider has paid more than it had")
        expectNoPayout(&world, "more")
        try check(world)
    }

    @Test(arguments: [(1, 0), (2, 0), (3, 250), (4, 3_000)] as [(UInt64, UInt16)])
    func `in random lives of cards no more becomes available than is settled`(seed: UInt64, fee: UInt16) throws {
        var run = CardRun(seed: seed, fee: fee)
        for number in 0..<40 { run.live("p\(number)") }
        try check(run.world)
    }
}

extension ShardWorld {
    /// What the merchant has pending and available.
    fileprivate var shares: [Int64] { [pending(), available()] }
}

/// Random lives of a merchant's payments by card, one after the other.
private struct CardRun: ~Copyable {
    private struct Refund {
        var number: UInt16
        var amount: Int64
        var token: UInt64
    }

    var world = ShardWorld()
    private var draw: Draw
    private let fee: UInt16
    /// Of the payments before: settled, and that less what was refunded.
    private var settledBefore: Int64 = 0
    private var leftBefore: Int64 = 0
    /// Of the payment that lives.
    private var captured: Int64 = 0
    private var settled: Int64 = 0
    /// With what is on its way.
    private var refunded: Int64 = 0
    private var refunds: UInt16 = 0
    private var underWay: [Refund] = []
    private var executed: [Refund] = []

    init(seed: UInt64, fee: UInt16) {
        draw = Draw(state: seed)
        self.fee = fee
    }

    mutating func live(_ key: String) {
        world.send(ShardWorld.create(4_000, capture: false, fee: fee), key: key)
        world.answer(world.lastCall.token, ShardWorld.success(4_000, "ch_\(key)"))
        let payment = world.lastCall.call.payment
        (captured, settled, refunded, refunds) = (0, 0, 0, 0)
        executed = []
        for step in 0..<6 {
            switch draw.below(4) {
            case 0, 1: capture(payment, isFinal: false, key: "\(key).\(step)")
            case 2: settle(payment)
            default: fail(payment)
            }
            check()
        }
        capture(payment, isFinal: true, key: "\(key).last")
        for step in 0..<14 {
            switch draw.below(6) {
            case 0, 1: refund(payment, key: "\(key).r\(step)")
            case 2: endRefund()
            case 3: bounce(payment)
            case 4: settle(payment)
            default: fail(payment)
            }
            check()
        }
        end(payment)
    }

    private mutating func end(_ payment: PaymentID) {
        if draw.below(2) == 0 { while !underWay.isEmpty { endRefund() } }
        if captured > settled {
            world.settle(payment, captured - settled)
            settled = captured
        }
        #expect(world.pending() == 0)
        while !underWay.isEmpty { endRefund() }
        settledBefore += settled
        leftBefore += captured - refunded
        let (pending, available, fees) = (world.pending(), world.available(), world.sum(.platformFees, owner: 0))
        #expect(pending == 0 && available + fees == leftBefore)
    }

    private func check() {
        let (pending, available) = (world.pending(), world.available())
        #expect(pending >= 0)
        #expect(available <= settledBefore + settled, "unsettled money is available")
    }

    private mutating func capture(_ payment: PaymentID, isFinal: Bool, key: String) {
        let amount = draw.below(400) + 1
        world.send(.capture(payment, amountMinor: amount, isFinal: isFinal), key: key)
        world.answer(world.lastCall.token, ShardWorld.success(amount))
        #expect(world.lastStatus == 200)
        captured += amount
    }

    private mutating func settle(_ payment: PaymentID) {
        guard captured > settled else { return }
        let amount = draw.below(captured - settled) + 1
        world.settle(payment, amount)
        settled += amount
    }

    private mutating func refund(_ payment: PaymentID, key: String) {
        guard captured > refunded else { return }
        let amount = draw.below(3) == 0 ? captured - refunded : draw.below(captured - refunded) + 1
        world.send(.refund(payment, amountMinor: amount), key: key)
        refunded += amount
        refunds += 1
        underWay.append(Refund(number: refunds, amount: amount, token: world.lastCall.token))
    }

    private mutating func endRefund() {
        guard !underWay.isEmpty else { return }
        let refund = underWay.remove(at: Int(draw.below(Int64(underWay.count))))
        let isDeclined = draw.below(2) == 0
        let decline = Decline(category: .hard, code: .genericDecline, providerCode: "no")
        let outcome: ProviderOutcome =
            isDeclined ? .declined(decline) : ShardWorld.success(refund.amount, "re_\(refund.token)")
        world.answer(refund.token, outcome)
        #expect(world.lastStatus == (isDeclined ? 402 : 201))
        if isDeclined { refunded -= refund.amount } else { executed.append(refund) }
    }

    private mutating func bounce(_ payment: PaymentID) {
        guard let refund = executed.popLast() else { return }
        let id = RefundID(createdAt: world.now, shard: 3, paymentSequence: payment.sequence, ordinal: refund.number)
        world.tell(.refundFailed, of: payment) { $0.refund = id }
        #expect(world.lastStatus == 200, "\(world.lastBody)")
        refunded -= refund.amount
    }

    /// A part of what was captured and not refunded fails.
    private mutating func fail(_ payment: PaymentID) {
        let most = min(captured - refunded, captured - 1)
        guard most > 0 else { return }
        let amount = draw.below(most) + 1
        world.tell(.captureFailed, of: payment) { $0.amountMinor = amount }
        #expect(world.lastStatus == 200, "\(world.lastBody)")
        captured -= amount
        settled = min(settled, captured)
    }
}
