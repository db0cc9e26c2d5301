import Money
package import Time

/// Fixed little-endian layouts of payments, refunds and disputes (docs/records.md, "Payments in
/// snapshots"). The fields of the aggregates are written here; what a shard adds to them stands
/// between, and is the shard's to write. Later versions append fields; a reader takes what it
/// knows.
package enum PaymentLayout {
    package static let paymentBytes = 208
    package static let refundBytes = 64
    package static let disputeBytes = 104
}

/// The bytes are no payment: they passed their checksums, so another program wrote them, or there
/// is a defect.
package struct PaymentLayoutError: Error, Equatable {
    package init() {}
}

extension Payment {
    /// Writes its fields to their places in the fixed part.
    package func store(into bytes: UnsafeMutableRawBufferPointer) {
        precondition(bytes.count >= PaymentLayout.paymentBytes)
        bytes.put(id.high, 0)
        bytes.put(id.low, 8)
        bytes.put(merchant.rawValue, 16)
        bytes.put(amountMinor, 24)
        bytes.put(authorizedMinor, 32)
        bytes.put(capturedMinor, 40)
        bytes.put(refundedMinor, 48)
        bytes.put(refundPendingMinor, 56)
        bytes.put(updatedAt, 64)
        bytes.put(currency.numericCode, 94)
        bytes.put(feeBasisPoints, 96)
        bytes.put(captureCount, 98)
        bytes.put(cancelCount, 100)
        bytes.put(refundCount, 102)
        bytes.put(phase.rawValue, 104)
        bytes.put(running?.rawValue ?? 0, 105)
        bytes.put(UInt8(capturesAutomatically ? 1 : 0), 106)
        bytes.put(routePosition, 107)
        bytes.put(declineCode?.rawValue ?? 0, 108)
        bytes.put(declineCategory?.rawValue ?? 0, 109)
        bytes.put(failure?.rawValue ?? 0, 110)
        bytes.put(flags.rawValue, 111)
        bytes.put(deadline, 120)
        bytes.put(disputedMinor, 128)
        bytes.put(disputeLostMinor, 136)
        bytes.put(settledMinor, 144)
        bytes.put(overCaptureBasisPoints, 156)
        bytes.put(incrementCount, 158)
        bytes.put(confirmCount, 160)
        bytes.put(authorizeCount, 162)
        bytes.put(traits.rawValue, 164)
        bytes.put(UInt8(truncatingIfNeeded: disputeCount), 165)
        bytes.put(pendingFundsMinor, 168)
        bytes.put(feeMinor, 176)
        bytes.put(route.packed, 192)
        bytes.put(UInt64(declineAdvice.rawValue), 200)
    }

    /// Reads its fields from a fixed part.
    package static func load(_ bytes: UnsafeRawBufferPointer) throws(PaymentLayoutError) -> Payment {
        guard bytes.count >= PaymentLayout.paymentBytes,
            let currency = Currency(numericCode: bytes.get(94)),
            let phase = PaymentPhase(rawValue: bytes.get(104)), bytes.get(24, as: Int64.self) > 0,
            bytes.get(96, as: UInt16.self) <= 10_000, let route = RoutePlan(packed: bytes.get(192))
        else { throw PaymentLayoutError() }
        var payment = Payment(
            id: PaymentID(high: bytes.get(0), low: bytes.get(8)),
            merchant: MerchantID(rawValue: bytes.get(16)),
            amountMinor: bytes.get(24),
            currency: currency,
            feeBasisPoints: bytes.get(96),
            capturesAutomatically: bytes.get(106, as: UInt8.self) == 1,
            route: route,
            flags: PaymentFlags(rawValue: bytes.get(111)),
            overCaptureBasisPoints: min(bytes.get(156), BasisPoints.whole),
            traits: PaymentTraits(rawValue: bytes.get(164)).intersection(.all),
            createdAt: bytes.get(64)
        )
        payment.loadLaterFields(bytes)
        payment.routePosition = bytes.get(107)
        guard let connector = route[Int(payment.routePosition)] else { throw PaymentLayoutError() }
        payment.connector = connector
        payment.authorizedMinor = bytes.get(32)
        payment.capturedMinor = bytes.get(40)
        payment.refundedMinor = bytes.get(48)
        payment.refundPendingMinor = bytes.get(56)
        payment.captureCount = bytes.get(98)
        payment.cancelCount = bytes.get(100)
        payment.refundCount = bytes.get(102)
        payment.phase = phase
        payment.running = try bytes.option(105)
        payment.declineCode = try bytes.option(108)
        payment.declineCategory = try bytes.option(109)
        payment.failure = try bytes.option(110)
        guard let advice = DeclineAdvice(rawValue: bytes.get(200)) else { throw PaymentLayoutError() }
        payment.declineAdvice = advice
        guard payment.holdsInvariants else { throw PaymentLayoutError() }
        return payment
    }

    private mutating func loadLaterFields(_ bytes: UnsafeRawBufferPointer) {
        deadline = bytes.get(120)
        disputedMinor = bytes.get(128)
        disputeLostMinor = bytes.get(136)
        settledMinor = bytes.get(144)
        incrementCount = bytes.get(158)
        confirmCount = bytes.get(160)
        authorizeCount = bytes.get(162)
        disputeCount = UInt16(bytes.get(165, as: UInt8.self))
        pendingFundsMinor = bytes.get(168)
        feeMinor = bytes.get(176)
    }
}

extension Refund {
    /// Writes its fields to their places in the fixed part.
    package func store(into bytes: UnsafeMutableRawBufferPointer) {
        precondition(bytes.count >= PaymentLayout.refundBytes)
        bytes.put(id.high, 0)
        bytes.put(id.low, 8)
        bytes.put(amountMinor, 16)
        bytes.put(updatedAt, 24)
        bytes.put(status.rawValue, 56)
        bytes.put(declineCode?.rawValue ?? 0, 57)
        bytes.put(declineCategory?.rawValue ?? 0, 58)
        bytes.put(failure?.rawValue ?? 0, 59)
        bytes.put(UInt8(isConflicted ? 1 : 0), 60)
        bytes.put(UInt8(0), 61)
        bytes.put(UInt16(0), 62)
    }

    /// Reads its fields from a fixed part of a refund of `payment`.
    package static func load(
        _ bytes: UnsafeRawBufferPointer,
        payment: PaymentID
    ) throws(PaymentLayoutError) -> Refund {
        guard bytes.count >= PaymentLayout.refundBytes, bytes.get(16, as: Int64.self) > 0,
            let status = RefundStatus(rawValue: bytes.get(56))
        else { throw PaymentLayoutError() }
        var refund = Refund(
            id: RefundID(high: bytes.get(0), low: bytes.get(8)),
            payment: payment,
            amountMinor: bytes.get(16),
            requestedAt: bytes.get(24)
        )
        refund.status = status
        refund.declineCode = try bytes.option(57)
        refund.declineCategory = try bytes.option(58)
        refund.failure = try bytes.option(59)
        refund.isConflicted = bytes.get(60, as: UInt8.self) == 1
        guard refund.id.paymentSequence == payment.sequence else { throw PaymentLayoutError() }
        return refund
    }
}

extension Dispute {
    /// Writes its fields to their places in the fixed part.
    package func store(into bytes: UnsafeMutableRawBufferPointer) {
        precondition(bytes.count >= PaymentLayout.disputeBytes)
        bytes.put(id.high, 0)
        bytes.put(id.low, 8)
        bytes.put(amountMinor, 16)
        bytes.put(feeMinor, 24)
        bytes.put(reservedMinor, 32)
        bytes.put(evidenceDueAt, 40)
        bytes.put(updatedAt, 48)
        bytes.put(status.rawValue, 84)
        bytes.put(chargebacks, 85)
        bytes.put(UInt8(isChargeRefundable ? 1 : 0), 86)
        bytes.put(UInt8(isPresumedLost ? 1 : 0), 87)
        bytes.put(UInt64(0), 88)
        bytes.put(UInt64(0), 96)
    }

    /// Reads its fields from a fixed part of a dispute of `payment`.
    package static func load(
        _ bytes: UnsafeRawBufferPointer,
        payment: PaymentID
    ) throws(PaymentLayoutError) -> Dispute {
        guard bytes.count >= PaymentLayout.disputeBytes, bytes.get(16, as: Int64.self) > 0,
            let status = DisputeStatus(rawValue: bytes.get(84))
        else { throw PaymentLayoutError() }
        var dispute = Dispute(
            id: DisputeID(high: bytes.get(0), low: bytes.get(8)),
            payment: payment,
            amountMinor: bytes.get(16),
            at: bytes.get(48)
        )
        dispute.status = status
        dispute.feeMinor = bytes.get(24)
        dispute.reservedMinor = bytes.get(32)
        dispute.evidenceDueAt = bytes.get(40)
        dispute.chargebacks = bytes.get(85)
        dispute.isChargeRefundable = bytes.get(86, as: UInt8.self) == 1
        dispute.isPresumedLost = bytes.get(87, as: UInt8.self) == 1
        guard dispute.id.paymentSequence == payment.sequence else { throw PaymentLayoutError() }
        return dispute
    }
}

// The size of the whole was checked once; each access is bounds-checked by the buffer in debug
// builds.
extension UnsafeMutableRawBufferPointer {
    @inline(__always)
    package func put<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer, _ offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: Integer.self)
    }

    @inline(__always)
    package func put(_ time: Timestamp, _ offset: Int) { put(time.milliseconds, offset) }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    package func get<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ offset: Int,
        as type: Integer.Type = Integer.self
    ) -> Integer {
        Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    @inline(__always)
    package func get(_ offset: Int) -> Timestamp { Timestamp(milliseconds: get(offset)) }

    /// 0 is nil.
    @inline(__always)
    fileprivate func option<Value: RawRepresentable>(_ offset: Int) throws(PaymentLayoutError) -> Value?
    where Value.RawValue == UInt8 {
        let raw = get(offset, as: UInt8.self)
        if raw == 0 { return nil }
        guard let value = Value(rawValue: raw) else { throw PaymentLayoutError() }
        return value
    }
}
