package import Money
package import NIOCore
package import Payments

/// What a shard journals: one record for each step of a payment, complete enough to rebuild the shard and to audit the
/// ledger without any other source. `ShardCore.apply` is the only way from a record to state, live and on replay.
package enum ShardRecord: Sendable {
    /// A payment was accepted, its key reserved, its authorization is about to be sent.
    case paymentCreated(PaymentCreated)
    /// A capture, cancel or refund was accepted, its key reserved, the call is about to be sent.
    case operationStarted(OperationStarted)
    /// An operation came to its end; holds the answer that its key replays from now on.
    case operationFinished(OperationFinished)
    /// An operation's outcome is unknown or pending at the PSP: it is being resolved from now on.
    case operationUnresolved(OperationUnresolved)
    /// A succeeded refund came back.
    case refundBounced(RefundBounced)
    /// A try of an operation, or a question about it, that did not end it.
    case operationAttempted(OperationAttempted)
    /// An attempt of an authorization ended, and the next connector of the route tries.
    case attemptEnded(AttemptEnded)
    /// What a merchant's accounts had summed up to.
    case balanceMark(BalanceMark)
    /// A transition that is not the end of an operation at the PSP: time, an operator, or the PSP by itself.
    case paymentChanged(PaymentChanged)
    /// The fraud hook's verdict on a payment that it had held back.
    case riskDecided(RiskDecided)
    /// A pay-out was requested, or something was reported of it.
    case payoutChanged(PayoutChanged)
    case walletOpened(WalletOpened)
    case exchangeQuoted(ExchangeQuoted)
    case exchangeConverted(ExchangeConverted)
    /// Something that no operation of ours asked for: a provider's event, a settlement line, a dispute.
    case eventApplied(EventApplied)

    /// What the record books.
    package var transfers: Transfers {
        switch self {
        case .paymentCreated, .operationUnresolved, .operationAttempted, .balanceMark, .riskDecided: Transfers()
        case .attemptEnded: Transfers()
        case .walletOpened, .exchangeQuoted: Transfers()
        case .operationStarted(let record): record.transfers
        case .operationFinished(let record): record.transfers
        case .refundBounced(let record): record.transfers
        case .paymentChanged(let record): record.transfers
        case .payoutChanged(let record): record.transfers
        case .exchangeConverted(let record): record.transfers
        case .eventApplied(let record): record.transfers
        }
    }
}

package struct PaymentCreated: Sendable {
    package var id: PaymentID
    package var merchant: MerchantID
    package var amountMinor: Int64
    package var currency: Currency
    package var feeBasisPoints: UInt16
    package var capturesAutomatically: Bool
    /// The connectors that the authorization may try, as it was decided at admission.
    package var route: RoutePlan
    package var flags: PaymentFlags = []
    /// See `Payment.overCaptureBasisPoints`.
    package var overCaptureBasisPoints: UInt16 = 0
    package var traits: PaymentTraits = []
    package var key: RequestKey
    package var details: [UInt8]
    package var time: Int64

    package init(
        id: PaymentID,
        merchant: MerchantID,
        amountMinor: Int64,
        currency: Currency,
        feeBasisPoints: UInt16,
        capturesAutomatically: Bool,
        route: RoutePlan,
        flags: PaymentFlags = [],
        overCaptureBasisPoints: UInt16 = 0,
        traits: PaymentTraits = [],
        key: RequestKey,
        details: [UInt8],
        time: Int64
    ) {
        self.id = id
        self.merchant = merchant
        self.amountMinor = amountMinor
        self.currency = currency
        self.feeBasisPoints = feeBasisPoints
        self.capturesAutomatically = capturesAutomatically
        self.route = route
        self.flags = flags
        self.overCaptureBasisPoints = overCaptureBasisPoints
        self.traits = traits
        self.key = key
        self.details = details
        self.time = time
    }
}

package struct OperationStarted: Sendable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var amountMinor: Int64
    /// A capture that, when it succeeds, leaves the rest of the authorization open.
    package var staysOpen = false
    /// Why the gateway began it by itself; nil for what a merchant asked.
    package var cause: ReversalReason? = nil
    /// nil for what the gateway began by itself.
    package var key: RequestKey?
    /// P5a for refunds; none for captures and cancels.
    package var transfers: Transfers
    /// Of a capture with splits or by hand, or a confirmation with return data: what is added to the payment's details, packed like
    /// them; else empty.
    package var instructions: [UInt8] = []
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Int64

    package init(
        payment: PaymentID,
        operation: ProviderOperation,
        ordinal: UInt16,
        amountMinor: Int64,
        staysOpen: Bool = false,
        cause: ReversalReason? = nil,
        key: RequestKey? = nil,
        transfers: Transfers,
        instructions: [UInt8] = [],
        previous: UInt64 = 0,
        time: Int64
    ) {
        self.payment = payment
        self.operation = operation
        self.ordinal = ordinal
        self.amountMinor = amountMinor
        self.staysOpen = staysOpen
        self.cause = cause
        self.key = key
        self.transfers = transfers
        self.instructions = instructions
        self.previous = previous
        self.time = time
    }
}

package struct OperationFinished: Sendable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    /// Who was called last.
    package var connector: ConnectorID
    /// Which attempt it was, from 1: the last part of its PSP key. More than 1 for authorizations only.
    package var attempt: UInt16
    package var result: OperationResult
    /// What the network or the issuer advises, when the result is a decline.
    package var advice = DeclineAdvice.none
    /// What was asked for.
    package var amountMinor: Int64
    /// What the PSP says it executed: the same unless the result is `conflicted`; 0 when it executed nothing.
    package var executedMinor: Int64
    package var executedCurrency: Currency
    /// See `OperationStarted.staysOpen`.
    package var staysOpen = false
    /// When the authorization ends by itself, or the shopper's action must be done; milliseconds since 1970, 0 for not known.
    package var deadline: Int64 = 0
    /// The PSP's reference of what it executed or declined; empty when it gave none.
    package var providerReference: String
    /// The PSP's own decline code, when the result is a decline.
    package var declineProviderCode: String
    /// What the shopper must do (`NextAction.packed`), when the result is `actionRequired`.
    package var nextAction: [UInt8] = []
    package var transfers: Transfers
    package var responseStatus: UInt16
    package var response: ByteBuffer
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Int64

    package init(
        payment: PaymentID,
        operation: ProviderOperation,
        ordinal: UInt16,
        connector: ConnectorID,
        attempt: UInt16 = 1,
        result: OperationResult,
        advice: DeclineAdvice = .none,
        amountMinor: Int64,
        executedMinor: Int64,
        executedCurrency: Currency,
        staysOpen: Bool = false,
        deadline: Int64 = 0,
        providerReference: String,
        declineProviderCode: String,
        nextAction: [UInt8] = [],
        transfers: Transfers,
        responseStatus: UInt16,
        response: ByteBuffer,
        previous: UInt64 = 0,
        time: Int64
    ) {
        self.payment = payment
        self.operation = operation
        self.ordinal = ordinal
        self.connector = connector
        self.attempt = attempt
        self.result = result
        self.advice = advice
        self.amountMinor = amountMinor
        self.executedMinor = executedMinor
        self.executedCurrency = executedCurrency
        self.staysOpen = staysOpen
        self.deadline = deadline
        self.providerReference = providerReference
        self.declineProviderCode = declineProviderCode
        self.nextAction = nextAction
        self.transfers = transfers
        self.responseStatus = responseStatus
        self.response = response
        self.previous = previous
        self.time = time
    }
}

extension OperationFinished {
    /// What the payment's counters change by: an authorization may be approved for less than asked.
    package var effectiveMinor: Int64 {
        switch (operation, result) {
        case (.authorize, .succeeded), (.confirm, .succeeded): executedMinor
        case (.authorize, _), (.confirm, _), (.capture, _), (.cancel, _), (.refund, _), (.increment, _): amountMinor
        }
    }
}

package struct OperationUnresolved: Sendable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var reason: CallFailure
    /// Set when the PSP accepted the operation and said so (pending); empty otherwise.
    package var providerReference: String
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Int64

    package init(
        payment: PaymentID,
        operation: ProviderOperation,
        ordinal: UInt16,
        reason: CallFailure,
        providerReference: String,
        previous: UInt64 = 0,
        time: Int64
    ) {
        self.payment = payment
        self.operation = operation
        self.ordinal = ordinal
        self.reason = reason
        self.providerReference = providerReference
        self.previous = previous
        self.time = time
    }
}

package struct RefundBounced: Sendable {
    package var refund: RefundID
    package var payment: PaymentID
    package var amountMinor: Int64
    package var transfers: Transfers
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Int64

    package init(
        refund: RefundID,
        payment: PaymentID,
        amountMinor: Int64,
        transfers: Transfers,
        previous: UInt64 = 0,
        time: Int64
    ) {
        self.refund = refund
        self.payment = payment
        self.amountMinor = amountMinor
        self.transfers = transfers
        self.previous = previous
        self.time = time
    }
}

/// What one call to the PSP brought, when it ended nothing. For the history of a payment, and for one thing that must survive a
/// restart: that the PSP has said it knows the operation.
package struct OperationAttempted: Sendable {
    /// What the call brought.
    package enum Answer: UInt8, Sendable {
        /// Certainly not executed; it will be tried again.
        case notExecuted = 1
        /// Nothing that settles it.
        case unknown = 2
        /// Asked, the PSP knows nothing of it.
        case notFound = 3
        /// Asked, the PSP knows it and has not ended it.
        case pending = 4
    }

    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var mode: ProviderCall.Mode
    package var answer: Answer
    /// Why, where the transport or the PSP said so.
    package var reason: CallFailure?
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Int64

    package init(
        payment: PaymentID,
        operation: ProviderOperation,
        ordinal: UInt16,
        mode: ProviderCall.Mode,
        answer: Answer,
        reason: CallFailure? = nil,
        previous: UInt64 = 0,
        time: Int64
    ) {
        self.payment = payment
        self.operation = operation
        self.ordinal = ordinal
        self.mode = mode
        self.answer = answer
        self.reason = reason
        self.previous = previous
        self.time = time
    }
}

/// See `PaymentChange`. Holds an answer where a merchant's request caused it, and its key with it.
package struct PaymentChanged: Sendable {
    package var payment: PaymentID
    package var change: PaymentChange
    /// What it is about, where it is about an amount; 0 otherwise.
    package var amountMinor: Int64 = 0
    /// The payment's new deadline, where it gets one; milliseconds since 1970.
    package var deadline: Int64 = 0
    /// Why, in plain text (a reason given by an operator, the names of rules); at most 512 bytes of UTF-8.
    package var note: String = ""
    package var key: RequestKey? = nil
    package var transfers: Transfers
    /// 0 where no request caused it.
    package var responseStatus: UInt16 = 0
    package var response = ByteBuffer()
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Int64

    package init(
        payment: PaymentID,
        change: PaymentChange,
        amountMinor: Int64 = 0,
        deadline: Int64 = 0,
        note: String = "",
        key: RequestKey? = nil,
        transfers: Transfers,
        responseStatus: UInt16 = 0,
        response: ByteBuffer = ByteBuffer(),
        previous: UInt64 = 0,
        time: Int64
    ) {
        self.payment = payment
        self.change = change
        self.amountMinor = amountMinor
        self.deadline = deadline
        self.note = note
        self.key = key
        self.transfers = transfers
        self.responseStatus = responseStatus
        self.response = response
        self.previous = previous
        self.time = time
    }
}
