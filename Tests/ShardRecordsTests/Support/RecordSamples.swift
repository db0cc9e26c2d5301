import Ledger
import Money
import NIOCore
import Payments
import Risk
import ShardRecords
import Time

/// One record of each kind, every field set.
enum RecordSamples {
    static let merchant = MerchantID(rawValue: 7)
    static let payment = PaymentID(createdAt: 1_000, shard: 3, sequence: 9)
    static let time: Timestamp = 1_700_000_000_000
    static let previous: UInt64 = 41

    static let key = RequestKey(
        digest: KeyDigest(high: 1, low: 2),
        fingerprint: Fingerprint(high: 3, low: 4),
        requestID: RequestID(high: 5, low: 6)
    )

    static let body = ByteBuffer(string: #"{"id":"pay_1"}"#)

    static let transfers = Transfers(
        PostingRules.capture(
            .init(merchant: merchant.rawValue, connector: 1, currency: .eur),
            amountMinor: 1_000,
            feeMinor: 30
        )
    )

    static func connector(_ number: UInt16) -> ConnectorID {
        guard let connector = ConnectorID(rawValue: number) else { preconditionFailure("0 is no connector") }
        return connector
    }

    static let all: [ShardRecord] =
        [
            .paymentCreated(created), .operationStarted(started), .operationFinished(finished),
            .operationUnresolved(unresolved), .refundBounced(bounced), .operationAttempted(attempted),
            .paymentChanged(changed), .eventApplied(event), .riskDecided(risk), .balanceMark(mark),
            .attemptEnded(attemptEnded),
        ] + treasury

    static let created = PaymentCreated(
        id: payment,
        merchant: merchant,
        amountMinor: 1_000,
        currency: .eur,
        feeBasisPoints: 300,
        capturesAutomatically: true,
        route: RoutePlan(connector(2)),
        flags: [.acceptsPartialAuthorization],
        overCaptureBasisPoints: 1_500,
        traits: [.split],
        key: key,
        details: [1, 3, 0, 97, 98, 99],
        time: time
    )

    static let started = OperationStarted(
        payment: payment,
        operation: .capture,
        ordinal: 2,
        amountMinor: 400,
        staysOpen: true,
        cause: .conflict,
        key: key,
        transfers: transfers,
        instructions: [21, 1, 0, 0],
        previous: previous,
        time: time
    )

    static let finished = OperationFinished(
        payment: payment,
        operation: .capture,
        ordinal: 2,
        connector: connector(2),
        attempt: 3,
        result: .declined(.softTechnical, .genericDecline),
        advice: .tryAgainLater,
        amountMinor: 400,
        executedMinor: 300,
        executedCurrency: .eur,
        staysOpen: true,
        deadline: time.adding(milliseconds: 1),
        providerReference: "ref",
        declineProviderCode: "05",
        nextAction: [1, 2],
        transfers: transfers,
        responseStatus: 402,
        response: body,
        previous: previous,
        time: time
    )

    static let unresolved = OperationUnresolved(
        payment: payment,
        operation: .refund,
        ordinal: 1,
        reason: .misconfigured,
        providerReference: "ref",
        previous: previous,
        time: time
    )

    static let bounced = RefundBounced(
        refund: RefundID(high: 11, low: 12),
        payment: payment,
        amountMinor: 50,
        transfers: transfers,
        previous: previous,
        time: time
    )

    static let attempted = OperationAttempted(
        payment: payment,
        operation: .capture,
        ordinal: 2,
        mode: .query,
        answer: .pending,
        reason: .misconfigured,
        previous: previous,
        time: time
    )

    static let changed = PaymentChanged(
        payment: payment,
        change: .reviewRejected,
        amountMinor: 400,
        deadline: time.adding(milliseconds: 2),
        note: "why",
        key: key,
        transfers: transfers,
        responseStatus: 200,
        response: body,
        previous: previous,
        time: time
    )

    static let event = EventApplied(
        payment: payment,
        type: .disputeOpened,
        fact: fact,
        dispute: 1,
        refund: 2,
        ended: .refund,
        provider: "alpha",
        eventID: "evt_1",
        reference: "dp_1",
        reason: "fraudulent",
        evidence: "file",
        key: key,
        transfers: transfers,
        responseStatus: 200,
        response: body,
        previous: previous,
        time: time
    )

    private static var fact: PaymentFact {
        var fact = PaymentFact(.disputeOpened, amountMinor: 100, in: .eur)
        fact.feeMinor = 15
        fact.reservedMinor = 5
        fact.evidenceDueAt = time.adding(milliseconds: 3)
        fact.deadline = time.adding(milliseconds: 4)
        fact.isChargeRefundable = true
        fact.isFeeReturned = true
        fact.isFeeBounded = true
        fact.target = .merchantAvailable
        fact.earlierConnector = connector(3)
        return fact
    }

    static let risk = RiskDecided(
        payment: payment,
        band: .review,
        score: 80,
        source: .scorer,
        reasons: ["velocity", "list"],
        deadline: time.adding(milliseconds: 5),
        responseStatus: 202,
        response: body,
        previous: previous,
        time: time
    )

    static let mark = BalanceMark(
        merchant: merchant,
        number: 3,
        records: 1_536,
        newest: 40,
        previousMark: 30,
        previousFarMark: 20,
        previousFarthestMark: 10,
        lines: [
            BalanceMark.Line(
                account: Account(.merchantPending, owner: merchant.rawValue, currency: .eur),
                totals: AccountTotals(debits: 1, credits: 1_000)
            )
        ],
        time: time
    )

    static let attemptEnded = AttemptEnded(
        payment: payment,
        ordinal: 1,
        attempt: 1,
        connector: connector(1),
        outcome: .declined(
            Decline(
                category: .softTechnical,
                code: .genericDecline,
                providerCode: "91",
                advice: .tryAgainLater,
                providerReference: "ref"
            )
        ),
        nextPosition: 1,
        nextConnector: connector(2),
        previous: previous,
        time: time
    )
}

extension RecordSamples {
    fileprivate static let treasury: [ShardRecord] = [
        .payoutChanged(payout), .walletOpened(wallet), .exchangeQuoted(quoted), .exchangeConverted(converted),
    ]

    static let payout = PayoutChanged(
        id: PayoutID(high: 21, low: 22),
        merchant: merchant,
        event: .paid,
        amountMinor: 900,
        currency: .eur,
        seller: SellerName("shop-1"),
        destination: "iban",
        reason: "closed",
        key: key,
        transfers: transfers,
        responseStatus: 200,
        response: body,
        previous: previous,
        time: time
    )

    private static let wallet = WalletOpened(
        id: WalletID(high: 31, low: 32),
        merchant: merchant,
        currency: .eur,
        reference: "customer-9",
        key: key,
        responseStatus: 201,
        response: body,
        time: time
    )

    private static var terms: ExchangeTerms {
        guard let rate = ExchangeRate(mantissa: 11, scale: 1),
            let terms = ExchangeTerms(
                sold: .eur,
                soldMinor: 100,
                bought: .usd,
                grossMinor: 110,
                spreadMinor: 1,
                rate: rate
            )
        else { preconditionFailure("terms that can be") }
        return terms
    }

    private static let quoted = ExchangeQuoted(
        id: QuoteID(high: 41, low: 42),
        merchant: merchant,
        terms: terms,
        expiresAt: time.adding(milliseconds: 60_000),
        key: key,
        responseStatus: 201,
        response: body,
        time: time
    )

    private static let converted = ExchangeConverted(
        id: QuoteID(high: 41, low: 42),
        merchant: merchant,
        key: key,
        transfers: transfers,
        responseStatus: 200,
        response: body,
        previous: previous,
        time: time
    )

    /// The record without the engine's length in front.
    static func encoded(_ record: ShardRecord) -> [UInt8] {
        var bytes: [UInt8] = []
        let isAboutPayment = record.kind.isAboutPayment
        let header = RecordHeader(
            record.facts,
            merchant: merchant,
            status: isAboutPayment ? .processing : nil,
            paymentVersion: isAboutPayment ? 2 : 0
        )
        record.encodeFramed(header: header, entryLink: 5, into: &bytes)
        return Array(bytes.dropFirst(4))
    }
}
