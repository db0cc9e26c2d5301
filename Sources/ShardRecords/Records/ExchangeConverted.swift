package import NIOCore
package import Payments
package import Time

/// A quote was used.
package struct ExchangeConverted: Sendable {
    package var id: QuoteID
    package var merchant: MerchantID
    package var key: RequestKey
    package var transfers: Transfers
    package var responseStatus: UInt16
    package var response: ByteBuffer
    /// The position of the quote's record.
    package var previous: UInt64
    package var time: Timestamp

    package init(
        id: QuoteID,
        merchant: MerchantID,
        key: RequestKey,
        transfers: Transfers,
        responseStatus: UInt16,
        response: ByteBuffer,
        previous: UInt64,
        time: Timestamp
    ) {
        self.id = id
        self.merchant = merchant
        self.key = key
        self.transfers = transfers
        self.responseStatus = responseStatus
        self.response = response
        self.previous = previous
        self.time = time
    }
}

extension ExchangeConverted: RecordLayout {
    package static var kind: ShardRecord.Kind { .exchangeConverted }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            id: QuoteID(high: codec.header.subject.high, low: codec.header.subject.low),
            merchant: codec.header.merchant,
            key: try codec.field("key", record?.key),
            transfers: try codec.field("transfers", record?.transfers),
            responseStatus: try codec.field("HTTP status", record?.responseStatus),
            response: try codec.body("body", record?.response),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }
}
