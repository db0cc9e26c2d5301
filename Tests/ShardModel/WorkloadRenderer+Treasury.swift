package import NIOCore
package import Payments
package import ShardCore

// Short texts of pay-outs, wallets and exchange, as the naive model predicts them.
extension WorkloadRenderer {
    package func renderPayout(_ payout: Payout, into body: inout ByteBuffer) {
        let words = [
            "payout", "\(payout.state.name)", "\(payout.amountMinor)", "\(payout.currency)",
            payout.seller?.text ?? "-", payout.reason.isEmpty ? "-" : payout.reason,
        ]
        body.writeString(words.joined(separator: " "))
    }

    package func renderWallet(_ wallet: WalletView, into body: inout ByteBuffer) {
        body.writeString(
            "wallet \(wallet.wallet.currency) \(wallet.wallet.reference) \(wallet.balanceMinor)"
                + " held \(wallet.heldMinor) unsettled \(wallet.unsettledMinor)"
        )
    }

    package func renderQuote(_ quote: ExchangeQuote, into body: inout ByteBuffer) {
        body.writeString("quote " + Self.text(quote))
    }

    package func renderConversion(_ quote: ExchangeQuote, into body: inout ByteBuffer) {
        body.writeString("conversion " + Self.text(quote))
    }

    /// Without what is zero: currencies and sellers that have nothing now.
    package func renderBalance(_ balance: BalanceView, into body: inout ByteBuffer) {
        var lines = balance.lines.map {
            "\($0.currency) \($0.pendingMinor) \($0.availableMinor) \($0.reserveMinor)"
        }
        lines.removeAll { $0.hasSuffix(" 0 0 0") }
        for line in balance.sellers where line.pendingMinor != 0 || line.availableMinor != 0 {
            lines.append("\(line.seller) \(line.currency) \(line.pendingMinor) \(line.availableMinor)")
        }
        body.writeString("balance " + lines.sorted().joined(separator: "; "))
    }

    private static func text(_ quote: ExchangeQuote) -> String {
        let terms = quote.terms
        return "\(terms.soldMinor) \(terms.sold) \(terms.boughtMinor) \(terms.bought) spread \(terms.spreadMinor)"
            + " until \(quote.expiresAt)"
    }
}
