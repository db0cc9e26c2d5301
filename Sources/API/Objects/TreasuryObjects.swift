import Money
package import NIOCore
package import Payments
import Time

// The JSON of pay-outs, wallets, quotes and conversions.
extension RendererV1 {
    package func renderPayout(_ payout: Payout, into body: inout ByteBuffer) {
        let texts = [payout.destination, payout.reason, payout.seller?.text ?? ""]
        let size = texts.reduce(512) { $0 + $1.utf8.count + ByteCursor.quotedOverhead($1.utf8.span) }
        body.writeCursor(maximum: size) { output in
            output.begin("payout", prefix: PayoutID.prefix, high: payout.id.high, low: payout.id.low)
            output.member("status", payout.state.name)
            output.member("amount", payout.amountMinor)
            output.member("currency", payout.currency.code)
            output.member("destination", text: payout.destination)
            output.member("seller", text: payout.seller?.text)
            output.member("reason", text: payout.reason.isEmpty ? nil : payout.reason)
            output.member("created_at", time: payout.id.createdAt)
            output.member("updated_at", time: payout.updatedAt)
            output.literal("}")
        }
    }

    package func renderWallet(_ wallet: WalletView, into body: inout ByteBuffer) {
        let reference = wallet.wallet.reference
        let size = 512 + reference.utf8.count + ByteCursor.quotedOverhead(reference.utf8.span)
        body.writeCursor(maximum: size) { output in
            output.begin("wallet", prefix: WalletID.prefix, high: wallet.wallet.id.high, low: wallet.wallet.id.low)
            output.member("currency", wallet.wallet.currency.code)
            output.member("reference", text: reference.isEmpty ? nil : reference)
            output.member("balance", wallet.balanceMinor)
            output.member("held", wallet.heldMinor)
            output.member("available", wallet.availableMinor)
            output.member("unsettled", wallet.unsettledMinor)
            output.member("created_at", time: wallet.wallet.createdAt)
            output.literal("}")
        }
    }

    package func renderQuote(_ quote: ExchangeQuote, into body: inout ByteBuffer) {
        body.writeCursor(maximum: 768) { output in
            output.begin("fx_quote", prefix: QuoteID.prefix, high: quote.id.high, low: quote.id.low)
            Self.write(quote.terms, &output)
            output.member("created_at", time: quote.id.createdAt)
            output.member("expires_at", time: quote.expiresAt)
            output.literal("}")
        }
    }

    package func renderConversion(_ quote: ExchangeQuote, into body: inout ByteBuffer) {
        body.writeCursor(maximum: 768) { output in
            output.begin("fx_conversion", prefix: QuoteID.conversionPrefix, high: quote.id.high, low: quote.id.low)
            output.literal(",\"quote_id\":\"")
            output.identifier(QuoteID.prefix, high: quote.id.high, low: quote.id.low)
            output.literal("\"")
            Self.write(quote.terms, &output)
            output.member("converted_at", time: quote.convertedAt)
            output.literal("}")
        }
    }

    private static func write(_ terms: ExchangeTerms, _ output: inout ByteCursor) {
        output.member("sell_currency", terms.sold.code)
        output.member("sell_amount", terms.soldMinor)
        output.member("buy_currency", terms.bought.code)
        output.member("buy_amount", terms.boughtMinor)
        output.member("spread_amount", terms.spreadMinor)
        output.member("rate", text: terms.rate.description)
    }
}

extension ByteCursor {
    /// The first members of an object of the API.
    fileprivate mutating func begin(_ object: StaticString, prefix: StaticString, high: UInt64, low: UInt64) {
        literal("{\"id\":\"")
        identifier(prefix, high: high, low: low)
        literal("\",\"object\":\"")
        literal(object)
        literal("\"")
    }

    private mutating func name(_ name: StaticString) {
        literal(",\"")
        literal(name)
        literal("\":")
    }

    fileprivate mutating func member(_ name: StaticString, _ value: StaticString) {
        self.name(name)
        literal("\"")
        literal(value)
        literal("\"")
    }

    fileprivate mutating func member(_ name: StaticString, _ value: Int64) {
        self.name(name)
        decimal(value)
    }

    fileprivate mutating func member(_ name: StaticString, text value: String?) {
        self.name(name)
        if let value { quoted(value.utf8.span) } else { literal("null") }
    }

    fileprivate mutating func member(_ name: StaticString, time: Timestamp) {
        self.name(name)
        literal("\"")
        timestamp(time)
        literal("\"")
    }
}
