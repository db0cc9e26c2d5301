package import Money
package import NIOCore
package import Payments
package import Time

/// A pay-out was requested, or something was reported of it. A request for more than the balance
/// has is refused and leaves no record.
package struct PayoutChanged: Sendable {
    package var id: PayoutID
    package var merchant: MerchantID
    /// nil for the request itself.
    package var event: PayoutEvent?
    package var amountMinor: Int64
    package var currency: Currency
    /// Set where a seller's balance pays.
    package var seller: SellerName?
    /// Of the request; empty otherwise.
    package var destination: String
    /// Of an event, as the bank said; empty otherwise.
    package var reason: String
    /// nil for an event that did not come as a request of its own.
    package var key: RequestKey?
    package var transfers: Transfers
    package var responseStatus: UInt16
    package var response: ByteBuffer
    /// The position of the pay-out's record before this one; 0 for the request.
    package var previous: UInt64
    package var time: Timestamp

    package init(
        id: PayoutID,
        merchant: MerchantID,
        event: PayoutEvent? = nil,
        amountMinor: Int64,
        currency: Currency,
        seller: SellerName? = nil,
        destination: String,
        reason: String,
        key: RequestKey? = nil,
        transfers: Transfers,
        responseStatus: UInt16,
        response: ByteBuffer,
        previous: UInt64,
        time: Timestamp
    ) {
        self.id = id
        self.merchant = merchant
        self.event = event
        self.amountMinor = amountMinor
        self.currency = currency
        self.seller = seller
        self.destination = destination
        self.reason = reason
        self.key = key
        self.transfers = transfers
        self.responseStatus = responseStatus
        self.response = response
        self.previous = previous
        self.time = time
    }
}

extension PayoutChanged: RecordLayout {
    package static var kind: ShardRecord.Kind { .payoutChanged }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            id: PayoutID(high: codec.header.subject.high, low: codec.header.subject.low),
            merchant: codec.header.merchant,
            event: try codec.optional("event", record?.event),
            amountMinor: try codec.field("amount", record?.amountMinor),
            currency: try codec.field("currency", record?.currency),
            seller: try codec.optional("seller", record?.seller),
            destination: try codec.field("destination", record?.destination),
            reason: try codec.field("reason", record?.reason),
            key: try codec.optional("key", record?.key),
            transfers: try codec.field("transfers", record?.transfers),
            responseStatus: try codec.field("HTTP status", record?.responseStatus),
            response: try codec.body("body", record?.response),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }

    package var isConsistent: Bool {
        amountMinor > 0 && destination.utf8.count <= Payout.maximumTextBytes
            && reason.utf8.count <= Payout.maximumTextBytes
    }
}
