package import Money
package import NIOCore
package import Payments

/// A pay-out was requested, or something was reported of it. A request whose amount is not the merchant's to give is refused and
/// leaves no record.
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
    package var time: Int64

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
        time: Int64
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

/// A wallet was opened.
package struct WalletOpened: Sendable {
    package var id: WalletID
    package var merchant: MerchantID
    package var currency: Currency
    package var reference: String
    package var key: RequestKey
    package var responseStatus: UInt16
    package var response: ByteBuffer
    package var time: Int64

    package init(
        id: WalletID,
        merchant: MerchantID,
        currency: Currency,
        reference: String,
        key: RequestKey,
        responseStatus: UInt16,
        response: ByteBuffer,
        time: Int64
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
    package var time: Int64

    package init(
        id: QuoteID,
        merchant: MerchantID,
        key: RequestKey,
        transfers: Transfers,
        responseStatus: UInt16,
        response: ByteBuffer,
        previous: UInt64,
        time: Int64
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

// All four have one envelope (docs/records.md): whether there is a key 1, key 48, the fields of the
// kind behind a u32 length, transfers, HTTP status u16, body of the answer behind a u32 length.
package struct MoneyEnvelope {
    /// The bytes before the length of the fields.
    package static let headBytes = 1 + 48

    package var key: RequestKey?
    package var transfers = Transfers()
    package var responseStatus: UInt16
    package var response: ByteBuffer

    package func encode(
        into bytes: inout [UInt8],
        _ fields: (inout [UInt8]) -> Void
    ) {
        bytes.append(key == nil ? 0 : 1)
        if let key { bytes.append(key) } else { bytes.append(contentsOf: [UInt8](repeating: 0, count: 48)) }
        let start = bytes.count
        bytes.appendInteger(UInt32(0))
        fields(&bytes)
        let length = UInt32(bytes.count - start - 4)
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(index * 8)) }
        bytes.append(transfers)
        bytes.appendInteger(responseStatus)
        bytes.appendInteger(UInt32(response.readableBytes))
        response.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
    }
}

extension PayoutChanged {
    package func encode(into bytes: inout [UInt8]) {
        let envelope = MoneyEnvelope(
            key: key,
            transfers: transfers,
            responseStatus: responseStatus,
            response: response
        )
        envelope.encode(into: &bytes) { bytes in
            bytes.append(event?.rawValue ?? 0)
            bytes.appendInteger(amountMinor)
            bytes.appendInteger(currency.numericCode)
            bytes.appendText(seller?.text ?? "")
            bytes.appendText(destination)
            bytes.appendText(reason)
        }
    }
}

extension WalletOpened {
    package func encode(into bytes: inout [UInt8]) {
        let envelope = MoneyEnvelope(
            key: key,
            responseStatus: responseStatus,
            response: response
        )
        envelope.encode(into: &bytes) { bytes in
            bytes.appendInteger(currency.numericCode)
            bytes.appendText(reference)
        }
    }
}

extension ExchangeQuoted {
    package func encode(into bytes: inout [UInt8]) {
        let envelope = MoneyEnvelope(
            key: key,
            responseStatus: responseStatus,
            response: response
        )
        envelope.encode(into: &bytes) { bytes in
            bytes.append(terms)
            bytes.appendInteger(expiresAt)
        }
    }
}

extension ExchangeConverted {
    package func encode(into bytes: inout [UInt8]) {
        let envelope = MoneyEnvelope(
            key: key,
            transfers: transfers,
            responseStatus: responseStatus,
            response: response
        )
        envelope.encode(into: &bytes) { _ in }
    }
}

extension [UInt8] {
    package mutating func append(_ terms: ExchangeTerms) {
        appendInteger(terms.sold.numericCode)
        appendInteger(terms.soldMinor)
        appendInteger(terms.bought.numericCode)
        appendInteger(terms.grossMinor)
        appendInteger(terms.spreadMinor)
        appendInteger(terms.rate.mantissa)
        append(terms.rate.scale)
    }
}
