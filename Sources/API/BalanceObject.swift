import Money
import Shard

/// The JSON of a balance.
enum BalanceObject {
    static func maximumBytes(_ balance: BalanceView) -> Int { 160 + balance.lines.count * 3 * 64 }

    static func write(_ balance: BalanceView, _ output: inout ByteCursor) {
        output.literal("{\"object\":\"balance\",\"pending\":[")
        writeLines(balance, \.pendingMinor, &output)
        output.literal("],\"available\":[")
        writeLines(balance, \.availableMinor, &output)
        output.literal("],\"reserve\":[")
        writeLines(balance, \.reserveMinor, &output)
        output.literal("],\"as_of\":\"")
        output.timestamp(balance.asOf)
        output.literal("\"}")
    }

    private static func writeLines(
        _ balance: BalanceView,
        _ amount: KeyPath<BalanceView.Line, Int64>,
        _ output: inout ByteCursor
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
