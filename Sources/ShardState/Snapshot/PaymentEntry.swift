import Journal
package import Payments

/// The bytes of one payment with its details, references, refunds and disputes, the same in snapshots, in cold files and under the
/// state digest (docs/records.md, "Payments in snapshots").
package enum PaymentEntry {
    /// Length of the whole `u32`, bytes of a payment's fixed part `u16`, of a refund's `u16`.
    package static let headerBytes = 8
    /// The largest: details, 1,000 refunds, 16 disputes with their evidence, references of up to 255 bytes.
    package static let maximumBytes = 768 << 10

    /// What an entry takes, and what of it is made for it.
    package struct Size {
        package var bytes: Int
        package var refunds: UInt16
        /// The notes in one piece.
        var notes: [UInt8]
    }

    package static func byteCount(
        _ payment: Payment,
        _ refunds: borrowing SparseTable<Refund>,
        _ disputes: borrowing SparseTable<Dispute>,
        _ arena: borrowing ByteArena
    ) -> Size {
        let notes = payment.notes.length == 0 ? [] : arena.flattened(payment.notes)
        var bytes = headerBytes + PaymentLayout.paymentBytes
        bytes += Int(payment.details.length + payment.providerReference.length + payment.declineProviderCode.length)
        bytes += Int(payment.nextAction.length) + notes.count
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
        return Size(bytes: (bytes + 7) & ~7, refunds: count, notes: notes)
    }

    /// Writes the entry to the beginning of `target`.
    package static func store(
        _ payment: Payment,
        _ size: Size,
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
        payment.store(
            into: target.from(offset),
            refundsFollowing: size.refunds,
            notesBytes: UInt32(size.notes.count)
        )
        offset += PaymentLayout.paymentBytes
        put(payment.details, arena, into: target, at: &offset)
        put(payment.providerReference, arena, into: target, at: &offset)
        put(payment.declineProviderCode, arena, into: target, at: &offset)
        put(payment.nextAction, arena, into: target, at: &offset)
        target.from(offset).copyBytes(from: size.notes)
        offset += size.notes.count
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
    package static func head(_ bytes: UnsafeRawBufferPointer) throws(PaymentLayoutError) -> ColdHead {
        let smallest = headerBytes + PaymentLayout.paymentBytes
        guard bytes.count >= smallest else { throw PaymentLayoutError() }
        let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
        guard count <= bytes.count, count >= smallest else { throw PaymentLayoutError() }
        let low = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: headerBytes + 8, as: UInt64.self))
        let record = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: headerBytes + 72, as: UInt64.self))
        let merchant = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: headerBytes + 16, as: UInt64.self))
        let owner = MerchantID(rawValue: merchant)
        return ColdHead(sequence: low, merchant: owner, lastRecord: record, byteCount: count)
    }
}

extension UnsafeMutableRawBufferPointer {
    @inline(__always)
    package func from(_ offset: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: self[offset...])
    }
}
