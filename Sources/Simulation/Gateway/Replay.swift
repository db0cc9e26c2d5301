import Journal
import Shard

/// A start: gives the journal's records to a new shard, and compares them with what was appended.
struct Replay: ~Copyable {
    var core: ShardCore?
    private(set) var count: RecordPosition = 0
    private(set) var problem: String?
    private let log: JournalLog
    /// Planted bug: the last record is withheld.
    private let plantsLoss: Bool
    private var withheld: (position: RecordPosition, bytes: [UInt8])?

    init(configuration: ShardConfiguration, log: JournalLog, plantsLoss: Bool) {
        core = ShardCore(configuration: configuration, renderer: SimRenderer())
        self.log = log
        self.plantsLoss = plantsLoss
    }

    mutating func take(_ bytes: Span<UInt8>, at position: RecordPosition) {
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
        do throws(RecordDecodingError) {
            try core!.replay(bytes, at: count)
        } catch {
            problem = problem ?? "record \(count) cannot be decoded: \(error)"
        }
    }
}
