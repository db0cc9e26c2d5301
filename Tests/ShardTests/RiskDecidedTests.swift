import NIOCore
import Payments
import Risk
import Testing
import Time

@testable import ShardRecords

@Suite struct RiskDecidedTests {
    static let record = RiskDecided(
        payment: PaymentID(createdAt: 1_790_000_000_000, shard: 3, sequence: 9),
        band: .review,
        score: 77,
        source: .scorer,
        reasons: ["fast", "ünï", ""],
        deadline: 1_790_000_060_000,
        responseStatus: 202,
        response: ByteBuffer(string: "{\"a\":1}"),
        previous: 41,
        time: 1_790_000_000_123
    )

    static func encode(_ record: RiskDecided) -> [UInt8] {
        var framed: [UInt8] = []
        let record = ShardRecord.riskDecided(record)
        let header = RecordHeader(record.facts, merchant: MerchantID(rawValue: 7), status: .review, paymentVersion: 2)
        record.encodeFramed(header: header, into: &framed)
        return Array(framed.dropFirst(4))
    }

    @Test func `a record comes back as it was, and its answer is found`() throws {
        let bytes = Self.encode(Self.record)
        guard case .riskDecided(let decoded) = try ShardRecord(decoding: bytes.span) else {
            Issue.record("another kind")
            return
        }
        #expect(decoded.payment == Self.record.payment && decoded.band == .review && decoded.score == 77)
        #expect(decoded.source == .scorer && decoded.reasons == Self.record.reasons)
        #expect(decoded.deadline == Self.record.deadline && decoded.previous == 41 && decoded.time == Self.record.time)
        let stored = try StoredResponse(record: bytes)
        #expect(stored.status == 202 && String(buffer: stored.body) == "{\"a\":1}")
    }

    @Test func `a record that is cut or wrong is refused`() {
        let bytes = Self.encode(Self.record)
        for count in 0..<bytes.count {
            let cut = Array(bytes.prefix(count))
            #expect(throws: RecordDecodingError.self) { try ShardRecord(decoding: cut.span) }
        }
        // Band, score and source follow the header.
        for (offset, value) in [(0, UInt8(3)), (1, 101), (2, 0), (2, 3)] {
            var wrong = bytes
            wrong[RecordHeader.byteCount + offset] = value
            #expect(throws: RecordDecodingError.invalidValue) { try ShardRecord(decoding: wrong.span) }
        }
        var allowed = Self.record
        allowed.band = .allow
        let answered = Self.encode(allowed)
        #expect(throws: RecordDecodingError.invalidValue) { try ShardRecord(decoding: answered.span) }
    }
}
