import Risk

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
