import Journal
import ShardCore
import ShardHost
import ShardRecords
import ShardStorage

/// A start: gives the journal's records to a new follower, and compares them with what was
/// appended.
struct Replay {
    let follower: ShardFollower
    private(set) var count: RecordPosition
    private(set) var problem: String?
    /// A payment on disk could not be read: the start fails as a whole.
    private(set) var failure: JournalError?
    private let journalLog: JournalLog
    /// Planted bug: the last record is withheld.
    private let plantsLoss: Bool
    private var withheld: (position: RecordPosition, bytes: [UInt8])?

    /// Begins from the newest snapshot that verifies, if there is one.
    init(
        configuration: ShardConfiguration,
        storage: ShardStorage,
        journalLog: JournalLog,
        plantsLoss: Bool
    ) throws(JournalError) {
        follower = try ShardFollower(configuration: configuration, renderer: SimRenderer(), storage: storage)
        count = follower.position
        self.journalLog = journalLog
        self.plantsLoss = plantsLoss
    }

    /// The snapshot that it started from.
    var origin: RecordPosition { follower.restored.position }

    mutating func take(_ bytes: Span<UInt8>, at position: RecordPosition) {
        guard plantsLoss else { return apply(bytes) }
        if journalLog.forgotten.contains(position) { return }
        if let withheld { apply(withheld.bytes.span) }
        withheld = (position, bytes.withUnsafeBufferPointer(Array.init))
    }

    mutating func finish() {
        if let withheld { journalLog.forgotten.append(withheld.position) }
        do throws(ShardFollower.Failure) { try follower.check() } catch {
            switch error {
            case .journal(let unreadable): failure = unreadable
            case .record(let error, let position):
                problem = problem ?? "record \(position) cannot be applied: \(error)"
            }
        }
    }

    private mutating func apply(_ bytes: Span<UInt8>) {
        count += 1
        let hash = bytes.withUnsafeBytes { JournalLog.hash($0) }
        if count > RecordPosition(journalLog.hashes.count) {
            problem = problem ?? "record \(count) was never appended"
        } else if journalLog.hashes[Int(count) - 1] != hash {
            problem = problem ?? "record \(count) is another one than was appended"
        }
        // Records after the first problem may belong to another shard, and the follower cannot
        // apply them.
        if problem == nil { follower.replay(bytes, at: count) }
    }
}
