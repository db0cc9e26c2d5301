import Journal
import Ledger
import Money
import NIOCore
import Payments
import ShardCore
import ShardModel
import ShardRecords
import ShardStorage
import Testing

@Suite("Pay-outs, wallets and exchange in a shard")
struct ShardTreasuryTests {
    static let eurUSD = ExchangeRate(mantissa: 10_842, scale: 4)

    static func payout(
        _ amount: Int64? = nil,
        _ currency: Currency = .eur,
        minimum: Int64 = 1,
        held: Bool = false
    ) -> Command.Kind {
        .createPayout(
            CreatePayout(
                amountMinor: amount,
                currency: currency,
                destination: "ba_1",
                minimumMinor: minimum,
                isHeld: held
            )
        )
    }

    static func quote(_ amount: Int64, valid: Int64 = 60_000, spread: UInt16 = 50) throws -> Command.Kind {
        .quoteExchange(
            QuoteRequest(
                sold: .eur,
                soldMinor: amount,
                bought: .usd,
                rate: try #require(eurUSD),
                spreadBasisPoints: spread,
                validMilliseconds: valid
            )
        )
    }

    @Test("A pay-out takes what is available, and not a cent more")
    func boundedByAvailable() throws {
        var world = ShardWorld()
        world.makeAvailable(1_000)
        world.send(Self.payout(1_001), key: "p1")
        #expect(world.lastStatus == 422 && world.lastBody.contains("balanceInsufficient"))
        world.send(Self.payout(400), key: "p2")
        #expect(world.lastStatus == 201 && world.lastBody.contains("requested 400"))
        world.send(Self.payout(), key: "p3")
        #expect(world.lastStatus == 201 && world.lastBody.contains("requested 600"))
        world.send(Self.payout(), key: "p4")
        #expect(world.lastStatus == 422)
        world.send(Self.payout(1, .usd), key: "p5")
        #expect(world.lastStatus == 422)
        #expect(world.available() == 0)
        world.checkBooks()
    }

    @Test("What is pending cannot be paid out; a negative balance pays nothing out")
    func pendingIsNotAvailable() throws {
        var world = ShardWorld()
        _ = world.paid(5_000, key: "k1")
        world.send(Self.payout(), key: "p1")
        #expect(world.lastStatus == 422)
        // Paid from a wallet, paid out, then refunded: the merchant owes.
        world.makeAvailable(300)
        let payment = world.lastWalletPayment
        world.send(Self.payout(300), key: "p2")
        world.send(.refund(payment, amountMinor: nil), key: "r")
        #expect(world.available() == -300)
        world.send(Self.payout(), key: "p3")
        #expect(world.lastStatus == 422 && world.lastBody.contains("balanceInsufficient"))
    }

    @Test("Minimum and hold are refused under a key that stays free")
    func minimumAndHold() throws {
        var world = ShardWorld()
        world.makeAvailable(1_000)
        world.send(Self.payout(99, minimum: 100), key: "p")
        #expect(world.lastStatus == 422 && world.lastBody.contains("payoutBelowMinimum"))
        world.send(Self.payout(100, held: true), key: "p")
        #expect(world.lastStatus == 409 && world.lastBody.contains("payoutsOnHold"))
        world.send(Self.payout(100, minimum: 100), key: "p")
        #expect(world.lastStatus == 201)
        world.checkBooks()
    }

    @Test("Events move a pay-out and its money; the wrong ones are refused, a repeated key answers again")
    func events() throws {
        var world = ShardWorld()
        world.makeAvailable(1_000)
        world.send(Self.payout(700), key: "p")
        let id = world.lastPayout
        world.send(.payoutEvent(id, .returned, reason: ""), key: "e0")
        #expect(world.lastStatus == 409 && world.lastBody.contains("payoutUnexpectedState"))
        world.send(.payoutEvent(id, .sent, reason: ""), key: "e1")
        #expect(world.lastBody.contains("in_transit"))
        world.send(.payoutEvent(id, .paid, reason: ""), key: "e2")
        #expect(world.lastBody.contains(" paid "))
        #expect(world.available() == 300)
        let records = world.journal.count
        world.send(.payoutEvent(id, .paid, reason: ""), key: "e2")
        #expect(world.replays.last?.record == RecordPosition(records) && world.journal.count == records)
        world.send(.payoutEvent(id, .returned, reason: "account_closed"), key: "e3")
        #expect(world.lastBody.contains("returned") && world.lastBody.contains("account_closed"))
        #expect(world.available() == 1_000)
        world.send(.getPayout(id))
        #expect(world.lastStatus == 200 && world.lastBody.contains("returned"))
        world.send(.getPayout(id), merchant: 8)
        #expect(world.lastStatus == 404)
        world.send(.getPayout(PayoutID(high: id.high, low: id.low + 1)))
        #expect(world.lastStatus == 404)
        world.checkBooks()
    }

    @Test("The stored answer of each record is found and is what was sent")
    func storedAnswers() throws {
        var world = ShardWorld()
        world.makeAvailable(1_000)
        world.send(Self.payout(700), key: "p")
        try world.checkStoredAnswer()
        world.send(.payoutEvent(world.lastPayout, .failed, reason: "no such account"), key: "e")
        try world.checkStoredAnswer()
        world.send(.createWallet(CreateWallet(currency: .eur, reference: "customer-1")), key: "w")
        try world.checkStoredAnswer()
        world.send(try Self.quote(500), key: "q")
        try world.checkStoredAnswer()
        world.send(.convertExchange(world.lastQuote), key: "c")
        #expect(world.lastStatus == 201)
        try world.checkStoredAnswer()
    }

    @Test("A quote is used once, in its time, by its merchant, with money")
    func exchange() throws {
        var world = ShardWorld()
        world.makeAvailable(1_000)
        world.send(try Self.quote(1_000, valid: 1_000), key: "q1")
        #expect(world.lastStatus == 201)
        let first = world.lastQuote
        world.send(.convertExchange(first), key: "c0", merchant: 8)
        #expect(world.lastStatus == 404)
        world.send(.convertExchange(first), key: "c1")
        #expect(world.lastStatus == 201 && world.lastBody.contains("1000 EUR 1078 USD"))
        #expect(world.available() == 0 && world.available(.usd) == 1_078)
        world.send(.convertExchange(first), key: "c2")
        #expect(world.lastStatus == 409 && world.lastBody.contains("quoteUsed"))
        world.makeAvailable(50)
        world.send(try Self.quote(51), key: "q2")
        world.send(.convertExchange(world.lastQuote), key: "c3")
        #expect(world.lastStatus == 422 && world.lastBody.contains("balanceInsufficient"))
        world.send(try Self.quote(50, valid: 1_000), key: "q3")
        let late = world.lastQuote
        world.pass(milliseconds: 1_000)
        world.send(.convertExchange(late), key: "c4")
        #expect(world.lastStatus == 409 && world.lastBody.contains("quoteExpired"))
        world.send(try Self.quote(1), key: "q4")
        #expect(world.lastStatus == 422 && world.lastBody.contains("exchangeAmountTooSmall"))
        world.checkBooks()
    }

    @Test("Tables that are full say so; expired quotes are forgotten and make room")
    func fullTables() throws {
        var configuration = ShardConfiguration.test
        configuration.treasury.payouts = 1
        configuration.treasury.wallets = 2  // One fills the balance.
        configuration.treasury.quotes = 2
        var world = ShardWorld(configuration: configuration)
        world.makeAvailable(1_000)
        for (index, expected) in [UInt16(201), 503].enumerated() {
            world.send(Self.payout(1), key: "p\(index)")
            #expect(world.lastStatus == expected)
            world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w\(index)")
            #expect(world.lastStatus == expected)
        }
        world.send(try Self.quote(100, valid: 1_000), key: "q1")
        let first = world.lastQuote
        world.send(try Self.quote(100, valid: 1_000), key: "q2")
        world.send(try Self.quote(100), key: "q3")
        #expect(world.lastStatus == 503 && world.lastBody.contains("quoteTableFull"))
        world.pass(milliseconds: 3_601_000)
        world.send(try Self.quote(100), key: "q4")
        #expect(world.lastStatus == 201)
        world.send(.convertExchange(first), key: "c")
        #expect(world.lastStatus == 404)
        try world.checkReplay()
    }

    @Test("A restart from the journal, and from a snapshot and the records behind it, gives the same state")
    func restarts() throws {
        let disk = MemoryDisk()
        var world = ShardWorld()
        world.storage = ShardStorage(directory: "/data", journalID: 1, fileSystem: disk)
        world.makeAvailable(10_000)
        for index in 0..<20 {
            world.send(Self.payout(100), key: "p\(index)")
            if index % 2 == 0 { world.send(.payoutEvent(world.lastPayout, .paid, reason: ""), key: "e\(index)") }
            world.send(.createWallet(CreateWallet(currency: .usd, reference: "c\(index)")), key: "w\(index)")
            world.send(try Self.quote(200), key: "q\(index)")
            if index % 3 == 0 { world.send(.convertExchange(world.lastQuote), key: "x\(index)") }
            if index == 11 { try world.snapshot() }
        }
        let open = world.lastQuote
        let digest = world.digest()
        try world.checkReplay()
        let written = world.storage
        let storage = try #require(written)
        var restarted = try ShardWorld(from: storage, journal: world.journal, at: world.now)
        #expect(restarted.restored.position > 0)
        #expect(restarted.digest() == digest)
        _ = restarted.resume()
        restarted.send(.convertExchange(open), key: "after")
        #expect(restarted.lastStatus == (restarted.available() >= 0 ? 201 : 422))
        restarted.send(.convertExchange(open), key: "again")
        #expect(restarted.lastStatus == 409)
        restarted.send(Self.payout(100), key: "p3")
        #expect(restarted.replays.count == 1)
    }

    @Test("Two thousand random operations: nobody ever owes, sums are the naive model's, quotes are used once")
    func random() throws {
        var run = try RandomMoney()
        for step in 0..<2_000 {
            try run.step(step)
            let (eur, usd) = (run.world.available(), run.world.available(.usd))
            #expect(eur == run.eur && usd == run.usd && eur >= 0 && usd >= 0)
        }
        run.world.checkBooks()
        try run.world.checkReplay()
    }
}

/// Random pay-outs, their events, quotes and conversions, with a naive model of what they do.
private struct RandomMoney: ~Copyable {
    var world = ShardWorld()
    var eur: Int64 = 50_000
    var usd: Int64 = 0
    private var state: UInt64 = 42
    private var payouts: [(id: PayoutID, amount: Int64, state: PayoutState)] = []
    private var quotes: [(id: QuoteID, sold: Int64, bought: Int64, used: Bool)] = []

    init() throws { world.makeAvailable(50_000) }

    private mutating func next(_ bound: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % bound
    }

    mutating func step(_ step: Int) throws {
        switch next(4) {
        case 0: payOut("\(step)")
        case 1 where !payouts.isEmpty: tell("\(step)")
        case 2:
            let amount = Int64(next(2_000)) + 10
            world.send(try ShardTreasuryTests.quote(amount), key: "\(step)")
            let gross = amount * 10_842 / 10_000
            quotes.append((world.lastQuote, amount, gross - (gross * 50 + 9_999) / 10_000, false))
        default: if !quotes.isEmpty { convert("\(step)") }
        }
    }

    private mutating func payOut(_ key: String) {
        let isEUR = next(2) == 0
        let amount = Int64(next(3_000)) + 1
        world.send(ShardTreasuryTests.payout(amount, isEUR ? .eur : .usd), key: key)
        let status = world.lastStatus
        guard amount <= (isEUR ? eur : usd) else {
            #expect(status == 422)
            return
        }
        #expect(status == 201)
        if isEUR { eur -= amount } else { usd -= amount }
        if isEUR { payouts.append((world.lastPayout, amount, .requested)) }
    }

    private mutating func tell(_ key: String) {
        let index = Int(next(UInt64(payouts.count)))
        let event = PayoutEvent.allCases[Int(next(4))]
        world.send(.payoutEvent(payouts[index].id, event, reason: ""), key: key)
        let status = world.lastStatus
        let after: PayoutState? =
            switch (payouts[index].state, event) {
            case (.requested, .sent): .inTransit
            case (.requested, .paid), (.inTransit, .paid): .paid
            case (.requested, .failed), (.inTransit, .failed): .failed
            case (.paid, .returned): .returned
            default: nil
            }
        #expect(status == (after == nil ? 409 : 200))
        guard let after else { return }
        payouts[index].state = after
        if after == .failed || after == .returned { eur += payouts[index].amount }
    }

    private mutating func convert(_ key: String) {
        let index = Int(next(UInt64(quotes.count)))
        world.send(.convertExchange(quotes[index].id), key: key)
        let status = world.lastStatus
        let isCovered = quotes[index].sold <= eur
        #expect(status == (quotes[index].used ? 409 : isCovered ? 201 : 422))
        guard status == 201 else { return }
        eur -= quotes[index].sold
        usd += quotes[index].bought
        quotes[index].used = true
    }
}

extension ShardWorld {
    /// Opens a wallet and fills it through the provider, which settles it if `settled`.
    @discardableResult
    mutating func fillWallet(
        _ amount: Int64,
        _ currency: Currency = .eur,
        merchant: UInt64 = 7,
        settled: Bool = false
    ) -> WalletID {
        let key = "fill\(journal.count)"
        send(.createWallet(CreateWallet(currency: currency, reference: "customer")), key: key + "w", merchant: merchant)
        let wallet = lastWallet
        send(.topUp(wallet, amount, currency: currency), key: key + "t", merchant: merchant)
        answer(
            lastCall.token,
            .succeeded(ProviderSuccess(providerReference: "ch_top", amountMinor: amount, currency: currency))
        )
        if settled { settle(lastCall.call.payment, amount) }
        return wallet
    }

    /// The provider settles an amount of a payment.
    mutating func settle(_ payment: PaymentID, _ amount: Int64) {
        tell(.settlementMatched, of: payment) { $0.amountMinor = amount }
        precondition(lastStatus == 200, lastBody)
    }

    /// Puts money on a merchant's available balance: a wallet is filled, and pays it, without a
    /// fee.
    mutating func makeAvailable(_ amount: Int64, _ currency: Currency = .eur, merchant: UInt64 = 7) {
        let wallet = fillWallet(amount, currency, merchant: merchant, settled: true)
        send(.pay(from: wallet, amount, currency), key: "pay\(journal.count)", merchant: merchant)
        precondition(lastStatus == 201)
    }

    func sum(_ kind: AccountKind, owner: UInt64, _ currency: Currency = .eur) -> Int64 {
        Int64(-core.balance(of: Account(kind, owner: owner, currency: currency)))
    }

    func available(_ currency: Currency = .eur, merchant: UInt64 = 7) -> Int64 {
        sum(.merchantAvailable, owner: merchant, currency)
    }

    func view(_ wallet: WalletID, merchant: UInt64 = 7) -> (available: Int64, held: Int64) {
        (sum(.wallet, owner: wallet.accountOwner), sum(.walletHeld, owner: wallet.accountOwner))
    }

    var lastPayout: PayoutID { PayoutID(String(lastBody.prefix(30))) ?? PayoutID(high: 0, low: 0) }
    var lastQuote: QuoteID { QuoteID(String(lastBody.prefix(30))) ?? QuoteID(high: 0, low: 0) }
    var lastWallet: WalletID { WalletID(String(lastBody.prefix(30))) ?? WalletID(high: 0, low: 0) }
    var lastWalletPayment: PaymentID { PaymentID(String(lastBody.prefix(30))) ?? PaymentID(high: 0, low: 0) }

    func checkBooks() {
        let isBalanced = core.trialBalance().isBalanced
        #expect(isBalanced)
    }

    func checkReplay() throws {
        let again = try ShardWorld(replaying: journal, at: now)
        let (mine, other) = (digest(), again.digest())
        #expect(mine == other)
    }

    func checkStoredAnswer() throws {
        let newest = journal[journal.count - 1]
        let (body, status) = (responses.last?.body, lastStatus)
        let stored = try StoredResponse(record: newest)
        #expect(stored.body == body && stored.status == status)
    }
}

extension Command.Kind {
    static func pay(
        from wallet: WalletID,
        _ amount: Int64,
        _ currency: Currency = .eur,
        capture: Bool = true,
        fee: UInt16 = 0
    ) -> Command.Kind {
        var details = PaymentDetails()
        details.append(.paymentMethod, wallet.description)
        var payment = CreatePayment(
            amountMinor: amount,
            currency: currency,
            capturesAutomatically: capture,
            feeBasisPoints: fee,
            route: RoutePlan(.first),
            paymentMethod: wallet.description,
            details: details
        )
        payment.funding = .wallet(wallet)
        return .createPayment(payment)
    }

    static func topUp(_ wallet: WalletID, _ amount: Int64, currency: Currency = .eur) -> Command.Kind {
        var details = PaymentDetails()
        details.append(.paymentMethod, "tok_visa")
        details.append(.wallet, wallet.description)
        var payment = CreatePayment(
            amountMinor: amount,
            currency: currency,
            capturesAutomatically: true,
            feeBasisPoints: 0,
            route: RoutePlan(.first),
            paymentMethod: "tok_visa",
            details: details
        )
        payment.funding = .topUp(wallet)
        return .createPayment(payment)
    }
}
