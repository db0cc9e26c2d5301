import Journal
import Synchronization
import Testing

/// The owner of another stream of the log: appends in every turn, and changes hands now and then.
final class HandoverNeighbour {
    private let store: any JournalStore
    private var engine: any JournalEngine
    private var ears = Ears()
    private var appended: RecordPosition = 0
    private var turns = 0

    init(_ store: any JournalStore) throws(JournalError) {
        self.store = store
        engine = try store.acquire(Self.claim, owner: ears)
    }

    private static let claim = JournalClaim(holder: "neighbour", now: 0, nanoseconds: .max)

    /// What one of its owners is told.
    private final class Ears: JournalOwner {
        private let told = Mutex((durable: RecordPosition(0), lost: 0))

        var durable: RecordPosition { told.withLock { $0.durable } }
        var lost: Int { told.withLock { $0.lost } }

        func journalDurable(upTo position: RecordPosition) { told.withLock { $0.durable = position } }
        func journalFailed(_ error: JournalError) { Issue.record("the neighbour's journal failed: \(error)") }
        func journalLost(_ error: JournalError) { told.withLock { $0.lost += 1 } }
    }

    private static func record(_ position: RecordPosition) -> [UInt8] {
        Array("neighbour \(position)".utf8) + [UInt8](repeating: UInt8(position % 251), count: Int(position % 700))
    }

    func turn() {
        turns += 1
        do throws(JournalError) {
            if turns.isMultiple(of: 50) { try changeHands() }
            let count = 1 + turns % 3
            var bytes: [UInt8] = []
            for position in appended + 1...appended + RecordPosition(count) {
                let record = Self.record(position)
                withUnsafeBytes(of: UInt32(record.count).littleEndian) { bytes += $0 }
                bytes += record
            }
            try engine.append(records: bytes, count: count, expecting: appended, epoch: engine.epoch)
            appended += RecordPosition(count)
        } catch {
            // The disk is behind: the next turn appends.
            if error.code != .backlog { Issue.record("the neighbour cannot append: \(error)") }
        }
    }

    private func changeHands() throws(JournalError) {
        let heir = Ears()
        let former = ears
        engine = try store.acquire(Self.claim, owner: heir)
        ears = heir
        #expect(former.lost == 1 && engine.lastPosition == appended)
    }

    /// All that was appended is there, in order.
    func audit() throws {
        engine.close()
        #expect(ears.durable == appended && ears.lost == 0)
        let feed = try store.feed(from: 1)
        var next: RecordPosition = 1
        while let batch = try feed.read() {
            batch.forEach { position, bytes in
                #expect(position == next && bytes.withUnsafeBufferPointer { Array($0) } == Self.record(next))
                next += 1
            }
        }
        feed.close()
        #expect(next == appended + 1 && turns > 100)
    }
}
