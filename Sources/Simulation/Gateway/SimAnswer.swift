import Money
import NIOCore
import Payments
import ShardCore

/// An answer as merchants and operators read it: a kind, a code, two identifiers, four amounts.
struct SimAnswer {
    enum Kind: UInt8 {
        case payment = 1
        case refund
        case refusal
        case event
        case dispute
        case payout
        case wallet
        case quote
        case conversion
    }

    var kind: Kind
    /// `PaymentStatus`, `RefundStatus`, `Refusal`, `PaymentEffect`, `DisputeStatus` or
    /// `PayoutState`.
    var code: UInt8
    /// What it is about; zeros for none.
    private var about: (high: UInt64, low: UInt64) = (0, 0)
    /// The refund, dispute, pay-out, wallet or quote.
    var subject: (high: UInt64, low: UInt64) = (0, 0)
    /// Minor units: of a wallet what is available, of a quote what is sold.
    var amount: Int64 = 0
    private var others: (Int64, Int64, Int64) = (0, 0, 0)

    init(_ kind: Kind, _ code: UInt8) {
        self.kind = kind
        self.code = code
    }

    var payment: PaymentID? {
        get { about.low == 0 ? nil : PaymentID(high: about.high, low: about.low) }
        set { about = (newValue?.high ?? 0, newValue?.low ?? 0) }
    }

    var authorized: Int64 {
        get { others.0 }
        set { others.0 = newValue }
    }
    var captured: Int64 {
        get { others.1 }
        set { others.1 = newValue }
    }
    var refunded: Int64 {
        get { others.2 }
        set { others.2 = newValue }
    }
    /// Of a wallet.
    var held: Int64 {
        get { others.0 }
        set { others.0 = newValue }
    }
    /// Of a dispute.
    var fee: Int64 {
        get { others.0 }
        set { others.0 = newValue }
    }
    /// Of a quote and its conversion.
    var bought: Int64 {
        get { others.0 }
        set { others.0 = newValue }
    }
    /// Of an event: the merchant owes after it.
    var isOwing: Bool {
        get { others.0 != 0 }
        set { others.0 = newValue ? 1 : 0 }
    }

    /// Of a payment: it was given up, and what it captures is reversed.
    var isGivenUp: Bool {
        get { kind == .payment && subject.low != 0 }
        set { subject.low = newValue ? 1 : 0 }
    }

    var paymentStatus: PaymentStatus? { kind == .payment ? PaymentStatus(rawValue: code) : nil }
    var refusal: Refusal? { kind == .refusal ? Refusal(rawValue: code) : nil }
    var effect: PaymentEffect? { kind == .event ? PaymentEffect(rawValue: code) : nil }
    var payoutState: PayoutState? { kind == .payout ? PayoutState(rawValue: code) : nil }

    func write(into body: inout ByteBuffer) {
        body.writeInteger(kind.rawValue)
        body.writeInteger(code)
        body.writeMultipleIntegers(about.high, about.low, subject.high, subject.low, endianness: .little)
        body.writeMultipleIntegers(amount, others.0, others.1, others.2, endianness: .little)
    }

    init?(_ body: ByteBuffer) {
        var body = body
        guard let first: UInt8 = body.readInteger(), let kind = Kind(rawValue: first),
            let code: UInt8 = body.readInteger(),
            let (high, low, subjectHigh, subjectLow) = body.readMultipleIntegers(
                endianness: .little,
                as: (UInt64, UInt64, UInt64, UInt64).self
            ),
            let (amount, second, third, fourth) = body.readMultipleIntegers(
                endianness: .little,
                as: (Int64, Int64, Int64, Int64).self
            )
        else { return nil }
        self.kind = kind
        self.code = code
        about = (high, low)
        subject = (subjectHigh, subjectLow)
        self.amount = amount
        others = (second, third, fourth)
    }
}

/// A merchant's balance as it reads it: minor units by currency (its number in ISO 4217), all that
/// it is owed together.
struct SimBalance {
    var merchant: [UInt16: Int64] = [:]
    var sellers: [String: Int64] = [:]

    init(_ balance: BalanceView) {
        for line in balance.lines {
            let owed = line.pendingMinor + line.availableMinor + line.reserveMinor
            merchant[line.currency.numericCode, default: 0] += owed
        }
        for line in balance.sellers {
            sellers[Self.key(line.seller, line.currency), default: 0] += line.pendingMinor + line.availableMinor
        }
    }

    static func key(_ seller: SellerName, _ currency: Currency) -> String { "\(seller) \(currency.numericCode)" }

    func write(into body: inout ByteBuffer) {
        body.writeInteger(UInt16(merchant.count))
        for (currency, amount) in merchant.sorted(by: { $0.key < $1.key }) {
            body.writeInteger(currency)
            body.writeInteger(amount)
        }
        for (seller, amount) in sellers.sorted(by: { $0.key < $1.key }) {
            body.writeInteger(UInt16(seller.utf8.count))
            body.writeString(seller)
            body.writeInteger(amount)
        }
    }

    init?(_ body: ByteBuffer) {
        var body = body
        guard let count: UInt16 = body.readInteger() else { return nil }
        for _ in 0..<count {
            guard let currency: UInt16 = body.readInteger(), let amount: Int64 = body.readInteger() else { return nil }
            merchant[currency] = amount
        }
        while let length: UInt16 = body.readInteger() {
            guard let seller = body.readString(length: Int(length)), let amount: Int64 = body.readInteger() else {
                return nil
            }
            sellers[seller] = amount
        }
    }
}
