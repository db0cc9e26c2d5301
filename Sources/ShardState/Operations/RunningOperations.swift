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
    /// What is in a slot that is not occupied is the last operation that was.
    @usableFromInline var slots: [RunningOperation] = []
    @usableFromInline var isOccupied: [Bool] = []
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
            isOccupied[slot] = true
        } else {
            slot = slots.count
            slots.append(operation)
            isOccupied.append(true)
            generations.append(1)
        }
        return slot
    }

    /// The slot of a token, or nil when that operation has ended.
    package func slot(of token: UInt64) -> Int? {
        let slot = Int(truncatingIfNeeded: token & 0xffff_ffff)
        guard slot < slots.count, generations[slot] == UInt32(truncatingIfNeeded: token >> 32), isOccupied[slot]
        else { return nil }
        return slot
    }

    /// A setter and no `_modify`: the coroutine is called from another module and allocates its frame, four times a payment.
    @inlinable package subscript(slot: Int) -> RunningOperation {
        get {
            precondition(isOccupied[slot], "the operation has ended")
            return slots[slot]
        }
        set {
            precondition(isOccupied[slot], "the operation has ended")
            slots[slot] = newValue
        }
    }

    package mutating func remove(_ slot: Int) {
        precondition(isOccupied[slot], "an operation ended twice")
        reservedBytes -= slots[slot].reservedBytes
        isOccupied[slot] = false
        generations[slot] &+= 1
        free.append(UInt32(slot))
    }

    /// Whether the operation that was inserted into `slot` last still runs.
    package func isRunning(_ slot: Int) -> Bool { isOccupied[slot] }

    package func token(_ slot: Int) -> UInt64 { UInt64(generations[slot]) << 32 | UInt64(slot) }

    /// All operations, for snapshots.
    package var all: [RunningOperation] { occupiedSlots.map { slots[$0] } }

    /// All operations, for recovery.
    package var occupiedSlots: [Int] { slots.indices.filter { isOccupied[$0] } }
}
