package import Payments
package import ShardRecords

/// An operation between its intent record and its outcome record. Lives in memory only: a restart finds them again as
/// intents without outcomes.
package struct RunningOperation: Sendable {
    package enum Step: UInt8, Sendable {
        /// The operation itself was sent to the PSP, or is about to be.
        case executing
        /// The PSP was asked what became of it.
        case querying
        /// The PSP was asked to void whatever became of it.
        case voiding
        /// Nothing is under way; the timer will send it again or ask again.
        case waiting
    }

    /// The payment's index in the shard's table.
    package var payment: Int
    /// The refund's index plus one; 0 for the other operations.
    package var refund: UInt32
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var attempt: UInt16
    package var amountMinor: Int64
    /// nil for what the gateway began by itself.
    package var key: RequestKey?
    /// Where the first request waits for its answer; nil once it was answered (202), or after a restart.
    package var reply: ReplyToken?
    package var step: Step
    /// A capture that, when it succeeds, leaves the rest of the authorization open.
    package var staysOpen = false
    /// An authorization that people approved: its key is the approval's, not the creation's.
    package var isApproved = false
    /// What holds a new payment's authorization back: until it is open nothing was sent.
    package var gate = RiskGate.open
    /// A capture (or sale) whose details hold a plan for sellers.
    package var hasSplitPlan = false
    /// A capture by hand: no provider is asked.
    package var isManual = false
    /// Something was sent whose fate is not known: from here on only a definite answer of the PSP ends the operation.
    package var isUncertain: Bool
    /// The PSP has said that it has the operation and has not ended it. "Not found" then contradicts the PSP's own word, and
    /// proves nothing however late it comes.
    package var isKnownToProvider: Bool
    /// How often it was tried since it began, or since it became uncertain.
    package var tries: UInt16
    /// How often it was sent again to resolve it.
    package var replays: UInt16
    /// Milliseconds since 1970 when the intent was journaled.
    package var startedAt: Int64
    /// Bytes of journal frames that its remaining records can need, at most (`ShardCore+Reserve.swift`).
    package var reservedBytes: Int
    /// Milliseconds since 1970 when it was last sent and may have been executed (after a restart: when that ended). Until
    /// the in-flight horizon has passed since then, "not found" proves nothing.
    package var sentAt: Int64

    package init(
        payment: Int,
        refund: UInt32,
        operation: ProviderOperation,
        ordinal: UInt16,
        attempt: UInt16,
        amountMinor: Int64,
        key: RequestKey? = nil,
        reply: ReplyToken? = nil,
        step: Step,
        staysOpen: Bool = false,
        isApproved: Bool = false,
        gate: RiskGate = RiskGate.open,
        hasSplitPlan: Bool = false,
        isManual: Bool = false,
        isUncertain: Bool,
        isKnownToProvider: Bool,
        tries: UInt16,
        replays: UInt16,
        startedAt: Int64,
        reservedBytes: Int,
        sentAt: Int64
    ) {
        self.payment = payment
        self.refund = refund
        self.operation = operation
        self.ordinal = ordinal
        self.attempt = attempt
        self.amountMinor = amountMinor
        self.key = key
        self.reply = reply
        self.step = step
        self.staysOpen = staysOpen
        self.isApproved = isApproved
        self.gate = gate
        self.hasSplitPlan = hasSplitPlan
        self.isManual = isManual
        self.isUncertain = isUncertain
        self.isKnownToProvider = isKnownToProvider
        self.tries = tries
        self.replays = replays
        self.startedAt = startedAt
        self.reservedBytes = reservedBytes
        self.sentAt = sentAt
    }
}

/// The operations in flight: a slab of fixed capacity. Tokens carry a generation, so that an answer to an operation that
/// has ended can be told from an answer to the slot's next user.
package struct RunningOperations {
    @usableFromInline var slots: [RunningOperation?] = []
    private var generations: [UInt32] = []
    private var free: [UInt32] = []
    package let capacity: Int
    /// The sum over all operations: what the journal must have room for, whatever else happens.
    package private(set) var reservedBytes = 0

    package init(capacity: Int) {
        precondition(capacity > 0 && capacity < 1 << 31)
        self.capacity = capacity
    }

    package var count: Int { slots.count - free.count }
    package var isFull: Bool { free.isEmpty && slots.count >= capacity }

    /// - Precondition: not full. Replay may exceed the capacity: what was accepted once is never dropped.
    package mutating func insert(_ operation: RunningOperation) -> Int {
        let slot: Int
        reservedBytes += operation.reservedBytes
        if let reused = free.popLast() {
            slot = Int(reused)
            slots[slot] = operation
        } else {
            slot = slots.count
            slots.append(operation)
            generations.append(1)
        }
        return slot
    }

    /// The slot of a token, or nil when that operation has ended.
    package func slot(of token: UInt64) -> Int? {
        let slot = Int(truncatingIfNeeded: token & 0xffff_ffff)
        guard slot < slots.count, generations[slot] == UInt32(truncatingIfNeeded: token >> 32), slots[slot] != nil
        else { return nil }
        return slot
    }

    @inlinable package subscript(slot: Int) -> RunningOperation {
        get { slots[slot]! }
        _modify { yield &slots[slot]! }
    }

    package mutating func remove(_ slot: Int) {
        guard let operation = slots[slot] else { preconditionFailure("an operation ended twice") }
        reservedBytes -= operation.reservedBytes
        slots[slot] = nil
        generations[slot] &+= 1
        free.append(UInt32(slot))
    }

    /// Whether the operation that was inserted into `slot` last still runs.
    package func isRunning(_ slot: Int) -> Bool { slots[slot] != nil }

    package func token(_ slot: Int) -> UInt64 { UInt64(generations[slot]) << 32 | UInt64(slot) }

    /// All operations, for snapshots.
    package var all: [RunningOperation] { slots.compactMap(\.self) }

    /// All operations, for recovery.
    package var occupiedSlots: [Int] { slots.indices.filter { slots[$0] != nil } }
}
