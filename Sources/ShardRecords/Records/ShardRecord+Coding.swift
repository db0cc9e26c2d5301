package import Journal

// Layout (docs/records.md): the header, the fields of the kind (`RecordLayout`), and the merchant's
// record before this one that books something (u64, `EntryLink`).
extension ShardRecord {
    /// The bytes behind the fields: the link of the merchant's entries.
    package static let trailerBytes = 8

    /// Appends the record in the journal engine's framing: a little-endian `UInt32` length, then
    /// the bytes.
    /// - Parameter entryLink: if this record books something, the merchant's record before it that
    ///   does (`EntryChains`).
    package func encodeFramed(
        header: RecordHeader,
        entryLink: RecordPosition = EntryLink.none,
        into bytes: inout [UInt8]
    ) {
        let start = bytes.count
        bytes.appendInteger(UInt32(0))
        header.encode(into: &bytes)
        switch self {
        case .paymentCreated(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .operationStarted(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .operationFinished(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .operationUnresolved(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .refundBounced(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .operationAttempted(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .attemptEnded(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .balanceMark(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .paymentChanged(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .riskDecided(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .payoutChanged(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .walletOpened(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .exchangeQuoted(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .exchangeConverted(let record): RecordWriter.write(record, header: header, into: &bytes)
        case .eventApplied(let record): RecordWriter.write(record, header: header, into: &bytes)
        }
        bytes.appendInteger(entryLink)
        let length = UInt32(bytes.count - start - 4)
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(index * 8)) }
    }

    /// Decodes one record as `encodeFramed` made it, without the length in front.
    /// - Parameter keepsAnswer: whether a stored answer is wanted with it. The answer is left empty
    ///   otherwise.
    package init(decoding bytes: Span<UInt8>, keepsAnswer: Bool = false) throws(RecordDecodingError) {
        var reader = RecordReader()
        let header = try reader.header(bytes)
        self = try reader.record(bytes, header, keepsAnswer: keepsAnswer)
    }
}

extension RecordReader {
    fileprivate mutating func record(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader,
        keepsAnswer: Bool
    ) throws(RecordDecodingError) -> ShardRecord {
        func read<Record: RecordLayout>(
            _ type: Record.Type,
            _ reader: inout RecordReader
        ) throws(RecordDecodingError) -> Record {
            try RecordParser.read(type, header: header, in: bytes, by: &reader, keepsAnswer: keepsAnswer)
        }
        return switch header.kind {
        case .paymentCreated: .paymentCreated(try read(PaymentCreated.self, &self))
        case .operationStarted: .operationStarted(try read(OperationStarted.self, &self))
        case .operationFinished: .operationFinished(try read(OperationFinished.self, &self))
        case .operationUnresolved: .operationUnresolved(try read(OperationUnresolved.self, &self))
        case .refundBounced: .refundBounced(try read(RefundBounced.self, &self))
        case .operationAttempted: .operationAttempted(try read(OperationAttempted.self, &self))
        case .attemptEnded: .attemptEnded(try read(AttemptEnded.self, &self))
        case .balanceMark: .balanceMark(try read(BalanceMark.self, &self))
        case .paymentChanged: .paymentChanged(try read(PaymentChanged.self, &self))
        case .riskDecided: .riskDecided(try read(RiskDecided.self, &self))
        case .payoutChanged: .payoutChanged(try read(PayoutChanged.self, &self))
        case .walletOpened: .walletOpened(try read(WalletOpened.self, &self))
        case .exchangeQuoted: .exchangeQuoted(try read(ExchangeQuoted.self, &self))
        case .exchangeConverted: .exchangeConverted(try read(ExchangeConverted.self, &self))
        case .eventApplied: .eventApplied(try read(EventApplied.self, &self))
        }
    }
}
