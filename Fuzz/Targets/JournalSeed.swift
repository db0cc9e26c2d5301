@testable import Journal

/// A small valid journal, the same bytes in every run: three segments in use, one prepared, a
/// witness of the last batch.
struct JournalSeed {
    static let directory = "journal"
    static let journalID: UInt64 = 7
    static let segmentBytes = 32 << 10
    static let batchBytes = 16 << 10
    static let shared = JournalSeed()

    private(set) var files: [String: [UInt8]] = [:]
    private(set) var records: [[UInt8]] = []

    static var configuration: JournalConfiguration {
        JournalConfiguration(
            journalID: journalID,
            segmentBytes: segmentBytes,
            batchBytes: batchBytes,
            backlogBytes: 256 << 10,
            floorNanoseconds: 0,
            witnessNanoseconds: 0,
            indexEntries: 4
        )
    }

    static func path(_ name: String) -> String { directory + "/" + name }

    private init() {
        var point = DurablePoint.start
        for number: UInt64 in 1...3 { addSegment(number, batches: number == 3 ? 2 : 5, &point) }
        files[Self.path(JournalDirectory.segmentName(4))] = [UInt8](repeating: 0, count: Self.segmentBytes)
        addWitness(point)
    }

    private mutating func addSegment(_ number: UInt64, batches: Int, _ point: inout DurablePoint) {
        let header = SegmentHeader(
            journalID: Self.journalID,
            number: number,
            segmentBytes: UInt64(Self.segmentBytes),
            batchBytes: UInt32(Self.batchBytes),
            firstBatch: point.batch + 1,
            firstPosition: point.position + 1,
            epoch: number,
            createdMilliseconds: 1_700_000_000_000,
            salt: Salt(bytes: SIMD16(repeating: UInt8(number))),
            previousHash: point.hash
        )
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: Self.segmentBytes)
        defer { memory.deallocate() }
        header.encode(into: UnsafeMutableRawBufferPointer(rebasing: memory[0..<SegmentHeader.byteCount]))
        point.segment = number
        point.offset = UInt64(SegmentHeader.byteCount)
        for index in 0..<batches { addBatch(memory, to: header, size: index == 1 ? 5_000 : 300, point: &point) }
        files[Self.path(JournalDirectory.segmentName(number))] = Array(memory)
    }

    /// Three records: one of the given size, an empty one, a short one.
    private mutating func addBatch(
        _ memory: UnsafeMutableRawBufferPointer,
        to segment: SegmentHeader,
        size: Int,
        point: inout DurablePoint
    ) {
        var payload: [UInt8] = []
        for count in [size, 0, 9] {
            let record = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ records.count) }
            records.append(record)
            payload += (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + record
        }
        let header = BatchHeader(
            batch: point.batch + 1,
            firstPosition: point.position + 1,
            recordCount: 3,
            length: UInt32(payload.count),
            durablePosition: point.position,
            epoch: segment.epoch,
            wallMilliseconds: 1_700_000_000_000,
            segment: segment.number,
            offset: point.offset,
            previousHash: point.hash
        )
        let start = Int(point.offset)
        let frame = UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + header.frameBytes])
        payload.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: frame[BatchHeader.byteCount...]).copyMemory(from: $0)
        }
        point.hash = header.seal(frame, saltSeed: segment.salt.seed)
        point.batch += 1
        point.position += 3
        point.offset += UInt64(header.frameBytes)
    }

    private mutating func addWitness(_ point: DurablePoint) {
        let byteCount = WitnessHeader.byteCount + 64 * WitnessSlot.byteCount
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: byteCount)
        defer { memory.deallocate() }
        let header = WitnessHeader(
            journalID: Self.journalID,
            slotCount: 64,
            salt: Salt(bytes: SIMD16(repeating: 99))
        )
        header.encode(into: UnsafeMutableRawBufferPointer(rebasing: memory[0..<WitnessHeader.byteCount]))
        var slot = point.slot(.running, epoch: 3)
        slot.sequence = 5
        let start = WitnessHeader.byteCount + 5 * WitnessSlot.byteCount
        slot.encode(
            into: UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + WitnessSlot.byteCount]),
            saltSeed: header.salt.seed,
            wallMilliseconds: 1_700_000_000_000
        )
        files[Self.path("witness")] = Array(memory)
    }
}
