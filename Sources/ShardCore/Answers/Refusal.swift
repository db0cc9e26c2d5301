/// Why the shard refused a command; each has one stable `code` at the edge.
package enum Refusal: UInt8, Sendable, CaseIterable {
    /// No such payment or refund, or another merchant's (the answer is the same).
    case notFound = 1
    /// The same idempotency key with another request.
    case keyReused = 2
    /// The same idempotency key, and its first request is still running.
    case keyInUse = 3
    /// The payment's state does not allow the operation. The payment is in the answer.
    case unexpectedState = 4
    /// Another operation of this payment is running or being resolved.
    case operationInProgress = 5
    /// More than can be captured.
    case amountExceedsCapturable = 6
    /// More than can be refunded.
    case amountExceedsRefundable = 7
    /// The idempotency table is full.
    case idempotencyTableFull = 8
    /// The payment table is full.
    case paymentTableFull = 9
    /// Too many operations are waiting for PSPs or for the disk.
    case overloaded = 10
    /// The journal has failed; nothing can be accepted.
    case journalFailed = 11
    /// The gateway is draining.
    case draining = 12
    /// The merchant has its share of the calls in flight, or of the journal's reserve. Other
    /// merchants are not refused.
    case merchantLimitReached = 18
    /// The table of events' keys is full, or the merchant's share of it.
    case eventTableFull = 19
    /// The journal's room is kept for the outcomes of operations in flight.
    case journalRoomShort = 20
    /// This host does not own the shard at the moment. It does not know the outcome of the request.
    case shardUnavailable = 21
    /// A payment can have at most 1,000 refunds (`Payment.maximumRefunds`).
    case tooManyRefunds = 13
    /// A cursor whose place is not in the merchant's ledger.
    case cursorInvalid = 25
    /// No room for accounts of another merchant, currency, wallet or seller.
    case accountTableFull = 28
    /// The moment whose balance is asked for is not over yet.
    case momentNotPast = 26
    /// The balance of that moment is not known, because its records are no longer kept.
    case momentUnknown = 27
    /// The provider does not do that (several captures, increments).
    case notSupported = 14
    /// An increment to no more than what is authorized.
    case amountNotAboveAuthorized = 15
    /// An increment beyond the largest amount of a payment.
    case amountTooLarge = 16
    /// An open dispute holds the money.
    case disputed = 17
    /// A provider's event that the payment's state does not take. The payment and what it takes are
    /// in the answer.
    case eventNotAllowed = 30
    /// An event about more than the payment has for it, or in another currency.
    case eventAmountMismatch = 31
    /// An event names no connector of the gateway.
    case connectorUnknown = 34
    /// An event names another connector than the payment's.
    case connectorMismatch = 35
    /// A dispute that is not open any more.
    case disputeUnexpectedState = 32
    /// A payment can have at most 16 disputes (`Payment.maximumDisputes`).
    case tooManyDisputes = 33
    /// More than the available balance of the merchant or seller holds.
    case balanceInsufficient = 50
    /// Less than the configured minimum of a pay-out.
    case payoutBelowMinimum = 51
    /// The merchant's pay-outs are held back.
    case payoutsOnHold = 52
    /// The pay-out's state does not allow the event.
    case payoutUnexpectedState = 53
    /// As many pay-outs are in memory as the shard keeps, or as the merchant may have: those that
    /// ended leave it.
    case payoutTableFull = 54
    /// As many wallets are in memory as the shard keeps, or as the merchant may have: those that
    /// nobody uses leave it.
    case walletTableFull = 55
    /// The payment method names no wallet of the merchant.
    case walletUnknown = 56
    /// The wallet holds another currency.
    case walletCurrencyMismatch = 57
    /// The wallet does not hold what a refund of a top-up would take from it.
    case walletFundsInsufficient = 58
    /// As many quotes are open as the shard keeps.
    case quoteTableFull = 59
    /// The quote's time is over.
    case quoteExpired = 60
    /// The quote was exchanged before.
    case quoteUsed = 61
    /// Whether the quote's time is over cannot be said: the gateway's time and the machine's clock
    /// differ.
    case timeUncertain = 69
    /// Nothing would be left to buy.
    case exchangeAmountTooSmall = 62
    /// The sellers' parts and the fee are more than the capture.
    case splitsExceedCapture = 63
    /// More sellers than one payment can have.
    case tooManySellers = 64
    /// As many sellers have money, or are named by captures under way, as the shard keeps.
    case sellerTableFull = 65
    /// A manual capture is the first and only one of a payment that a provider authorized.
    case manualCaptureNotPossible = 66
    /// Payments from wallets and top-ups have no splits.
    case splitsNotPossible = 67
    /// The merchant has as many sellers as one can have.
    case sellerLimitReached = 68

    /// The payment is in no review (approve, reject).
    case notInReview = 40
    /// A sanctions list has the payment's customer, so no merchant may approve or reject it.
    case reviewForOperators = 41
}

/// What a refusal is to the client: the HTTP status, and when to try again.
package struct RefusalRule: Sendable, Equatable {
    package var status: UInt16
    /// Seconds for `Retry-After`; 0 where the same request never succeeds by itself.
    package var retryAfterSeconds: UInt16

    /// The same request never succeeds by itself.
    static func final(_ status: UInt16) -> Self { Self(status: status, retryAfterSeconds: 0) }

    /// The same request under the same key may succeed after so many seconds.
    static func retry(_ status: UInt16, after seconds: UInt16) -> Self {
        Self(status: status, retryAfterSeconds: seconds)
    }
}

extension Refusal {
    /// The one table of refusals. The code, its texts and its category are the API's
    /// (`ProblemRule`).
    ///
    /// A retry after 1 s waits for a call, after 5 s for a snapshot, a disk or another process.
    /// After 60 s it waits for what leaves a table by time: payments, pay-outs and wallets that
    /// nobody uses, expired quotes, sellers that are paid out.
    package var rule: RefusalRule {
        switch self {
        case .notFound: .final(404)
        case .keyReused: .final(422)
        case .keyInUse: .retry(409, after: 1)
        case .unexpectedState: .final(409)
        case .operationInProgress: .retry(409, after: 1)
        case .amountExceedsCapturable: .final(422)
        case .amountExceedsRefundable: .final(422)
        case .idempotencyTableFull: .retry(503, after: 5)
        case .merchantLimitReached: .retry(503, after: 1)
        case .eventTableFull: .retry(503, after: 5)
        case .journalRoomShort: .retry(503, after: 5)
        case .paymentTableFull: .retry(503, after: 60)
        case .accountTableFull: .retry(503, after: 60)
        case .overloaded: .retry(503, after: 1)
        case .journalFailed: .retry(503, after: 5)
        case .draining: .retry(503, after: 5)
        case .shardUnavailable: .retry(503, after: 1)
        case .tooManyRefunds: .final(422)
        case .cursorInvalid: .final(400)
        case .momentNotPast: .final(400)
        case .momentUnknown: .final(422)
        case .notSupported: .final(422)
        case .amountNotAboveAuthorized: .final(422)
        case .amountTooLarge: .final(400)
        case .disputed: .final(409)
        case .eventNotAllowed: .final(409)
        case .eventAmountMismatch: .final(409)
        case .connectorUnknown: .final(422)
        case .connectorMismatch: .final(409)
        case .disputeUnexpectedState: .final(409)
        case .tooManyDisputes: .final(422)
        case .balanceInsufficient: .final(422)
        case .payoutBelowMinimum: .final(422)
        case .payoutsOnHold: .final(409)
        case .payoutUnexpectedState: .final(409)
        case .payoutTableFull: .retry(503, after: 60)
        case .walletTableFull: .retry(503, after: 60)
        case .walletUnknown: .final(422)
        case .walletCurrencyMismatch: .final(422)
        case .walletFundsInsufficient: .final(422)
        case .quoteTableFull: .retry(503, after: 60)
        case .quoteExpired: .final(409)
        case .quoteUsed: .final(409)
        case .timeUncertain: .retry(503, after: 5)
        case .exchangeAmountTooSmall: .final(422)
        case .splitsExceedCapture: .final(422)
        case .tooManySellers: .final(422)
        case .sellerTableFull: .retry(503, after: 60)
        case .manualCaptureNotPossible: .final(409)
        case .splitsNotPossible: .final(422)
        case .sellerLimitReached: .final(422)
        case .notInReview: .final(409)
        case .reviewForOperators: .final(403)
        }
    }

    /// The HTTP status of the answer.
    package var httpStatus: UInt16 { rule.status }

    /// Seconds for `Retry-After`; 0 where trying again makes no sense.
    package var retryAfterSeconds: UInt16 { rule.retryAfterSeconds }
}
