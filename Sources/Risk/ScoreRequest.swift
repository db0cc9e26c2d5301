package import Money
package import Payments
package import Time

/// The question to an external scorer: what is known of a payment, without card data (the payment
/// method is a token).
package struct ScoreRequest: Sendable, Equatable {
    package var payment: PaymentID
    package var merchant: MerchantID
    package var amountMinor: Int64
    package var currency: Currency
    package var capturesAutomatically: Bool
    package var paymentMethod: String
    /// nil when the merchant named none.
    package var customer: String?
    /// What the rules said.
    package var score: UInt8
    package var reasons: [String]
    package var createdAt: Timestamp

    package init(
        payment: PaymentID,
        merchant: MerchantID,
        amountMinor: Int64,
        currency: Currency,
        capturesAutomatically: Bool,
        paymentMethod: String,
        customer: String?,
        score: UInt8,
        reasons: [String],
        createdAt: Timestamp
    ) {
        self.payment = payment
        self.merchant = merchant
        self.amountMinor = amountMinor
        self.currency = currency
        self.capturesAutomatically = capturesAutomatically
        self.paymentMethod = paymentMethod
        self.customer = customer
        self.score = score
        self.reasons = reasons
        self.createdAt = createdAt
    }
}

/// The outcome of a question to the scorer.
package enum ScoreOutcome: Sendable, Equatable {
    /// 0...100, and why: at most `maximumReasons` of at most `maximumReasonBytes`.
    case scored(UInt8, reasons: [String])
    case failed(ScoreFailure)

    package static let maximumReasons = 16
    package static let maximumReasonBytes = 64
}

/// Why there is no score.
package enum ScoreFailure: UInt8, Sendable, CaseIterable {
    /// No answer by the deadline.
    case timeout = 1
    /// No connection, or one that broke.
    case unreachable = 2
    /// Too many questions are under way.
    case overloaded = 3
    /// An answer of another status than 200, or none that can be understood.
    case badAnswer = 4
}
