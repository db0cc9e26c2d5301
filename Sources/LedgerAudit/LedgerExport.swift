import Ledger
import Money
import Payments
import Time

/// Writes ledger entries as text for accountants' tools. Give it the entries in order, then the
/// end; it keeps the balances.
package protocol LedgerExport {
    /// What comes before the first entry.
    mutating func begin() -> String
    mutating func write(_ entry: LedgerEntry) -> String
    /// What comes after the last entry.
    mutating func end() -> String
}

/// Comma-separated values (RFC 4180), a row for each posting. Amounts are in minor units and as
/// decimals; debits positive.
package struct CSVExport: LedgerExport {
    private let merchants: [UInt64: String]

    /// - Parameter merchants: names by identifier.
    package init(merchants: [UInt64: String] = [:]) {
        self.merchants = merchants
    }

    package mutating func begin() -> String {
        "entry,time,payment,posting_rule,psp_reference,account,currency,amount_minor,amount\r\n"
    }

    package mutating func write(_ entry: LedgerEntry) -> String {
        let head =
            "\(entry.number),\(ReportText.time(entry.time)),\(entry.subject),\(entry.transfer.rule.title),"
            + "\(Self.quoted(entry.providerReference)),"
        return entry.transfer.postings.map { posting in
            let currency = posting.account.currency
            return head + "\(Self.quoted(posting.account.path(merchants: merchants))),\(currency),"
                + "\(posting.amountMinor),\(ReportText.decimal(Int128(posting.amountMinor), currency))\r\n"
        }.joined()
    }

    package mutating func end() -> String { "" }

    /// Quotes a field whose text the gateway does not choose. A spreadsheet takes a text that
    /// begins with one of some characters for a formula and runs it, quoted or not. An apostrophe
    /// in front makes it text (OWASP, "CSV Injection").
    private static func quoted(_ field: String) -> String {
        let text =
            field.unicodeScalars.first.map { "=+-@\t\r\n".unicodeScalars.contains($0) } == true ? "'" + field : field
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isPlain
            ? text
            : "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

/// A journal of hledger (https://hledger.org/hledger.html#journal): a transaction for each entry.
/// It declares every account and commodity at the first use. At the end one transaction asserts the
/// balance of every account. So `hledger check --strict` compares its sums with the gateway's.
package struct HledgerExport: LedgerExport {
    private let merchants: [UInt64: String]
    private var balances: [Account: Int128] = [:]
    private var currencies: Set<Currency> = []
    private var lastTime = Timestamp.none

    /// - Parameter merchants: names by identifier.
    package init(merchants: [UInt64: String] = [:]) {
        self.merchants = merchants
    }

    package mutating func begin() -> String { "; Exported by millrace from its journals. Debits are positive.\n" }

    package mutating func write(_ entry: LedgerEntry) -> String {
        var text = ""
        for posting in entry.transfer.postings { text += declare(posting.account) }
        lastTime = max(lastTime, entry.time)
        let day = ReportText.time(entry.time).prefix(10)
        text += "\n\(day) * (\(entry.number)) \(entry.transfer.rule.title)"
        text +=
            "  ; \(entry.subject.tag):\(entry.subject), time:\(ReportText.time(entry.time))\(Self.tag(entry.providerReference))\n"
        for posting in entry.transfer.postings {
            balances[posting.account, default: 0] += Int128(posting.amountMinor)
            text += line(posting.account, Int128(posting.amountMinor)) + "\n"
        }
        return text
    }

    package mutating func end() -> String {
        guard !balances.isEmpty else { return "" }
        let lines = balances.map { account, balance in
            "\(line(account, 0)) = \(ReportText.decimal(balance, account.currency)) \(account.currency)"
        }
        let day = ReportText.time(lastTime).prefix(10)
        return "\n\(day) * balances of the ledger\n" + lines.sorted().joined(separator: "\n") + "\n"
    }

    private mutating func declare(_ account: Account) -> String {
        var text = ""
        if currencies.insert(account.currency).inserted {
            // hledger wants a decimal mark even where there are no decimals.
            let sample = "1000." + String(repeating: "0", count: account.currency.exponent)
            text += "\ncommodity \(sample) \(account.currency)\n"
        }
        if balances[account] == nil {
            balances[account] = 0
            text += "\naccount \(account.path(merchants: merchants))\n"
        }
        return text
    }

    private func line(_ account: Account, _ minor: Int128) -> String {
        "    \(account.path(merchants: merchants))  \(ReportText.decimal(minor, account.currency)) \(account.currency)"
    }

    /// A tag ends at a comma or at the end of the line; a provider's reference with such characters
    /// is left out.
    private static func tag(_ reference: String) -> String {
        let isPlain = reference.unicodeScalars.allSatisfy { $0 != "," && $0.value >= 0x20 && $0.value != 0x7f }
        return reference.isEmpty || !isPlain ? "" : ", psp_reference:\(reference)"
    }
}

extension LedgerEntry {
    /// The entry's number for readers: shard and position.
    package var number: String { "\(shard)-\(position)" }
}
