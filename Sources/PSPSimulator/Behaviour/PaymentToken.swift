/// What a payment-method token asks the simulator to do. Any token that is not listed in `docs/psp-simulator.md` behaves
/// like `tok_visa` and leaves the decision to the profile.
enum PaymentToken: Equatable, Sendable {
    case plain
    case decline(ErrorCode)
    case fault(Fault)
    /// Answers `pending`; final when looked at a second later.
    case pending(succeeds: Bool)
    case wrongAmount
    case wrongCurrency
    /// The charge goes through; what follows it does not.
    case followUp(FollowUp)

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

    /// How the captures, cancellations and refunds of a charge behave. Stored with the charge.
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
        /// The authorisation's hold expires after a second.
        case expires
    }

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
        "tok_expires_1s": .followUp(.expires),
    ]
    private static let declinePrefix = "tok_decline_"

    /// Every token with a meaning of its own, besides the declines.
    static var specialNames: [String] { named.keys.sorted() }

    /// Reads a token; nil for a decline token whose code does not exist.
    init?(_ name: String) {
        if name == "tok_visa" || name == "pm_card_visa" {
            self = .plain
        } else if name.hasPrefix(Self.declinePrefix) {
            guard let code = ErrorCode.issuerDecline(named: name.dropFirst(Self.declinePrefix.count)) else {
                return nil
            }
            self = .decline(code)
        } else {
            self = Self.named[name] ?? .plain
        }
    }

    /// How the charge's later operations behave.
    var followUp: FollowUp {
        if case .followUp(let followUp) = self { followUp } else { .none }
    }
}
