/// What a payment-method token asks the simulator to do (`docs/psp-simulator.md`). Names that begin
/// with `tok_` are the simulator's own, and it refuses those that are not listed. Any other name is
/// some vault's token. It behaves like `tok_visa` and leaves the decision to the profile.
enum PaymentToken: Equatable, Sendable {
    case plain
    case decline(ErrorCode, Advice = .none)
    case fault(Fault)
    /// Answers `pending`; final when looked at so many milliseconds later.
    case pending(succeeds: Bool, after: UInt32 = OperationRecord.pendingMilliseconds)
    case wrongAmount
    case wrongCurrency
    /// The charge succeeds, and a later operation on it does not.
    case followUp(FollowUp)
    /// The hold lapses after so many milliseconds.
    case expires(after: UInt32)
    /// Half is approved; `asked`: only where the request says that it may be.
    case half(asked: Bool)
    /// Captures may exceed the authorisation.
    case overCapture
    /// The shopper must do something first.
    case action(ShopperAction)
    /// The request is delayed on the network for so many milliseconds, and gets no answer.
    case late(UInt32)

    /// What happens to the answer of the authorisation itself.
    enum Fault: Equatable, Sendable {
        /// Never answers, executes nothing.
        case timeout
        case executeThenDrop(SimulatorProfile.DropMode?)
        case executeThen500
        case error500
        case notExecuted503
        case rateLimited429
        case reset
        case slow
        case drip
        case malformedJSON
    }

    /// How the captures, cancellations, increments and refunds of a charge behave. Stored with the
    /// charge.
    enum FollowUp: UInt8, Sendable {
        case none
        case captureFails
        case capturePending
        case captureThenDrop
        case cancelFails
        case refundFails
        case refundPending
        case refundPendingFails
        case refundThenDrop
        case incrementFails
        case incrementThenDrop
        /// The shopper comes back with data; the confirmation that carries them ends the
        /// authorisation.
        case confirmNeedsData
    }

    /// How a shopper is asked, and how that ends.
    struct ShopperAction: Equatable, Sendable {
        /// `.threeDSecure` or `.redirect`.
        var kind: OperationRecord.FirstAnswer
        /// What becomes of the authorisation once the shopper is done; nil for approved.
        var refusal: ErrorCode?
        /// The shopper is done by themselves after so many milliseconds; nil for never.
        var after: UInt32?
        /// The shopper comes back with data, which a confirmation carries.
        var returnsData = false
    }

    /// How far `tok_overcapture` lets captures exceed the authorisation, in basis points.
    static let overCaptureBasisPoints: UInt16 = 1_500

    private static let named: [String: PaymentToken] = [
        "tok_timeout": .fault(.timeout),
        "tok_execute_then_drop": .fault(.executeThenDrop(nil)),
        "tok_execute_then_reset": .fault(.executeThenDrop(.reset)),
        "tok_execute_then_close": .fault(.executeThenDrop(.close)),
        "tok_execute_then_silence": .fault(.executeThenDrop(.silence)),
        "tok_execute_then_500": .fault(.executeThen500),
        "tok_500_without_execution": .fault(.error500),
        "tok_503_not_executed": .fault(.notExecuted503),
        "tok_429": .fault(.rateLimited429),
        "tok_reset": .fault(.reset),
        "tok_slow_5s": .fault(.slow),
        "tok_slow_drip": .fault(.drip),
        "tok_malformed_json": .fault(.malformedJSON),
        "tok_pending_succeeds": .pending(succeeds: true),
        "tok_pending_fails": .pending(succeeds: false),
        "tok_wrong_amount": .wrongAmount,
        "tok_wrong_currency": .wrongCurrency,
        "tok_capture_fails": .followUp(.captureFails),
        "tok_capture_pending": .followUp(.capturePending),
        "tok_capture_execute_then_drop": .followUp(.captureThenDrop),
        "tok_cancel_fails": .followUp(.cancelFails),
        "tok_refund_fails": .followUp(.refundFails),
        "tok_refund_pending": .followUp(.refundPending),
        "tok_refund_pending_fails": .followUp(.refundPendingFails),
        "tok_refund_execute_then_drop": .followUp(.refundThenDrop),
        "tok_increment_fails": .followUp(.incrementFails),
        "tok_increment_execute_then_drop": .followUp(.incrementThenDrop),
        "tok_partial_half": .half(asked: true),
        "tok_partial_unasked": .half(asked: false),
        "tok_overcapture": .overCapture,
        "tok_3ds": .action(ShopperAction(kind: .threeDSecure)),
        "tok_redirect": .action(ShopperAction(kind: .redirect)),
        "tok_redirect_return": .action(ShopperAction(kind: .redirect, returnsData: true)),
        "tok_3ds_declined": .action(ShopperAction(kind: .threeDSecure, refusal: .insufficient_funds)),
    ]
    private static let plainNames: Set<String> = ["tok_visa", "tok_mastercard"]
    private static let ownPrefix = "tok_"
    private static let declinePrefix = "tok_decline_"

    /// Tokens that end in a number of seconds, `<prefix>5s`.
    private static let timed: [(prefix: String, make: @Sendable (UInt32) -> PaymentToken)] = [
        ("tok_expires_", { .expires(after: $0) }),
        ("tok_late_", { .late($0) }),
        ("tok_3ds_completes_", { .action(ShopperAction(kind: .threeDSecure, after: $0)) }),
        ("tok_3ds_fails_", { .action(ShopperAction(kind: .threeDSecure, refusal: .action_failed, after: $0)) }),
        ("tok_redirect_completes_", { .action(ShopperAction(kind: .redirect, after: $0)) }),
        ("tok_bank_debit_succeeds_", { .pending(succeeds: true, after: $0) }),
        ("tok_bank_debit_fails_", { .pending(succeeds: false, after: $0) }),
        ("tok_voucher_paid_", { .pending(succeeds: true, after: $0) }),
        ("tok_voucher_expires_", { .pending(succeeds: false, after: $0) }),
    ]
    /// The longest time of such a token, in seconds.
    private static let maximumSeconds: UInt32 = 86_400

    /// Every token with a meaning of its own, besides the declines and those with a time.
    static var specialNames: [String] { named.keys.sorted() }
    static var timedPrefixes: [String] { timed.map(\.prefix) }

    /// Reads a token; nil for one that looks like the simulator's own and is not, such as a
    /// misspelt one, or a decline whose code or advice does not exist.
    init?(_ name: String) {
        if !name.hasPrefix(Self.ownPrefix) || Self.plainNames.contains(name) {
            self = .plain
        } else if name.hasPrefix(Self.declinePrefix) {
            guard let decline = Advice.decline(named: name.dropFirst(Self.declinePrefix.count)) else { return nil }
            self = .decline(decline.code, decline.advice)
        } else if let known = Self.named[name] ?? Self.withTime(name) {
            self = known
        } else {
            return nil
        }
    }

    private static func withTime(_ name: String) -> PaymentToken? {
        guard name.utf8.last == UInt8(ascii: "s"), let entry = timed.first(where: { name.hasPrefix($0.prefix) }),
            let seconds = UInt32(name.dropFirst(entry.prefix.count).dropLast()), (1...maximumSeconds).contains(seconds)
        else { return nil }
        return entry.make(seconds * 1_000)
    }

    /// How the charge's later operations behave.
    var followUp: FollowUp {
        switch self {
        case .followUp(let followUp): followUp
        case .action(let action) where action.returnsData: .confirmNeedsData
        default: .none
        }
    }
}
