package import Payments

// Payments as entries of snapshots and cold files: out of the store, and into it again.
extension PaymentStore {
    /// What the payment's entry takes, for `storeEntry`.
    package func entrySize(of index: Index<Payment>) -> PaymentEntry.Size {
        let row = payments[index.position]
        let notes = row.notes.length == 0 ? [] : arena.flattened(row.notes)
        var bytes = PaymentEntry.headerBytes + PaymentLayout.paymentBytes
        bytes += Int(row.details.length + row.providerReference.length + row.declineProviderCode.length)
        bytes += Int(row.nextAction.length) + notes.count
        var count: UInt16 = 0
        for index in refunds(of: index) {
            let row = refunds[index.position]
            bytes += PaymentLayout.refundBytes
            bytes += Int(row.providerReference.length + row.declineProviderCode.length)
            count += 1
        }
        for index in disputes(of: index) {
            let row = disputes[index.position]
            bytes += PaymentLayout.disputeBytes
            bytes += Int(row.providerReference.length + row.reason.length + row.evidence.length)
        }
        return PaymentEntry.Size(bytes: (bytes + 7) & ~7, refunds: count, notes: notes)
    }

    /// Writes the payment's entry to the beginning of `target`.
    package func storeEntry(
        of index: Index<Payment>,
        _ size: PaymentEntry.Size,
        into target: UnsafeMutableRawBufferPointer
    ) {
        precondition(size.bytes <= PaymentEntry.maximumBytes && target.count >= size.bytes)
        target.storeBytes(of: UInt32(size.bytes).littleEndian, toByteOffset: 0, as: UInt32.self)
        target.storeBytes(of: UInt16(PaymentLayout.paymentBytes).littleEndian, toByteOffset: 4, as: UInt16.self)
        target.storeBytes(of: UInt16(PaymentLayout.refundBytes).littleEndian, toByteOffset: 6, as: UInt16.self)
        let row = payments[index.position]
        var offset = PaymentEntry.headerBytes
        row.store(
            into: target.from(offset),
            refundsFollowing: size.refunds,
            notesBytes: UInt32(size.notes.count)
        )
        offset += PaymentLayout.paymentBytes
        put(row.details, into: target, at: &offset)
        put(row.providerReference, into: target, at: &offset)
        put(row.declineProviderCode, into: target, at: &offset)
        put(row.nextAction, into: target, at: &offset)
        target.from(offset).copyBytes(from: size.notes)
        offset += size.notes.count
        for index in refunds(of: index) {
            let row = refunds[index.position]
            row.store(into: target.from(offset), at: index)
            offset += PaymentLayout.refundBytes
            put(row.providerReference, into: target, at: &offset)
            put(row.declineProviderCode, into: target, at: &offset)
        }
        for index in disputes(of: index) {
            let row = disputes[index.position]
            row.store(into: target.from(offset), at: index)
            offset += PaymentLayout.disputeBytes
            put(row.providerReference, into: target, at: &offset)
            put(row.reason, into: target, at: &offset)
            put(row.evidence, into: target, at: &offset)
        }
        for padding in offset..<size.bytes { target[padding] = 0 }
    }

    @inline(__always)
    private func put(_ slice: ArenaSlice, into target: UnsafeMutableRawBufferPointer, at offset: inout Int) {
        guard slice.length > 0 else { return }
        arena.copy(slice, to: target.from(offset))
        offset += Int(slice.length)
    }

    /// Adds the payment of the entry at the beginning of `bytes` to the tables.
    /// - Parameters:
    ///   - shard: the shard whose payments are here.
    ///   - isStored: a cold file holds it as it is.
    ///   - isKnown: whether the connectors of a route are.
    /// - Returns: the bytes of the entry, and the payment's place.
    package mutating func insert(
        entry bytes: UnsafeRawBufferPointer,
        shard: UInt16,
        isStored: Bool,
        isKnown: (RoutePlan) -> Bool
    ) throws(PaymentLayoutError) -> (byteCount: Int, index: Index<Payment>) {
        let head = try PaymentEntry.head(bytes)
        let paymentBytes = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
        let refundBytes = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self)))
        // A later minor version may have made the fixed parts longer.
        guard paymentBytes >= PaymentLayout.paymentBytes, refundBytes >= PaymentLayout.refundBytes else {
            throw PaymentLayoutError()
        }
        var cursor = EntryCursor(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<head.byteCount]))
        let fixedPart = try cursor.fixed(PaymentEntry.headerBytes, paymentBytes)
        var (row, count) = try PaymentRow.load(fixedPart)
        guard row.payment.id.shard == shard, head.sequence >= 1, head.sequence <= UInt64(payments.count)
        else { throw PaymentLayoutError() }
        let index = Index<Payment>(sequence: head.sequence)
        guard !contains(index) else { throw PaymentLayoutError() }
        row.details = arena.append(try cursor.take(row.details))
        row.providerReference = arena.append(try cursor.take(row.providerReference))
        row.declineProviderCode = arena.append(try cursor.take(row.declineProviderCode))
        row.nextAction = arena.append(try cursor.take(row.nextAction))
        row.notes = arena.append(try cursor.take(row.notes))
        // Places of parts are valid in memory only: those in a file would lead anywhere.
        guard arena.withBytes(row.notes, { PaymentDetails.olderEvents(in: $0) }) == nil else {
            throw PaymentLayoutError()
        }
        guard isKnown(row.payment.route) else { throw PaymentLayoutError() }
        row.isStored = isStored
        try insertRefunds(of: row, count: count, refundBytes, &cursor)
        try insertDisputes(of: row, PaymentRow.disputeBytes(fixedPart), &cursor)
        row.owner = merchantPayments.add(row.payment.merchant)
        payments.insert(row, at: index.position)
        return (head.byteCount, index)
    }

    private mutating func insertRefunds(
        of payment: PaymentRow,
        count: UInt16,
        _ refundBytes: Int,
        _ cursor: inout EntryCursor
    ) throws(PaymentLayoutError) {
        var expected = payment.newestRefund
        for _ in 0..<count {
            var (row, place) = try RefundRow.load(cursor.fixed(0, refundBytes), payment: payment.payment.id)
            guard place == expected, let index = place.index, index.position < refunds.count,
                !refunds.contains(index.position)
            else { throw PaymentLayoutError() }
            row.providerReference = arena.append(try cursor.take(row.providerReference))
            row.declineProviderCode = arena.append(try cursor.take(row.declineProviderCode))
            refunds.insert(row, at: index.position)
            _ = merchantRefunds.add(payment.payment.merchant)
            expected = row.older
        }
        guard expected == .none else { throw PaymentLayoutError() }
    }

    private mutating func insertDisputes(
        of payment: PaymentRow,
        _ disputeBytes: Int,
        _ cursor: inout EntryCursor
    ) throws(PaymentLayoutError) {
        let count = payment.payment.disputeCount
        guard count <= Payment.maximumDisputes, count == 0 || disputeBytes >= PaymentLayout.disputeBytes
        else { throw PaymentLayoutError() }
        var expected = payment.newestDispute
        for _ in 0..<count {
            var (row, place) = try DisputeRow.load(cursor.fixed(0, disputeBytes), payment: payment.payment.id)
            guard place == expected, let index = place.index, index.position < disputes.count,
                !disputes.contains(index.position)
            else { throw PaymentLayoutError() }
            row.providerReference = arena.append(try cursor.take(row.providerReference))
            row.reason = arena.append(try cursor.take(row.reason))
            row.evidence = arena.append(try cursor.take(row.evidence))
            disputes.insert(row, at: index.position)
            _ = merchantDisputes.add(payment.payment.merchant)
            expected = row.older
        }
        guard expected == .none else { throw PaymentLayoutError() }
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
