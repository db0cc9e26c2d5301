import Payments

// What the shard adds to the fixed parts of payments, refunds and disputes: lengths of what stands
// behind them, links, positions.
extension PaymentRow {
    /// Writes the fixed part; the lengths of the variable parts are those of the slices.
    /// - Parameters:
    ///   - refundsFollowing: how many refunds stand behind it. All its disputes stand behind these.
    ///   - notesBytes: the length of its notes in one piece.
    func store(into bytes: UnsafeMutableRawBufferPointer, refundsFollowing: UInt16, notesBytes: UInt32) {
        payment.store(into: bytes)
        bytes.put(lastRecord, 72)
        bytes.put(details.length, 80)
        bytes.put(providerReference.length, 84)
        bytes.put(declineProviderCode.length, 88)
        bytes.put(refundsFollowing, 92)
        bytes.put(newestRefund.stored, 112)
        bytes.put(newestDispute.stored, 116)
        bytes.put(nextAction.length, 152)
        bytes.put(UInt16(PaymentLayout.disputeBytes), 166)
        bytes.put(recordCount, 184)
        bytes.put(notesBytes, 188)
    }

    /// Reads a fixed part. The slices have their lengths and no place yet; no operation is bound.
    static func load(
        _ bytes: UnsafeRawBufferPointer
    ) throws(PaymentLayoutError) -> (row: PaymentRow, refundsFollowing: UInt16) {
        var row = PaymentRow(try Payment.load(bytes))
        row.lastRecord = bytes.get(72)
        row.recordCount = bytes.get(184)
        row.details.length = bytes.get(80)
        row.providerReference.length = bytes.get(84)
        row.declineProviderCode.length = bytes.get(88)
        row.nextAction.length = bytes.get(152)
        row.notes.length = bytes.get(188)
        row.newestRefund = OptionalIndex(stored: bytes.get(112))
        row.newestDispute = OptionalIndex(stored: bytes.get(116))
        return (row, bytes.get(92))
    }

    /// The bytes of a stored dispute's fixed part behind a stored payment; 0 where there are none.
    static func disputeBytes(_ bytes: UnsafeRawBufferPointer) -> Int {
        bytes.count >= PaymentLayout.paymentBytes ? Int(bytes.get(166, as: UInt16.self)) : 0
    }
}

extension RefundRow {
    /// Writes the fixed part.
    func store(into bytes: UnsafeMutableRawBufferPointer, at index: Index<Refund>) {
        refund.store(into: bytes)
        bytes.put(lastRecord, 32)
        bytes.put(OptionalIndex(index).stored, 40)
        bytes.put(older.stored, 44)
        bytes.put(providerReference.length, 48)
        bytes.put(declineProviderCode.length, 52)
    }

    /// Reads a fixed part of a refund of `payment`, as `PaymentRow.load` does.
    static func load(
        _ bytes: UnsafeRawBufferPointer,
        payment: PaymentID
    ) throws(PaymentLayoutError) -> (row: RefundRow, place: OptionalIndex<Refund>) {
        let refund = try Refund.load(bytes, payment: payment)
        var row = RefundRow(refund, older: OptionalIndex(stored: bytes.get(44)))
        row.lastRecord = bytes.get(32)
        row.providerReference.length = bytes.get(48)
        row.declineProviderCode.length = bytes.get(52)
        return (row, OptionalIndex(stored: bytes.get(40)))
    }
}

extension DisputeRow {
    /// Writes the fixed part.
    func store(into bytes: UnsafeMutableRawBufferPointer, at index: Index<Dispute>) {
        dispute.store(into: bytes)
        bytes.put(lastRecord, 56)
        bytes.put(OptionalIndex(index).stored, 64)
        bytes.put(older.stored, 68)
        bytes.put(providerReference.length, 72)
        bytes.put(reason.length, 76)
        bytes.put(evidence.length, 80)
    }

    /// Reads a fixed part of a dispute of `payment`, as `PaymentRow.load` does.
    static func load(
        _ bytes: UnsafeRawBufferPointer,
        payment: PaymentID
    ) throws(PaymentLayoutError) -> (row: DisputeRow, place: OptionalIndex<Dispute>) {
        let dispute = try Dispute.load(bytes, payment: payment)
        var row = DisputeRow(dispute, older: OptionalIndex(stored: bytes.get(68)))
        row.lastRecord = bytes.get(56)
        row.providerReference.length = bytes.get(72)
        row.reason.length = bytes.get(76)
        row.evidence.length = bytes.get(80)
        return (row, OptionalIndex(stored: bytes.get(64)))
    }
}
