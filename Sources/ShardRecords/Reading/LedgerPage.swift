package import Journal
package import Ledger
package import Payments
package import Time

/// Some of a merchant's ledger entries, newest first: the transfers that move its own money, each
/// with the postings that it may see.
package struct LedgerPage: Sendable {
    /// One transfer.
    package struct Entry: Sendable, Equatable {
        package var shard: UInt16
        /// The record that booked it, and which of the record's transfers it is, from 0: with the
        /// shard, its stable number.
        package var position: RecordPosition
        package var index: UInt8
        package var rule: PostingRule
        /// What it belongs to.
        package var payment: PaymentID?
        package var refund: RefundID?
        package var payout: PayoutID?
        /// The exchange quote whose conversion it is.
        package var conversion: QuoteID?
        /// When it took effect, and when it was booked.
        package var effectiveAt: Timestamp
        package var bookedAt: Timestamp
        package var postings: [Posting]
    }

    package let merchant: MerchantID
    package let query: LedgerQuery
    package private(set) var entries: [Entry] = []
    /// Where the next page begins; nil at the end.
    package private(set) var next: LedgerCursor?
    /// At the end: what came before is left out, because its records are no longer kept.
    package private(set) var isTruncated = false

    /// Reads a page; blocks. `read` gives the bytes of a record. Throws what `read` throws, and
    /// `corrupt` where the list of records is broken.
    package init(
        _ request: LedgerRead,
        read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) {
        merchant = request.merchant
        query = request.query
        try load(request, read)
    }

    private mutating func load(
        _ request: LedgerRead,
        _ read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) {
        var cursor = request.start
        var records = 0
        while cursor.position != EntryLink.none {
            guard entries.count < query.limit, records < LedgerQuery.maximumRecords else { return next = cursor }
            let linked: LinkedRecord
            do throws(JournalError) {
                linked = try LinkedRecord(at: cursor.position, read: read)
            } catch {
                // Its segment was removed from the archive.
                if error.code == .notFound { return isTruncated = true }
                throw error
            }
            records += 1
            let rest = try add(linked.record, at: cursor, shard: request.shard, reading: read)
            cursor =
                rest > 0
                ? LedgerCursor(position: cursor.position, transfers: rest) : LedgerCursor(position: linked.link)
        }
    }

    /// Adds the transfers of a record, the last first.
    /// - Returns: how many of them found no room.
    private mutating func add(
        _ record: ShardRecord,
        at cursor: LedgerCursor,
        shard: UInt16,
        reading read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) -> UInt8 {
        let transfers = record.transfers
        guard transfers.count > 0 else {
            throw JournalError(.corrupt, "record \(cursor.position) is in a merchant's ledger and books nothing")
        }
        var rest = min(cursor.transfers, UInt8(transfers.count))
        while rest > 0, entries.count < query.limit {
            rest -= 1
            let postings = transfers[Int(rest)].postings(visibleTo: merchant)
            guard postings.contains(where: { query.wants($0) }) else { continue }
            entries.append(
                Entry(
                    shard: shard,
                    position: cursor.position,
                    index: rest,
                    rule: transfers[Int(rest)].rule,
                    payment: record.payment,
                    refund: try Self.refund(of: record, read),
                    payout: record.payout,
                    conversion: record.conversion,
                    effectiveAt: record.time,
                    bookedAt: record.time,
                    postings: postings
                )
            )
        }
        return rest
    }

    /// The most records of a payment between the beginning of a refund and its end.
    private static let maximumSteps = 256

    /// The refund that a record is about. The end of a refund does not name it, its beginning gives
    /// the name: the record is looked for among the payment's.
    private static func refund(
        of record: ShardRecord,
        _ read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) -> RefundID? {
        switch record {
        case .refundBounced(let bounced): return bounced.refund
        case .operationStarted(let started): return started.refund
        case .operationFinished(let finished) where finished.operation == .refund:
            return try Self.refund(finished.ordinal, before: finished.previous, read)
        case .eventApplied(let event) where event.refund != 0:
            return try Self.refund(event.refund, before: event.previous, read)
        case .operationFinished, .paymentCreated, .operationUnresolved, .operationAttempted, .balanceMark,
            .attemptEnded, .paymentChanged, .riskDecided, .eventApplied:
            return nil
        case .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted: return nil
        }
    }

    /// The refund with this ordinal, from the record that began it.
    private static func refund(
        _ ordinal: UInt16,
        before newest: RecordPosition,
        _ read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) -> RefundID? {
        var position = newest
        for _ in 0..<maximumSteps where position != 0 {
            let earlier: ShardRecord
            do throws(JournalError) {
                earlier = try LinkedRecord(at: position, read: read).record
            } catch {
                if error.code == .notFound { return nil }
                throw error
            }
            if case .operationStarted(let started) = earlier, started.operation == .refund,
                started.ordinal == ordinal
            {
                return started.refund
            }
            guard earlier.previous < position else { return nil }
            position = earlier.previous
        }
        return nil
    }
}

extension ShardRecord {
    fileprivate var payout: PayoutID? {
        if case .payoutChanged(let record) = self { record.id } else { nil }
    }

    fileprivate var conversion: QuoteID? {
        if case .exchangeConverted(let record) = self { record.id } else { nil }
    }
}

extension OperationStarted {
    /// The refund that begins, named as `ShardCore` names it.
    fileprivate var refund: RefundID? {
        guard operation == .refund else { return nil }
        return RefundID(
            createdAt: max(.none, time),
            shard: payment.shard,
            paymentSequence: payment.sequence,
            ordinal: ordinal
        )
    }
}

extension Transfer {
    /// The postings that the merchant whose record this is may see; none when the transfer does not
    /// move its own money.
    package func postings(visibleTo merchant: MerchantID) -> [Posting] {
        var visible: [Posting] = []
        var isOwn = false
        for index in 0..<count {
            let posting = self[index]
            switch posting.account.kind.visibility {
            case .own where posting.account.kind.owner == .merchant && posting.account.owner != merchant.rawValue:
                continue
            case .own:
                isOwn = true
                visible.append(posting)
            case .fee: visible.append(posting)
            case .hidden: continue
            }
        }
        return isOwn ? visible : []
    }
}
