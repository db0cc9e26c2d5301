package import Payments
package import Time

package struct RefundBounced: Sendable {
    package var refund: RefundID
    package var payment: PaymentID
    package var amountMinor: Int64
    package var transfers: Transfers
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Timestamp

    package init(
        refund: RefundID,
        payment: PaymentID,
        amountMinor: Int64,
        transfers: Transfers,
        previous: UInt64 = 0,
        time: Timestamp
    ) {
        self.refund = refund
        self.payment = payment
        self.amountMinor = amountMinor
        self.transfers = transfers
        self.previous = previous
        self.time = time
    }
}

extension RefundBounced: RecordLayout {
    package static var kind: ShardRecord.Kind { .refundBounced }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            refund: try codec.field("refund", record?.refund),
            payment: codec.header.payment,
            amountMinor: try codec.field("amount", record?.amountMinor),
            transfers: try codec.field("transfers", record?.transfers),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }
}
