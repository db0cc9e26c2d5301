import Journal
import ShardCore
import ShardRecords
import ShardStorage

/// A start: gives the journal's records to a new shard, and compares them with what was appended.
struct Replay: ~Copyable {
    var core: ShardCore?
    private(set) var count: RecordPosition = 0
    private(set) var problem: String?
    /// A payment on disk could not be read: the start fails as a whole.
    private(set) var failure: JournalError?
    /// The snapshot that it started from.
    private(set) var origin: RecordPosition = 0
    private(set) var restored = RestoreReport()
    private let storage: ShardStorage
    private let log: JournalLog
    /// Planted bug: the last record is withheld.
    private let plantsLoss: Bool
    private var withheld: (position: RecordPosition, bytes: [UInt8])?

    /// Begins from the newest snapshot that verifies, if there is one.
    init(
        configuration: ShardConfiguration,
        storage: ShardStorage,
        log: JournalLog,
        plantsLoss: Bool
    ) throws(JournalError) {
        var core = ShardCore(configuration: configuration, renderer: SimRenderer())
        restored = try storage.restore(into: &core)
        origin = restored.position
        count = restored.position
        self.core = consume core
        self.storage = storage
        self.log = log
        self.plantsLoss = plantsLoss
    }

    mutating func take(_ bytes: Span<UInt8>, at position: RecordPosition) {
        guard failure == nil else { return }
        guard plantsLoss else { return apply(bytes) }
        if log.forgotten.contains(position) { return }
        if let withheld { apply(withheld.bytes.span) }
        withheld = (position, bytes.withUnsafeBufferPointer(Array.init))
    }

    mutating func finish() {
        guard let withheld else { return }
        log.forgotten.append(withheld.position)
    }

    private mutating func apply(_ bytes: Span<UInt8>) {
        count += 1
        let hash = bytes.withUnsafeBytes { JournalLog.hash($0) }
        if count > RecordPosition(log.hashes.count) {
            problem = problem ?? "record \(count) was never appended"
        } else if log.hashes[Int(count) - 1] != hash {
            problem = problem ?? "record \(count) is another one than was appended"
        }
        var unreadable: JournalError?
        do throws(RecordDecodingError) {
            try core!.replay(bytes, at: count) { sequence, before in
                do throws(JournalError) { return try storage.load(sequence, before: before) } catch {
                    unreadable = error
                    return nil
                }
            }
        } catch {
            if let unreadable { failure = failure ?? unreadable }
            problem = problem ?? "record \(count) cannot be applied: \(error)"
        }
        do throws(JournalError) { try storage.makeRoomForKeys(in: &core!) } catch { failure = failure ?? error }
    }
}
