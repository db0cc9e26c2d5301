package import Money
package import NIOCore
package import Payments
package import Time

package struct OperationFinished: Sendable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    /// The connector that was called last.
    package var connector: ConnectorID
    /// Which attempt it was, from 1: the last part of its PSP key. More than 1 for authorizations
    /// only.
    package var attempt: UInt16
    package var result: OperationResult
    /// What the network or the issuer advises, when the result is a decline.
    package var advice = DeclineAdvice.none
    /// What was asked for.
    package var amountMinor: Int64
    /// What the PSP says it executed: the same unless the result is `conflicted`; 0 when it
    /// executed nothing.
    package var executedMinor: Int64
    package var executedCurrency: Currency
    /// See `OperationStarted.staysOpen`.
    package var staysOpen = false
    /// When the authorization ends by itself, or the shopper's action must be done; `.none` when
    /// that is not known.
    package var deadline: Timestamp = .none
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
    package var time: Timestamp

    @inline(__always)
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
        deadline: Timestamp = .none,
        providerReference: String,
        declineProviderCode: String,
        nextAction: [UInt8] = [],
        transfers: Transfers,
        responseStatus: UInt16,
        response: ByteBuffer,
        previous: UInt64 = 0,
        time: Timestamp
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

extension OperationFinished: RecordLayout {
    package static var kind: ShardRecord.Kind { .operationFinished }

    // In line, so that a writer makes no copy of the record.
    @inline(__always)
    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            payment: codec.header.payment,
            operation: try codec.field("operation", record?.operation),
            ordinal: try codec.field("ordinal", record?.ordinal),
            connector: try codec.field("connector", record?.connector),
            attempt: try codec.field("attempt", record?.attempt),
            result: try codec.field("result", record?.result),
            advice: try codec.field("advice", record?.advice),
            amountMinor: try codec.field("amount asked", record?.amountMinor),
            executedMinor: try codec.field("amount executed", record?.executedMinor),
            executedCurrency: try codec.field("currency executed", record?.executedCurrency),
            staysOpen: try codec.field("stays open", record?.staysOpen),
            deadline: try codec.field("deadline", record?.deadline),
            providerReference: try codec.field("PSP reference", record?.providerReference),
            declineProviderCode: try codec.field("PSP decline code", record?.declineProviderCode),
            nextAction: try codec.bytes("next action", record?.nextAction),
            transfers: try codec.field("transfers", record?.transfers),
            responseStatus: try codec.field("HTTP status", record?.responseStatus),
            response: try codec.body("body", record?.response),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }
}
