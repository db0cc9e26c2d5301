import Risk

/// What holds a new payment's authorization back. Known from the note in front of the payment's details, until a
/// `RiskDecided` is journaled; so a restart finds it again and sends nothing that was not cleared.
enum RiskGate: UInt8, Sendable {
    /// Nothing.
    case open = 0
    /// The external scorer's answer.
    case score = 1
    /// The rules: it goes to review.
    case review = 2
    /// The rules: it is blocked.
    case block = 3

    init(_ assessment: RiskAssessment) {
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

/// Plain counters of what the fraud hook decided, since the process started.
package struct RiskStatistics: Sendable {
    /// Payments by verdict, of those that a policy looked at.
    package internal(set) var allowed = 0
    package internal(set) var reviewed = 0
    package internal(set) var blocked = 0
    /// Questions to the scorer that got no score.
    package internal(set) var scorerFailures = 0
    /// Payments that could not be counted, because the table was full.
    package internal(set) var countersFull = 0
    package internal(set) var approved = 0
    package internal(set) var rejected = 0
    package internal(set) var timedOut = 0

    package init() {}
}
