import Journal
import Ledger
import Money
import NIOCore
import Risk
import Testing
import Time

@testable import LedgerAudit
@testable import Payments
@testable import ShardRecords

/// The check follows records; here are the records of whole lives, and what one wrong field in them
/// is called.
@Suite struct LedgerCheckTests {
    @Test func aWholeLifeIsSound() {
        var books = Books()
        books.create(1_000, fee: 250, capturing: false)
        books.finish(
            .authorize,
            ordinal: 1,
            amount: 1_000,
            transfers: Transfers(PostingRules.hold(books.parties, amountMinor: 1_000))
        )
        books.start(.capture, ordinal: 1, amount: 600)
        books.finish(.capture, ordinal: 1, amount: 600, transfers: books.capture(600, fee: 15, releasing: 1_000))
        books.start(.refund, ordinal: 1, amount: 100, transfers: books.requested(100))
        books.finish(
            .refund,
            ordinal: 1,
            amount: 100,
            transfers: Transfers(PostingRules.refundConfirmed(books.parties, amountMinor: 100))
        )
        books.start(.refund, ordinal: 2, amount: 200, transfers: books.requested(200))
        books.finish(
            .refund,
            ordinal: 2,
            amount: 200,
            transfers: books.returned(200),
            result: .declined(.hard, .doNotHonor)
        )
        books.bounce(ordinal: 1, 100)
        #expect(books.problems == [])
        #expect(books.check.totals[Account(.platformFees, currency: .eur)]?.balance == -15)
        #expect(books.check.paymentCount == 1)
        #expect(books.check.openOperations == 0)
    }

    @Test func severalCapturesAreSound() {
        var books = Books()
        books.create(1_000, fee: 250, capturing: false)
        books.finish(
            .authorize,
            ordinal: 1,
            amount: 1_000,
            transfers: Transfers(PostingRules.hold(books.parties, amountMinor: 1_000))
        )
        for (number, amount) in [(1, 300), (2, 250)] as [(UInt16, Int64)] {
            books.start(.capture, ordinal: number, amount: amount)
            let fee = BasisPoints.fee(of: amount, basisPoints: 250)
            books.finish(
                .capture,
                ordinal: number,
                amount: amount,
                transfers: books.capture(amount, fee: fee, releasing: amount),
                staysOpen: true
            )
        }
        books.start(.cancel, ordinal: 1, amount: 450)
        books.finish(
            .cancel,
            ordinal: 1,
            amount: 450,
            transfers: Transfers(PostingRules.release(books.parties, amountMinor: 450))
        )
        // 14 of the 550 are the platform's.
        books.start(.refund, ordinal: 1, amount: 550, transfers: books.requested(550, pending: 536))
        books.finish(
            .refund,
            ordinal: 1,
            amount: 550,
            transfers: Transfers(PostingRules.refundConfirmed(books.parties, amountMinor: 550))
        )
        #expect(books.problems == [])
    }

    @Test func aCaptureThatKeepsTooMuchOfTheHoldIsNamed() {
        var books = Books()
        books.create(1_000, fee: 0, capturing: false)
        books.finish(
            .authorize,
            ordinal: 1,
            amount: 1_000,
            transfers: Transfers(PostingRules.hold(books.parties, amountMinor: 1_000))
        )
        books.start(.capture, ordinal: 1, amount: 300)
        books.finish(.capture, ordinal: 1, amount: 300, transfers: books.capture(300, fee: 0, releasing: 300))
        #expect(books.problems.first?.hasPrefix("record 4: books") == true)
    }

    @Test func aSaleIsSoundAndOpenOperationsAreCounted() {
        var books = Books()
        books.create(1_000, fee: 0, capturing: true)
        books.finish(.authorize, ordinal: 1, amount: 1_000, transfers: books.capture(1_000, fee: 0, releasing: nil))
        books.create(500, fee: 0, capturing: true)
        #expect(books.problems == [])
        #expect(books.check.openOperations == 1)
    }

    @Test(arguments: [(0, true), (1_000, true), (1_001, true), (1_001, false)] as [(Int64, Bool)])
    func aSettlementsFeeIsNotAboveItsAmountSinceThatIsChecked(_ fee: Int64, _ isBounded: Bool) {
        var books = Books()
        books.create(1_000, fee: 0, capturing: true)
        books.finish(.authorize, ordinal: 1, amount: 1_000, transfers: books.capture(1_000, fee: 0, releasing: nil))
        books.settle(1_000, providerFee: fee, isBounded: isBounded)
        if fee > 1_000, isBounded {
            #expect(books.problems.first?.contains("a fee of 1001 for 1000 settled") == true)
        } else {
            #expect(books.problems == [])
        }
    }

    @Test func aWrongAmountIsNamed() {
        var books = Books()
        books.create(1_000, fee: 250, capturing: true)
        books.finish(.authorize, ordinal: 1, amount: 1_000, transfers: books.capture(1_000, fee: 24, releasing: nil))
        #expect(books.problems.first?.contains("books") == true)
        #expect(books.problems.contains { $0.contains("platform:fees") && $0.contains("-25") })
    }

    @Test func aMissingTransferIsNamed() {
        var books = Books()
        books.create(1_000, fee: 0, capturing: false)
        books.finish(.authorize, ordinal: 1, amount: 1_000, transfers: Transfers())
        #expect(books.problems.first?.hasPrefix("record 2: books nothing where") == true)
    }

    @Test func captureOfMoreThanAuthorizedIsNamed() {
        var books = Books()
        books.create(1_000, fee: 0, capturing: false)
        books.finish(
            .authorize,
            ordinal: 1,
            amount: 1_000,
            transfers: Transfers(PostingRules.hold(books.parties, amountMinor: 1_000))
        )
        books.start(.capture, ordinal: 1, amount: 1_001)
        books.finish(.capture, ordinal: 1, amount: 1_001, transfers: books.capture(1_001, fee: 0, releasing: 1_000))
        #expect(books.problems == ["record 4: captured 1001 of 1000 authorized"])
    }

    @Test func refundOfMoreThanCapturedIsNamed() {
        var books = Books()
        books.create(100, fee: 0, capturing: true)
        books.finish(.authorize, ordinal: 1, amount: 100, transfers: books.capture(100, fee: 0, releasing: nil))
        books.start(.refund, ordinal: 1, amount: 60, transfers: books.requested(60))
        books.start(.refund, ordinal: 2, amount: 60, transfers: books.requested(60, pending: 40))
        #expect(books.problems == ["record 4: refunded 0 and pending 120 of 100 captured"])
    }

    @Test(arguments: [(1_000, 985), (985, 985), (400, 400)] as [(Int64, Int64)])
    func aRefundTakesWhatThePaymentHasPendingAndThenAvailableMoney(_ amount: Int64, _ pending: Int64) {
        for wrong in [Int64(0), 1] {
            var books = Books()
            books.create(1_000, fee: 150, capturing: true)
            let captured = books.capture(1_000, fee: 15, releasing: nil)
            books.finish(.authorize, ordinal: 1, amount: 1_000, transfers: captured)
            let requested = books.requested(amount, pending: pending - wrong)
            books.start(.refund, ordinal: 1, amount: amount, transfers: requested)
            #expect(books.problems.isEmpty == (wrong == 0))
            #expect(wrong == 0 || books.problems.first?.hasPrefix("record 3: books") == true)
        }
    }

    @Test func pendingMoneyOutOfItsBoundsIsNamed() {
        var books = Books()
        books.create(1_000, fee: 0, capturing: true)
        #expect(books.check.payments[0].brokenInvariant == nil)
        books.check.payments[0].pending = -1
        #expect(books.check.payments[0].brokenInvariant == "-1 pending of a payment by card")
        books.check.payments[0].funding = .topUp(5)
        books.check.payments[0].wallet.unsettled = 4
        books.check.payments[0].wallet.pending = 5
        #expect(books.check.payments[0].brokenInvariant == "5 pending of a wallet with 4 unsettled")
    }

    @Test func releasingMoreThanWasHeldIsNamed() {
        var books = Books()
        books.create(1_000, fee: 0, capturing: false)
        books.finish(
            .authorize,
            ordinal: 1,
            amount: 1_000,
            transfers: Transfers(PostingRules.hold(books.parties, amountMinor: 1_000))
        )
        books.start(.cancel, ordinal: 1, amount: 1_000)
        books.finish(
            .cancel,
            ordinal: 1,
            amount: 1_000,
            transfers: Transfers(PostingRules.release(books.parties, amountMinor: 1_200))
        )
        #expect(books.problems.contains { $0.contains("leaves its side") })
        #expect(books.problems.contains { $0.contains("where memo:auth:merchant:0000000000000007 1000 EUR") })
    }

    @Test func anEndWithoutABeginningIsNamed() {
        var books = Books()
        books.create(100, fee: 0, capturing: true)
        books.finish(.authorize, ordinal: 1, amount: 100, transfers: books.capture(100, fee: 0, releasing: nil))
        books.finish(.authorize, ordinal: 1, amount: 100, transfers: books.capture(100, fee: 0, releasing: nil))
        #expect(books.problems.first?.contains("ends, but is not open") == true)
    }

    @Test func aGapInTheNumbersIsNamed() {
        var books = Books()
        books.sequence = 1
        books.create(100, fee: 0, capturing: true)
        #expect(books.problems.first?.contains("is not payment 1 of shard 3") == true)
    }

    @Test func aKeyReservedTwiceIsNamed() {
        var books = Books()
        books.create(100, fee: 0, capturing: true, key: 9)
        books.create(100, fee: 0, capturing: true, key: 9)
        #expect(books.problems == ["record 2: an idempotency key is reserved again while its first request is open"])
    }

    @Test func anExecutionOfAnotherAmountIsNamed() {
        var books = Books()
        books.create(100, fee: 0, capturing: true)
        books.finish(
            .authorize,
            ordinal: 1,
            amount: 100,
            transfers: books.capture(100, fee: 0, releasing: nil),
            executed: 99
        )
        #expect(books.problems == ["record 2: 100 EUR asked for, 99 EUR executed"])
    }

    @Test func manyProblemsAreCountedAndFewAreKept() {
        var books = Books()
        for _ in 0..<150 { books.bounce(ordinal: 1, 5) }
        #expect(books.check.problemCount == 150)
        #expect(books.check.problems.count == LedgerCheck.maximumKept)
    }
}

/// Makes the records of payments and gives them to a check.
struct Books {
    var check = LedgerCheck()
    var sequence: UInt64 = 0
    private(set) var entries: [LedgerEntry] = []
    private var position: RecordPosition = 0
    private var time: Timestamp = 1_790_000_000_000
    let parties = Parties(merchant: 7, connector: 1, currency: .eur)
    let merchant = MerchantID(rawValue: 7)

    private var payment: PaymentID { PaymentID(createdAt: 1_790_000_000_000, shard: 3, sequence: sequence) }

    /// The texts of all problems, with those that only the end shows.
    var problems: [String] {
        var ended = check
        ended.finish()
        return ended.problems.map(\.description)
    }

    mutating func create(
        _ amount: Int64,
        fee: UInt16,
        capturing: Bool,
        key: UInt64? = nil,
        details: [UInt8] = []
    ) {
        sequence += 1
        take(
            .paymentCreated(
                PaymentCreated(
                    id: payment,
                    merchant: merchant,
                    amountMinor: amount,
                    currency: .eur,
                    feeBasisPoints: fee,
                    capturesAutomatically: capturing,
                    route: RoutePlan(.first),
                    key: requestKey(key ?? sequence << 16),
                    details: details,
                    time: time
                )
            )
        )
    }

    mutating func start(
        _ operation: ProviderOperation,
        ordinal: UInt16,
        amount: Int64,
        transfers: Transfers = Transfers()
    ) {
        take(
            .operationStarted(
                OperationStarted(
                    payment: payment,
                    operation: operation,
                    ordinal: ordinal,
                    amountMinor: amount,
                    key: requestKey(sequence << 16 | UInt64(operation.rawValue) << 8 | UInt64(ordinal)),
                    transfers: transfers,
                    time: time
                )
            )
        )
    }

    mutating func finish(
        _ operation: ProviderOperation,
        ordinal: UInt16,
        amount: Int64,
        transfers: Transfers,
        result: OperationResult = .succeeded,
        executed: Int64? = nil,
        staysOpen: Bool = false
    ) {
        take(
            .operationFinished(
                OperationFinished(
                    payment: payment,
                    operation: operation,
                    ordinal: ordinal,
                    connector: .first,
                    result: result,
                    amountMinor: amount,
                    executedMinor: executed ?? (result == .succeeded ? amount : 0),
                    executedCurrency: .eur,
                    staysOpen: staysOpen,
                    providerReference: "ch_1",
                    declineProviderCode: "",
                    transfers: transfers,
                    responseStatus: 200,
                    response: ByteBuffer(),
                    time: time
                )
            )
        )
    }

    mutating func bounce(ordinal: UInt16, _ amount: Int64) {
        take(
            .refundBounced(
                RefundBounced(
                    refund: RefundID(
                        createdAt: 1_790_000_000_000,
                        shard: 3,
                        paymentSequence: sequence,
                        ordinal: ordinal
                    ),
                    payment: payment,
                    amountMinor: amount,
                    transfers: Transfers(PostingRules.refundBounced(parties, amountMinor: amount, to: .pending)),
                    time: time
                )
            )
        )
    }

    func capture(_ amount: Int64, fee: Int64, releasing hold: Int64?) -> Transfers {
        let capture = PostingRules.capture(parties, amountMinor: amount, feeMinor: fee)
        guard let hold else { return Transfers(capture) }
        return Transfers(PostingRules.release(parties, amountMinor: hold), capture)
    }

    /// - Parameter pending: what the payment has pending; nil where that is enough.
    func requested(_ amount: Int64, pending: Int64? = nil) -> Transfers {
        Transfers(PostingRules.refundRequested(parties, amountMinor: amount, pendingMinor: pending ?? amount))
    }

    func returned(_ amount: Int64) -> Transfers {
        Transfers(PostingRules.refundFailed(parties, amountMinor: amount, to: .pending))
    }

    private func requestKey(_ number: UInt64) -> RequestKey {
        RequestKey(
            digest: KeyDigest(high: 1, low: number),
            fingerprint: Fingerprint(high: 0, low: 0),
            requestID: RequestID(high: 0, low: number)
        )
    }

    mutating func judge(_ band: RiskBand, status: UInt16, deadline: Timestamp = .none) {
        take(
            .riskDecided(
                RiskDecided(
                    payment: payment,
                    band: band,
                    score: 50,
                    source: .rules,
                    reasons: ["r"],
                    deadline: deadline,
                    responseStatus: status,
                    time: time
                )
            )
        )
    }

    /// A settlement of everything that was captured without a fee of ours.
    mutating func settle(_ amount: Int64, providerFee fee: Int64, isBounded: Bool = true) {
        var fact = PaymentFact(.settled, amountMinor: amount, in: .eur)
        fact.feeMinor = fee
        fact.isFeeBounded = isBounded
        let transfer = PostingRules.settlement(
            parties,
            amountMinor: amount,
            providerFeeMinor: fee,
            releasedMinor: amount
        )
        var record = EventApplied(
            payment: payment,
            type: .settlementMatched,
            fact: fact,
            transfers: Transfers(transfer),
            time: time
        )
        record.provider = "psp"
        record.eventID = "evt_\(position)"
        take(.eventApplied(record))
    }

    mutating func change(_ change: PaymentChange) {
        take(.paymentChanged(PaymentChanged(payment: payment, change: change, transfers: Transfers(), time: time)))
    }

    private mutating func take(_ record: ShardRecord) {
        position += 1
        time = time.adding(milliseconds: 1)
        check.examine(record, at: position)
        entries += LedgerEntry.of(record, at: position)
    }
}
