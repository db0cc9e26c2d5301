package import Payments
package import Time

package struct OperationUnresolved: Sendable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var reason: CallFailure
    /// Set when the PSP accepted the operation and said so (pending); empty otherwise.
    package var providerReference: String
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Timestamp

    package init(
        payment: PaymentID,
        operation: ProviderOperation,
        ordinal: UInt16,
        reason: CallFailure,
        providerReference: String,
        previous: UInt64 = 0,
        time: Timestamp
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

extension OperationUnresolved: RecordLayout {
    package static var kind: ShardRecord.Kind { .operationUnresolved }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            payment: codec.header.payment,
            operation: try codec.field("operation", record?.operation),
            ordinal: try codec.field("ordinal", record?.ordinal),
            reason: try codec.field("reason", record?.reason),
            providerReference: try codec.field("PSP reference", record?.providerReference),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }
}
