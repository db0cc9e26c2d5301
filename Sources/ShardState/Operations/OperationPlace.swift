/// In which table an operation is, and where: what a payment, a refund and a reserved idempotency
/// key remember of it.
package enum OperationPlace: Equatable, Sendable {
    /// No operation runs.
    case none
    /// In the table of calls, at this slot.
    case calling(slot: Int)
    /// In the table of waiting operations, at this slot.
    case waiting(slot: Int)

    /// The highest bit of the stored form tells the tables apart.
    static let waitingBit: UInt32 = 1 << 31

    /// Reads the stored form: the slot plus one, 0 for none.
    package init(stored: UInt32) {
        if stored == 0 {
            self = .none
        } else if stored & Self.waitingBit == 0 {
            self = .calling(slot: Int(stored) - 1)
        } else {
            self = .waiting(slot: Int(stored & ~Self.waitingBit) - 1)
        }
    }

    /// The form that payments and refunds store.
    package var stored: UInt32 {
        switch self {
        case .none: 0
        case .calling(let slot): UInt32(slot + 1)
        case .waiting(let slot): UInt32(slot + 1) | Self.waitingBit
        }
    }
}
