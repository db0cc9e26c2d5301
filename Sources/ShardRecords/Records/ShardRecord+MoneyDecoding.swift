package import Money
import NIOCore
package import Payments

extension RecordReader {
    package mutating func payoutChanged(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> PayoutChanged {
        let head = try moneyHead(bytes)
        let rawEvent = try integer(UInt8.self, bytes)
        let event = PayoutEvent(rawValue: rawEvent)
        guard rawEvent == 0 || event != nil else { throw .invalidValue }
        let amountMinor = try integer(Int64.self, bytes)
        let currency = try currency(bytes)
        let seller = try sellerName(bytes)
        let destination = try shortText(bytes)
        let reason = try shortText(bytes)
        guard amountMinor > 0, offset == head.fieldsEnd else { throw .invalidValue }
        let transfers = try transfers(bytes)
        return PayoutChanged(
            id: PayoutID(high: header.subject.high, low: header.subject.low),
            merchant: header.merchant,
            event: event,
            amountMinor: amountMinor,
            currency: currency,
            seller: seller,
            destination: destination,
            reason: reason,
            key: head.key,
            transfers: transfers,
            responseStatus: try answer(bytes),
            response: ByteBuffer(),
            previous: header.previous,
            time: header.time
        )
    }

    package mutating func walletOpened(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> WalletOpened {
        let head = try moneyHead(bytes)
        let currency = try currency(bytes)
        let reference = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        guard let key = head.key, offset == head.fieldsEnd else { throw .invalidValue }
        guard try transfers(bytes).count == 0 else { throw .invalidValue }
        return WalletOpened(
            id: WalletID(high: header.subject.high, low: header.subject.low),
            merchant: header.merchant,
            currency: currency,
            reference: reference,
            key: key,
            responseStatus: try answer(bytes),
            response: ByteBuffer(),
            time: header.time
        )
    }

    package mutating func exchangeQuoted(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> ExchangeQuoted {
        let head = try moneyHead(bytes)
        let terms = try exchangeTerms(bytes)
        let expiresAt = try integer(Int64.self, bytes)
        guard let key = head.key, offset == head.fieldsEnd else { throw .invalidValue }
        guard try transfers(bytes).count == 0 else { throw .invalidValue }
        return ExchangeQuoted(
            id: QuoteID(high: header.subject.high, low: header.subject.low),
            merchant: header.merchant,
            terms: terms,
            expiresAt: expiresAt,
            key: key,
            responseStatus: try answer(bytes),
            response: ByteBuffer(),
            time: header.time
        )
    }

    package mutating func exchangeConverted(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> ExchangeConverted {
        let head = try moneyHead(bytes)
        guard let key = head.key, offset == head.fieldsEnd else { throw .invalidValue }
        let transfers = try transfers(bytes)
        return ExchangeConverted(
            id: QuoteID(high: header.subject.high, low: header.subject.low),
            merchant: header.merchant,
            key: key,
            transfers: transfers,
            responseStatus: try answer(bytes),
            response: ByteBuffer(),
            previous: header.previous,
            time: header.time
        )
    }

    private struct MoneyHead {
        var key: RequestKey?
        var fieldsEnd: Int
    }

    private mutating func moneyHead(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> MoneyHead {
        let hasKey = try integer(UInt8.self, bytes)
        let key = try requestKey(bytes)
        guard hasKey <= 1 else { throw .invalidValue }
        let length = Int(try integer(UInt32.self, bytes))
        guard length <= bytes.count - offset else { throw .truncated }
        return MoneyHead(
            key: hasKey == 1 ? key : nil,
            fieldsEnd: offset + length
        )
    }

    /// The stored answer is read from the journal when it is replayed, not kept in memory.
    private mutating func answer(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> UInt16 {
        let status = try integer(UInt16.self, bytes)
        _ = try range(count: Int(try integer(UInt32.self, bytes)), bytes)
        return status
    }

    package mutating func currency(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> Currency {
        guard let currency = Currency(numericCode: try integer(UInt16.self, bytes)) else { throw .invalidValue }
        return currency
    }

    /// A seller's name; nil for an empty text.
    package mutating func sellerName(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> SellerName? {
        let text = try shortText(bytes)
        guard !text.isEmpty else { return nil }
        guard let name = SellerName(text) else { throw .invalidValue }
        return name
    }

    package mutating func shortText(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> String {
        let text = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        guard text.utf8.count <= Payout.maximumTextBytes else { throw .invalidValue }
        return text
    }

    package mutating func exchangeTerms(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> ExchangeTerms {
        let sold = try currency(bytes)
        let soldMinor = try integer(Int64.self, bytes)
        let bought = try currency(bytes)
        let grossMinor = try integer(Int64.self, bytes)
        let spreadMinor = try integer(Int64.self, bytes)
        let mantissa = try integer(Int64.self, bytes)
        guard let rate = ExchangeRate(mantissa: mantissa, scale: try integer(UInt8.self, bytes)),
            let terms = ExchangeTerms(
                sold: sold,
                soldMinor: soldMinor,
                bought: bought,
                grossMinor: grossMinor,
                spreadMinor: spreadMinor,
                rate: rate
            )
        else { throw .invalidValue }
        return terms
    }
}
