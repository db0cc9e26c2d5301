import Payments

/// Maps the simulator's decline codes (Stripe's vocabulary) to the gateway's.
enum SimulatedDeclines {
    /// Longer codes are cut (`Decline.providerCode`).
    static let maximumCodeBytes = 64

    static func decline(_ providerCode: String) -> Decline {
        let code = code(providerCode)
        return Decline(category: code.category, code: code, providerCode: cut(providerCode))
    }

    /// Unknown codes are declines all the same: the money did not move.
    private static func code(_ providerCode: String) -> DeclineCode {
        table.first { $0.providerCode == providerCode }?.code ?? .genericDecline
    }

    static let table: [(providerCode: String, code: DeclineCode)] = [
        ("generic_decline", .genericDecline),
        ("card_declined", .genericDecline),
        ("insufficient_funds", .insufficientFunds),
        ("lost_card", .lostCard),
        ("stolen_card", .stolenCard),
        ("pickup_card", .stolenCard),
        ("expired_card", .expiredCard),
        ("incorrect_cvc", .incorrectCVC),
        ("invalid_cvc", .incorrectCVC),
        ("fraudulent", .suspectedFraud),
        ("suspected_fraud", .suspectedFraud),
        ("do_not_honor", .doNotHonor),
        ("issuer_not_available", .issuerUnavailable),
        ("issuer_unavailable", .issuerUnavailable),
        ("processing_error", .processingError),
        ("try_again_later", .processingError),
        ("restricted_card", .invalidAccount),
        ("incorrect_number", .invalidPaymentMethod),
        ("transaction_not_permitted", .cardNotSupported),
        ("withdrawal_limit_exceeded", .velocityExceeded),
        ("authentication_required", .authenticationRequired),
        ("card_not_supported", .cardNotSupported),
        ("currency_not_supported", .currencyNotSupported),
        ("card_velocity_exceeded", .velocityExceeded),
        ("velocity_exceeded", .velocityExceeded),
        ("invalid_account", .invalidAccount),
        ("account_closed", .invalidAccount),
        ("invalid_amount", .invalidAmount),
        ("amount_too_small", .invalidAmount),
        ("amount_too_large", .amountExceedsLimit),
        ("amount_exceeds_limit", .amountExceedsLimit),
        ("invalid_payment_method", .invalidPaymentMethod),
        ("payment_method_not_found", .invalidPaymentMethod),
        ("action_failed", .authenticationRequired),
        ("charge_action_required", .authenticationRequired),
        ("charge_expired", .authorizationExpired),
        ("charge_already_captured", .alreadyCaptured),
    ]

    /// Cut between characters, never inside one.
    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumCodeBytes else { return text }
        var kept = ""
        for character in text {
            guard kept.utf8.count + character.utf8.count <= maximumCodeBytes else { break }
            kept.append(character)
        }
        return kept
    }
}
