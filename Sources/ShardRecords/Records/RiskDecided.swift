package import NIOCore
package import Payments
package import Risk

/// What the fraud hook decided about a payment that it had held back at its creation. `allow`: the authorization is sent from
/// now on. `review`: the payment waits for manual review, and its key answers 202. `block`: the payment has failed, and its key answers
/// 402.
package struct RiskDecided: Sendable {
    /// Who had the last word; the raw value is journaled.
    package enum Source: UInt8, Sendable, CaseIterable {
        /// Rules and lists alone.
        case rules = 1
        /// The external scorer's answer, or the policy for its failure.
        case scorer = 2
    }

    package var payment: PaymentID
    package var band: RiskBand
    /// 0...100.
    package var score: UInt8
    package var source: Source
    /// The names of what fitted.
    package var reasons: [String]
    /// When a review ends by itself, in milliseconds since 1970; 0 otherwise.
    package var deadline: Int64 = 0
    package var responseStatus: UInt16 = 0
    package var response = ByteBuffer()
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Int64

    package init(
        payment: PaymentID,
        band: RiskBand,
        score: UInt8,
        source: Source,
        reasons: [String],
        deadline: Int64 = 0,
        responseStatus: UInt16 = 0,
        response: ByteBuffer = ByteBuffer(),
        previous: UInt64 = 0,
        time: Int64
    ) {
        self.payment = payment
        self.band = band
        self.score = score
        self.source = source
        self.reasons = reasons
        self.deadline = deadline
        self.responseStatus = responseStatus
        self.response = response
        self.previous = previous
        self.time = time
    }
}

// Behind the header: band u8, score u8, source u8, deadline i64, reasons (`RiskNote.pack`) behind a u32 length, the
// answer's status u16, and the answer behind a u32 length.
extension RiskDecided {
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(band.rawValue)
        bytes.append(score)
        bytes.append(source.rawValue)
        bytes.appendInteger(deadline)
        var packed: [UInt8] = []
        RiskNote.pack(reasons, into: &packed)
        bytes.appendInteger(UInt32(packed.count))
        bytes.append(contentsOf: packed)
        bytes.appendInteger(responseStatus)
        bytes.appendInteger(UInt32(response.readableBytes))
        response.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
    }
}

extension RecordReader {
    package mutating func riskDecided(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> RiskDecided {
        let payment = header.payment
        let band = RiskBand(rawValue: try integer(UInt8.self, bytes))
        let score = try integer(UInt8.self, bytes)
        let source = RiskDecided.Source(rawValue: try integer(UInt8.self, bytes))
        let deadline = try integer(Int64.self, bytes)
        let packed = try range(count: Int(try integer(UInt32.self, bytes)), bytes)
        let status = try integer(UInt16.self, bytes)
        _ = try range(count: Int(try integer(UInt32.self, bytes)), bytes)
        guard let band, let source, score <= 100, (band == .allow) == (status == 0) else { throw .invalidValue }
        return RiskDecided(
            payment: payment,
            band: band,
            score: score,
            source: source,
            reasons: RiskNote.reasons(bytes.extracting(packed)),
            deadline: deadline,
            responseStatus: status,
            response: ByteBuffer(),
            previous: header.previous,
            time: header.time
        )
    }
}
