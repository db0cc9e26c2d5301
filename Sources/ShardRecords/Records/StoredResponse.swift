package import NIOCore

/// The answer inside a record, as it was first sent.
package struct StoredResponse: Sendable {
    package var status: UInt16
    package var body: ByteBuffer

    /// Finds the stored answer in a record read back from the journal.
    /// - Throws: `invalidValue` for a kind that holds none.
    package init(record bytes: [UInt8]) throws(RecordDecodingError) {
        switch try ShardRecord(decoding: bytes.span, keepsAnswer: true) {
        case .operationFinished(let record): self.init(record.responseStatus, record.response)
        case .paymentChanged(let record): self.init(record.responseStatus, record.response)
        case .riskDecided(let record): self.init(record.responseStatus, record.response)
        case .payoutChanged(let record): self.init(record.responseStatus, record.response)
        case .walletOpened(let record): self.init(record.responseStatus, record.response)
        case .exchangeQuoted(let record): self.init(record.responseStatus, record.response)
        case .exchangeConverted(let record): self.init(record.responseStatus, record.response)
        case .eventApplied(let record): self.init(record.responseStatus, record.response)
        case .paymentCreated, .operationStarted, .operationUnresolved, .refundBounced, .operationAttempted,
            .attemptEnded, .balanceMark:
            throw .invalidValue
        }
    }

    private init(_ status: UInt16, _ body: ByteBuffer) {
        self.status = status
        self.body = body
    }
}
