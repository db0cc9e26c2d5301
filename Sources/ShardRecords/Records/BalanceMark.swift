package import Journal
package import Ledger
package import Payments
package import Time

/// The sums of a merchant's own accounts at one of its records. A mark is journaled every
/// `ShardConfiguration.recordsPerMark` records that book something for the merchant. With marks,
/// its balance at any moment is found in a few steps: along the marks, then along at most that many
/// records. Each mark names three earlier ones: the one before it, and the newest whose number is a
/// multiple of 64, and of 4,096.
package struct BalanceMark: Sendable, Equatable {
    /// Marks whose number is a multiple of this are far marks, and those of its square are the
    /// farthest.
    package static let stride: UInt64 = 64
    /// No merchant has more accounts of its own: fewer than 200 currencies, and the kinds that
    /// `AccountKind.owner` gives it.
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
    /// Records that booked something for the merchant, up to and with `newest`, since records are
    /// linked.
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
    package var time: Timestamp

    package init(
        merchant: MerchantID,
        number: UInt64,
        records: UInt64,
        newest: RecordPosition,
        previousMark: RecordPosition,
        previousFarMark: RecordPosition,
        previousFarthestMark: RecordPosition,
        lines: [Line],
        time: Timestamp
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

extension BalanceMark: RecordLayout {
    package static var kind: ShardRecord.Kind { .balanceMark }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            merchant: codec.header.merchant,
            number: try codec.field("number", record?.number),
            records: try codec.field("records", record?.records),
            newest: try codec.field("newest record", record?.newest),
            previousMark: try codec.field("previous mark", record?.previousMark),
            previousFarMark: try codec.field("previous far mark", record?.previousFarMark),
            previousFarthestMark: try codec.field("previous farthest mark", record?.previousFarthestMark),
            lines: try codec.field("accounts", record.map { MarkLines(lines: $0.lines) }).lines,
            time: codec.header.time
        )
    }

    package var isConsistent: Bool {
        number > 0 && newest > 0
            && lines.allSatisfy { $0.account.kind.owner == .merchant && $0.account.owner == merchant.rawValue }
    }
}

/// Accounts with their sums behind their number (`u16`).
private struct MarkLines: RecordField {
    static var layout: StaticString { "accounts" }

    var lines: [BalanceMark.Line]

    init(lines: [BalanceMark.Line]) { self.lines = lines }

    func write(into bytes: inout [UInt8]) {
        bytes.appendInteger(UInt16(lines.count))
        for line in lines { StoredAccount.store(line.account, line.totals, into: &bytes) }
    }

    init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let count = Int(try reader.integer(UInt16.self, bytes))
        guard count <= BalanceMark.maximumLines else { throw .invalidValue }
        lines = []
        for _ in 0..<count {
            let (account, totals) = try StoredAccount.load(&reader, bytes)
            lines.append(BalanceMark.Line(account: account, totals: totals))
        }
    }
}
