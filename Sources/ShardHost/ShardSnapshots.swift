package import Journal
import ShardState
package import ShardStorage
import Time

/// When a shard's snapshots are taken, and what leaves memory with them.
package struct SnapshotPolicy: Sendable {
    /// A snapshot is taken when the journal behind the last one has grown by this many bytes of
    /// records.
    package var journalBytes: Int
    /// Or by this many payments.
    package var payments: Int
    /// Or when this much time has passed and anything was recorded, in milliseconds.
    package var interval: Int64
    /// Settled payments leave memory when they have not changed for this long, in milliseconds.
    package var coldAfter: Int64
    /// After one that failed, the next is tried this much later, in milliseconds.
    package var retryAfter: Int64
    /// Chunks of the payment table visited in one tick when payments leave memory, 512 payments
    /// each.
    package var releaseChunks: Int

    package init(
        journalBytes: Int = 256 << 20,
        payments: Int = 1_000_000,
        interval: Int64 = 900_000,
        coldAfter: Int64 = 3_600_000,
        retryAfter: Int64 = 60_000,
        releaseChunks: Int = 16
    ) {
        precondition(journalBytes > 0 && payments > 0 && interval > 0 && coldAfter >= 0 && releaseChunks > 0)
        self.journalBytes = journalBytes
        self.payments = payments
        self.interval = interval
        self.coldAfter = coldAfter
        self.retryAfter = retryAfter
        self.releaseChunks = releaseChunks
    }
}

/// What a host needs to take snapshots.
package struct SnapshotSetup: Sendable {
    package var storage: ShardStorage
    package var policy: SnapshotPolicy
    /// Where they are written: one at a time for all shards that share it.
    package var writer: any BlockingReads
    package var pace: WritePace
    /// Which shard may take one; shared by the shards of a process.
    package var turns: SnapshotTurns
    /// Where runs of idempotency keys are merged; nil never merges.
    package var merger: (any BlockingReads)?
    /// Bytes of records behind the snapshot that the shard started from.
    package var tailBytes: UInt64
    /// Payments made behind it.
    package var tailPayments: Int

    package init(
        storage: ShardStorage,
        policy: SnapshotPolicy,
        writer: any BlockingReads,
        pace: WritePace,
        turns: SnapshotTurns = SnapshotTurns(),
        merger: (any BlockingReads)? = nil,
        tailBytes: UInt64,
        tailPayments: Int
    ) {
        self.storage = storage
        self.policy = policy
        self.writer = writer
        self.pace = pace
        self.turns = turns
        self.merger = merger
        self.tailBytes = tailBytes
        self.tailPayments = tailPayments
    }
}

/// Plain counters of one shard's snapshots, since the process started.
package struct SnapshotStatistics: Sendable {
    package internal(set) var written = 0
    package internal(set) var failed = 0
    /// Merges of idempotency keys that failed; they are tried again.
    package internal(set) var keyMergesFailed = 0
    /// Bytes of snapshots and cold payments.
    package internal(set) var bytes: UInt64 = 0
    /// Seconds of writing and verifying, off the event loop.
    package internal(set) var seconds = 0.0
    /// The position of the last one.
    package internal(set) var position: RecordPosition = 0
    /// Nanoseconds for which taking what a snapshot is made from held the event loop: the last, and
    /// the longest.
    package internal(set) var lastPauseNanoseconds: UInt64 = 0
    package internal(set) var longestPauseNanoseconds: UInt64 = 0
    /// The same for a tick in which payments left memory.
    package internal(set) var longestReleaseNanoseconds: UInt64 = 0
    package internal(set) var coldPaymentsWritten = 0
    /// What the last failure said.
    package internal(set) var lastFailure: String?

    package init() {}
}

/// The course of one shard's snapshots, as a machine: what has grown since the last, and what is
/// under way.
struct SnapshotSchedule {
    enum Phase {
        case idle
        /// Taken; the journal is not durable up to its position yet.
        case taken(ShardCapture)
        case writing
        /// Written; payments are leaving memory.
        case releasing(ReleasePlan)
    }

    let policy: SnapshotPolicy
    var phase = Phase.idle
    private var bytes: UInt64
    /// Payments made since the process started, less those of the snapshots taken.
    private var paymentsBase: Int
    private var lastPosition: RecordPosition
    /// Payments read back before the last one: those since leave memory again with the next.
    private var lastLoads = 0
    private var lastTime: Timestamp?
    private var notBefore = Timestamp.earliest
    /// Since when nothing was recorded behind the newest snapshot, and the last position that was
    /// retired for that.
    private var idleFrom: Timestamp?
    private var retired: RecordPosition = 0

    init(_ setup: SnapshotSetup, position: RecordPosition) {
        policy = setup.policy
        bytes = setup.tailBytes
        paymentsBase = -setup.tailPayments
        // With nothing behind the snapshot there is nothing to take.
        lastPosition = setup.tailBytes == 0 ? position : 0
    }

    var isIdle: Bool { if case .idle = phase { true } else { false } }
    var isWriting: Bool { if case .writing = phase { true } else { false } }
    var isReleasing: Bool { if case .releasing = phase { true } else { false } }

    mutating func recorded(bytes: Int) { self.bytes += UInt64(bytes) }

    /// Whether one is to be taken now.
    /// - Parameter areKeysDue: completed idempotency keys fill half of their memory.
    mutating func isDue(
        position: RecordPosition,
        payments: Int,
        loads: Int,
        areKeysDue: Bool,
        at now: Timestamp
    ) -> Bool {
        guard case .idle = phase, position > lastPosition || loads > lastLoads, now >= notBefore else { return false }
        let started = lastTime ?? now
        lastTime = started
        return areKeysDue || bytes >= UInt64(policy.journalBytes)
            || payments - paymentsBase + loads - lastLoads >= policy.payments
            || now.milliseconds(since: started) >= policy.interval
            || now < started
    }

    /// The newest snapshot's position when nothing has been recorded behind it for the interval of
    /// snapshots; told once. Then the shared log need not keep those records for a start any more.
    /// No second snapshot will come to say so.
    mutating func idleSince(position: RecordPosition, at now: Timestamp) -> RecordPosition? {
        guard case .idle = phase, position > 0, position == lastPosition, position > retired else {
            idleFrom = nil
            return nil
        }
        let from = idleFrom ?? now
        idleFrom = from
        guard now.milliseconds(since: from) >= policy.interval else { return nil }
        retired = position
        return position
    }

    mutating func took(_ capture: ShardCapture, payments: Int, loads: Int, at now: Timestamp) {
        phase = .taken(capture)
        lastTime = now
        lastPosition = capture.position
        bytes = 0
        paymentsBase = payments
        lastLoads = loads
    }

    /// A snapshot failed: the next one includes what it had.
    mutating func failed(at now: Timestamp) {
        phase = .idle
        lastPosition = 0
        bytes = UInt64(policy.journalBytes)
        notBefore = now.adding(milliseconds: policy.retryAfter)
    }
}
