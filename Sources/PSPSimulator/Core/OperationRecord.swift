/// What an operation does to a charge.
enum OperationKind: UInt8, Sendable, CaseIterable {
    case authorize
    case capture
    case cancel
    case refund

    /// The name in queries and in the oracle.
    var name: StaticString {
        switch self {
        case .authorize: "authorize"
        case .capture: "capture"
        case .cancel: "cancel"
        case .refund: "refund"
        }
    }
}

/// One idempotency key and what came of it.
struct OperationRecord {
    /// Stands for "no record" in links.
    static let none = UInt32.max
    /// How long a pending operation takes to become final, in milliseconds.
    static let pendingMilliseconds: UInt32 = 1_000

    enum Outcome: UInt8 {
        /// The key was seen, but nothing was executed under it (reset, 5xx): the next attempt starts afresh.
        case notExecuted
        case succeeded
        case declined
        /// Becomes `succeeded` at `finalAt`.
        case pendingThenSucceeds
        /// Becomes `declined` at `finalAt`.
        case pendingThenFails

        var isPending: Bool { self == .pendingThenSucceeds || self == .pendingThenFails }
    }

    /// Of all parameters: the same key with another fingerprint is refused.
    var fingerprint: UInt64
    /// What is really moved, in minor units; not what was asked for when a token says so.
    var amount: Int64 = 0
    /// Position of the idempotency key in the arena.
    var key: UInt32 = none
    /// The charge it made or works on; `none` while nothing was executed.
    var charge: UInt32 = none
    /// The next operation in its chain: of the same reference (authorisations) or of the same charge (the others).
    var next: UInt32 = none
    /// Milliseconds since start at which the answer is out; until then the key is "in progress".
    var busyUntil: UInt32 = 0
    /// Milliseconds since start at which a pending operation becomes final.
    var finalAt: UInt32 = 0
    var currency: CurrencyCode
    var kind: OperationKind
    var outcome: Outcome = .notExecuted
    /// Why it was declined.
    var code: ErrorCode = .generic_decline
    /// Whether an authorisation also captures.
    var isSale = false
    /// Whether the stored answer says `pending`, which a replay repeats even when the operation is final by then.
    var answeredPending = false
    /// Whether this is the authorisation under which its reference is found.
    var isFirstOfReference = false
    /// Attempts under this key so far; stops counting at 255.
    var attempts: UInt8 = 1

    init(kind: OperationKind, fingerprint: UInt64, currency: CurrencyCode) {
        self.kind = kind
        self.fingerprint = fingerprint
        self.currency = currency
    }
}
