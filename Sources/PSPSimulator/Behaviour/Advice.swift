/// What the network or the issuer advises with a decline: `advice_code`, as Stripe spells it. The
/// raw value is what a record stores.
enum Advice: UInt8, CaseIterable, Sendable {
    case none
    case do_not_try_again
    case try_again_later
    case confirm_card_data

    /// The name on the wire; `none` has none.
    var name: StaticString {
        switch self {
        case .none: ""
        case .do_not_try_again: "do_not_try_again"
        case .try_again_later: "try_again_later"
        case .confirm_card_data: "confirm_card_data"
        }
    }

    /// The code and the advice of `<code>_<advice>`, or of a code alone; nil for a name that is
    /// neither.
    static func decline(named name: Substring) -> (code: ErrorCode, advice: Advice)? {
        if let code = ErrorCode.issuerDecline(named: name) { return (code, .none) }
        for advice in allCases where advice != .none {
            let end = "_\(advice.name)"
            guard name.hasSuffix(end), let code = ErrorCode.issuerDecline(named: name.dropLast(end.count)) else {
                continue
            }
            return (code, advice)
        }
        return nil
    }
}
