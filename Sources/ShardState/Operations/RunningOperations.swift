package import Payments
package import ShardRecords
package import Time

/// An operation between its intent record and its outcome record, while a call about it is under
/// way or a short retry is due. It is in memory only: a restart finds it again as an intent without
/// outcome.
package struct RunningOperation: Sendable {
    package enum Step: UInt8, Sendable {
        /// The operation itself was sent to the PSP, or is about to be.
        case executing
        /// The PSP was asked for its outcome.
        case querying
        /// The PSP was asked to void it, whatever its outcome is.
        case voiding
        /// Nothing is under way; the timer will send it again or ask again.
        case waiting
    }

    package var payment: Index<Payment>
    /// The refund that it makes; none for the other operations.
    package var refund: OptionalIndex<Refund>
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var attempt: UInt16
    package var amountMinor: Int64
    /// nil for an operation that the gateway began by itself.
    package var key: RequestKey?
    /// Where the first request waits for its answer; nil once it was answered (202), or after a
    /// restart.
    package var reply: ReplyToken?
    package var step: Step
    /// A capture that, when it succeeds, leaves the rest of the authorization open.
    package var staysOpen = false
    /// An authorization that an operator approved: its key is the approval's, not the creation's.
    package var isApproved = false
    /// What holds a new payment's authorization back: until it is open nothing was sent.
    package var hold = RiskHold.none
    /// A capture (or sale) whose details hold a plan for sellers.
    package var hasSplitPlan = false
    /// A capture by hand: no provider is asked.
    package var isManual = false
    /// It comes from the waiting operations, for one call that resolves it, and then goes back
    /// there.
    package var isResolution = false
    /// A call was sent whose outcome is not known. From now on only a definite answer of the PSP
    /// ends the operation.
    package var isUncertain: Bool
    /// The PSP has said that it has the operation and has not ended it. "Not found" then
    /// contradicts the PSP itself. It proves nothing, however late it comes.
    package var isKnownToProvider: Bool
    /// How often it was tried since it began, or since it became uncertain.
    package var tries: UInt16
    /// How often it was sent again to resolve it.
    package var replays: UInt16
    /// When the intent was journaled.
    package var startedAt: Timestamp
    /// Bytes of journal frames that its remaining records can need, at most
    /// (`ShardCore+Reserve.swift`).
    package var reservedBytes: Int
    /// When it was last sent and may have been executed (after a restart: when that ended). Until
    /// the in-flight horizon has passed since then, "not found" proves nothing.
    package var sentAt: Timestamp

    package init(
        payment: Index<Payment>,
        refund: OptionalIndex<Refund>,
        operation: ProviderOperation,
        ordinal: UInt16,
        attempt: UInt16,
        amountMinor: Int64,
        key: RequestKey? = nil,
        reply: ReplyToken? = nil,
        step: Step,
        staysOpen: Bool = false,
        isApproved: Bool = false,
        hold: RiskHold = RiskHold.none,
        hasSplitPlan: Bool = false,
        isManual: Bool = false,
        isResolution: Bool = false,
        isUncertain: Bool,
        isKnownToProvider: Bool,
        tries: UInt16,
        replays: UInt16,
        startedAt: Timestamp,
        reservedBytes: Int,
        sentAt: Timestamp
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
        self.hold = hold
        self.hasSplitPlan = hasSplitPlan
        self.isManual = isManual
        self.isResolution = isResolution
        self.isUncertain = isUncertain
        self.isKnownToProvider = isKnownToProvider
        self.tries = tries
        self.replays = replays
        self.startedAt = startedAt
        self.reservedBytes = reservedBytes
        self.sentAt = sentAt
    }
}

extension RunningOperation {
    /// Whether the operation decides if the shopper pays at all.
    package var isAuthorization: Bool {
        switch operation {
        case .authorize, .confirm: true
        case .capture, .cancel, .refund, .increment: false
        }
    }

    /// What is known of the operation, as the pure machine that decides what comes next. The fields
    /// are the machine's stored form.
    package var machine: OperationStateMachine {
        get {
            OperationStateMachine(
                state: state,
                isAuthorization: isAuthorization,
                startedAt: startedAt,
                sentAt: sentAt
            )
        }
        set {
            sentAt = newValue.sentAt
            switch newValue.state {
            case .held: break
            case .executing(let tries): set(.executing, tries: tries)
            case .retrying(let tries): set(.waiting, tries: tries)
            case .waiting(let doubt): set(.waiting, doubt)
            case .replaying(let doubt): set(.executing, doubt)
            case .querying(let doubt): set(.querying, doubt)
            case .voiding(let doubt): set(.voiding, doubt)
            }
        }
    }

    private var state: OperationStateMachine.State {
        if hold != .none { return .held }
        guard isUncertain else { return step == .waiting ? .retrying(tries: tries) : .executing(tries: tries) }
        let doubt = OperationStateMachine.Doubt(
            steps: tries,
            replays: replays,
            isKnownToProvider: isKnownToProvider
        )
        switch step {
        case .executing: return .replaying(doubt)
        case .querying: return .querying(doubt)
        case .voiding: return .voiding(doubt)
        case .waiting: return .waiting(doubt)
        }
    }

    private mutating func set(_ step: Step, tries: UInt16) {
        self.step = step
        self.tries = tries
        isUncertain = false
    }

    private mutating func set(_ step: Step, _ doubt: OperationStateMachine.Doubt) {
        self.step = step
        tries = doubt.steps
        replays = doubt.replays
        isKnownToProvider = doubt.isKnownToProvider
        isUncertain = true
    }
}

/// The calls in flight: a slab of operations that are executed or resolved right now. Tokens carry
/// a generation, so that an answer to an operation that has ended differs from an answer to the
/// slot's next user.
///
/// Limits: `capacity` operations that were admitted, and `resolutionCapacity` that came from the
/// waiting operations for one call. Of each, one merchant may hold a share. So the resolutions of
/// old operations never wait for new ones to end.
package struct RunningOperations {
    /// A slot that is not occupied still has its last operation.
    @usableFromInline var slots: [RunningOperation] = []
    @usableFromInline var isOccupied: [Bool] = []
    private var generations: [UInt32] = []
    /// Places of the merchants' counts.
    private var owners: [UInt32] = []
    private var free: [UInt32] = []
    @usableFromInline private(set) var admitted = MerchantCounts()
    @usableFromInline private(set) var resolutions = MerchantCounts()
    package let capacity: Int
    package let resolutionCapacity: Int
    /// The most of one merchant.
    package let merchantLimit: Int
    package let merchantResolutionLimit: Int

    package init(capacity: Int, resolutionCapacity: Int, share: MerchantShare) {
        precondition(capacity > 0 && resolutionCapacity > 0 && capacity + resolutionCapacity < 1 << 31)
        self.capacity = capacity
        self.resolutionCapacity = resolutionCapacity
        merchantLimit = share.of(capacity)
        merchantResolutionLimit = share.of(resolutionCapacity)
    }

    package var count: Int { admitted.total + resolutions.total }
    /// Operations that were admitted and have neither ended nor begun to wait.
    package var admittedCount: Int { admitted.total }
    /// Waiting operations about which a call is under way.
    package var resolutionCount: Int { resolutions.total }
    package var isFull: Bool { admitted.total >= capacity }
    /// Whether an operator's command finds a slot: a few lie beyond the capacity.
    package var hasRoomForOperator: Bool { admitted.total < capacity + max(1, capacity / 32) }
    /// The most admitted operations that one merchant holds.
    package var largestMerchantCount: Int { admitted.largestCount }

    /// The sum over the admitted operations. The journal must have room for it, whatever else
    /// happens.
    @inlinable package var reservedBytes: Int { admitted.totalBytes }
    /// The sum over the resolutions.
    @inlinable package var resolutionReservedBytes: Int { resolutions.totalBytes }

    /// Whether `merchant` has used up its share of the calls, or of the journal's room.
    /// - Parameter roomShare: bytes of the journal's room that one merchant may reserve.
    package func isShareUsed(by merchant: MerchantID, roomShare: Int) -> Bool {
        admitted.holds(merchantLimit, orBytes: roomShare, merchant)
    }

    /// Whether one resolution more of `merchant` may begin.
    package func hasRoomForResolution(of merchant: MerchantID) -> Bool {
        resolutions.total < resolutionCapacity && resolutions.count(of: merchant) < merchantResolutionLimit
    }

    /// Adds an operation of `merchant`. It does not check the limits: replay may exceed them, and
    /// so does an event that ends a waiting operation at once.
    package mutating func insert(_ operation: RunningOperation, of merchant: MerchantID) -> Int {
        let slot: Int
        let owner =
            operation.isResolution
            ? resolutions.add(merchant, bytes: operation.reservedBytes)
            : admitted.add(merchant, bytes: operation.reservedBytes)
        if let reused = free.popLast() {
            slot = Int(reused)
            slots[slot] = operation
            isOccupied[slot] = true
            owners[slot] = owner
        } else {
            slot = slots.count
            slots.append(operation)
            isOccupied.append(true)
            generations.append(1)
            owners.append(owner)
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

    /// It has a setter and no `_modify`: a coroutine that another module calls allocates its frame,
    /// four times a payment. The reserved bytes and whether it is a resolution stay as they were
    /// inserted.
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
        if slots[slot].isResolution {
            resolutions.remove(place: owners[slot], bytes: slots[slot].reservedBytes)
        } else {
            admitted.remove(place: owners[slot], bytes: slots[slot].reservedBytes)
        }
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
