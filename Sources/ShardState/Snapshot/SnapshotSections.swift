package import Journal
import Ledger
import Payments
package import ShardRecords
package import Time

/// The sections of a shard's files in the snapshot container; the raw value is written
/// (docs/records.md).
package enum SnapshotSection: UInt16 {
    case state = 1
    case payments = 2
    case operations = 3
    case accounts = 4
    case coldPayments = 7
    /// Written only where the fraud hook counts anything.
    case riskCounters = 16
    /// How many disputes there ever were (u64); they themselves stand in their payments' entries.
    case disputes = 10
    case entryChains = 18
    case treasury = 12
    case payouts = 13
    case wallets = 14
    case quotes = 15
    /// What waits for a settlement of wallets with money.
    case walletSums = 19
    case coldPayouts = 20
    case coldWallets = 21
}

/// The version of the sections' layouts.
package let snapshotContentVersion: UInt32 = 1

/// The counts that a snapshot must add up to.
package struct SnapshotState: Equatable {
    package static let byteCount = 64

    package var paymentCount: UInt64
    package var warmPaymentCount: UInt64
    package var refundCount: UInt64
    package var lastRecordTime: Timestamp
    package var operationCount: UInt64
    package var accountCount: UInt64
    /// The runs of keys must be complete up to this record.
    package var keysCovered: RecordPosition
    package var entryChainCount: UInt64

    package func store(into bytes: inout [UInt8]) {
        bytes.appendInteger(paymentCount)
        bytes.appendInteger(warmPaymentCount)
        bytes.appendInteger(refundCount)
        lastRecordTime.write(into: &bytes)
        bytes.appendInteger(operationCount)
        bytes.appendInteger(accountCount)
        bytes.appendInteger(keysCovered)
        bytes.appendInteger(entryChainCount)
    }

    package init(_ capture: ShardCapture, warmPaymentCount: Int, keysCovered: RecordPosition) {
        paymentCount = UInt64(capture.payments.count)
        self.warmPaymentCount = UInt64(warmPaymentCount)
        refundCount = UInt64(capture.payments.refundCount)
        lastRecordTime = capture.lastRecordTime
        operationCount = UInt64(capture.operations.count + capture.waiting.count)
        accountCount = UInt64(capture.ledger.accountCount)
        self.keysCovered = keysCovered
        entryChainCount = UInt64(capture.ledger.allChains.count)
    }

    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        paymentCount = try reader.integer(UInt64.self, bytes)
        warmPaymentCount = try reader.integer(UInt64.self, bytes)
        refundCount = try reader.integer(UInt64.self, bytes)
        lastRecordTime = try Timestamp(reading: &reader, bytes)
        operationCount = try reader.integer(UInt64.self, bytes)
        accountCount = try reader.integer(UInt64.self, bytes)
        keysCovered = try reader.integer(UInt64.self, bytes)
        entryChainCount = try reader.integer(UInt64.self, bytes)
        // At most 270 billion, eight years of 1,000 a second, because the table of their chunks is
        // allocated at once.
        guard paymentCount < 1 << 38, refundCount <= UInt64(UInt32.max), warmPaymentCount <= paymentCount else {
            throw .invalidValue
        }
    }
}

extension RunningOperation {
    package static let storedBytes = 112

    package func store(into bytes: inout [UInt8]) {
        bytes.appendInteger(UInt64(payment.position))
        bytes.appendInteger(refund.stored)
        bytes.append(operation.rawValue)
        bytes.append(
            (isUncertain ? 1 : 0) | (isKnownToProvider ? 2 : 0) | (staysOpen ? 4 : 0) | (hasSplitPlan ? 8 : 0)
                | (isManual ? 16 : 0) | (isApproved ? 32 : 0) | hold.rawValue << 6
        )
        bytes.appendInteger(ordinal)
        bytes.appendInteger(attempt)
        bytes.appendInteger(replays)
        bytes.appendInteger(UInt32(0))
        bytes.appendInteger(amountMinor)
        bytes.append(key)
        startedAt.write(into: &bytes)
        sentAt.write(into: &bytes)
        bytes.appendInteger(UInt64(reservedBytes))
        bytes.appendInteger(UInt64(0))
    }

    /// As it is after a restart: the operation waits, and no request waits for it.
    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let payment = try reader.integer(UInt64.self, bytes)
        let refund = try reader.integer(UInt32.self, bytes)
        guard let operation = ProviderOperation(rawValue: try reader.integer(UInt8.self, bytes)), payment < 1 << 48
        else { throw .invalidValue }
        let flags = try reader.integer(UInt8.self, bytes)
        let ordinal = try reader.integer(UInt16.self, bytes)
        let attempt = try reader.integer(UInt16.self, bytes)
        let replays = try reader.integer(UInt16.self, bytes)
        _ = try reader.integer(UInt32.self, bytes)
        let amount = try reader.integer(Int64.self, bytes)
        let key = try reader.optionalKey(bytes)
        let startedAt = try Timestamp(reading: &reader, bytes)
        let sentAt = try Timestamp(reading: &reader, bytes)
        let reserved = try reader.integer(UInt64.self, bytes)
        _ = try reader.integer(UInt64.self, bytes)
        guard reserved <= 1 << 24 else { throw .invalidValue }
        self.init(
            payment: Index(Int(payment)),
            refund: OptionalIndex(stored: refund),
            operation: operation,
            ordinal: ordinal,
            attempt: attempt,
            amountMinor: amount,
            key: key,
            reply: nil,
            step: .waiting,
            staysOpen: flags & 4 != 0,
            isApproved: flags & 32 != 0,
            hold: RiskHold(rawValue: flags >> 6) ?? .none,
            hasSplitPlan: flags & 8 != 0,
            isManual: flags & 16 != 0,
            isUncertain: flags & 1 != 0,
            isKnownToProvider: flags & 2 != 0,
            tries: 0,
            replays: replays,
            startedAt: startedAt,
            reservedBytes: Int(reserved),
            sentAt: sentAt
        )
    }
}
