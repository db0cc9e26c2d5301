package import NIOCore
package import Payments

/// The part of `ResponseRenderer` for pay-outs, wallets and exchange.
package protocol TreasuryRenderer: Sendable {
    func renderPayout(_ payout: Payout, into body: inout ByteBuffer)
    func renderWallet(_ wallet: WalletView, into body: inout ByteBuffer)
    func renderQuote(_ quote: ExchangeQuote, into body: inout ByteBuffer)
    /// A quote that was used.
    func renderConversion(_ quote: ExchangeQuote, into body: inout ByteBuffer)
}

/// Empty answers, for renderers that know payments only.
extension TreasuryRenderer {
    package func renderPayout(_ payout: Payout, into body: inout ByteBuffer) {}
    package func renderWallet(_ wallet: WalletView, into body: inout ByteBuffer) {}
    package func renderQuote(_ quote: ExchangeQuote, into body: inout ByteBuffer) {}
    package func renderConversion(_ quote: ExchangeQuote, into body: inout ByteBuffer) {}
}
