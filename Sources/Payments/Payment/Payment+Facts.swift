import Money
package import Time

extension Payment {
    /// Applies the effect of an event. Live decisions, replay and histories all use this function.
    /// - Precondition: `decide` allowed it in this state.
    package mutating func apply(_ fact: PaymentFact, at time: Timestamp) {
        switch fact.effect {
        // Effects that change no counter.
        case .none, .unexplained, .reclassified, .writtenOff, .disputeWarned, .disputeUnderReview,
            .disputeWarningClosed:
            return
        case .settled: settledMinor += fact.amountMinor
        case .refundBounced: refundBounced(amountMinor: fact.amountMinor, at: time)
        case .captureReversed: captureReversed(fact.amountMinor)
        case .authorizationExpired: changed(.expired, amountMinor: 0, deadline: .none, at: time)
        case .authorized:
            precondition(phase == .requiresAction && running == nil, "authorized by itself in \(phase)")
            authorizationFinished(.succeeded, amountMinor: fact.amountMinor, deadline: fact.deadline)
        case .authorizedLate, .capturedLate: succeededLate(fact)
        case .authorizationFailed:
            precondition(phase == .requiresAction && running == nil, "not authorized in \(phase)")
            authorizationFinished(.declined(.hard, .genericDecline), amountMinor: 0, deadline: .none)
        case .conflicted:
            precondition(running == nil, "another operation is running")
            // A hold that was released before is not on the books any more: the end of the conflict
            // must not release it again.
            if !isOpen { authorizedMinor = min(authorizedMinor, capturedMinor) }
            phase = .conflicted
        case .conflictResolved: conflictResolved(fact)
        case .incremented:
            precondition(phase == .authorized && running == nil, "incremented by itself in \(phase)")
            precondition(fact.amountMinor > authorizedMinor, "an increment raises the authorization")
            authorizedMinor = fact.amountMinor
            amountMinor = max(amountMinor, fact.amountMinor)
        case .disputeOpened: disputedMinor += fact.amountMinor
        case .disputeWon: disputeEnded(fact.amountMinor)
        case .disputeLost, .disputeOverdue:
            disputeEnded(fact.amountMinor)
            disputeLostMinor += fact.amountMinor
        case .disputeWonAfterAll:
            precondition(disputeLostMinor >= fact.amountMinor, "more comes back than was lost")
            disputeLostMinor -= fact.amountMinor
        case .refundConfirmed: refundFinished(succeeded: true, amountMinor: fact.amountMinor, at: time)
        case .refundReversed: refundFinished(succeeded: false, amountMinor: fact.amountMinor, at: time)
        case .disputeLostAfterAll: disputeLostMinor += fact.amountMinor
        }
        updatedAt = time
        endDeadlineOfPhase()
        checkInvariants()
    }

    /// A capture failed after it had succeeded: nothing is left of it.
    private mutating func captureReversed(_ amount: Int64) {
        precondition(running == nil && amount <= refundableMinor, "more failed than there is")
        capturedMinor -= amount
        settledMinor = min(settledMinor, capturedMinor)
        if phase == .partiallyCaptured {
            // The part of the hold that was released for that capture stays released.
            authorizedMinor -= amount
            if capturedMinor == 0 { phase = .authorized }
        } else if capturedMinor == 0 {
            phase = .failed
            failure = .captureFailed
        }
    }

    /// A payment that may hold money at the PSP is open again, so that the gateway voids it or its
    /// end passes. The others have failed, or stay captured as far as they were.
    private mutating func conflictResolved(_ fact: PaymentFact) {
        precondition(phase == .conflicted && running == nil, "no conflict in \(phase)")
        failure = .reversal(.conflict)
        deadline = fact.deadline
        if capturedMinor > 0 {
            phase = capturedMinor < authorizedMinor ? .partiallyCaptured : .captured
        } else {
            phase = mayHoldMoney ? .authorized : .failed
        }
    }

    /// Whether the PSP may hold money for a payment in conflict: it held some before, or was asked
    /// to hold.
    private var mayHoldMoney: Bool { authorizedMinor > 0 || !capturesAutomatically }

    private mutating func succeededLate(_ fact: PaymentFact) {
        precondition(running == nil && capturedMinor == 0, "a late success after \(phase)")
        let isCaptured = fact.effect == .capturedLate || capturesAutomatically
        authorizedMinor = isCaptured ? max(authorizedMinor, fact.amountMinor) : fact.amountMinor
        capturedMinor = isCaptured ? fact.amountMinor : 0
        phase = isCaptured ? .captured : .authorized
        deadline = fact.deadline
        failure = .reversal(.lateSuccess)
    }

    private mutating func disputeEnded(_ amount: Int64) {
        precondition(disputedMinor >= amount, "a dispute ends that was not open")
        disputedMinor -= amount
    }

    /// A dispute was reported that was not known before.
    package mutating func disputeAdded() {
        precondition(disputeCount < Self.maximumDisputes, "more disputes than a payment can have")
        disputeCount += 1
    }

    /// Whether refunds go on although disputes are open: known from all of them, which the shard
    /// has. Called when one has changed.
    package mutating func disputesChanged(areRefundable: Bool) {
        if areRefundable {
            flags.insert(.refundableWhileDisputed)
        } else {
            flags.remove(.refundableWhileDisputed)
        }
    }
}
