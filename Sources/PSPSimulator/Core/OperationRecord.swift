/// What an operation does to a charge.
enum OperationKind: UInt8, Sendable, CaseIterable {
    case authorize
    case capture
    case cancel
    case refund
    /// Raises an open authorisation to a new total.
    case increment
    /// Asks for the end of an authorisation that waited for its shopper; moves nothing by itself.
    case confirm

    /// The name in queries and in the oracle.
    var name: StaticString {
        switch self {
        case .authorize: "authorize"
        case .capture: "capture"
        case .cancel: "cancel"
        case .refund: "refund"
        case .increment: "increment"
        case .confirm: "confirm"
        }
    }
}

/// One idempotency key and the outcome of its operation.
struct OperationRecord {
    /// Stands for "no record" in links.
    static let none = UInt32.max
    /// How long a pending operation takes to become final, in milliseconds.
    static let pendingMilliseconds: UInt32 = 1_000

    enum Outcome: UInt8 {
        /// The key was seen, but nothing was executed under it (reset, 5xx): the next attempt
        /// starts afresh.
        case notExecuted
        case succeeded
        case declined
        /// Becomes `succeeded` at `finalAt`.
        case pendingThenSucceeds
        /// Becomes `declined` at `finalAt`.
        case pendingThenFails
        /// Waits for its shopper; becomes `succeeded` when they are done, at the latest at
        /// `finalAt`.
        case actionThenSucceeds
        /// Waits for its shopper; becomes `declined` when they are done, at the latest at
        /// `finalAt`.
        case actionThenFails

        var isPending: Bool { self == .pendingThenSucceeds || self == .pendingThenFails }
        var awaitsShopper: Bool { self == .actionThenSucceeds || self == .actionThenFails }
        var isFinal: Bool { !isPending && !awaitsShopper }
    }

    /// What was known of an operation when it was answered.
    enum FirstAnswer: UInt8 {
        case final
        case pending
        case threeDSecure
        case redirect

        var awaitsShopper: Bool { self == .threeDSecure || self == .redirect }
    }

    /// Of all parameters: the same key with another fingerprint is refused.
    var fingerprint: UInt64
    /// What is really moved, in minor units; not what was asked for when a token says so.
    var amount: Int64 = 0
    /// Position of the idempotency key in the arena.
    var key: UInt32 = none
    /// The charge it made or works on; `none` while nothing was executed.
    var charge: UInt32 = none
    /// The next operation in its chain: of the same reference (authorisations) or of the same
    /// charge (the others).
    var next: UInt32 = none
    /// Milliseconds since start at which the answer is out; until then the key is "in progress".
    var busyUntil: UInt32 = 0
    /// Milliseconds since start at which a pending operation becomes final; `none` for never by
    /// itself.
    var finalAt: UInt32 = 0
    var currency: CurrencyCode
    var kind: OperationKind
    var outcome: Outcome = .notExecuted
    /// Why it was declined.
    var code: ErrorCode = .generic_decline
    /// What is advised with it.
    var advice = Advice.none
    /// Whether an authorisation also captures.
    var isSale = false
    /// What the stored answer says of an operation that was not final then; a replay repeats it
    /// even when it is by then.
    var firstAnswer: FirstAnswer = .final
    /// Of a capture: nothing more will be captured, so that the rest of the hold goes.
    var isLast = false
    /// Of a cancellation: it was asked for by reference.
    var isVoid = false
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
