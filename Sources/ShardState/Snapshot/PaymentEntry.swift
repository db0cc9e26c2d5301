import Journal
import Payments

/// The bytes of one payment with its details, references, refunds and disputes, the same in snapshots, in cold files and under the
/// state digest (docs/records.md, "Payments in snapshots").
enum PaymentEntry {
    /// Length of the whole `u32`, bytes of a payment's fixed part `u16`, of a refund's `u16`.
    static let headerBytes = 8
    /// The largest: details, 1,000 refunds, 16 disputes with their evidence, references of up to 255 bytes.
    static let maximumBytes = 768 << 10

    /// The payment that an entry holds, without taking it in.
    struct Head {
        var sequence: UInt64
        var lastRecord: RecordPosition
        var byteCount: Int
    }

    static func byteCount(
        _ payment: Payment,
        _ refunds: borrowing SparseTable<Refund>,
        _ disputes: borrowing SparseTable<Dispute>
    ) -> (bytes: Int, refunds: UInt16) {
        var bytes = headerBytes + PaymentLayout.paymentBytes
        bytes += Int(payment.details.length + payment.providerReference.length + payment.declineProviderCode.length)
        bytes += Int(payment.nextAction.length)
        var count: UInt16 = 0
        var next = payment.newestRefund
        while next != 0 {
            let refund = refunds[Int(next) - 1]
            bytes += PaymentLayout.refundBytes
            bytes += Int(refund.providerReference.length + refund.declineProviderCode.length)
            count += 1
            next = refund.older
        }
        next = payment.newestDispute
        while next != 0 {
            let dispute = disputes[Int(next) - 1]
            bytes += PaymentLayout.disputeBytes
            bytes += Int(dispute.providerReference.length + dispute.reason.length + dispute.evidence.length)
            next = dispute.older
        }
        return ((bytes + 7) & ~7, count)
    }

    /// Writes the entry to the beginning of `target`.
    static func store(
        _ payment: Payment,
        _ size: (bytes: Int, refunds: UInt16),
        _ refunds: borrowing SparseTable<Refund>,
        _ disputes: borrowing SparseTable<Dispute>,
        _ arena: borrowing ByteArena,
        into target: UnsafeMutableRawBufferPointer
    ) {
        precondition(size.bytes <= maximumBytes && target.count >= size.bytes)
        target.storeBytes(of: UInt32(size.bytes).littleEndian, toByteOffset: 0, as: UInt32.self)
        target.storeBytes(of: UInt16(PaymentLayout.paymentBytes).littleEndian, toByteOffset: 4, as: UInt16.self)
        target.storeBytes(of: UInt16(PaymentLayout.refundBytes).littleEndian, toByteOffset: 6, as: UInt16.self)
        var offset = headerBytes
        payment.store(into: target.from(offset), refundsFollowing: size.refunds)
        offset += PaymentLayout.paymentBytes
        put(payment.details, arena, into: target, at: &offset)
        put(payment.providerReference, arena, into: target, at: &offset)
        put(payment.declineProviderCode, arena, into: target, at: &offset)
        put(payment.nextAction, arena, into: target, at: &offset)
        var next = payment.newestRefund
        while next != 0 {
            let refund = refunds[Int(next) - 1]
            refund.store(into: target.from(offset), number: next)
            offset += PaymentLayout.refundBytes
            put(refund.providerReference, arena, into: target, at: &offset)
            put(refund.declineProviderCode, arena, into: target, at: &offset)
            next = refund.older
        }
        next = payment.newestDispute
        while next != 0 {
            let dispute = disputes[Int(next) - 1]
            dispute.store(into: target.from(offset), number: next)
            offset += PaymentLayout.disputeBytes
            put(dispute.providerReference, arena, into: target, at: &offset)
            put(dispute.reason, arena, into: target, at: &offset)
            put(dispute.evidence, arena, into: target, at: &offset)
            next = dispute.older
        }
        for padding in offset..<size.bytes { target[padding] = 0 }
    }

    @inline(__always)
    private static func put(
        _ slice: ArenaSlice,
        _ arena: borrowing ByteArena,
        into target: UnsafeMutableRawBufferPointer,
        at offset: inout Int
    ) {
        guard slice.length > 0 else { return }
        arena.copy(slice, to: target.from(offset))
        offset += Int(slice.length)
    }

    /// What the entry at the beginning of `bytes` is.
    static func head(_ bytes: UnsafeRawBufferPointer) throws(PaymentLayoutError) -> Head {
        let smallest = headerBytes + PaymentLayout.firstPaymentBytes
        guard bytes.count >= smallest else { throw PaymentLayoutError() }
        let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
        guard count <= bytes.count, count >= smallest else { throw PaymentLayoutError() }
        let low = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: headerBytes + 8, as: UInt64.self))
        let record = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: headerBytes + 72, as: UInt64.self))
        return Head(sequence: low, lastRecord: record, byteCount: count)
    }
}

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
        // A later minor version may have made the fixed parts longer; of the shorter ones `Payment.load` knows the first.
        guard paymentBytes >= PaymentLayout.firstPaymentBytes, refundBytes >= PaymentLayout.refundBytes else {
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

extension UnsafeMutableRawBufferPointer {
    @inline(__always)
    func from(_ offset: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: self[offset...])
    }
}
