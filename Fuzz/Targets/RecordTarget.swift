import Ledger
import NIOCore
import Payments

@testable import ShardRecords

extension FuzzTarget {
    /// The shard's record decoder. What it accepts is encoded and decoded again to the same bytes;
    /// a stored answer is found where the decoder passed over it; every transfer sums to zero.
    static let records = FuzzTarget(name: "records", maximumBytes: 1_024) { input in
        let bytes = [UInt8](input)
        guard let record = try? ShardRecord(decoding: bytes.span) else { return }
        var reader = RecordReader()
        guard let header = try? reader.header(bytes.span) else { preconditionFailure("a record without a header") }
        let first = encoded(record, header)
        guard let again = try? ShardRecord(decoding: first.span) else {
            preconditionFailure("cannot read its own writing")
        }
        precondition(encoded(again, header) == first, "a record changes when it is written again")
        guard case .operationFinished = record else { return }
        guard let answer = try? StoredResponse(record: bytes) else {
            preconditionFailure("the stored answer is not found")
        }
        let fields = bytes.dropLast(ShardRecord.trailerBytes)
        precondition(Array(answer.body.readableBytesView) == Array(fields.suffix(answer.body.readableBytes)))
    }

    private static func encoded(_ record: ShardRecord, _ header: RecordHeader) -> [UInt8] {
        var bytes: [UInt8] = []
        record.encodeFramed(header: header, into: &bytes)
        return Array(bytes.dropFirst(4))
    }
}
