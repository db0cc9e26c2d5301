package import Journal
import Ledger
import Payments
package import ShardRecords
package import ShardState

/// What a snapshot has given to a new shard so far.
package struct SnapshotProgress {
    package var state: SnapshotState?
    var operationCount: UInt64 = 0
    var accountCount: UInt64 = 0
    var paymentCount: UInt64 = 0
    var entryChainCount: UInt64 = 0
    /// nil where the snapshot has none.
    var riskCounters: RiskCountersProgress?
    /// nil until it comes.
    var treasury: TreasuryCounts?
    /// What has come of it.
    var treasurySeen = TreasuryCounts()

    package init() {}

    /// Whether all of it came.
    package var isComplete: Bool {
        guard let state else { return false }
        return state.operationCount == operationCount && state.accountCount == accountCount
            && state.warmPaymentCount == paymentCount
            && state.entryChainCount == entryChainCount
            && riskCounters?.expected == riskCounters?.seen && treasurySeen == treasury ?? TreasuryCounts()
    }
}

extension ShardCore {
    /// Takes in one chunk of a snapshot. Sections come in the order: state, accounts, entry chains,
    /// payments, operations.
    package mutating func restore(
        _ section: SnapshotSection,
        from bytes: UnsafeRawBufferPointer,
        progress: inout SnapshotProgress
    ) throws(RecordDecodingError) {
        switch section {
        case .state: try restoreState(bytes, &progress)
        case .payments: try restorePayments(bytes, &progress)
        case .operations: try restoreOperations(bytes, &progress)
        case .accounts: try restoreAccounts(bytes, &progress)
        case .entryChains: try restoreEntryChains(bytes, &progress)
        case .riskCounters: try restoreRiskCounters(bytes, &progress.riskCounters)
        case .treasury: try restoreTreasury(.sellers, from: bytes, progress: &progress)
        case .payouts: try restoreTreasury(.payouts, from: bytes, progress: &progress)
        case .wallets: try restoreTreasury(.wallets, from: bytes, progress: &progress)
        case .walletSums: try restoreTreasury(.walletSums, from: bytes, progress: &progress)
        case .quotes: try restoreTreasury(.quotes, from: bytes, progress: &progress)
        case .disputes:
            var reader = RecordReader()
            let count = try reader.integer(UInt64.self, bytes.bindMemory(to: UInt8.self).span)
            guard payments.disputeCount == 0, count <= UInt64(UInt32.max) else { throw .invalidValue }
            payments.reserveNumbers(disputes: Int(count))
        case .coldPayments, .coldPayouts, .coldWallets: throw .invalidValue
        }
    }

    private mutating func restoreState(
        _ bytes: UnsafeRawBufferPointer,
        _ progress: inout SnapshotProgress
    ) throws(RecordDecodingError) {
        guard progress.state == nil, payments.count == 0 else { throw .invalidValue }
        var reader = RecordReader()
        let state = try SnapshotState(&reader, bytes.bindMemory(to: UInt8.self).span)
        payments.reserveNumbers(payments: Int(state.paymentCount), refunds: Int(state.refundCount))
        recordContext.see(state.lastRecordTime)
        progress.state = state
    }

    private mutating func restorePayments(
        _ bytes: UnsafeRawBufferPointer,
        _ progress: inout SnapshotProgress
    ) throws(RecordDecodingError) {
        var offset = 0
        do throws(PaymentLayoutError) {
            while offset < bytes.count {
                offset += try insert(entry: UnsafeRawBufferPointer(rebasing: bytes[offset...]), isStored: false)
                progress.paymentCount += 1
            }
        } catch {
            throw .invalidValue
        }
    }

    private mutating func restoreOperations(
        _ bytes: UnsafeRawBufferPointer,
        _ progress: inout SnapshotProgress
    ) throws(RecordDecodingError) {
        let span = bytes.bindMemory(to: UInt8.self).span
        var reader = RecordReader()
        while reader.offset < bytes.count {
            let operation = try RunningOperation(&reader, span)
            try restore(operation)
            progress.operationCount += 1
        }
    }

    private mutating func restore(_ operation: RunningOperation) throws(RecordDecodingError) {
        guard payments.contains(operation.payment) else { throw .invalidValue }
        if let refund = operation.refund.index {
            guard operation.operation == .refund, payments.contains(refund),
                payments[refund].payment == payments[operation.payment].id
            else { throw .invalidValue }
        } else {
            guard operation.operation == payments[operation.payment].running else { throw .invalidValue }
        }
        claimAccounts(operation)
        let merchant = payments[operation.payment].merchant
        let token: UInt64
        if operation.isUncertain {
            guard operation.hold == .none, !operation.isManual else { throw .invalidValue }
            token = restoreWaiting(operation)
        } else {
            let slot = operations.insert(operation, of: merchant)
            link(.calling(slot: slot), payment: operation.payment, refund: operation.refund)
            token = operations.token(slot)
        }
        guard let key = operation.key else { return }
        try keys.restore(key, operation: token, of: merchant, at: operation.startedAt)
    }

    private mutating func restoreAccounts(
        _ bytes: UnsafeRawBufferPointer,
        _ progress: inout SnapshotProgress
    ) throws(RecordDecodingError) {
        let span = bytes.bindMemory(to: UInt8.self).span
        var reader = RecordReader()
        while reader.offset < bytes.count {
            let (account, totals) = try StoredAccount.load(&reader, span)
            guard ledger.restore(account, totals) else { throw .invalidValue }
            progress.accountCount += 1
        }
    }

    private mutating func restoreEntryChains(
        _ bytes: UnsafeRawBufferPointer,
        _ progress: inout SnapshotProgress
    ) throws(RecordDecodingError) {
        let span = bytes.bindMemory(to: UInt8.self).span
        var reader = RecordReader()
        while reader.offset < bytes.count {
            guard ledger.restore(try EntryChain(&reader, span)) else { throw .invalidValue }
            progress.entryChainCount += 1
        }
    }

    /// The snapshot is complete: the shard goes on behind `position`.
    /// - Throws: `invalidValue` when an account is of a wallet or seller that the snapshot does not
    ///   have.
    package mutating func restored(upTo position: RecordPosition) throws(RecordDecodingError) {
        var restored = ledger
        let sellers = restored.countRestored { merchant(of: $0) }
        guard sellers == treasury.sellers.sellers.presentCount else { throw .invalidValue }
        ledger = restored
        recordContext.advance(to: position)
        payments.seal()
    }
}
