/// Why the simulator refuses. The raw value is what a record stores; the cases are spelt as they
/// travel.
enum ErrorCode: UInt8, CaseIterable, Sendable {
    // Declines of an issuer. `tok_decline_<name>` and a profile's `decline_codes` cause them.
    case insufficient_funds
    case lost_card
    case stolen_card
    case expired_card
    case incorrect_cvc
    case incorrect_number
    case suspected_fraud
    case do_not_honor
    case issuer_unavailable
    case processing_error
    case authentication_required
    case card_not_supported
    case currency_not_supported
    case velocity_exceeded
    case invalid_account
    case invalid_amount
    case restricted_card
    case pickup_card
    case withdrawal_limit_exceeded
    case transaction_not_permitted
    case generic_decline
    // Refusals by the rules for a charge's state.
    case charge_already_captured
    case charge_already_cancelled
    case charge_already_refunded
    case charge_not_captured
    case charge_expired
    case charge_pending
    case charge_declined
    case amount_too_large
    case capture_refused
    case cancel_refused
    case refund_refused
    case increment_refused
    case amount_too_small
    /// The charge waits for its shopper, and the request needs a charge that does not.
    case charge_action_required
    /// There is nothing to confirm.
    case charge_not_waiting
    /// The shopper gave up or failed the challenge.
    case action_failed
    /// The reference was voided before this arrived.
    case reference_cancelled

    /// The name on the wire.
    var name: String { Self.names[Int(rawValue)] }

    // Made once: describing an enum case by reflection costs a microsecond.
    private static let names = allCases.map { "\($0)" }

    /// Whether an issuer says this (the rest are broken rules).
    var isIssuerDecline: Bool { rawValue <= Self.generic_decline.rawValue }

    /// The issuer's decline of that name.
    static func issuerDecline(named name: Substring) -> ErrorCode? {
        allCases.first { $0.isIssuerDecline && $0.name == name }
    }
}
