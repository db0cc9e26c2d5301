/// What the client may believe of one payment after all its requests: exact where everything was
/// acknowledged, a range where an answer is missing.
struct ExpectedPayment: Sendable, Equatable {
    var amount: Int64
    var currency: String
    /// The sequence number of the request that made it, for messages.
    var sequence: UInt64
    /// Refused by the provider: no money moved.
    var isDeclined = false
    /// A creation was acknowledged as done (neither merely seen as processing nor waiting for a
    /// shopper or a reviewer).
    var isConfirmed = false
    var captured: ClosedRange<Int64> = 0...0
    var refunded: ClosedRange<Int64> = 0...0
    var isCancelled = false
    var mayBeCancelled = false

    /// Takes a creation's answer; it names the payment.
    init(_ expectation: KeyExpectation, currency: String) {
        amount = expectation.amount
        self.currency = currency
        sequence = expectation.sequence
        isConfirmed = expectation.didSucceed && !expectation.isOpen
        isDeclined = expectation.answer == 402 || (expectation.isAcknowledged && expectation.status == .failed)
        guard expectation.operation == .sale else { return }
        if isConfirmed { captured = amount...amount } else if !isDeclined { captured = 0...amount }
    }

    /// Takes a later operation.
    mutating func apply(_ expectation: KeyExpectation) {
        guard expectation.mayHaveSucceeded else { return }
        let amount = expectation.amount
        let certain = expectation.didSucceed && expectation.status != .pending ? amount : 0
        switch expectation.operation {
        case .capture, .capturePartial:
            captured = captured.lowerBound + certain...captured.upperBound + amount
        case .refund, .refundPartial:
            refunded = refunded.lowerBound + certain...refunded.upperBound + amount
        case .cancel:
            mayBeCancelled = true
            isCancelled = isCancelled || expectation.didSucceed
        case .sale, .authorize, .get, .raw:
            break
        }
    }
}

/// All that a client may believe, by payment, and the creations nobody answered.
struct ExpectedState: Sendable {
    struct Claim: Hashable, Sendable {
        var amount: Int64
        var currency: String
    }

    private(set) var payments: [EntityID: ExpectedPayment] = [:]
    /// Creations without an answer that names a payment: each explains at most one payment of its
    /// amount.
    private(set) var unanswered: [Claim: Int] = [:]
    /// Payments that two keys were answered with.
    private(set) var shared: [EntityID] = []
    private(set) var acknowledgedCount = 0
    private(set) var unansweredCount = 0

    init(_ runs: [ExpectedRun]) {
        for run in runs {
            for expectation in run.expectations where expectation.operation.isCreate { create(expectation, run) }
        }
        for run in runs {
            for expectation in run.expectations where !expectation.operation.isCreate { follow(expectation) }
        }
    }

    private mutating func create(_ expectation: KeyExpectation, _ run: ExpectedRun) {
        count(expectation)
        let currency = run.currencies[Int(expectation.currency)]
        guard expectation.payment != .none else {
            guard expectation.mayHaveSucceeded else { return }
            unanswered[Claim(amount: expectation.amount, currency: currency), default: 0] += 1
            return
        }
        let payment = ExpectedPayment(expectation, currency: currency)
        if payments.updateValue(payment, forKey: expectation.payment) != nil { shared.append(expectation.payment) }
    }

    private mutating func follow(_ expectation: KeyExpectation) {
        count(expectation)
        payments[expectation.payment]?.apply(expectation)
    }

    private mutating func count(_ expectation: KeyExpectation) {
        if expectation.isAcknowledged { acknowledgedCount += 1 } else { unansweredCount += 1 }
    }

    /// Uses up an unanswered creation; whether there was one.
    mutating func explain(amount: Int64, currency: String) -> Bool {
        let claim = Claim(amount: amount, currency: currency)
        guard let left = unanswered[claim], left > 0 else { return false }
        unanswered[claim] = left - 1
        return true
    }
}
