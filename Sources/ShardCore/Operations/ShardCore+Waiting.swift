import Payments
import ShardRecords
import ShardState
import Time

// Operations that wait: their outcome is not known, and no call about them is under way. They leave
// the table of calls, so that a provider that does not answer for hours takes no room from new
// payments. An operation takes a slot again for one call that resolves it; a bounded number of them
// run at once. It also takes one for the event or operator that ends it.
extension ShardCore {
    /// The most places of the table that one tick looks at for what is due.
    private static let looksPerTick = 4_096

    /// Marks a reserved key's operation as waiting: the slot of the table of calls has 31 bits.
    private static let waitingToken: UInt64 = 1 << 31

    /// The place of the operation that `refund` has, or `payment` beside refunds.
    func operationPlace(payment: Index<Payment>, refund: Index<Refund>?) -> OperationPlace {
        refund.map { payments.operation(of: $0) } ?? payments.operation(of: payment)
    }

    /// The slot among the calls that the reserved key's `token` names, or the place among the
    /// waiting operations.
    func operationPlace(token: UInt64) -> OperationPlace {
        if token & Self.waitingToken != 0 {
            return .waiting(slot: Int(truncatingIfNeeded: token & (Self.waitingToken - 1)))
        }
        return operations.slot(of: token).map { .calling(slot: $0) } ?? .none
    }

    /// The operation waits until `time` for its next resolution, unless an event or an operator
    /// ends it before. Where the table of waiting operations has no room for its merchant, it keeps
    /// its slot among the calls: new payments are refused then.
    mutating func awaitResolution(_ slot: Int, at time: Timestamp) {
        let operation = operations[slot]
        guard operation.isUncertain else { return schedule(slot, at: time) }
        let merchant = payments[operation.payment].merchant
        guard operation.isResolution || waiting.hasRoom(for: merchant) else {
            statistics.waitingTableFull += 1
            return schedule(slot, at: time)
        }
        moveToWaiting(slot, dueAt: time)
    }

    mutating func moveToWaiting(_ slot: Int, dueAt: Timestamp) {
        let operation = operations[slot]
        operations.remove(slot)
        insertWaiting(WaitingOperation(operation), dueAt: dueAt)
    }

    private mutating func insertWaiting(_ operation: WaitingOperation, dueAt: Timestamp) {
        let slot = waiting.insert(operation, of: payments[operation.payment].merchant, dueAt: dueAt)
        link(.waiting(slot: slot), payment: operation.payment, refund: operation.refund)
        if let key = operation.key { keys.rebind(key, operation: Self.waitingToken | UInt64(slot)) }
    }

    /// Takes an operation out of a snapshot.
    /// - Returns: the token for its key.
    mutating func restoreWaiting(_ operation: RunningOperation) -> UInt64 {
        let slot = waiting.insert(
            WaitingOperation(operation),
            of: payments[operation.payment].merchant,
            dueAt: operation.startedAt
        )
        link(.waiting(slot: slot), payment: operation.payment, refund: operation.refund)
        return Self.waitingToken | UInt64(slot)
    }

    /// Gives a waiting operation a slot among the calls: a call about it begins, or something ends
    /// it now.
    /// - Returns: the slot.
    mutating func takeCallSlot(_ slot: Int) -> Int {
        let operation = waiting.remove(slot)
        let calling = operations.insert(
            operation.running(reservedBytes: outcomeFrameBytes(operation.operation, payment: operation.payment)),
            of: payments[operation.payment].merchant
        )
        link(.calling(slot: calling), payment: operation.payment, refund: operation.refund)
        if let key = operation.key { keys.rebind(key, operation: operations.token(calling)) }
        return calling
    }

    /// The slot among the calls of an operation that is ended now, wherever it is.
    mutating func callSlot(of place: OperationPlace) -> Int {
        switch place {
        case .none: preconditionFailure("no operation runs")
        case .calling(let slot): slot
        case .waiting(let slot): takeCallSlot(slot)
        }
    }

    mutating func link(_ place: OperationPlace, payment: Index<Payment>, refund: OptionalIndex<Refund>) {
        if let refund = refund.index {
            payments.setOperation(place, of: refund)
        } else {
            payments.setOperation(place, of: payment)
        }
    }

    /// Begins the resolutions that are due, as many as may be under way at once.
    mutating func resolveWaiting(in turn: inout Turn) {
        guard waiting.count > 0 else { return }
        var looks = min(waiting.slotCount, Self.looksPerTick)
        while let slot = waiting.nextDue(by: turn.now, looks: &looks) {
            guard hasRoomForResolution(of: payments[waiting[slot].payment].merchant) else {
                // Of another merchant, an operation may still be resolved.
                if operations.resolutionCount >= operations.resolutionCapacity { return }
                continue
            }
            resolve(slot, in: &turn)
        }
    }

    /// Asks the provider about a waiting operation now. If too many are being resolved already, it
    /// waits for its due time.
    mutating func resolveNow(_ slot: Int, in turn: inout Turn) {
        guard hasRoomForResolution(of: payments[waiting[slot].payment].merchant) else { return }
        resolve(slot, in: &turn)
    }

    private mutating func resolve(_ slot: Int, in turn: inout Turn) {
        let calling = takeCallSlot(slot)
        operationDue(operations.token(calling), in: &turn)
    }

    private func hasRoomForResolution(of merchant: MerchantID) -> Bool {
        guard operations.hasRoomForResolution(of: merchant) else { return false }
        // While the journal's room is short, the resolutions share what is kept for them.
        return room.refusal == nil || operations.resolutionReservedBytes < Self.resolutionReserveBytes
    }
}
