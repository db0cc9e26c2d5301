package import Money
package import NIOCore
package import Payments
package import Time

/// A wallet was opened.
package struct WalletOpened: Sendable {
    package var id: WalletID
    package var merchant: MerchantID
    package var currency: Currency
    package var reference: String
    package var key: RequestKey
    package var responseStatus: UInt16
    package var response: ByteBuffer
    package var time: Timestamp

    package init(
        id: WalletID,
        merchant: MerchantID,
        currency: Currency,
        reference: String,
        key: RequestKey,
        responseStatus: UInt16,
        response: ByteBuffer,
        time: Timestamp
    ) {
        self.id = id
        self.merchant = merchant
        self.currency = currency
        self.reference = reference
        self.key = key
        self.responseStatus = responseStatus
        self.response = response
        self.time = time
    }
}

extension WalletOpened: RecordLayout {
    package static var kind: ShardRecord.Kind { .walletOpened }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            id: WalletID(high: codec.header.subject.high, low: codec.header.subject.low),
            merchant: codec.header.merchant,
            currency: try codec.field("currency", record?.currency),
            reference: try codec.field("reference", record?.reference),
            key: try codec.field("key", record?.key),
            responseStatus: try codec.field("HTTP status", record?.responseStatus),
            response: try codec.body("body", record?.response),
            time: codec.header.time
        )
    }
}
