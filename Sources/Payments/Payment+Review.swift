// Transitions of the fraud hook: before anything was sent to the PSP.
extension Payment {
    /// The authorization waits for people.
    /// - Parameter deadline: when the review ends by itself, in milliseconds since 1970.
    package mutating func heldForReview(until deadline: Int64, at time: Int64) {
        precondition(phase == .created && running == .authorize, "held for review in \(phase)")
        running = nil
        // Nothing was sent: what people approve is the first.
        authorizeCount = 0
        phase = .review
        self.deadline = deadline
        updatedAt = time
        checkInvariants()
    }

    /// The authorization is never sent.
    package mutating func blocked(at time: Int64) {
        precondition(phase == .created && running == .authorize, "blocked in \(phase)")
        running = nil
        phase = .failed
        failure = .blocked
        declineCategory = .hard
        declineCode = .suspectedFraud
        updatedAt = time
        checkInvariants()
    }

    /// People said no, or nothing in time.
    mutating func reviewEnded(_ reason: FailureReason, at time: Int64) {
        precondition(phase == .review && running == nil, "a review ended in \(phase)")
        phase = .failed
        failure = reason
        deadline = 0
        updatedAt = time
    }
}
