package import NIOCore
package import Payments

/// An exchange was quoted.
package struct ExchangeQuoted: Sendable {
    package var id: QuoteID
    package var merchant: MerchantID
    package var terms: ExchangeTerms
    /// Milliseconds since 1970.
    package var expiresAt: Int64
    package var key: RequestKey
    package var responseStatus: UInt16
    package var response: ByteBuffer
    package var time: Int64

    package init(
        id: QuoteID,
        merchant: MerchantID,
        terms: ExchangeTerms,
        expiresAt: Int64,
        key: RequestKey,
        responseStatus: UInt16,
        response: ByteBuffer,
        time: Int64
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
