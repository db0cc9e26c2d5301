package import Money
package import Payments
package import ShardRecords
package import ShardState

/// What a merchant asks of the shard that owns it, with nothing of the wire left in it.
package struct Command: Sendable {
    package enum Kind: Sendable {
        case createPayment(CreatePayment)
        /// `amountMinor` nil: all that is capturable. A final capture releases the rest of the authorization; one that is not
        /// leaves it open for more.
        case capture(PaymentID, amountMinor: Int64?, isFinal: Bool = true)
        case cancel(PaymentID)
        /// Send a payment that is in manual review: an operator any, a merchant its own that no sanctions list holds.
        case approve(PaymentID)
        /// End a payment that is in manual review; by whom as `approve`.
        case reject(PaymentID)
        /// Raise an open authorization to this total.
        case increment(PaymentID, amountMinor: Int64)
        /// The shopper has done what the PSP waited for.
        case confirm(PaymentID, returnData: String = "")
        /// `amountMinor` nil: all that is refundable.
        case refund(PaymentID, amountMinor: Int64?)
        case getPayment(PaymentID)
        /// Everything that happened to it, in order.
        case getHistory(PaymentID)
        case getRefund(RefundID)
        case getDispute(DisputeID)
        /// `evidence` as `Dispute.evidence`.
        case disputeEvidence(DisputeID, evidence: String)
        case acceptDispute(DisputeID)
        /// An operator's (`Command.operatorShard`).
        indirect case providerEvent(ProviderEvent)
        /// What the ledger owes the merchant, by currency.
        case getBalance
        /// What it owed at a moment of the past, milliseconds since 1970.
        case getPastBalance(at: Int64)
        /// The merchant's accounts with their sums.
        case getAccounts
        /// What was booked for the merchant, newest first.
        case getEntries(LedgerQuery)
        /// A capture that is shared with sellers, or made by hand.
        case captureWith(PaymentID, amountMinor: Int64?, isFinal: Bool, CaptureInstructions)
        case createPayout(CreatePayout)
        case getPayout(PayoutID)
        /// What the bank says of a pay-out, with its reason (at most `Payout.maximumTextBytes`). An operator's
        /// (`Command.operatorShard`).
        case payoutEvent(PayoutID, PayoutEvent, reason: String)
        case createWallet(CreateWallet)
        case getWallet(WalletID)
        case quoteExchange(QuoteRequest)
        case convertExchange(QuoteID)
    }

    package var kind: Kind
    package var merchant: MerchantID
    package var requestID: RequestID
    /// Both are `nil` exactly for the reads.
    package var key: KeyDigest?
    package var fingerprint: Fingerprint?
    package var reply: ReplyToken
    /// Answer 202 as soon as the request is durable, and not with the outcome.
    package var respondsAtOnce: Bool
    /// Set for what an operator asks: the shard that owns what is asked about, whosever it is; `merchant` says nothing then. nil
    /// for a merchant, whose shard follows from it.
    package var operatorShard: UInt16?
    /// The first 8 bytes of the SHA-256 of the API key or operator's credential that asks; records name it.
    package var credential: UInt64
    /// Whether an operator asks.
    var isOperators: Bool { operatorShard != nil }
    /// Who asks.
    var actor: RecordActor { RecordActor(isOperators ? .operator : .merchant, identity: credential) }

    package init(
        kind: Kind,
        merchant: MerchantID,
        requestID: RequestID,
        key: KeyDigest?,
        fingerprint: Fingerprint?,
        reply: ReplyToken,
        respondsAtOnce: Bool = false,
        operatorShard: UInt16? = nil,
        credential: UInt64 = 0
    ) {
        self.kind = kind
        self.merchant = merchant
        self.requestID = requestID
        self.key = key
        self.fingerprint = fingerprint
        self.reply = reply
        self.respondsAtOnce = respondsAtOnce
        self.operatorShard = operatorShard
        self.credential = credential
    }
}

package struct CreatePayment: Sendable {
    package var amountMinor: Int64
    package var currency: Currency
    /// Capture at once (a sale) or authorize only.
    package var capturesAutomatically: Bool
    /// An authorization for less than the amount is welcome.
    package var acceptsPartialAuthorization: Bool
    /// The platform's fee for this merchant in basis points, from the configuration at the time of the request.
    package var feeBasisPoints: UInt16
    /// The connectors that may be tried, in order: the merchant's, from the configuration at the time of the request.
    package var route: RoutePlan
    package var paymentMethod: String
    package var details: PaymentDetails
    package var funding: PaymentFunding = .provider
    /// Whether the details hold a plan for sellers; for a sale only.
    package var hasSplits = false

    package init(
        amountMinor: Int64,
        currency: Currency,
        capturesAutomatically: Bool,
        acceptsPartialAuthorization: Bool = false,
        feeBasisPoints: UInt16,
        route: RoutePlan,
        paymentMethod: String,
        details: PaymentDetails
    ) {
        self.amountMinor = amountMinor
        self.currency = currency
        self.capturesAutomatically = capturesAutomatically
        self.acceptsPartialAuthorization = acceptsPartialAuthorization
        self.feeBasisPoints = feeBasisPoints
        self.route = route
        self.paymentMethod = paymentMethod
        self.details = details
    }
}
