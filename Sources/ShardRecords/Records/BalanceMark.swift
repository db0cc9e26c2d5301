package import Journal
package import Ledger
package import Payments

/// What a merchant's own accounts had summed up to at one of its records. One is journaled every
/// `ShardConfiguration.recordsPerMark` records that book something for the merchant, so that its balance at any moment is found
/// in a few steps: along the marks (each names the one before it, the newest before it whose number is a multiple of 64, and of
/// 4,096), then along at most that many records.
package struct BalanceMark: Sendable, Equatable {
    /// Every mark whose number is a multiple of this is far, of its square farthest.
    package static let stride: UInt64 = 64
    /// No merchant has more accounts of its own: fewer than 200 currencies, and the kinds that `AccountKind.owner` gives it.
    package static let maximumLines = 2_048

    /// One account's sums; debits and credits in minor units.
    package struct Line: Sendable, Equatable {
        package var account: Account
        package var totals: AccountTotals

        package init(
            account: Account,
            totals: AccountTotals
        ) {
            self.account = account
            self.totals = totals
        }
    }

    package var merchant: MerchantID
    /// From 1, without gaps.
    package var number: UInt64
    /// Records that booked something for the merchant, up to and with `newest`, since records are linked.
    package var records: UInt64
    /// The last record that the sums include: the merchant's newest that books something.
    package var newest: RecordPosition
    /// The marks before this one (see `EntryChain`); 0 for none.
    package var previousMark: RecordPosition
    package var previousFarMark: RecordPosition
    package var previousFarthestMark: RecordPosition
    /// The accounts that anything was booked on, by currency code, then by kind.
    package var lines: [Line]
    /// Of the record that it follows; not earlier than that of `newest`.
    package var time: Int64

    package init(
        merchant: MerchantID,
        number: UInt64,
        records: UInt64,
        newest: RecordPosition,
        previousMark: RecordPosition,
        previousFarMark: RecordPosition,
        previousFarthestMark: RecordPosition,
        lines: [Line],
        time: Int64
    ) {
        self.merchant = merchant
        self.number = number
        self.records = records
        self.newest = newest
        self.previousMark = previousMark
        self.previousFarMark = previousFarMark
        self.previousFarthestMark = previousFarthestMark
        self.lines = lines
        self.time = time
    }
}

extension BalanceMark {
    package func encode(into bytes: inout [UInt8]) {
        bytes.appendInteger(number)
        bytes.appendInteger(records)
        bytes.appendInteger(newest)
        bytes.appendInteger(previousMark)
        bytes.appendInteger(previousFarMark)
        bytes.appendInteger(previousFarthestMark)
        bytes.appendInteger(UInt16(lines.count))
        for line in lines { StoredAccount.store(line.account, line.totals, into: &bytes) }
    }
}

extension RecordReader {
    package mutating func balanceMark(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> BalanceMark {
        var mark = BalanceMark(
            merchant: header.merchant,
            number: try integer(UInt64.self, bytes),
            records: try integer(UInt64.self, bytes),
            newest: try integer(UInt64.self, bytes),
            previousMark: try integer(UInt64.self, bytes),
            previousFarMark: try integer(UInt64.self, bytes),
            previousFarthestMark: try integer(UInt64.self, bytes),
            lines: [],
            time: header.time
        )
        let count = Int(try integer(UInt16.self, bytes))
        guard count <= BalanceMark.maximumLines, mark.number > 0, mark.newest > 0 else { throw .invalidValue }
        for _ in 0..<count {
            let (account, totals) = try StoredAccount.load(&self, bytes)
            guard account.kind.owner == .merchant, account.owner == mark.merchant.rawValue else { throw .invalidValue }
            mark.lines.append(BalanceMark.Line(account: account, totals: totals))
        }
        return mark
    }
}
