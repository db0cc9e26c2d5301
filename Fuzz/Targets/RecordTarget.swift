import Ledger
import NIOCore
import Payments

@testable import ShardRecords

extension FuzzTarget {
    /// The shard's record decoder. What it accepts is encoded and decoded again to the same bytes; a stored answer is found
    /// where the decoder passed over it; every transfer sums to zero.
    static let records = FuzzTarget(name: "records", maximumBytes: 1_024) { input in
        let bytes = [UInt8](input)
        guard let record = try? ShardRecord(decoding: bytes.span) else { return }
        let first = encoded(record)
        guard let again = try? ShardRecord(decoding: first.span) else {
            preconditionFailure("cannot read its own writing")
        }
        precondition(encoded(again) == first, "a record changes when it is written again")
        guard case .operationFinished = record else { return }
        guard let answer = try? StoredResponse(record: bytes) else {
            preconditionFailure("the stored answer is not found")
        }
        let fields = bytes.dropLast(bytes[1] >= 3 ? ShardRecord.trailerBytes : 0)
        precondition(Array(answer.body.readableBytesView) == Array(fields.suffix(answer.body.readableBytes)))
    }

    private static func encoded(_ record: ShardRecord) -> [UInt8] {
        var bytes: [UInt8] = []
        record.encodeFramed(into: &bytes)
        return Array(bytes.dropFirst(4))
    }
}
