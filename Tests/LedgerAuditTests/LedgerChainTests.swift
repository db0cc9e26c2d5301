import Journal
import Ledger
import Money
import NIOCore
import Testing
import Time

@testable import LedgerAudit
@testable import Payments
@testable import ShardRecords

/// The lists that lead through the merchants' ledgers, and the marks in them: sound ones, and what
/// one wrong field in them is called.
@Suite struct LedgerChainTests {
    @Test func linkedSalesOfSeveralMerchantsWithMarksAreSound() throws {
        var chain = Chain()
        for number in 0..<400 { chain.sell(merchant: number % 3 == 0 ? 7 : 8) }
        #expect(try chain.problems() == [])
        #expect(try chain.check().markCount == 200 && chain.marks[8]?.count == 133)
    }

    @Test func aWrongLinkIsNamed() throws {
        var chain = Chain()
        for _ in 0..<3 { chain.sell(merchant: 8) }
        chain.sell(merchant: 7)
        chain.relink(7, to: 2)
        #expect(
            try chain.problems() == [
                "record 7: names record 2 as the merchant's entry before it, but that is 4"
            ]
        )
        chain.relink(7, to: 4)
        chain.relink(6, to: 4)
        #expect(try chain.problems() == ["record 6: books nothing, and names record 4 of a ledger"])
    }

    @Test func aWrongVersionOfAPaymentIsNamed() throws {
        var chain = Chain()
        for _ in 0..<2 { chain.sell(merchant: 8) }
        chain.renumber(2, to: 3)
        let record = chain.records[1]
        let id = try LinkedRecord(decoding: record.span).header.payment
        #expect(try chain.problems() == ["record 2: is version 3 of \(id), where 2 is due"])
    }

    @Test func aWrongPreviousRecordAndAnotherMerchantAreNamed() throws {
        var chain = Chain()
        for _ in 0..<2 { chain.sell(merchant: 8) }
        chain.records[1][48] = 0
        #expect(try chain.problems() == ["record 2: names record 0 as the one before, but that is 1"])
        chain.records[1][48] = 1
        chain.records[1][16] = 9
        #expect(try chain.problems().first == "record 2: names another merchant than its payment")
    }

    @Test func aWrongMarkIsNamed() throws {
        let pending = "liabilities:merchant:pending:0000000000000008"
        let wrong: [((inout BalanceMark) -> Void, String)] = [
            ({ $0.number += 1 }, "mark 3 follows 1"),
            ({ $0.records += 1 }, "a mark counts 5 records of 4"),
            ({ $0.newest -= 1 }, "a mark stands behind record 8, but the newest is 9"),
            ({ $0.previousMark = 4 }, "a mark names [4, 0, 0] as the ones before it, but those are [5, 0, 0]"),
            ({ $0.previousFarMark = 5 }, "a mark names [5, 5, 0] as the ones before it, but those are [5, 0, 0]"),
            (
                { $0.lines[0].totals.credits += 1 },
                "a mark says \(pending) +0 -3901 EUR where \(pending) +0 -3900 EUR is booked"
            ),
            ({ $0.lines = [] }, "a mark says nothing where \(pending) +0 -3900 EUR is booked"),
        ]
        for (change, problem) in wrong {
            var chain = Chain()
            for _ in 0..<4 { chain.sell(merchant: 8) }
            #expect(try chain.problems() == [])
            try chain.change(10, change)
            #expect(try chain.problems() == ["record 10: \(problem)"])
        }
    }
}

/// A journal of sales of 1,000 with a fee of 25, and a mark behind every second of a merchant's.
private struct Chain {
    var records: [[UInt8]] = []
    var marks: [UInt64: [RecordPosition]] = [:]
    private var newest: [UInt64: RecordPosition] = [:]
    private var sold: [UInt64: UInt64] = [:]
    private var payments: UInt64 = 0
    private var time: Timestamp = 1_790_000_000_000

    mutating func sell(merchant: UInt64) {
        payments += 1
        time = time.adding(milliseconds: 1)
        let id = PaymentID(createdAt: time, shard: 3, sequence: payments)
        let key = RequestKey(
            digest: KeyDigest(high: 1, low: payments),
            fingerprint: Fingerprint(high: 0, low: 0),
            requestID: RequestID(high: 0, low: payments)
        )
        append(
            .paymentCreated(
                PaymentCreated(
                    id: id,
                    merchant: MerchantID(rawValue: merchant),
                    amountMinor: 1_000,
                    currency: .eur,
                    feeBasisPoints: 250,
                    capturesAutomatically: true,
                    route: RoutePlan(.first),
                    key: key,
                    details: [],
                    time: time
                )
            ),
            of: merchant,
            link: 0
        )
        let parties = Parties(merchant: merchant, connector: 1, currency: .eur)
        append(
            .operationFinished(
                OperationFinished(
                    payment: id,
                    operation: .authorize,
                    ordinal: 1,
                    connector: .first,
                    result: .succeeded,
                    amountMinor: 1_000,
                    executedMinor: 1_000,
                    executedCurrency: .eur,
                    providerReference: "ch",
                    declineProviderCode: "",
                    transfers: Transfers(PostingRules.capture(parties, amountMinor: 1_000, feeMinor: 25)),
                    responseStatus: 201,
                    response: ByteBuffer(),
                    previous: RecordPosition(records.count),
                    time: time
                )
            ),
            of: merchant,
            link: newest[merchant] ?? 0
        )
        newest[merchant] = RecordPosition(records.count)
        sold[merchant, default: 0] += 1
        if sold[merchant, default: 0].isMultiple(of: 2) { mark(merchant) }
    }

    private mutating func mark(_ merchant: UInt64) {
        let marks = marks[merchant] ?? []
        let far = marks.count / 64 * 64
        let mark = BalanceMark(
            merchant: MerchantID(rawValue: merchant),
            number: UInt64(marks.count) + 1,
            records: sold[merchant] ?? 0,
            newest: newest[merchant] ?? 0,
            previousMark: marks.last ?? 0,
            previousFarMark: far == 0 ? 0 : marks[far - 1],
            previousFarthestMark: 0,
            lines: [
                BalanceMark.Line(
                    account: Account(.merchantPending, owner: merchant, currency: .eur),
                    totals: AccountTotals(debits: 0, credits: Int128(975 * (sold[merchant] ?? 0)))
                )
            ],
            time: time
        )
        append(.balanceMark(mark), of: merchant, link: 0)
        self.marks[merchant, default: []].append(RecordPosition(records.count))
    }

    private mutating func append(_ record: ShardRecord, of merchant: UInt64, link: RecordPosition) {
        var bytes: [UInt8] = []
        let version = record.payment == nil ? 0 : UInt32(record.previous == 0 ? 1 : 2)
        let header = RecordHeader(
            record.facts,
            merchant: MerchantID(rawValue: merchant),
            status: version == 0 ? nil : version == 1 ? .processing : .captured,
            paymentVersion: version
        )
        record.encodeFramed(header: header, entryLink: link, into: &bytes)
        records.append(Array(bytes.dropFirst(4)))
    }

    /// Changes the version of the payment in a record's header.
    mutating func renumber(_ position: Int, to version: UInt8) { records[position - 1][4] = version }

    mutating func relink(_ position: Int, to link: RecordPosition) {
        let start = records[position - 1].count - ShardRecord.trailerBytes
        for index in 0..<8 {
            records[position - 1][start + index] = UInt8(truncatingIfNeeded: link >> UInt64(index * 8))
        }
    }

    mutating func change(_ position: Int, _ change: (inout BalanceMark) -> Void) throws {
        let bytes = records[position - 1]
        guard case .balanceMark(var mark) = try ShardRecord(decoding: bytes.span) else {
            Issue.record("record \(position) is no mark")
            return
        }
        change(&mark)
        var framed: [UInt8] = []
        let header = try LinkedRecord(decoding: bytes.span).header
        ShardRecord.balanceMark(mark).encodeFramed(header: header, into: &framed)
        records[position - 1] = Array(framed.dropFirst(4))
    }

    func check() throws -> LedgerCheck {
        var check = LedgerCheck()
        for (index, bytes) in records.enumerated() {
            check.examine(try LinkedRecord(decoding: bytes.span), at: RecordPosition(index + 1))
        }
        check.finish()
        return check
    }

    func problems() throws -> [String] { try check().problems.map(\.description) }
}
