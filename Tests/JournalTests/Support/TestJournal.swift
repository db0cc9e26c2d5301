import Foundation
import Testing

@testable import Journal

/// Remembers what the journal told it, and lets a test wait for it.
final class RecordingOwner: JournalOwner {
    struct Heard {
        var durable: [RecordPosition] = []
        var failures: [JournalError] = []
    }

    private let monitor = Monitor(Heard())

    func journalDurable(upTo position: RecordPosition) {
        monitor.withLock { $0.durable.append(position) }
        monitor.signal(.writer)
    }

    func journalFailed(_ error: JournalError) {
        monitor.withLock { $0.failures.append(error) }
        monitor.signal(.writer)
    }

    var durable: [RecordPosition] { monitor.withLock { $0.durable } }
    var failures: [JournalError] { monitor.withLock { $0.failures } }
    var acknowledged: RecordPosition { monitor.withLock { $0.durable.last ?? 0 } }

    /// Waits until the position is durable; false if the journal failed first.
    func waitUntilDurable(_ position: RecordPosition) -> Bool {
        monitor.wait(.writer) { heard in
            if let last = heard.durable.last, last >= position { return .ready(true) }
            return heard.failures.isEmpty ? .wait : .ready(false)
        }
    }

    func waitForFailure() -> JournalError {
        monitor.wait(.writer) { heard in heard.failures.first.map { .ready($0) } ?? .wait }
    }
}

/// Records with their lengths in front, as `append` takes them.
func framed(_ records: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    for record in records {
        let length = UInt32(record.count)
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: length >> UInt32(shift))) }
        bytes += record
    }
    return bytes
}

/// The record that tests write at a position: its bytes say where it belongs.
func testRecord(_ position: RecordPosition, bytes: Int = 100) -> [UInt8] {
    var random = SplitMix(state: position)
    // By words: fault loops make millions of them, in a debug build.
    return [UInt8](unsafeUninitializedCapacity: bytes + 8) { buffer, count in
        let memory = UnsafeMutableRawBufferPointer(buffer)
        var offset = 0
        while offset < bytes {
            memory.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        count = bytes
    }
}

/// Whether two lists of records are the same: as `==`, and much faster in a debug build.
func areEqual(_ left: some Collection<[UInt8]>, _ right: some Collection<[UInt8]>) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).allSatisfy { left, right in
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                guard left.count == right.count else { return false }
                guard let first = left.baseAddress, let second = right.baseAddress else { return left.isEmpty }
                return memcmp(first, second, left.count) == 0
            }
        }
    }
}

/// A small journal on a fake disk.
struct TestJournal {
    static let directory = "data/journal"

    static func configuration(
        segmentBytes: Int = 64 << 10,
        batchBytes: Int = 16 << 10,
        floorNanoseconds: UInt64 = 0
    ) -> JournalConfiguration {
        JournalConfiguration(
            journalID: 7,
            segmentBytes: segmentBytes,
            batchBytes: batchBytes,
            backlogBytes: 256 << 10,
            floorNanoseconds: floorNanoseconds,
            witnessNanoseconds: 0,
            indexEntries: 8
        )
    }

    let journal: LocalJournal
    let owner: RecordingOwner
    let report: RecoveryReport
    let replayed: [[UInt8]]

    init(
        _ disk: any JournalFileSystem,
        _ configuration: JournalConfiguration = Self.configuration(),
        from origin: RecordPosition = 0
    ) throws(JournalError) {
        owner = RecordingOwner()
        var records: [[UInt8]] = []
        var next = origin + 1
        (journal, report) = try LocalJournal.open(
            directory: Self.directory,
            configuration: configuration,
            owner: owner,
            from: origin,
            fileSystem: disk
        ) { position, bytes in
            #expect(position == next)
            next += 1
            records.append(bytes.withUnsafeBufferPointer(Array.init))
        }
        replayed = records
    }

    /// Appends `count` test records of one size as one tick.
    func append(_ count: Int, bytes: Int = 100) throws(JournalError) {
        let last = journal.lastPosition
        let records = (0..<count).map { testRecord(last + 1 + UInt64($0), bytes: bytes) }
        try journal.append(records: framed(records), count: count, expecting: last, epoch: journal.epoch)
    }

    /// Appends and waits; false if the journal failed.
    func appendDurably(_ count: Int, bytes: Int = 100) throws(JournalError) -> Bool {
        try append(count, bytes: bytes)
        return owner.waitUntilDurable(journal.lastPosition)
    }
}

/// Checks that the records are the test records from 1 on, whatever their sizes.
func expectTestRecords(
    _ records: [[UInt8]],
    from first: RecordPosition = 1,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    for (index, record) in records.enumerated() {
        if areEqual([record], [testRecord(UInt64(index) + first, bytes: record.count)]) { continue }
        Issue.record("record \(UInt64(index) + first) is another one", sourceLocation: sourceLocation)
        return
    }
}
