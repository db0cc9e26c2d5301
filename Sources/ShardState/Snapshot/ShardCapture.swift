package import Journal
package import Risk
package import Time

/// A shard's state at one moment: values that share their chunks with the shard, which goes on and
/// copies what it changes.
package struct ShardCapture: Sendable {
    package let shard: UInt16
    /// The last record that it includes. A snapshot of it counts only when that is durable.
    package let position: RecordPosition
    package let lastRecordTime: Timestamp
    /// Settled payments unchanged since then go into cold files.
    package let unchangedSince: Timestamp
    package let payments: PaymentStore
    package let operations: [RunningOperation]
    package let waiting: WaitingOperations
    package let ledger: MerchantLedger
    package let treasury: Treasury
    package let completedKeys: CompletedKeys
    package let riskCounters: RiskCounters?

    package init(
        shard: UInt16,
        position: RecordPosition,
        lastRecordTime: Timestamp,
        unchangedSince: Timestamp,
        payments: PaymentStore,
        operations: [RunningOperation],
        waiting: WaitingOperations,
        ledger: MerchantLedger,
        treasury: Treasury,
        completedKeys: CompletedKeys,
        riskCounters: RiskCounters?
    ) {
        self.shard = shard
        self.position = position
        self.lastRecordTime = lastRecordTime
        self.unchangedSince = unchangedSince
        self.payments = payments
        self.operations = operations
        self.waiting = waiting
        self.ledger = ledger
        self.treasury = treasury
        self.completedKeys = completedKeys
        self.riskCounters = riskCounters
    }

    package var paymentCount: Int { payments.count }
    package var warmPaymentCount: Int { payments.presentCount }
}
