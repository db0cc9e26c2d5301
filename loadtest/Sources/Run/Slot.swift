/// A request from its due time to its final answer. Slots live in one flat array per loop and are
/// reused; the generation tells a late answer from its successor's.
struct Slot: Sendable {
    enum Role: UInt8, Sendable {
        /// The first use of its key.
        case original
        /// The same key and body again.
        case duplicate
        /// The same key with another body.
        case conflict
    }

    static let noGroup: Int32 = -1

    var sequence: UInt64 = 0
    /// Nanoseconds since the start of the run.
    var due: UInt64 = 0
    var payment = PaymentHandle(id: .none, amount: 0, merchant: 0, currency: 0)
    /// What this request asks for; differs from `payment.amount` for partial operations.
    var amount: Int64 = 0
    var generation: UInt32 = 0
    var phase: Int32 = 0
    var group: Int32 = Slot.noGroup
    var expectation: Int32 = -1
    var attempts: UInt16 = 0
    /// The last attempt's HTTP status; 0 without an answer.
    var lastStatus: UInt16 = 0
    var token: UInt8 = 0
    var operation: Operation = .sale
    var role: Role = .original
    var isUsed = false
    var hasFirstAnswer = false
    /// A duplicate of this request follows when it is done, or a conflict.
    var duplicateFollows = false
    var conflictFollows = false
    /// 202 was repeated: ask for the payment instead of repeating the key.
    var asksByGet = false

    var latencyClass: Int {
        switch role {
        case .original: Int(operation.rawValue)
        case .duplicate: LatencyClass.duplicate
        case .conflict: LatencyClass.conflict
        }
    }
}

/// The slots of one loop. Their number is the in-flight limit.
struct SlotTable {
    private(set) var slots: [Slot]
    private var free: [Int32]

    init(capacity: Int) {
        slots = Array(repeating: Slot(), count: capacity)
        free = (0..<Int32(capacity)).reversed()
    }

    var used: Int { slots.count - free.count }
    var isFull: Bool { free.isEmpty }

    /// A fresh slot's index; `nil` when the in-flight limit is reached.
    mutating func open() -> Int32? {
        guard let index = free.popLast() else { return nil }
        let generation = slots[Int(index)].generation &+ 1
        slots[Int(index)] = Slot()
        slots[Int(index)].generation = generation
        slots[Int(index)].isUsed = true
        return index
    }

    mutating func close(_ index: Int32) {
        assert(slots[Int(index)].isUsed, "a slot is closed twice")
        slots[Int(index)].isUsed = false
        free.append(index)
    }

    subscript(index: Int32) -> Slot {
        get { slots[Int(index)] }
        _modify { yield &slots[Int(index)] }
    }

    /// Which slot and generation an attempt belongs to.
    func token(_ index: Int32) -> UInt64 {
        UInt64(slots[Int(index)].generation) << 32 | UInt64(UInt32(bitPattern: index))
    }

    /// The slot of a token; `nil` when it has moved on.
    func index(of token: UInt64) -> Int32? {
        let index = Int32(bitPattern: UInt32(truncatingIfNeeded: token))
        let slot = slots[Int(index)]
        return slot.isUsed && slot.generation == UInt32(truncatingIfNeeded: token >> 32) ? index : nil
    }
}
