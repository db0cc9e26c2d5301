package import Journal
import Ledger
package import Payments
package import Time

/// What the ledger owed a merchant at a moment of the past, found from the journal. It is the sums
/// after the last record whose time is not later. It is exact, because time never goes back in a
/// journal.
package struct PastBalance: Sendable {
    package var merchant: MerchantID
    /// Before the moment it is asked at, so that no later record can belong before it.
    package var time: Timestamp
    /// The end of the merchant's ledger now, where the search begins. nil: nothing was ever booked.
    package var chain: EntryChain?
    package var current: [BalanceMark.Line]

    package init(
        merchant: MerchantID,
        time: Timestamp,
        chain: EntryChain? = nil,
        current: [BalanceMark.Line]
    ) {
        self.merchant = merchant
        self.time = time
        self.chain = chain
        self.current = current
    }

    /// The most records that are read back from a mark. More than
    /// `ShardConfiguration.recordsPerMark`, because marks wait while a disk is full.
    package static let maximumRecords = 1 << 16

    /// Finds the sums; blocks. `read` gives the bytes of a record.
    /// - Returns: nil when the records that the search needs are no longer kept. Throws what `read`
    ///   throws otherwise, and `corrupt` where the list of records is broken.
    package func lines(
        read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) -> [BalanceMark.Line]? {
        guard let chain else { return current }
        do throws(JournalError) {
            let mark = try earliestMark(after: chain, read)
            return try walk(from: mark?.newest ?? chain.newest, mark?.lines ?? current, read)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// The earliest mark that is later than the moment: first among the farthest, then the far ones
    /// before that, then all.
    private func earliestMark(
        after chain: EntryChain,
        _ read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) -> BalanceMark? {
        var found: BalanceMark?
        let levels: [(head: RecordPosition, previous: KeyPath<BalanceMark, RecordPosition>)] = [
            (chain.newestFarthestMark, \.previousFarthestMark), (chain.newestFarMark, \.previousFarMark),
            (chain.newestMark, \.previousMark),
        ]
        for level in levels {
            var position = found?[keyPath: level.previous] ?? level.head
            while position != 0 {
                guard let mark = try mark(at: position, read), mark.time > time else { break }
                precondition(mark[keyPath: level.previous] < position, "marks lead back")
                found = mark
                position = mark[keyPath: level.previous]
            }
        }
        return found
    }

    /// - Returns: nil when the mark is no longer kept. Then the mark is early enough, or the
    ///   records are missing, too.
    private func mark(
        at position: RecordPosition,
        _ read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) -> BalanceMark? {
        let linked: LinkedRecord
        do throws(JournalError) {
            linked = try LinkedRecord(at: position, read: read)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
        guard case .balanceMark(let mark) = linked.record, mark.merchant == merchant else {
            throw JournalError(.corrupt, "record \(position) is no balance mark of the merchant")
        }
        return mark
    }

    /// Undoes what was booked after the moment.
    private func walk(
        from newest: RecordPosition,
        _ lines: [BalanceMark.Line],
        _ read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) -> [BalanceMark.Line]? {
        var lines = lines
        var position = newest
        for _ in 0..<Self.maximumRecords {
            guard position != EntryLink.none else { return lines }
            let linked = try LinkedRecord(at: position, read: read)
            guard linked.record.time > time else { return lines }
            for index in 0..<linked.record.transfers.count {
                subtract(linked.record.transfers[index], &lines)
            }
            position = linked.link
        }
        throw JournalError(.corrupt, "no mark among \(Self.maximumRecords) records of the merchant")
    }

    private func subtract(_ transfer: Transfer, _ lines: inout [BalanceMark.Line]) {
        for index in 0..<transfer.count {
            let posting = transfer[index]
            guard posting.account.kind.owner == .merchant, posting.account.owner == merchant.rawValue else { continue }
            guard let line = lines.firstIndex(where: { $0.account == posting.account }) else {
                preconditionFailure("a sum holds everything that was booked before it")
            }
            if posting.amountMinor > 0 {
                lines[line].totals.debits -= Int128(posting.amountMinor)
            } else {
                lines[line].totals.credits += Int128(posting.amountMinor)
            }
        }
    }
}
