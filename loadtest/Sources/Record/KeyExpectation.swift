/// What the harness asked for under one key and what it was told: the harness's own ledger, which
/// the audit compares with the gateway, the simulator and the gateway's ledger.
struct KeyExpectation: Sendable, Equatable {
    /// The key's number, unique in its run.
    var sequence: UInt64
    /// Asked for, in minor units; for a full refund what was refundable.
    var amount: Int64
    /// Created or worked on; `none` until known.
    var payment: EntityID
    /// The HTTP status of the final answer; 0: never answered.
    var answer: UInt16 = 0
    var merchant: UInt16
    var operation: Operation
    /// Index into the run's currencies.
    var currency: UInt8
    /// The status in the final answer.
    var status: EntityStatus = .none

    /// A success or a decline that the client saw.
    var isAcknowledged: Bool { (200..<300).contains(answer) && answer != 202 || answer == 402 }
    /// Might have been executed: acknowledged as done, or nobody said no.
    var mayHaveSucceeded: Bool { answer == 0 || answer == 202 || answer >= 500 || didSucceed }
    var didSucceed: Bool { (200..<300).contains(answer) && answer != 202 && status != .failed }
    /// Answered, and whether money moves depends on somebody else: nothing is certain of it.
    var isOpen: Bool { status.waitsForSomebody }
}
