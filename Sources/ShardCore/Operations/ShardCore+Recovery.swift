package import Journal
package import Ledger
package import Payments
package import ShardRecords
package import ShardState
package import Time

extension ShardCore {
    /// Applies one durable record at start-up. Records come in order: from the first one, or from
    /// the one after a snapshot.
    /// - Parameter cold: reads the entry of an object that is not in memory, as it was before
    ///   `position`. It is needed only behind a snapshot, and returns nil when it cannot read the
    ///   entry.
    package mutating func replay(
        _ bytes: Span<UInt8>,
        at position: RecordPosition,
        cold: (_ item: ColdItem, _ before: RecordPosition) -> [UInt8]? = { _, _ in nil }
    ) throws(RecordDecodingError) {
        precondition(position == nextPosition, "records are replayed in order")
        var reader = RecordReader()
        let header = try reader.header(bytes)
        // A journal holds more keys than are remembered at once: they expire by the journal's own
        // time.
        keys.expire(at: header.time, limit: .max)
        recordContext.see(header.time)
        if header.kind.isAboutPayment, header.kind != .paymentCreated {
            try bringBack(header.payment, before: position, cold)
        } else if header.kind == .payoutChanged {
            try bringBackPayout(header.subject.low, before: position, cold)
        }
        let previous = newestRecord(header)
        try applyReplayed(header, reader: &reader, bytes: bytes, at: position)
        try checkLink(reader)
        try check(header, previous: previous)
        recordContext.advance(to: position)
    }

    /// Each kind on its own and not through `ShardRecord`: a value of half a kilobyte would be
    /// copied at every step.
    private mutating func applyReplayed(
        _ header: RecordHeader,
        reader: inout RecordReader,
        bytes: Span<UInt8>,
        at position: RecordPosition
    ) throws(RecordDecodingError) {
        switch header.kind {
        case .paymentCreated:
            let record = try reader.record(PaymentCreated.self, header: header, in: bytes)
            try keys.makeRoom(in: .requests)
            // The registry of the data directory is not the one that the journal was written with.
            guard configuration.connectors.contains(record.route) else { throw .invalidValue }
            _ = applyCreated(record, at: position)
        case .operationStarted:
            let record = try reader.record(OperationStarted.self, header: header, in: bytes)
            if record.key != nil { try keys.makeRoom(in: .requests) }
            _ = applyStarted(record, at: position)
        case .operationFinished:
            let record = try reader.record(OperationFinished.self, header: header, in: bytes)
            let slot = runningSlot(record.payment, record.operation, ordinal: record.ordinal)
            applyFinished(record, slot: slot, at: position)
        case .operationUnresolved:
            let record = try reader.record(OperationUnresolved.self, header: header, in: bytes)
            let slot = runningSlot(record.payment, record.operation, ordinal: record.ordinal)
            applyUnresolved(record, slot: slot, at: position)
            moveToWaiting(slot, dueAt: record.time)
        case .refundBounced:
            let record = try reader.record(RefundBounced.self, header: header, in: bytes)
            applyBounced(record, at: position)
        case .operationAttempted:
            let record = try reader.record(OperationAttempted.self, header: header, in: bytes)
            let slot = runningSlot(record.payment, record.operation, ordinal: record.ordinal)
            applyAttempted(record, slot: slot, at: position)
            if operations[slot].isUncertain { moveToWaiting(slot, dueAt: record.time) }
        case .attemptEnded:
            let record = try reader.record(AttemptEnded.self, header: header, in: bytes)
            try applyReplayed(record, at: position)
        case .balanceMark:
            let mark = try reader.record(BalanceMark.self, header: header, in: bytes)
            guard apply(mark, at: position) else { throw .invalidValue }
        case .riskDecided:
            let record = try reader.record(RiskDecided.self, header: header, in: bytes)
            try applyReplayed(record, at: position)
        case .paymentChanged:
            let record = try reader.record(PaymentChanged.self, header: header, in: bytes)
            if record.key != nil { try keys.makeRoom(in: .requests) }
            applyChanged(record, at: position)
        case .eventApplied:
            let record = try reader.record(EventApplied.self, header: header, in: bytes)
            if record.key != nil { try keys.makeRoom(in: record.type.keyTable) }
            try checkEarlierConnector(record)
            applyEvent(record, at: position)
        case .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted:
            try replayTreasury(header, reader: &reader, in: bytes, at: position)
        }
    }

    /// A verdict is about a payment that awaits one.
    private mutating func applyReplayed(_ record: RiskDecided, at position: RecordPosition) throws(RecordDecodingError)
    {
        let slot = runningSlot(record.payment, .authorize, ordinal: 1)
        guard operations[slot].hold != .none else { throw .invalidValue }
        applyRiskDecided(record, slot: slot, at: position)
    }

    /// Checks that a record that books something names the merchant's record before it, as this
    /// shard knows it.
    private mutating func checkLink(_ reader: RecordReader) throws(RecordDecodingError) {
        defer { recordContext.unlink() }
        guard reader.entryLink == recordContext.entryLink else { throw .invalidValue }
    }

    private mutating func bringBack(
        _ id: PaymentID,
        before position: RecordPosition,
        _ cold: (ColdItem, RecordPosition) -> [UInt8]?
    ) throws(RecordDecodingError) {
        guard id.sequence >= 1, id.sequence <= UInt64(payments.count) else { throw .invalidValue }
        guard !payments.contains(Index(id)) else { return }
        let item = ColdItem(.payment, sequence: id.sequence)
        guard let entry = cold(item, position), insertCold(entry, item) else {
            throw .coldPaymentUnreadable(sequence: id.sequence)
        }
    }

    /// Brings the pay-out of a record into memory, unless the record is the pay-out's first.
    /// Wallets are not brought back, because no record changes one.
    private mutating func bringBackPayout(
        _ sequence: UInt64,
        before position: RecordPosition,
        _ cold: (ColdItem, RecordPosition) -> [UInt8]?
    ) throws(RecordDecodingError) {
        guard sequence >= 1, sequence <= UInt64(treasury.payouts.count) else { return }
        guard !treasury.payouts.contains(Int(sequence) - 1) else { return }
        let item = ColdItem(.payout, sequence: sequence)
        guard let entry = cold(item, position), insertCold(entry, item) else {
            throw .coldPayoutUnreadable(sequence: sequence)
        }
    }

    /// The attempt that the record names must be the one that the replay has reached.
    private mutating func applyReplayed(
        _ record: AttemptEnded,
        at position: RecordPosition
    ) throws(RecordDecodingError) {
        let slot = runningSlot(record.payment, .authorize, ordinal: record.ordinal)
        let payment = payments[operations[slot].payment]
        guard operations[slot].attempt == record.attempt, payment.connector == record.connector,
            record.nextPosition > payment.routePosition,
            payment.route[Int(record.nextPosition)] == record.nextConnector
        else { throw .invalidValue }
        applyAttemptEnded(record, slot: slot, at: position)
    }

    /// An earlier connector must have an attempt that ended.
    private func checkEarlierConnector(_ record: EventApplied) throws(RecordDecodingError) {
        guard let connector = record.fact.earlierConnector else { return }
        let attempts = endedAttempts(of: existingPayment(record.payment))
        guard attempts.contains(where: { $0.connector == connector }) else { throw .invalidValue }
    }

    private mutating func runningSlot(_ id: PaymentID, _ operation: ProviderOperation, ordinal: UInt16) -> Int {
        let index = existingPayment(id)
        let place: OperationPlace
        if operation == .refund {
            guard let refund = payments.refund(of: index, where: { payments[$0].id.ordinal == ordinal }) else {
                preconditionFailure("a record ends a refund that never began")
            }
            place = operationPlace(payment: index, refund: refund)
        } else {
            place = operationPlace(payment: index, refund: nil)
        }
        precondition(place != .none, "a record ends an operation that is not running")
        return callSlot(of: place)
    }

    /// Begins the resolution of operations that were in flight when the process ended. The PSP may
    /// or may not have executed them, so it is asked first. The resolutions are spread over time,
    /// so that they do not overload the PSP.
    /// - Returns: how many operations are being resolved.
    package mutating func resume(at now: Timestamp) -> Int {
        deadlines.start(at: now)
        var number: Int64 = 0
        func next() -> Timestamp {
            defer { number += 1 }
            let ticks = number / Int64(configuration.recoveryBatch)
            return now.adding(milliseconds: ticks * DeadlineQueue.tickMilliseconds)
        }
        var waitingSlots: [Int] = []
        waiting.forEach { slot, _ in waitingSlots.append(slot) }
        for slot in operations.occupiedSlots {
            operations[slot].tries = 0
            operations[slot].sentAt = now
            // Of a payment on hold nothing was sent. An operation without a PSP is executed now.
            operations[slot].isUncertain = operations[slot].hold == .none
            if operations[slot].isUncertain, !isInternal(slot) {
                awaitResolution(slot, at: next())
            } else {
                schedule(slot, at: next())
            }
        }
        for slot in waitingSlots { waiting.restart(slot, dueAt: next(), sentAt: now) }
        return Int(number)
    }

    /// The sums of the ledger, which must be zero for each currency.
    package func trialBalance() -> TrialBalance { ledger.trialBalance() }

    /// Debits less credits of an account, in minor units.
    package func balance(of account: Account) -> Int128 { ledger.balance(of: account) }

    /// Visits payments by number, for audits: from `first` (0-based), at most `count`. Of those
    /// that are not in memory it hears only the sequence numbers.
    /// - Returns: the next number, or nil at the end.
    package func forEachPayment(
        from first: Int,
        count: Int,
        cold: (UInt64) -> Void = { _ in },
        _ body: (PaymentView, MerchantID) -> Void
    ) -> Int? {
        let end = min(first + count, payments.count)
        guard first < end else { return nil }
        for index in (first..<end).lazy.map({ Index<Payment>($0) }) {
            if payments.contains(index) {
                body(view(payments[index]), payments[index].merchant)
            } else {
                cold(index.sequence)
            }
        }
        return end < payments.count ? end : nil
    }
}
