import Ledger
import Money
import Testing

@testable import LedgerAudit
@testable import Payments

@Suite struct LedgerExportTests {
    private func books() -> Books {
        var books = Books()
        books.create(1_000, fee: 250, capturing: true)
        books.finish(.authorize, ordinal: 1, amount: 1_000, transfers: books.capture(1_000, fee: 25, releasing: nil))
        return books
    }

    private func text(_ export: some LedgerExport, _ entries: [LedgerEntry]) -> String {
        var export = export
        var text = export.begin()
        for entry in entries { text += export.write(entry) }
        return text + export.end()
    }

    @Test func aCaptureAsHledger() {
        let payment = books().entries[0].subject
        #expect(
            text(HledgerExport(merchants: [7: "acme"]), books().entries) == """
                ; Exported by millrace from its journals. Debits are positive.

                commodity 1000.00 EUR

                account assets:psp:receivable:1

                account liabilities:merchant:pending:acme

                account income:platform:fees

                2026-09-21 * (3-2) capture  ; payment:\(payment), time:2026-09-21T14:13:20.001Z, psp_reference:ch_1
                    assets:psp:receivable:1  10.00 EUR
                    liabilities:merchant:pending:acme  -9.75 EUR
                    income:platform:fees  -0.25 EUR

                2026-09-21 * balances of the ledger
                    assets:psp:receivable:1  0.00 EUR = 10.00 EUR
                    income:platform:fees  0.00 EUR = -0.25 EUR
                    liabilities:merchant:pending:acme  0.00 EUR = -9.75 EUR

                """
        )
    }

    @Test func aCaptureAsCSV() {
        let payment = books().entries[0].subject
        let head = "3-2,2026-09-21T14:13:20.001Z,\(payment),capture,ch_1"
        #expect(
            text(CSVExport(), books().entries)
                == [
                    "entry,time,payment,posting_rule,psp_reference,account,currency,amount_minor,amount",
                    "\(head),assets:psp:receivable:1,EUR,1000,10.00",
                    "\(head),liabilities:merchant:pending:0000000000000007,EUR,-975,-9.75",
                    "\(head),income:platform:fees,EUR,-25,-0.25", "",
                ].joined(separator: "\r\n")
        )
    }

    @Test func foreignTextCannotBreakARow() {
        var entry = books().entries[0]
        entry.providerReference = "a\",\r\n=1"
        #expect(text(CSVExport(), [entry]).contains("capture,\"a\"\",\r\n=1\",assets"))
        #expect(!text(HledgerExport(), [entry]).contains("psp_reference"))
    }

    /// Each would be a formula in a spreadsheet.
    @Test(arguments: ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\r\n=1", "\n=1"])
    func foreignTextIsNoFormula(reference: String) {
        var entry = books().entries[0]
        entry.providerReference = reference
        #expect(text(CSVExport(), [entry]).contains("capture,\"'\(reference)\",assets"))
    }

    @Test(arguments: ["ch_1", "a=1", "1-2", "'=1"])
    func otherForeignTextStays(reference: String) {
        var entry = books().entries[0]
        entry.providerReference = reference
        let isPlain = reference == "ch_1"
        #expect(text(CSVExport(), [entry]).contains("capture,\(isPlain ? reference : "\"\(reference)\""),assets"))
    }

    @Test(arguments: [
        (5, Currency.eur, "0.05"), (-5, .eur, "-0.05"), (0, .eur, "0.00"), (123, .jpy, "123"), (-1, .kwd, "-0.001"),
        (123_456, .eur, "1234.56"),
    ])
    func decimals(_ minor: Int, currency: Currency, expected: String) {
        #expect(ReportText.decimal(Int128(minor), currency) == expected)
    }
}
