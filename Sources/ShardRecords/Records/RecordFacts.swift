package import Journal
package import Payments
package import Time

/// What every record says of itself, whatever its kind: one table for headers, tools and audits.
package struct RecordFacts: Sendable {
    package var kind: ShardRecord.Kind
    /// When it was decided.
    package var time: Timestamp
    /// The payment that the record is about; nil for one that is about no payment (pay-outs,
    /// wallets, currency exchange).
    package var payment: PaymentID?
    /// The merchant that the record names; nil where only its payment tells.
    package var merchant: MerchantID?
    /// What the record is about.
    package var subject: RecordHeader.Subject
    /// The position of the subject's record before this one; 0 for the first. So a payment's
    /// history is a list that leads back to its creation.
    package var previous: RecordPosition

    /// - Parameter merchant: where the record names it.
    fileprivate init<Record: PaymentRecord>(_ record: Record, of merchant: MerchantID? = nil) {
        kind = Record.kind
        time = record.time
        payment = record.payment
        self.merchant = merchant
        subject = RecordHeader.Subject(high: record.payment.high, low: record.payment.low)
        previous = record.previous
    }

    fileprivate init<Record: MerchantRecord>(_ record: Record) {
        kind = Record.kind
        time = record.time
        merchant = record.merchant
        subject = record.subject
        previous = record.previous
    }
}

/// A record about a payment.
private protocol PaymentRecord: RecordLayout {
    var payment: PaymentID { get }
    var previous: RecordPosition { get }
    var time: Timestamp { get }
}

/// A record about something else of a merchant.
private protocol MerchantRecord: RecordLayout {
    var merchant: MerchantID { get }
    var subject: RecordHeader.Subject { get }
    var previous: RecordPosition { get }
    var time: Timestamp { get }
}

extension PaymentCreated: PaymentRecord {
    fileprivate var payment: PaymentID { id }
    fileprivate var previous: RecordPosition { 0 }
}
extension OperationStarted: PaymentRecord {}
extension OperationFinished: PaymentRecord {}
extension OperationUnresolved: PaymentRecord {}
extension RefundBounced: PaymentRecord {}
extension OperationAttempted: PaymentRecord {}
extension AttemptEnded: PaymentRecord {}
extension PaymentChanged: PaymentRecord {}
extension RiskDecided: PaymentRecord {}
extension EventApplied: PaymentRecord {}

/// The same, about what its identifier names.
private protocol IdentifiedRecord: MerchantRecord {
    associatedtype ID: ShardIdentifier
    var id: ID { get }
}

extension MerchantRecord {
    /// The first record of its subject.
    fileprivate var previous: RecordPosition { 0 }
}

extension IdentifiedRecord {
    fileprivate var subject: RecordHeader.Subject { .init(high: id.high, low: id.low) }
}

extension BalanceMark: MerchantRecord {
    fileprivate var subject: RecordHeader.Subject { .none }
}
extension PayoutChanged: IdentifiedRecord {}
extension WalletOpened: IdentifiedRecord {}
extension ExchangeQuoted: IdentifiedRecord {}
extension ExchangeConverted: IdentifiedRecord {}

extension ShardRecord {
    package var facts: RecordFacts {
        switch self {
        case .paymentCreated(let record): RecordFacts(record, of: record.merchant)
        case .operationStarted(let record): RecordFacts(record)
        case .operationFinished(let record): RecordFacts(record)
        case .operationUnresolved(let record): RecordFacts(record)
        case .refundBounced(let record): RecordFacts(record)
        case .operationAttempted(let record): RecordFacts(record)
        case .attemptEnded(let record): RecordFacts(record)
        case .paymentChanged(let record): RecordFacts(record)
        case .riskDecided(let record): RecordFacts(record)
        case .eventApplied(let record): RecordFacts(record)
        case .balanceMark(let record): RecordFacts(record)
        case .payoutChanged(let record): RecordFacts(record)
        case .walletOpened(let record): RecordFacts(record)
        case .exchangeQuoted(let record): RecordFacts(record)
        case .exchangeConverted(let record): RecordFacts(record)
        }
    }

    /// See `RecordFacts`.
    package var kind: Kind { facts.kind }
    package var time: Timestamp { facts.time }
    package var payment: PaymentID? { facts.payment }
    package var merchant: MerchantID? { facts.merchant }
    package var previous: RecordPosition { facts.previous }
}
