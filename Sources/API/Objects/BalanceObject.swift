import Money
import Payments
import ShardCore

/// The JSON of a balance.
enum BalanceObject {
    static func maximumBytes(_ balance: BalanceView) -> Int {
        160 + balance.lines.count * 3 * 64 + balance.sellers.count * (128 + SellerName.maximumBytes)
    }

    static func write(_ balance: BalanceView, _ output: inout ByteCursor) {
        output.literal("{\"object\":\"balance\",\"pending\":[")
        writeLines(balance, of: \.pendingMinor, into: &output)
        output.literal("],\"available\":[")
        writeLines(balance, of: \.availableMinor, into: &output)
        output.literal("],\"reserve\":[")
        writeLines(balance, of: \.reserveMinor, into: &output)
        output.literal("]")
        writeSellers(balance.sellers, &output)
        output.literal(",\"as_of\":\"")
        output.timestamp(balance.asOf)
        output.literal("\"}")
    }

    private static func writeSellers(_ sellers: [BalanceView.SellerLine], _ output: inout ByteCursor) {
        guard !sellers.isEmpty else { return }
        output.literal(",\"sellers\":[")
        var isFirst = true
        for line in sellers {
            output.literal(isFirst ? "{\"seller\":" : ",{\"seller\":")
            isFirst = false
            output.quoted(line.seller.text.utf8.span)
            output.literal(",\"currency\":\"")
            output.literal(line.currency.code)
            output.literal("\",\"pending\":")
            output.decimal(line.pendingMinor)
            output.literal(",\"available\":")
            output.decimal(line.availableMinor)
            output.literal("}")
        }
        output.literal("]")
    }

    private static func writeLines(
        _ balance: BalanceView,
        of amount: KeyPath<BalanceView.Line, Int64>,
        into output: inout ByteCursor
    ) {
        var isFirst = true
        for line in balance.lines {
            output.literal(isFirst ? "{\"currency\":\"" : ",{\"currency\":\"")
            isFirst = false
            output.literal(line.currency.code)
            output.literal("\",\"amount\":")
            output.decimal(line[keyPath: amount])
            output.literal("}")
        }
    }
}
