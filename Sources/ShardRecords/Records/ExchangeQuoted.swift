package import NIOCore
package import Payments
package import Time

/// An exchange was quoted.
package struct ExchangeQuoted: Sendable {
    package var id: QuoteID
    package var merchant: MerchantID
    package var terms: ExchangeTerms
    package var expiresAt: Timestamp
    package var key: RequestKey
    package var responseStatus: UInt16
    package var response: ByteBuffer
    package var time: Timestamp

    package init(
        id: QuoteID,
        merchant: MerchantID,
        terms: ExchangeTerms,
        expiresAt: Timestamp,
        key: RequestKey,
        responseStatus: UInt16,
        response: ByteBuffer,
        time: Timestamp
    ) {
        self.id = id
        self.merchant = merchant
        self.terms = terms
        self.expiresAt = expiresAt
        self.key = key
        self.responseStatus = responseStatus
        self.response = response
        self.time = time
    }
}

extension ExchangeQuoted: RecordLayout {
    package static var kind: ShardRecord.Kind { .exchangeQuoted }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            id: QuoteID(high: codec.header.subject.high, low: codec.header.subject.low),
            merchant: codec.header.merchant,
            terms: try codec.field("terms", record?.terms),
            expiresAt: try codec.field("expires", record?.expiresAt),
            key: try codec.field("key", record?.key),
            responseStatus: try codec.field("HTTP status", record?.responseStatus),
            response: try codec.body("body", record?.response),
            time: codec.header.time
        )
    }
}
