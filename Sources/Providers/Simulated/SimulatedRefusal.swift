import Payments

/// The error documents that the simulator sends instead of executing anything: `docs/psp-simulator.md`.
///
/// A code counts only with its own status: that pair is part of the proof that the simulator itself answered.
struct SimulatedRefusal: Sendable {
    enum Meaning: Sendable {
        /// This request was not executed, and no other under its key was.
        case notExecuted(CallFailure)
        /// As `notExecuted`, and the same request never succeeds: the shopper must give another payment method.
        case declined(DeclineCode)
        /// This request was not executed; another under its key may have been.
        case keyReused
    }

    /// `error.request_id` begins with this.
    static let requestIDPrefix = "req_"

    var status: Int
    var code: StaticString
    var meaning: Meaning

    private init(_ status: Int, _ code: StaticString, _ meaning: Meaning) {
        self.status = status
        self.code = code
        self.meaning = meaning
    }

    static let all: [SimulatedRefusal] = [
        SimulatedRefusal(400, "idempotency_key_reused", .keyReused),
        SimulatedRefusal(400, "idempotency_key_missing", .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "idempotency_key_invalid", .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_json", .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_request", .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_amount", .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_currency", .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "invalid_reference", .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "unknown_token", .declined(.invalidPaymentMethod)),
        SimulatedRefusal(400, "currency_mismatch", .notExecuted(.misconfigured)),
        SimulatedRefusal(400, "reference_mismatch", .notExecuted(.misconfigured)),
        SimulatedRefusal(401, "unauthorized", .notExecuted(.misconfigured)),
        SimulatedRefusal(404, "charge_not_found", .notExecuted(.misconfigured)),
        SimulatedRefusal(404, "not_found", .notExecuted(.misconfigured)),
        SimulatedRefusal(405, "method_not_allowed", .notExecuted(.misconfigured)),
        SimulatedRefusal(413, "body_too_large", .notExecuted(.misconfigured)),
        SimulatedRefusal(429, "rate_limited", .notExecuted(.rateLimited)),
        SimulatedRefusal(503, "not_executed", .notExecuted(.overloaded)),
    ]
}
