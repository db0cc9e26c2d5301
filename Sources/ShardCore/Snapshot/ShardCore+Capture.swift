import Ledger
import Money
import Payments
import Risk
package import ShardState
package import Time

extension ShardCore {
    /// Takes what a snapshot is made from. Copies no table. Running operations are copied; their
    /// capacity bounds them.
    /// - Parameter unchangedSince: settled payments without a change since then may leave memory.
    package mutating func capture(unchangedSince: Timestamp) -> ShardCapture {
        payments.seal()
        return ShardCapture(
            shard: configuration.shard,
            position: lastPosition,
            lastRecordTime: lastRecordTime,
            unchangedSince: unchangedSince,
            payments: payments.forSnapshot,
            operations: operations.all,
            waiting: waiting,
            ledger: ledger,
            treasury: treasury.forSnapshot,
            completedKeys: keys.takeCompleted(),
            riskCounters: risk.counters
        )
    }

    /// The capture became no snapshot: its keys go into the next one.
    package mutating func snapshotFailed(_ capture: ShardCapture) {
        keys.putBack(capture.completedKeys)
    }

    /// A digest of the shard's state, to compare a replayed shard with the one that wrote the
    /// journal.
    /// - Parameter cold: reads the entry of an object that is not in memory. nil counts as empty
    ///   content.
    package func stateDigest(cold: (ColdItem) -> [UInt8]? = { _ in nil }) -> UInt64 {
        var hasher = StateHasher()
        var entry = [UInt8](repeating: 0, count: PaymentEntry.maximumBytes)
        entry.withUnsafeMutableBytes { bytes in
            for number in 0..<payments.count {
                let index = Index<Payment>(number)
                if payments.contains(index) {
                    let size = payments.entrySize(of: index)
                    payments.storeEntry(of: index, size, into: bytes)
                    hasher.combine(words: UnsafeRawBufferPointer(rebasing: bytes[..<size.bytes]))
                } else {
                    cold(ColdItem(.payment, sequence: index.sequence))?.withUnsafeBytes { hasher.combine(words: $0) }
                }
            }
        }
        // The digest leaves out the keys. Which of them are still remembered depends on when time
        // last passed, not on the journal.
        hasher.combine([UInt64(runningCount), lastPosition, UInt64(payments.count), UInt64(payments.refundCount)])
        hasher.combine(UInt64(payments.disputeCount))
        var accounts: UInt64 = 0
        ledger.forEachAccount { account, totals in
            var line = StateHasher()
            line.combine([account.owner, UInt64(account.kind.rawValue), UInt64(account.currency.numericCode), 0])
            line.combine([UInt64(truncatingIfNeeded: totals.debits), UInt64(truncatingIfNeeded: totals.credits), 0, 0])
            accounts &+= line.value  // Order-free: the table's order is not part of the state.
        }
        hasher.combine([accounts, ledger.chainDigest, treasury.digest(cold: cold), 0])
        if let counters = risk.counters { hasher.combine(counters) }
        return hasher.value
    }
}
