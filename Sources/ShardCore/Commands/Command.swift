package import Money
package import Payments
package import ShardRecords
package import ShardState
package import Time

/// A request of a merchant or an operator to the shard that owns its object. It has nothing of the
/// wire format.
package struct Command: Sendable {
    /// What is asked for, by what it is about. `admission` says what each needs.
    package enum Kind: Sendable {
        /// A payment is made.
        case create(CreatePayment)
        /// The merchant goes on with a payment.
        case payment(PaymentID, PaymentOperation)
        /// A payment's manual review ends.
        case review(PaymentID, ReviewDecision)
        /// The merchant answers a dispute.
        case dispute(DisputeID, DisputeResponse)
        /// Pay-outs, wallets and exchange.
        case treasury(TreasuryCommand)
        /// What a provider reported of a payment. An operator's (`Command.operatorShard`).
        indirect case event(ProviderEvent)
        /// A read: it has no key and changes nothing.
        case query(Query)
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
    /// For an operator's command: the shard that owns the object, whichever merchant that belongs
    /// to. `merchant` has no meaning then. nil for a merchant's command, whose shard follows from
    /// the merchant.
    package var operatorShard: UInt16?
    /// The first 8 bytes of the SHA-256 of the API key or operator's credential that asks; records
    /// name it.
    package var credential: UInt64
    var isOperator: Bool { operatorShard != nil }
    /// The actor that causes the records of the command.
    var actor: RecordActor { RecordActor(isOperator ? .operator : .merchant, identity: credential) }

    /// Who asks.
    var caller: Caller {
        Caller(
            merchant: merchant,
            requestID: requestID,
            reply: reply,
            respondsAtOnce: respondsAtOnce,
            isOperator: isOperator
        )
    }

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

/// Who asks and where the answer goes: a command without what it asks for. A few plain bytes.
struct Caller {
    /// Has no meaning for an operator.
    let merchant: MerchantID
    let requestID: RequestID
    let reply: ReplyToken
    /// As `Command.respondsAtOnce`.
    let respondsAtOnce: Bool
    let isOperator: Bool
}

/// What a merchant wants to happen to a payment. An operator asks for captures by hand only.
package enum PaymentOperation: Sendable {
    /// `amountMinor` nil: all that is capturable. A final capture releases the rest of the
    /// authorization; one that is not leaves it open for more. `instructions`: it is shared with
    /// sellers, or made by hand.
    case capture(amountMinor: Int64?, isFinal: Bool = true, instructions: CaptureInstructions? = nil)
    case cancel
    /// Raise an open authorization to this total.
    case increment(amountMinor: Int64)
    /// The shopper has done what the PSP waited for.
    case confirm(returnData: String = "")
    /// `amountMinor` nil: all that is refundable.
    case refund(amountMinor: Int64?)

    /// Whether it is a capture that no provider is asked for.
    var isManualCapture: Bool {
        guard case .capture(_, _, let instructions?) = self else { return false }
        return instructions.manual != nil
    }
}

/// The end of a manual review. An operator decides about any payment. A merchant decides about its
/// own, unless a sanctions list has the customer.
package enum ReviewDecision: Sendable {
    /// The payment is sent.
    case approve
    /// The payment ends.
    case reject
}

/// What a merchant does about a dispute.
package enum DisputeResponse: Sendable {
    /// As `Dispute.evidence`.
    case evidence(String)
    case accept
}

/// What is asked without changing anything.
package enum Query: Sendable {
    case payment(PaymentID)
    /// Everything that happened to a payment, in order.
    case history(PaymentID)
    case refund(RefundID)
    case dispute(DisputeID)
    /// What the ledger owes the merchant, by currency.
    case balance
    /// What it owed at a moment of the past.
    case pastBalance(at: Timestamp)
    /// The merchant's accounts with their sums.
    case accounts
    /// What was booked for the merchant, newest first.
    case entries(LedgerQuery)
    case payout(PayoutID)
    case wallet(WalletID)
}

package struct CreatePayment: Sendable {
    package var amountMinor: Int64
    package var currency: Currency
    /// Capture at once (a sale) or authorize only.
    package var capturesAutomatically: Bool
    /// The merchant accepts an authorization for less than the amount.
    package var acceptsPartialAuthorization: Bool
    /// The platform's fee for this merchant in basis points, from the configuration at the time of
    /// the request.
    package var feeBasisPoints: UInt16
    /// The connectors that may be tried, in order: the merchant's, from the configuration at the
    /// time of the request.
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
