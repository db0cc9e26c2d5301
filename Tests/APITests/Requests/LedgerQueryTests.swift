import Ledger
import Money
import Payments
import ShardCore
import ShardRecords
import Testing
import Time

@testable import API

/// Lists of ledger entries and balances of the past: their queries, strictly read, and their
/// cursors.
@Suite struct LedgerQueryTests {
    private func query(_ path: String, _ edge: Edge) -> LedgerQuery? {
        edge.send("GET", path)
        guard case .query(.entries(let query))? = edge.command?.kind else { return nil }
        return query
    }

    @Test func `parameters become a query, in any order, with percent-encoding undone`() throws {
        let edge = try Edge()
        #expect(query("/v1/ledger/entries", edge) == LedgerQuery())
        #expect(query("/v1/ledger/entries?", edge) == LedgerQuery())
        let expected = LedgerQuery(limit: 100, account: .merchantPending, currency: .eur)
        #expect(query("/v1/ledger/entries?limit=100&account=merchant:pending&currency=EUR", edge) == expected)
        #expect(query("/v1/ledger/entries?currency=EUR&account=merchant%3Apending&limit=%3100", edge) == expected)
        #expect(edge.command?.key == nil && edge.command?.merchant == MerchantID(configured: "acme"))
    }

    @Test(
        arguments: [
            ("limit=0", "parameter_out_of_range", "limit"), ("limit=101", "parameter_out_of_range", "limit"),
            ("limit=99999999999999999999999", "parameter_out_of_range", "limit"),
            ("limit=x", "parameter_type_invalid", "limit"), ("limit=-1", "parameter_type_invalid", "limit"),
            ("limit=+5", "parameter_type_invalid", "limit"),
            ("limit=", "parameter_too_short", "limit"), ("limit", "parameter_too_short", "limit"),
            ("limit=5&limit=5", "parameter_repeated", "limit"),
            ("limit=5&", "", ""), ("&limit=5", "parameter_unknown", nil),
            ("limit=5&&currency=EUR", "parameter_unknown", nil),
            ("limit%3D=5", "parameter_unknown", "limit%3D"), ("LIMIT=5", "parameter_unknown", "LIMIT"),
            ("at=2026-11-21T10:00:00Z", "parameter_unknown", "at"),
            ("account=psp:receivable", "parameter_value_unknown", "account"),
            ("account=platform:fees", "parameter_value_unknown", "account"),
            ("account=pending", "parameter_value_unknown", "account"),
            ("account=%zz", "parameter_characters_invalid", "account"),
            ("account=%4", "parameter_characters_invalid", "account"),
            ("account=a%20b", "parameter_characters_invalid", "account"),
            ("account=%00", "parameter_characters_invalid", "account"),
            ("currency=XXX", "currency_unknown", "currency"), ("cursor=abc", "cursor_invalid", "cursor"),
            ("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cursor_invalid", "cursor"),
            ("cursor=" + String(repeating: "A", count: 129), "parameter_too_long", "cursor"),
        ] as [(String, String, String?)]
    )
    func `what a list of entries does not take`(query: String, code: String, parameter: String?) throws {
        let edge = try Edge()
        edge.send("GET", "/v1/ledger/entries?\(query)")
        guard !code.isEmpty else {
            #expect(edge.sink.commands.count == 1)
            return
        }
        #expect(edge.answer?.status == "400" && edge.answer?.code == code)
        #expect(edge.answer?.parameter == parameter && edge.sink.commands.isEmpty)
    }

    @Test func `a balance may be of a moment`() throws {
        let edge = try Edge()
        edge.send("GET", "/v1/balance?at=2026-11-21T11%3A30:41.123Z")
        guard case .query(.pastBalance(1_795_260_641_123))? = edge.command?.kind else {
            Issue.record("\(String(describing: edge.command?.kind))")
            return
        }
        for (value, code) in [("today", "parameter_type_invalid"), ("2026-02-30T00:00:00Z", "parameter_type_invalid")] {
            edge.send("GET", "/v1/balance?at=\(value)")
            #expect(edge.answer?.code == code && edge.answer?.parameter == "at")
        }
        edge.send("GET", "/v1/ledger/accounts?at=2026-11-21T10:00:00Z")
        #expect(edge.answer?.code == "parameter_unknown")
    }

    @Test func `a cursor leads its own merchant on, in its own list`() throws {
        let key = LedgerCursorKey(seed: Edge.seed)
        let acme = MerchantID(configured: "acme")
        let filtered = LedgerQuery(account: .merchantPending, currency: .eur)
        for cursor in [LedgerCursor(position: 1), LedgerCursor(position: .max - 1, transfers: 1)] {
            let text = key.text(cursor, of: acme, filtered)
            #expect(text.count == LedgerCursorKey.length)
            #expect(key.cursor(text.span, of: acme, filtered) == cursor)
            #expect(key.cursor(text.span, of: MerchantID(configured: "bolt"), filtered) == nil)
            #expect(key.cursor(text.span, of: acme, LedgerQuery()) == nil)
            #expect(LedgerCursorKey(seed: [1]).cursor(text.span, of: acme, filtered) == nil)
            for index in text.indices {
                var other = text
                other[index] = other[index] == 65 ? 66 : 65
                #expect(key.cursor(other.span, of: acme, filtered) == nil)
            }
        }
        let edge = try Edge()
        let text = String(decoding: key.text(LedgerCursor(position: 9), of: acme, filtered), as: UTF8.self)
        let found = query("/v1/ledger/entries?cursor=\(text)&currency=EUR&account=merchant:pending&limit=7", edge)
        #expect(found?.cursor == LedgerCursor(position: 9) && found?.limit == 7)
    }
}
