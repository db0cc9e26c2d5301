package import Risk

/// The fraud hook's hold on a new payment: what its authorization waits for. The note in front of
/// the payment's details tells it, until a `RiskDecided` is journaled. So a restart finds the hold
/// again and sends nothing that was not cleared.
package enum RiskHold: UInt8, Sendable {
    /// Nothing: the authorization is sent.
    case none = 0
    /// The external scorer's answer.
    case score = 1
    /// The rules: it goes to review.
    case review = 2
    /// The rules: it is blocked.
    case block = 3

    package init(_ assessment: RiskAssessment) {
        if assessment.asksScorer {
            self = .score
        } else {
            switch assessment.band {
            case .allow: self = .none
            case .review: self = .review
            case .block: self = .block
            }
        }
    }
}
