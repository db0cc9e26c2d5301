package import Money

/// What the payments that a velocity rule counts have in common. They are always of one merchant: a
/// merchant's payments are on one shard, and its customers and tokens are its own.
package enum RiskSubject: UInt8, Sendable, CaseIterable {
    case merchant = 1
    /// The payment method's token.
    case paymentMethod = 2
    /// The merchant's reference of the customer; payments without one do not count.
    case customer = 3
    /// The same amount of the same currency again and again.
    case amount = 4
}

/// One rule: when it fits, its score is added and its name is a reason.
package struct RiskRule: Sendable, Equatable {
    package enum Condition: Sendable, Equatable {
        /// More payments than `limit` in the window, this one included.
        case count(RiskSubject, window: Int64, limit: UInt64)
        /// More money of the currency than `limitMinor` in the window, this payment included.
        case sum(RiskSubject, window: Int64, limitMinor: UInt64, Currency)
        /// One payment of more than this.
        case amount(overMinor: Int64, Currency)
    }

    /// Letters, digits and `_`, at most `maximumNameBytes`.
    package var name: String
    /// 0...100.
    package var score: UInt8
    package var condition: Condition

    package static let maximumNameBytes = 40

    package init(name: String, score: UInt8, condition: Condition) {
        precondition(score <= 100 && !name.isEmpty && name.utf8.count <= Self.maximumNameBytes)
        self.name = name
        self.score = score
        self.condition = condition
    }
}

/// What a rule counts. Rules that count the same thing share the counters, whatever their limits
/// and scores: a change of those keeps what was counted.
struct RiskMeter: Sendable, Equatable {
    var subject: RiskSubject
    /// Of a bucket, in milliseconds.
    var width: Int64
    /// Sums of this currency; nil counts payments.
    var currency: Currency?

    init?(_ condition: RiskRule.Condition) {
        switch condition {
        case .count(let subject, let window, _):
            self.init(subject, window: window, currency: nil)
        case .sum(let subject, let window, _, let currency):
            self.init(subject, window: window, currency: currency)
        case .amount:
            return nil
        }
    }

    private init(_ subject: RiskSubject, window: Int64, currency: Currency?) {
        self.subject = subject
        self.width = RiskCounters.width(ofWindow: window)
        self.currency = currency
    }

    /// What tells its counters from those of other meters.
    var identity: UInt64 {
        UInt64(subject.rawValue) << 56 | UInt64(currency?.numericCode ?? 0) << 40 | UInt64(width)
    }
}
