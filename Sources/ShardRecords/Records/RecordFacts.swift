package import Journal
package import Payments

/// What every record says of itself, whatever its kind: one table for headers, tools and audits.
package struct RecordFacts: Sendable {
    package var kind: ShardRecord.Kind
    /// Milliseconds since 1970 when it was decided.
    package var time: Int64
    /// The payment that the record is about; nil for one that is about no payment (pay-outs, wallets, currency exchange).
    package var payment: PaymentID?
    /// The merchant that the record names; nil where only its payment tells.
    package var merchant: MerchantID?
    /// What the record is about.
    package var subject: RecordHeader.Subject
    /// The position of the subject's record before this one, so that a payment's history is a list that leads back to its creation;
    /// 0 for that one.
    package var previous: RecordPosition

    /// Of a record about a payment.
    fileprivate init(
        _ kind: ShardRecord.Kind,
        about payment: PaymentID,
        of merchant: MerchantID? = nil,
        previous: RecordPosition = 0,
        at time: Int64
    ) {
        self.kind = kind
        self.time = time
        self.payment = payment
        self.merchant = merchant
        subject = RecordHeader.Subject(high: payment.high, low: payment.low)
        self.previous = previous
    }

    /// Of a record about something else of a merchant.
    fileprivate init(
        _ kind: ShardRecord.Kind,
        about subject: RecordHeader.Subject,
        of merchant: MerchantID,
        previous: RecordPosition = 0,
        at time: Int64
    ) {
        self.kind = kind
        self.time = time
        self.merchant = merchant
        self.subject = subject
        self.previous = previous
    }
}

extension ShardRecord {
    package var facts: RecordFacts {
        switch self {
        case .paymentCreated(let record):
            RecordFacts(.paymentCreated, about: record.id, of: record.merchant, at: record.time)
        case .operationStarted(let record):
            RecordFacts(.operationStarted, about: record.payment, previous: record.previous, at: record.time)
        case .operationFinished(let record):
            RecordFacts(.operationFinished, about: record.payment, previous: record.previous, at: record.time)
        case .operationUnresolved(let record):
            RecordFacts(.operationUnresolved, about: record.payment, previous: record.previous, at: record.time)
        case .refundBounced(let record):
            RecordFacts(.refundBounced, about: record.payment, previous: record.previous, at: record.time)
        case .operationAttempted(let record):
            RecordFacts(.operationAttempted, about: record.payment, previous: record.previous, at: record.time)
        case .attemptEnded(let record):
            RecordFacts(.attemptEnded, about: record.payment, previous: record.previous, at: record.time)
        case .paymentChanged(let record):
            RecordFacts(.paymentChanged, about: record.payment, previous: record.previous, at: record.time)
        case .riskDecided(let record):
            RecordFacts(.riskDecided, about: record.payment, previous: record.previous, at: record.time)
        case .eventApplied(let record):
            RecordFacts(.eventApplied, about: record.payment, previous: record.previous, at: record.time)
        case .balanceMark(let record):
            RecordFacts(.balanceMark, about: .none, of: record.merchant, at: record.time)
        case .payoutChanged(let record):
            RecordFacts(
                .payoutChanged,
                about: .init(high: record.id.high, low: record.id.low),
                of: record.merchant,
                previous: record.previous,
                at: record.time
            )
        case .walletOpened(let record):
            RecordFacts(
                .walletOpened,
                about: .init(high: record.id.high, low: record.id.low),
                of: record.merchant,
                at: record.time
            )
        case .exchangeQuoted(let record):
            RecordFacts(
                .exchangeQuoted,
                about: .init(high: record.id.high, low: record.id.low),
                of: record.merchant,
                at: record.time
            )
        case .exchangeConverted(let record):
            RecordFacts(
                .exchangeConverted,
                about: .init(high: record.id.high, low: record.id.low),
                of: record.merchant,
                previous: record.previous,
                at: record.time
            )
        }
    }

    /// See `RecordFacts`.
    package var kind: Kind { facts.kind }
    package var time: Int64 { facts.time }
    package var payment: PaymentID? { facts.payment }
    package var merchant: MerchantID? { facts.merchant }
    package var previous: RecordPosition { facts.previous }
}
