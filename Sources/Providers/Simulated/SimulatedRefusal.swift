import Payments

/// The error documents that the simulator sends instead of executing anything:
/// `docs/psp-simulator.md`.
///
/// A code counts only with its own status: that pair is part of the proof that the simulator itself
/// answered.
struct SimulatedRefusal: Sendable {
    enum Meaning: Sendable {
        /// This request was not executed, and no other under its key was.
        case notExecuted(CallFailure)
        /// As `notExecuted`, and the same request never succeeds: the shopper must give another
        /// payment method.
        case declined(DeclineCode)
        /// This request was not executed; another under its key may have been.
        case keyReused
    }

    /// `error.request_id` begins with this.
    static let requestIDPrefix = "req_"

    var status: Int
    var code: StaticString
    var meaning: Meaning

    private init(_ status: Int, _ code: StaticString, means meaning: Meaning) {
        self.status = status
        self.code = code
        self.meaning = meaning
    }

    static let all: [SimulatedRefusal] = [
        SimulatedRefusal(400, "idempotency_key_reused", means: .keyReused),
        SimulatedRefusal(400, "idempotency_key_missing", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "idempotency_key_invalid", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_json", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_request", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_amount", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_currency", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_reference", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "unknown_token", means: .declined(.invalidPaymentMethod)),
        SimulatedRefusal(400, "currency_mismatch", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "reference_mismatch", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(401, "unauthorized", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(404, "charge_not_found", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(404, "not_found", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(405, "method_not_allowed", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(413, "body_too_large", means: .notExecuted(.misconfigured)),
        SimulatedRefusal(429, "rate_limited", means: .notExecuted(.rateLimited)),
        SimulatedRefusal(503, "not_executed", means: .notExecuted(.overloaded)),
    ]
}
