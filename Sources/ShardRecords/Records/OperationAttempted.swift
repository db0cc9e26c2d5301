package import Payments
package import Time

/// The answer of one call to the PSP that did not end the operation. It is for the history of a
/// payment. One fact in it must survive a restart: that the PSP has said it knows the operation.
package struct OperationAttempted: Sendable {
    /// The answer to the call.
    package enum Answer: UInt8, Sendable {
        /// Certainly not executed; it will be tried again.
        case notExecuted = 1
        /// The answer does not settle it.
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
    package var time: Timestamp

    package init(
        payment: PaymentID,
        operation: ProviderOperation,
        ordinal: UInt16,
        mode: ProviderCall.Mode,
        answer: Answer,
        reason: CallFailure? = nil,
        previous: UInt64 = 0,
        time: Timestamp
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

extension OperationAttempted.Answer: RecordField {}

extension OperationAttempted: RecordLayout {
    package static var kind: ShardRecord.Kind { .operationAttempted }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            payment: codec.header.payment,
            operation: try codec.field("operation", record?.operation),
            ordinal: try codec.field("ordinal", record?.ordinal),
            mode: try codec.field("mode", record?.mode),
            answer: try codec.field("answer", record?.answer),
            reason: try codec.optional("reason", record?.reason),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }
}
