/// An answer that breaks the contract; one is enough to fail a run.
struct Violation: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        /// A repeated key was answered with another status or other bytes.
        case replayDiffers = "replay differs"
        /// Two answers under one key say that they are no replay.
        case executedTwice = "executed twice"
        /// A key that was never used before was answered as a replay.
        case replayedOnFirstUse = "replayed on first use"
        /// A key with another body was not answered 422.
        case conflictNotRefused = "conflict not refused"
        /// A success without the payment (or refund) that it is about, or with another amount.
        case answerIncomplete = "answer incomplete"
    }

    var kind: Kind
    var key: String
    var operation: Operation
    var status: Int
    var detail: String
}

/// Violations: all counted, the first few kept.
struct ViolationList: Sendable {
    static let maximumKept = 100

    private(set) var kept: [Violation] = []
    private(set) var total: UInt64 = 0

    mutating func add(_ violation: Violation) {
        total += 1
        if kept.count < Self.maximumKept { kept.append(violation) }
    }

    mutating func add(_ other: ViolationList) {
        total += other.total
        kept.append(contentsOf: other.kept.prefix(Self.maximumKept - kept.count))
    }
}

/// An answer that counts as an error without breaking the contract; kept so that a report says what
/// went wrong.
struct ErrorSample: Sendable, Equatable {
    /// Samples kept per loop.
    static let maximumKept = 20

    var outcome: Outcome
    var key: String
    var operation: Operation
    var status: Int
    var detail: String

    var line: String { "\(outcome.name): \(operation.name), key \(key), status \(status): \(detail)" }
}
