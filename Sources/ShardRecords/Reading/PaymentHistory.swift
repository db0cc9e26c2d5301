package import Journal
package import Payments
import Risk

/// A payment's history: what the journal holds of it, oldest first, with the status that each
/// record left.
package struct PaymentHistory: Sendable {
    /// One record of the payment.
    package struct Entry: Sendable {
        /// The record's position in its shard's journal.
        package var position: RecordPosition
        package var record: ShardRecord
        /// The payment's status after it; nil where the history does not reach back to the
        /// creation.
        package var status: PaymentStatus?
    }

    /// The most records of one history; those before them are left out. A payment with its captures
    /// and some hundred refunds fits.
    package static let maximumEntries = 1_000

    package private(set) var entries: [Entry] = []
    /// Whether older records were left out, or are no longer kept.
    package private(set) var isTruncated = false

    /// Reads the records from `newest` back to the payment's creation; blocks. `read` gives the
    /// bytes of a record. A record for which `read` throws `notFound` is no longer kept. The
    /// history leaves it out with all before it. Throws other errors of `read`, and `corrupt` for a
    /// record that is not one of this payment.
    package init(
        of payment: PaymentID,
        newest: RecordPosition,
        read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) {
        var position = newest
        while position != 0, entries.count < Self.maximumEntries {
            let bytes: [UInt8]
            do throws(JournalError) {
                bytes = try read(position)
            } catch {
                // Older than the archive is kept for.
                if error.code == .notFound { break }
                throw error
            }
            let record = try Self.decode(bytes, of: payment, at: position)
            entries.append(Entry(position: position, record: record, status: nil))
            precondition(record.previous < position, "a payment's records lead back")
            position = record.previous
        }
        entries.reverse()
        guard case .paymentCreated(let created) = entries.first?.record else {
            isTruncated = true
            return
        }
        fillStatuses(created)
    }

    private static func decode(
        _ bytes: [UInt8],
        of payment: PaymentID,
        at position: RecordPosition
    ) throws(JournalError) -> ShardRecord {
        let record: ShardRecord
        do throws(RecordDecodingError) {
            record = try ShardRecord(decoding: bytes.span)
        } catch {
            throw JournalError(.corrupt, "record \(position) cannot be decoded: \(error)")
        }
        guard record.payment == payment else {
            throw JournalError(.corrupt, "record \(position) is not one of \(payment)")
        }
        return record
    }

    /// Applies the payment's records again, by the same transitions.
    private mutating func fillStatuses(_ created: PaymentCreated) {
        var payment = Payment(created)
        for index in entries.indices {
            payment.apply(entries[index].record)
            entries[index].status = payment.status
        }
    }
}

extension Payment {
    fileprivate init(_ record: PaymentCreated) {
        self.init(
            id: record.id,
            merchant: record.merchant,
            amountMinor: record.amountMinor,
            currency: record.currency,
            feeBasisPoints: record.feeBasisPoints,
            capturesAutomatically: record.capturesAutomatically,
            route: record.route,
            flags: record.flags,
            overCaptureBasisPoints: record.overCaptureBasisPoints,
            createdAt: record.time
        )
    }

    fileprivate mutating func apply(_ record: ShardRecord) {
        switch record {
        case .paymentCreated, .operationUnresolved, .operationAttempted, .balanceMark: break
        case .operationStarted(let record):
            if record.operation == .refund {
                refundStarted(amountMinor: record.amountMinor, at: record.time)
            } else {
                operationStarted(record.operation, cause: record.cause, at: record.time)
            }
        case .operationFinished(let record):
            guard record.operation == .refund else {
                return operationFinished(
                    record.operation,
                    record.result,
                    amountMinor: record.effectiveMinor,
                    staysOpen: record.staysOpen,
                    deadline: record.deadline,
                    at: record.time
                )
            }
            // A refund of another amount than asked for stays pending.
            guard record.result != .conflicted else { return }
            refundFinished(
                succeeded: record.result == .succeeded,
                amountMinor: record.amountMinor,
                at: record.time
            )
        case .attemptEnded(let record): attemptEnded(nextPosition: record.nextPosition, at: record.time)
        case .refundBounced(let record):
            refundBounced(amountMinor: record.amountMinor, at: record.time)
        case .riskDecided(let record):
            switch record.band {
            case .allow: break
            case .review: heldForReview(until: record.deadline, at: record.time)
            case .block: blocked(at: record.time)
            }
        case .paymentChanged(let record):
            changed(record.change, amountMinor: record.amountMinor, deadline: record.deadline, at: record.time)
        case .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted:
            preconditionFailure("a record of no payment")
        case .eventApplied(let record):
            apply(record.fact, at: record.time)
        }
    }
}
