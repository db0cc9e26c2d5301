package import NIOCore
package import Payments
package import Time

/// See `PaymentChange`. Holds an answer where a merchant's request caused it, and its key with it.
package struct PaymentChanged: Sendable {
    package var payment: PaymentID
    package var change: PaymentChange
    /// What it is about, where it is about an amount; 0 otherwise.
    package var amountMinor: Int64 = 0
    /// The payment's new deadline, where it gets one.
    package var deadline: Timestamp = .none
    /// Why, in plain text (a reason given by an operator, the names of rules); at most 512 bytes of
    /// UTF-8.
    package var note: String = ""
    package var key: RequestKey? = nil
    package var transfers: Transfers
    /// 0 where no request caused it.
    package var responseStatus: UInt16 = 0
    package var response = ByteBuffer()
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Timestamp

    package init(
        payment: PaymentID,
        change: PaymentChange,
        amountMinor: Int64 = 0,
        deadline: Timestamp = .none,
        note: String = "",
        key: RequestKey? = nil,
        transfers: Transfers,
        responseStatus: UInt16 = 0,
        response: ByteBuffer = ByteBuffer(),
        previous: UInt64 = 0,
        time: Timestamp
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

extension PaymentChanged: RecordLayout {
    package static var kind: ShardRecord.Kind { .paymentChanged }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            payment: codec.header.payment,
            change: try codec.field("change", record?.change),
            amountMinor: try codec.field("amount", record?.amountMinor),
            deadline: try codec.field("deadline", record?.deadline),
            note: try codec.field("note", record?.note),
            key: try codec.optional("key", record?.key),
            transfers: try codec.field("transfers", record?.transfers),
            responseStatus: try codec.field("HTTP status", record?.responseStatus),
            response: try codec.body("body", record?.response),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }
}
