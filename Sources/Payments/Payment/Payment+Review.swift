package import Time

// Transitions of the fraud hook: before anything was sent to the PSP.
extension Payment {
    /// The authorization waits for a manual review.
    /// - Parameter deadline: when the review ends by itself.
    package mutating func heldForReview(until deadline: Timestamp, at time: Timestamp) {
        precondition(phase == .created && running == .authorize, "held for review in \(phase)")
        running = nil
        // Nothing was sent: the authorization after an approval is the first one.
        authorizeCount = 0
        phase = .review
        self.deadline = deadline
        updatedAt = time
        checkInvariants()
    }

    /// The authorization is never sent.
    package mutating func blocked(at time: Timestamp) {
        precondition(phase == .created && running == .authorize, "blocked in \(phase)")
        running = nil
        phase = .failed
        failure = .risk(.blocked)
        declineCategory = .hard
        declineCode = .suspectedFraud
        updatedAt = time
        checkInvariants()
    }

    /// The review ended with a rejection, or nobody ended it in time.
    mutating func reviewEnded(_ refusal: RiskRefusal, at time: Timestamp) {
        precondition(phase == .review && running == nil, "a review ended in \(phase)")
        phase = .failed
        failure = .risk(refusal)
        deadline = .none
        updatedAt = time
    }
}
