import Payments
import ShardState

extension ShardCore {
    /// Takes the payment of the entry at the beginning of `bytes` into the tables.
    /// - Parameter isStored: a cold file holds it as it is.
    /// - Returns: the bytes of the entry.
    mutating func insert(
        entry bytes: UnsafeRawBufferPointer,
        isStored: Bool
    ) throws(PaymentLayoutError) -> Int {
        let head = try PaymentEntry.head(bytes)
        let paymentBytes = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
        let refundBytes = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self)))
        // A later minor version may have made the fixed parts longer.
        guard paymentBytes >= PaymentLayout.paymentBytes, refundBytes >= PaymentLayout.refundBytes else {
            throw PaymentLayoutError()
        }
        var cursor = EntryCursor(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<head.byteCount]))
        let fixedPart = try cursor.fixed(PaymentEntry.headerBytes, paymentBytes)
        var (payment, count) = try Payment.load(fixedPart)
        guard payment.id.shard == configuration.shard, head.sequence >= 1, head.sequence <= UInt64(payments.count)
        else { throw PaymentLayoutError() }
        let index = Int(head.sequence) - 1
        guard !payments.contains(index) else { throw PaymentLayoutError() }
        payment.details = arena.append(try cursor.take(payment.details))
        payment.providerReference = arena.append(try cursor.take(payment.providerReference))
        payment.declineProviderCode = arena.append(try cursor.take(payment.declineProviderCode))
        payment.nextAction = arena.append(try cursor.take(payment.nextAction))
        payment.notes = arena.append(try cursor.take(payment.notes))
        // Parts are in memory only: what a file says of them would lead anywhere.
        guard arena.withBytes(payment.notes, { PaymentDetails.olderEvents(in: $0) }) == nil else {
            throw PaymentLayoutError()
        }
        guard configuration.connectors.contains(payment.route) else { throw PaymentLayoutError() }
        payment.isStored = isStored
        var expected = payment.newestRefund
        for _ in 0..<count {
            var (refund, number) = try Refund.load(cursor.fixed(0, refundBytes), payment: payment.id)
            guard number == expected, number <= UInt32(clamping: refunds.count), !refunds.contains(Int(number) - 1)
            else { throw PaymentLayoutError() }
            refund.providerReference = arena.append(try cursor.take(refund.providerReference))
            refund.declineProviderCode = arena.append(try cursor.take(refund.declineProviderCode))
            refunds.insert(refund, at: Int(number) - 1)
            expected = refund.older
        }
        guard expected == 0 else { throw PaymentLayoutError() }
        try insertDisputes(of: payment, Payment.disputeBytes(fixedPart), &cursor)
        payments.insert(payment, at: index)
        awaitDeadline(index, at: lastRecordTime)
        return head.byteCount
    }

    private mutating func insertDisputes(
        of payment: Payment,
        _ disputeBytes: Int,
        _ cursor: inout EntryCursor
    ) throws(PaymentLayoutError) {
        guard payment.disputeCount <= Payment.maximumDisputes,
            payment.disputeCount == 0 || disputeBytes >= PaymentLayout.disputeBytes
        else { throw PaymentLayoutError() }
        var expected = payment.newestDispute
        for _ in 0..<payment.disputeCount {
            var (dispute, number) = try Dispute.load(cursor.fixed(0, disputeBytes), payment: payment.id)
            guard number == expected, number <= UInt32(clamping: disputes.count), !disputes.contains(Int(number) - 1)
            else { throw PaymentLayoutError() }
            dispute.providerReference = arena.append(try cursor.take(dispute.providerReference))
            dispute.reason = arena.append(try cursor.take(dispute.reason))
            dispute.evidence = arena.append(try cursor.take(dispute.evidence))
            disputes.insert(dispute, at: Int(number) - 1)
            expected = dispute.older
        }
        guard expected == 0 else { throw PaymentLayoutError() }
    }
}

/// Goes through the parts of an entry.
private struct EntryCursor {
    let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func fixed(_ skipped: Int, _ count: Int) throws(PaymentLayoutError) -> UnsafeRawBufferPointer {
        guard bytes.count - offset >= skipped + count else { throw PaymentLayoutError() }
        offset += skipped
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    mutating func take(_ slice: ArenaSlice) throws(PaymentLayoutError) -> UnsafeRawBufferPointer {
        guard slice.length <= UInt32(PaymentDetails.maximumBytes) else { throw PaymentLayoutError() }
        return try fixed(0, Int(slice.length))
    }
}
