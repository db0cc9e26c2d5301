package import NIOCore
package import Payments
package import Risk
package import Time

/// What the fraud hook decided about a payment that it had held back at its creation. `allow`: the
/// authorization is sent from now on. `review`: the payment waits for manual review, and its key
/// answers 202. `block`: the payment has failed, and its key answers 402.
package struct RiskDecided: Sendable {
    /// What decided in the end; the raw value is journaled.
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
    /// The names of the rules and lists that fitted.
    package var reasons: [String]
    /// When a review ends by itself; `.none` otherwise.
    package var deadline: Timestamp = .none
    package var responseStatus: UInt16 = 0
    package var response = ByteBuffer()
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Timestamp

    package init(
        payment: PaymentID,
        band: RiskBand,
        score: UInt8,
        source: Source,
        reasons: [String],
        deadline: Timestamp = .none,
        responseStatus: UInt16 = 0,
        response: ByteBuffer = ByteBuffer(),
        previous: UInt64 = 0,
        time: Timestamp
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

extension RiskDecided: RecordLayout {
    package static var kind: ShardRecord.Kind { .riskDecided }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            payment: codec.header.payment,
            band: try codec.field("band", record?.band),
            score: try codec.field("score", record?.score),
            source: try codec.field("source", record?.source),
            reasons: try codec.field("reasons", record.map { RiskReasons(texts: $0.reasons) }).texts,
            deadline: try codec.field("deadline", record?.deadline),
            responseStatus: try codec.field("HTTP status", record?.responseStatus),
            response: try codec.body("body", record?.response),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }

    package var isConsistent: Bool { score <= 100 && (band == .allow) == (responseStatus == 0) }
}

extension RiskDecided.Source: RecordField {}
extension RiskBand: RecordField {}

/// Reasons as `RiskNote` packs them, behind their length.
private struct RiskReasons: RecordField {
    static var layout: StaticString { "bytes" }

    var texts: [String]

    init(texts: [String]) { self.texts = texts }

    func write(into bytes: inout [UInt8]) {
        var packed: [UInt8] = []
        RiskNote.pack(texts, into: &packed)
        bytes.appendInteger(UInt32(packed.count))
        bytes.append(contentsOf: packed)
    }

    init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let packed = try reader.range(count: Int(try reader.integer(UInt32.self, bytes)), bytes)
        texts = RiskNote.reasons(bytes.extracting(packed))
    }
}
