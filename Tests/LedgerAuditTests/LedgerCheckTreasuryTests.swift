import Journal
import Ledger
import Money
import NIOCore
import Testing
import Time

@testable import LedgerAudit
@testable import Payments
@testable import ShardRecords

/// Records of pay-outs, wallets, exchange, splits and captures by hand: sound lives, and what one
/// wrong thing in them is called.
@Suite struct LedgerCheckTreasuryTests {
    @Test func walletsPayOutsAndExchangeAreSound() throws {
        var books = MoneyBooks()
        books.fundMerchant(10_000, fee: 250)
        #expect(books.problems == [])
        books.payout(1, event: nil, amount: 4_000)
        books.payout(1, event: .sent, amount: 4_000)
        books.payout(1, event: .paid, amount: 4_000)
        books.payout(2, event: nil, amount: 1_000)
        books.payout(2, event: .failed, amount: 1_000)
        try books.quote(1, 2_000)
        try books.convert(1)
        #expect(books.problems == [])
        let left: Int128 = books.check.totals[books.available]?.balance ?? 0
        let expected: Int128 = -3_750
        #expect(left == expected)
    }

    @Test func aPayOutOfMoreThanIsAvailableIsNamed() {
        var books = MoneyBooks()
        books.fundMerchant(1_000, fee: 0)
        books.payout(1, event: nil, amount: 1_001)
        #expect(books.problems.contains { $0.contains("is overdrawn by 1") })
    }

    @Test func anEventThatTheStateDoesNotAllowIsNamed() {
        var books = MoneyBooks()
        books.fundMerchant(1_000, fee: 0)
        books.payout(1, event: nil, amount: 500)
        books.payout(1, event: .returned, amount: 500)
        #expect(books.problems.contains { $0.contains("is requested, and returned") })
    }

    @Test func aPayOutThatBooksAnotherAmountIsNamed() {
        var books = MoneyBooks()
        books.fundMerchant(1_000, fee: 0)
        let wrong = Transfers(PostingRules.payoutRequested(from: books.available, amountMinor: 499))
        books.payout(1, event: nil, amount: 500, booking: wrong)
        #expect(books.problems.contains { $0.contains("books") && $0.contains("is due") })
    }

    @Test func aQuoteUsedTwiceOrLateIsNamed() throws {
        var books = MoneyBooks()
        books.fundMerchant(10_000, fee: 0)
        try books.quote(1, 1_000)
        try books.convert(1)
        try books.convert(1)
        #expect(books.problems.contains { $0.contains("is used twice") })
        try books.quote(2, 1_000)
        books.time = books.time.adding(milliseconds: 100_000)
        try books.convert(2)
        #expect(books.problems.contains { $0.contains("has expired") })
    }

    @Test func aSaleOfMoreThanTheWalletHoldsIsNamed() {
        var books = MoneyBooks()
        books.openWallet()
        books.topUp(500)
        books.paySale(501, fee: 0)
        #expect(books.problems.contains { $0.contains("leaves its side") })
    }

    @Test func unsettledMoneyThatBecomesAvailableIsNamed() {
        var sound = MoneyBooks()
        sound.openWallet()
        sound.topUp(600)
        sound.topUp(400)
        sound.settle(1, 500, released: 0)
        sound.paySale(700, fee: 0)
        // 500 of 1,000 are settled; 200 of the 700 are not, and 100 more need not stay pending.
        sound.settle(1, 100, released: 100)
        sound.settle(2, 400, released: 100)
        #expect(sound.problems == [])
        var wrong = MoneyBooks()
        wrong.openWallet()
        wrong.topUp(600)
        wrong.paySale(600, fee: 0, booksAsSettled: true)
        #expect(wrong.problems.contains { $0.contains("merchant:pending") && $0.contains("is due") })
    }

    @Test(arguments: [(200, 300), (500, 300), (200, 0), (200, 299)] as [(Int64, Int64)])
    func aTopUpsSettlementReleasesWhatItSettlesAndItsRefundTheRest(_ settling: Int64, _ refunding: Int64) {
        var books = MoneyBooks()
        books.openWallet()
        books.topUp(1_000)
        books.refund(1, 1_000, unsettled: 1_000, released: 0)
        books.settle(1, 1_000, unsettled: 0, released: 0)
        books.topUp(500)
        books.paySale(500, fee: 0)
        books.decline(1, 1_000)
        // The wallet holds 1,000 of settled money, and 500 are pending that wait for the second
        // top-up.
        books.settle(2, 200, released: settling)
        books.refund(2, 500, unsettled: 300, released: refunding)
        if settling == 200, refunding == 300 {
            #expect(books.problems == [])
        } else {
            #expect(books.problems.contains { $0.contains("merchant:pending") && $0.contains("is due") })
        }
    }

    @Test func splitsAreFollowedBySeller() throws {
        var books = MoneyBooks()
        let names = try ["a", "b"].map { try #require(SellerName($0)) }
        let plan = names.map { SplitRequest(seller: $0, share: .basisPoints(3_333)) }
        books.sale(1_000, plan, parts: [333, 333], residue: 0)
        #expect(books.problems == [])
        books.sale(1_001, plan, parts: [333, 334], residue: 0)
        #expect(books.problems.contains { $0.contains("seller:pending") })
    }
}

/// Records, made by hand and given to a check one by one.
private struct MoneyBooks {
    var check = LedgerCheck()
    var time: Timestamp = 1_790_000_000_000
    private var position: RecordPosition = 0
    private var payments: UInt64 = 0
    private let merchant = MerchantID(rawValue: 7)
    private let wallet = WalletID(createdAt: 1, shard: 3, sequence: 1)
    private var funds = WalletFunds(
        owner: WalletID(createdAt: 1, shard: 3, sequence: 1).accountOwner,
        balanceMinor: 0,
        unsettledMinor: 0,
        pendingMinor: 0
    )
    private var terms: [UInt64: ExchangeTerms] = [:]

    var available: Account { Account(.merchantAvailable, owner: 7, currency: .eur) }

    var problems: [String] {
        var finished = check
        finished.finish()
        return finished.problems.map(\.description)
    }

    private mutating func take(_ record: ShardRecord) {
        position += 1
        time = time.adding(milliseconds: 1)
        check.examine(record, at: position)
    }

    private func key() -> RequestKey {
        RequestKey(
            digest: KeyDigest(high: 1, low: position + 1),
            fingerprint: Fingerprint(high: 0, low: 0),
            requestID: RequestID(high: 0, low: position)
        )
    }

    mutating func openWallet() {
        take(
            .walletOpened(
                WalletOpened(
                    id: wallet,
                    merchant: merchant,
                    currency: .eur,
                    reference: "",
                    key: key(),
                    responseStatus: 201,
                    response: ByteBuffer(),
                    time: time
                )
            )
        )
    }

    /// A wallet is filled, which the provider settles, and pays all of it to the merchant.
    mutating func fundMerchant(_ amount: Int64, fee: UInt16) {
        openWallet()
        topUp(amount)
        settle(1, amount, released: 0)
        paySale(amount, fee: fee)
    }

    /// The provider settles a top-up.
    /// - Parameter unsettled: how much of it was not settled or refunded; nil for all.
    mutating func settle(_ payment: UInt64, _ amount: Int64, unsettled: Int64? = nil, released: Int64) {
        var fact = PaymentFact(.settled, amountMinor: amount, in: .eur)
        fact.isFeeBounded = true
        funds.unsettledMinor -= unsettled ?? amount
        funds.pendingMinor -= released
        take(
            .eventApplied(
                EventApplied(
                    payment: PaymentID(createdAt: 1, shard: 3, sequence: payment),
                    type: .settlementMatched,
                    fact: fact,
                    provider: "psp",
                    eventID: "evt_\(position)",
                    key: key(),
                    transfers: Transfers(
                        PostingRules.settlement(
                            parties(.provider),
                            amountMinor: amount,
                            providerFeeMinor: 0,
                            releasedMinor: released
                        )
                    ),
                    time: time
                )
            )
        )
    }

    /// The first refund of a top-up begins, and takes `unsettled` of what nobody has settled.
    mutating func refund(_ payment: UInt64, _ amount: Int64, unsettled: Int64, released: Int64) {
        let transfer = PostingRules.topUpRefundRequested(
            parties(.topUp(funds)),
            amountMinor: amount,
            releasedMinor: released
        )
        funds.balanceMinor -= amount
        funds.unsettledMinor -= unsettled
        funds.pendingMinor -= released
        take(
            .operationStarted(
                OperationStarted(
                    payment: PaymentID(createdAt: 1, shard: 3, sequence: payment),
                    operation: .refund,
                    ordinal: 1,
                    amountMinor: amount,
                    key: key(),
                    transfers: Transfers(transfer),
                    time: time
                )
            )
        )
    }

    /// The first refund of a top-up is declined, of which all is settled.
    mutating func decline(_ payment: UInt64, _ amount: Int64) {
        let transfer = PostingRules.refundFailed(parties(.topUp(funds)), amountMinor: amount, to: .available)
        funds.balanceMinor += amount
        take(
            .operationFinished(
                OperationFinished(
                    payment: PaymentID(createdAt: 1, shard: 3, sequence: payment),
                    operation: .refund,
                    ordinal: 1,
                    connector: .first,
                    result: .declined(.hard, .doNotHonor),
                    amountMinor: amount,
                    executedMinor: 0,
                    executedCurrency: .eur,
                    providerReference: "",
                    declineProviderCode: "",
                    transfers: Transfers(transfer),
                    responseStatus: 402,
                    response: ByteBuffer(),
                    time: time
                )
            )
        )
    }

    mutating func topUp(_ amount: Int64) {
        var details = PaymentDetails()
        details.append(.wallet, wallet.description)
        let rail = PaymentRail.topUp(funds)
        funds.balanceMinor += amount
        funds.unsettledMinor += amount
        pay(
            amount,
            fee: 0,
            traits: .topUp,
            details: details,
            transfer: PostingRules.capture(parties(rail), amountMinor: amount, feeMinor: 0)
        )
    }

    /// - Parameter booksAsSettled: makes all of it available, whatever is unsettled: a mistake.
    mutating func paySale(_ amount: Int64, fee: UInt16, booksAsSettled: Bool = false) {
        var details = PaymentDetails()
        details.append(.paymentMethod, wallet.description)
        var booked = funds
        if booksAsSettled { booked.unsettledMinor = 0 }
        let parties = parties(.wallet(booked))
        let share = BasisPoints.fee(of: amount, basisPoints: fee)
        if !booksAsSettled { funds.pendingMinor += funds.pendingPart(ofShare: amount - share, spending: amount) }
        funds.balanceMinor -= amount
        pay(
            amount,
            fee: fee,
            traits: .wallet,
            details: details,
            transfer: PostingRules.capture(parties, amountMinor: amount, feeMinor: share)
        )
    }

    mutating func sale(_ amount: Int64, _ plan: [SplitRequest], parts: [Int64], residue: Int64) {
        var details = PaymentDetails()
        details.append(plan: plan)
        let sellers = parts.enumerated().map { SellerPart(owner: 3 << 48 | UInt64($0 + 1), amountMinor: $1) }
        let transfer = PostingRules.capture(parties(.provider), amountMinor: amount, feeMinor: residue, parts: sellers)
        pay(amount, fee: 0, traits: .split, details: details, transfer: transfer)
    }

    private func parties(_ rail: PaymentRail) -> Parties {
        Parties(merchant: 7, connector: 1, currency: .eur, rail: rail)
    }

    private mutating func pay(
        _ amount: Int64,
        fee: UInt16,
        traits: PaymentTraits,
        details: PaymentDetails,
        transfer: Transfer
    ) {
        payments += 1
        let id = PaymentID(createdAt: 1, shard: 3, sequence: payments)
        take(
            .paymentCreated(
                PaymentCreated(
                    id: id,
                    merchant: merchant,
                    amountMinor: amount,
                    currency: .eur,
                    feeBasisPoints: fee,
                    capturesAutomatically: true,
                    route: RoutePlan(.first),
                    traits: traits,
                    key: key(),
                    details: details.bytes,
                    time: time
                )
            )
        )
        let created = position
        take(
            .operationFinished(
                OperationFinished(
                    payment: id,
                    operation: .authorize,
                    ordinal: 1,
                    connector: .first,
                    result: .succeeded,
                    amountMinor: amount,
                    executedMinor: amount,
                    executedCurrency: .eur,
                    providerReference: "ref",
                    declineProviderCode: "",
                    transfers: Transfers(transfer),
                    responseStatus: 201,
                    response: ByteBuffer(),
                    previous: created,
                    time: time
                )
            )
        )
    }

    mutating func payout(_ number: UInt64, event: PayoutEvent?, amount: Int64, booking: Transfers? = nil) {
        let payout = Payout(
            id: PayoutID(createdAt: 1, shard: 3, sequence: number),
            merchant: merchant,
            amountMinor: amount,
            currency: .eur,
            seller: nil,
            destination: "ba",
            requestedAt: 1
        )
        take(
            .payoutChanged(
                PayoutChanged(
                    id: payout.id,
                    merchant: merchant,
                    event: event,
                    amountMinor: amount,
                    currency: .eur,
                    destination: "ba",
                    reason: "",
                    key: key(),
                    transfers: booking ?? payout.postings(event, source: available),
                    responseStatus: 200,
                    response: ByteBuffer(),
                    previous: 0,
                    time: time
                )
            )
        )
    }

    mutating func quote(_ number: UInt64, _ amount: Int64) throws {
        let rate = try #require(ExchangeRate("1.0842"))
        let made = try #require(
            ExchangeTerms(sold: .eur, soldMinor: amount, bought: .usd, rate: rate, spreadBasisPoints: 50)
        )
        terms[number] = made
        take(
            .exchangeQuoted(
                ExchangeQuoted(
                    id: QuoteID(createdAt: 1, shard: 3, sequence: number),
                    merchant: merchant,
                    terms: made,
                    expiresAt: time.adding(milliseconds: 60_000),
                    key: key(),
                    responseStatus: 201,
                    response: ByteBuffer(),
                    time: time
                )
            )
        )
    }

    mutating func convert(_ number: UInt64) throws {
        let id = QuoteID(createdAt: 1, shard: 3, sequence: number)
        let quote = ExchangeQuote(id: id, merchant: merchant, terms: try #require(terms[number]), expiresAt: 0)
        take(
            .exchangeConverted(
                ExchangeConverted(
                    id: id,
                    merchant: merchant,
                    key: key(),
                    transfers: quote.postings,
                    responseStatus: 201,
                    response: ByteBuffer(),
                    previous: 0,
                    time: time
                )
            )
        )
    }
}
