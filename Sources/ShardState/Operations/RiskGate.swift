package import Risk

/// What holds a new payment's authorization back. The note in front of the payment's details tells
/// it, until a `RiskDecided` is journaled. So a restart finds the gate again and sends nothing that
/// was not cleared.
package enum RiskGate: UInt8, Sendable {
    /// Nothing.
    case open = 0
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
            case .allow: self = .open
            case .review: self = .review
            case .block: self = .block
            }
        }
    }
}
