package import Payments
package import Time

package struct OperationStarted: Sendable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var amountMinor: Int64
    /// A capture that, when it succeeds, leaves the rest of the authorization open.
    package var staysOpen = false
    /// Why the gateway began it by itself; nil for an operation that a merchant asked for.
    package var cause: ReversalReason? = nil
    /// nil for an operation that the gateway began by itself.
    package var key: RequestKey?
    /// P5a for refunds; none for captures and cancels.
    package var transfers: Transfers
    /// What is added to the payment's details, packed like them; empty for most operations.
    /// Captures with splits or by hand have it, and confirmations with return data.
    package var instructions: [UInt8] = []
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Timestamp

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
        time: Timestamp
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

extension OperationStarted: RecordLayout {
    package static var kind: ShardRecord.Kind { .operationStarted }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            payment: codec.header.payment,
            operation: try codec.field("operation", record?.operation),
            ordinal: try codec.field("ordinal", record?.ordinal),
            amountMinor: try codec.field("amount", record?.amountMinor),
            staysOpen: try codec.field("stays open", record?.staysOpen),
            cause: try codec.optional("cause", record?.cause),
            key: try codec.optional("key", record?.key),
            transfers: try codec.field("transfers", record?.transfers),
            instructions: try codec.bytes("instructions", record?.instructions),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }
}
