import Journal
import Ledger
import Money
package import NIOCore
package import Payments

extension ShardRecord {
    /// Decodes one record as `encodeFramed` made it (without the length in front).
    package init(decoding bytes: Span<UInt8>) throws(RecordDecodingError) {
        var reader = RecordReader()
        let header = try reader.header(bytes)
        switch header.kind {
        case .paymentCreated: self = .paymentCreated(try reader.paymentCreated(bytes, header))
        case .operationStarted: self = .operationStarted(try reader.operationStarted(bytes, header))
        case .operationFinished: self = .operationFinished(try reader.operationFinished(bytes, header))
        case .operationUnresolved: self = .operationUnresolved(try reader.operationUnresolved(bytes, header))
        case .refundBounced: self = .refundBounced(try reader.refundBounced(bytes, header))
        case .operationAttempted: self = .operationAttempted(try reader.operationAttempted(bytes, header))
        case .attemptEnded: self = .attemptEnded(try reader.attemptEnded(bytes, header))
        case .balanceMark: self = .balanceMark(try reader.balanceMark(bytes, header))
        case .paymentChanged: self = .paymentChanged(try reader.paymentChanged(bytes, header))
        case .riskDecided: self = .riskDecided(try reader.riskDecided(bytes, header))
        case .payoutChanged: self = .payoutChanged(try reader.payoutChanged(bytes, header))
        case .walletOpened: self = .walletOpened(try reader.walletOpened(bytes, header))
        case .exchangeQuoted: self = .exchangeQuoted(try reader.exchangeQuoted(bytes, header))
        case .exchangeConverted: self = .exchangeConverted(try reader.exchangeConverted(bytes, header))
        case .eventApplied: self = .eventApplied(try reader.eventApplied(bytes, header))
        }
        try reader.finish(bytes)
    }
}

extension RecordReader {
    /// Nothing may be left but the trailer.
    package func finish(_ bytes: Span<UInt8>) throws(RecordDecodingError) {
        guard offset + ShardRecord.trailerBytes == bytes.count else { throw .invalidValue }
    }

    package mutating func paymentCreated(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> PaymentCreated {
        let id = header.payment
        let merchant = header.merchant
        let amountMinor = try integer(Int64.self, bytes)
        guard amountMinor > 0, let currency = Currency(numericCode: try integer(UInt16.self, bytes)) else {
            throw .invalidValue
        }
        let feeBasisPoints = try integer(UInt16.self, bytes)
        let captures = try integer(UInt8.self, bytes)
        let traits = PaymentTraits(rawValue: captures >> 4)
        guard traits.isSubset(of: .all) else { throw .invalidValue }
        guard let route = RoutePlan(packed: try integer(UInt64.self, bytes)) else { throw .invalidValue }
        let flags = PaymentFlags(rawValue: try integer(UInt8.self, bytes))
        let overCapture = try integer(UInt16.self, bytes)
        guard overCapture <= 10_000 else { throw .invalidValue }
        let key = try requestKey(bytes)
        let details = try self.bytes(count: Int(try integer(UInt32.self, bytes)), bytes)
        return PaymentCreated(
            id: id,
            merchant: merchant,
            amountMinor: amountMinor,
            currency: currency,
            feeBasisPoints: feeBasisPoints,
            capturesAutomatically: captures & 1 == 1,
            route: route,
            flags: flags,
            overCaptureBasisPoints: overCapture,
            traits: traits,
            key: key,
            details: details,
            time: header.time
        )
    }

    package mutating func operationStarted(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> OperationStarted {
        OperationStarted(
            payment: header.payment,
            operation: try operation(bytes),
            ordinal: try integer(UInt16.self, bytes),
            amountMinor: try integer(Int64.self, bytes),
            staysOpen: try integer(UInt8.self, bytes) == 1,
            cause: try optional(bytes),
            key: try optionalKey(bytes),
            transfers: try transfers(bytes),
            instructions: try instructions(bytes),
            previous: header.previous,
            time: header.time
        )
    }

    /// What stands behind the other fields, if anything does.
    private mutating func instructions(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> [UInt8] {
        guard bytes.count - offset > ShardRecord.trailerBytes else { return [] }
        return try self.bytes(count: Int(try integer(UInt32.self, bytes)), bytes)
    }

    package mutating func operationFinished(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> OperationFinished {
        let payment = header.payment
        let operation = try operation(bytes)
        let ordinal = try integer(UInt16.self, bytes)
        let connector = try connector(bytes)
        let attempt = UInt16(try integer(UInt8.self, bytes))
        let result = try result(bytes)
        guard let advice = DeclineAdvice(rawValue: try integer(UInt8.self, bytes)) else { throw .invalidValue }
        let amountMinor = try integer(Int64.self, bytes)
        let executedMinor = try integer(Int64.self, bytes)
        guard let executedCurrency = Currency(numericCode: try integer(UInt16.self, bytes)) else { throw .invalidValue }
        let staysOpen = try integer(UInt8.self, bytes) == 1
        let deadline = try integer(Int64.self, bytes)
        let providerReference = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        let declineProviderCode = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        let nextAction = try self.bytes(count: Int(try integer(UInt32.self, bytes)), bytes)
        let transfers = try transfers(bytes)
        let responseStatus = try integer(UInt16.self, bytes)
        // The answer itself is read from the journal when it is replayed, not kept in memory.
        _ = try range(count: Int(try integer(UInt32.self, bytes)), bytes)
        return OperationFinished(
            payment: payment,
            operation: operation,
            ordinal: ordinal,
            connector: connector,
            attempt: attempt,
            result: result,
            advice: advice,
            amountMinor: amountMinor,
            executedMinor: executedMinor,
            executedCurrency: executedCurrency,
            staysOpen: staysOpen,
            deadline: deadline,
            providerReference: providerReference,
            declineProviderCode: declineProviderCode,
            nextAction: nextAction,
            transfers: transfers,
            responseStatus: responseStatus,
            response: ByteBuffer(),
            previous: header.previous,
            time: header.time
        )
    }

    package mutating func operationUnresolved(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> OperationUnresolved {
        let payment = header.payment
        let operation = try operation(bytes)
        let ordinal = try integer(UInt16.self, bytes)
        guard let reason = CallFailure(rawValue: try integer(UInt8.self, bytes)) else { throw .invalidValue }
        return OperationUnresolved(
            payment: payment,
            operation: operation,
            ordinal: ordinal,
            reason: reason,
            providerReference: try text(count: Int(try integer(UInt32.self, bytes)), bytes),
            previous: header.previous,
            time: header.time
        )
    }

    package mutating func operationAttempted(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> OperationAttempted {
        let payment = header.payment
        let operation = try operation(bytes)
        let ordinal = try integer(UInt16.self, bytes)
        let mode = try integer(UInt8.self, bytes)
        let answer = OperationAttempted.Answer(rawValue: try integer(UInt8.self, bytes))
        let reason: CallFailure? = try optional(bytes)
        guard mode > 0, let mode = ProviderCall.Mode(rawValue: mode - 1), let answer else { throw .invalidValue }
        return OperationAttempted(
            payment: payment,
            operation: operation,
            ordinal: ordinal,
            mode: mode,
            answer: answer,
            reason: reason,
            previous: header.previous,
            time: header.time
        )
    }

    package mutating func paymentChanged(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> PaymentChanged {
        let payment = header.payment
        guard let change = PaymentChange(rawValue: try integer(UInt8.self, bytes)) else { throw .invalidValue }
        let record = PaymentChanged(
            payment: payment,
            change: change,
            amountMinor: try integer(Int64.self, bytes),
            deadline: try integer(Int64.self, bytes),
            note: try text(count: Int(try integer(UInt32.self, bytes)), bytes),
            key: try optionalKey(bytes),
            transfers: try transfers(bytes),
            responseStatus: try integer(UInt16.self, bytes),
            previous: header.previous,
            time: header.time
        )
        _ = try range(count: Int(try integer(UInt32.self, bytes)), bytes)
        return record
    }

    package mutating func refundBounced(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> RefundBounced {
        RefundBounced(
            refund: RefundID(high: try integer(UInt64.self, bytes), low: try integer(UInt64.self, bytes)),
            payment: header.payment,
            amountMinor: try integer(Int64.self, bytes),
            transfers: try transfers(bytes),
            previous: header.previous,
            time: header.time
        )
    }

    /// 0 is none.
    private mutating func optional<Value: RawRepresentable<UInt8>>(
        _ bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> Value? {
        let raw = try integer(UInt8.self, bytes)
        if raw == 0 { return nil }
        guard let value = Value(rawValue: raw) else { throw .invalidValue }
        return value
    }

    /// 48 zeros are none.
    package mutating func optionalKey(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> RequestKey? {
        let key = try requestKey(bytes)
        return key == RequestKey.none ? nil : key
    }

    private mutating func operation(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> ProviderOperation {
        guard let operation = ProviderOperation(rawValue: try integer(UInt8.self, bytes)) else { throw .invalidValue }
        return operation
    }

    package mutating func requestKey(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> RequestKey {
        RequestKey(
            digest: KeyDigest(high: try integer(UInt64.self, bytes), low: try integer(UInt64.self, bytes)),
            fingerprint: Fingerprint(high: try integer(UInt64.self, bytes), low: try integer(UInt64.self, bytes)),
            requestID: RequestID(high: try integer(UInt64.self, bytes), low: try integer(UInt64.self, bytes))
        )
    }

    mutating func result(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> OperationResult {
        let kind = try integer(UInt8.self, bytes)
        let first = try integer(UInt8.self, bytes)
        let second = try integer(UInt8.self, bytes)
        switch kind {
        case 1: return .succeeded
        case 2:
            guard let category = DeclineClass(rawValue: first), let code = DeclineCode(rawValue: second) else {
                throw .invalidValue
            }
            return .declined(category, code)
        case 3:
            guard let reason = FailureReason(rawValue: first) else { throw .invalidValue }
            return .notExecuted(reason)
        case 4: return .conflicted
        case 5: return .actionRequired
        default: throw .invalidValue
        }
    }
}

extension RecordReader {
    package mutating func transfers(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> Transfers {
        switch try integer(UInt8.self, bytes) {
        case 0: return Transfers()
        case 1: return Transfers(try transfer(bytes))
        case 2: return Transfers(try transfer(bytes), try transfer(bytes))
        default: throw .invalidValue
        }
    }

    private mutating func transfer(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> Transfer {
        do throws(LedgerDecodingError) {
            return try Transfer.decode(from: bytes, at: &offset)
        } catch {
            throw .ledger(error)
        }
    }
}

/// The answer inside an `operationFinished` record, as it was first sent.
package struct StoredResponse: Sendable {
    package var status: UInt16
    package var body: ByteBuffer

    /// Finds the stored answer in a record read back from the journal.
    package init(record: [UInt8]) throws(RecordDecodingError) {
        let bytes = record.span
        var reader = RecordReader()
        var booksFirst = true
        switch try reader.header(bytes).kind {
        case .operationFinished:
            _ = try reader.range(count: 1 + 2 + 2 + 1 + 3 + 1 + 8 + 8 + 2 + 1 + 8, bytes)
            for _ in 0..<3 { try reader.skipText(bytes) }
        case .paymentChanged:
            _ = try reader.range(count: 1 + 8 + 8, bytes)
            try reader.skipText(bytes)
            _ = try reader.range(count: 48, bytes)
        case .riskDecided:
            _ = try reader.range(count: 3 + 8, bytes)
            try reader.skipText(bytes)
            booksFirst = false
        case .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted:
            _ = try reader.range(count: MoneyEnvelope.headBytes, bytes)
            try reader.skipText(bytes)
        case .eventApplied:
            _ = try reader.range(count: EventApplied.fixedBytes, bytes)
            for _ in 0..<5 { try reader.skipText(bytes) }
            _ = try reader.range(count: 48, bytes)
        case .paymentCreated, .operationStarted, .operationUnresolved, .refundBounced, .operationAttempted,
            .attemptEnded, .balanceMark:
            throw .invalidValue
        }
        if booksFirst { _ = try reader.transfers(bytes) }
        status = try reader.integer(UInt16.self, bytes)
        let range = try reader.range(count: Int(try reader.integer(UInt32.self, bytes)), bytes)
        body = ByteBuffer(bytes: record[range])
    }
}

extension RecordReader {
    fileprivate mutating func skipText(_ bytes: Span<UInt8>) throws(RecordDecodingError) {
        _ = try range(count: Int(try integer(UInt32.self, bytes)), bytes)
    }
}
