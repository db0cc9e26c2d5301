package import Time

// Transitions. Each states what must hold before it, and checks the invariants after it. A record
// that breaks these conditions is a defect, here or in the journal, and going on would miscount
// money. Live decisions and replay both use these functions.
extension Payment {
    /// An operation other than a refund was accepted, or begun by the gateway itself.
    /// - Parameter cause: why the gateway began it; nil when a merchant did.
    package mutating func operationStarted(
        _ operation: ProviderOperation,
        cause: ReversalReason? = nil,
        at time: Timestamp
    ) {
        precondition(running == nil && allows(operation), "\(operation) started in \(phase)")
        switch operation {
        case .capture: captureCount += 1
        case .cancel: cancelCount += 1
        case .increment: incrementCount += 1
        case .confirm: confirmCount += 1
        case .authorize: authorizeCount += 1
        case .refund: preconditionFailure("\(operation) does not start this way")
        }
        // A payment that was held for review is sent as a new one.
        if phase == .review {
            phase = .created
            deadline = .none
        }
        if let cause { failure = .reversal(cause) }
        running = operation
        updatedAt = time
        checkInvariants()
    }

    /// Marks the payment: its running capture has sellers, or is one by hand against cash.
    package mutating func mark(_ trait: PaymentTraits) { traits.formUnion(trait) }

    private func allows(_ operation: ProviderOperation) -> Bool {
        switch operation {
        case .capture: isOpen
        case .cancel: isOpen || phase == .requiresAction
        case .increment: phase == .authorized
        case .confirm: phase == .requiresAction
        case .authorize: phase == .review || phase == .created
        case .refund: false
        }
    }

    /// The operation that is running, other than a refund, came to its end.
    /// - Parameters:
    ///   - amountMinor: what was authorized, captured, or voided by a cancel. For an increment it
    ///     is the authorized total.
    ///   - staysOpen: a capture that succeeds leaves the rest of the authorization open.
    ///   - deadline: when the authorization ends by itself, or the shopper's action must be done. 0
    ///     for not known.
    package mutating func operationFinished(
        _ operation: ProviderOperation,
        _ result: OperationResult,
        amountMinor: Int64,
        staysOpen: Bool = false,
        deadline: Timestamp = .none,
        at time: Timestamp
    ) {
        precondition(running == operation, "\(operation) finished, but \(String(describing: running)) is running")
        running = nil
        updatedAt = time
        switch operation {
        case .authorize: authorizationFinished(result, amountMinor: amountMinor, deadline: deadline)
        case .confirm: confirmationFinished(result, amountMinor: amountMinor, deadline: deadline)
        case .increment: incrementFinished(result, amountMinor: amountMinor, deadline: deadline)
        case .capture: captureFinished(result, amountMinor, staysOpen: staysOpen)
        case .cancel: cancelFinished(result)
        case .refund: preconditionFailure("refunds finish on their own")
        }
        endDeadlineOfPhase()
        checkInvariants()
    }

    /// The running authorization was definitely not executed at its connector, and the next one of
    /// the route tries.
    /// - Precondition: `next` is a place of the route behind the present one.
    package mutating func attemptEnded(nextPosition next: UInt8, at time: Timestamp) {
        precondition(phase == .created && running == .authorize, "an attempt ended in \(phase)")
        guard next > routePosition, let connector = route[Int(next)] else {
            preconditionFailure("no connector at \(next) of \(route)")
        }
        self.connector = connector
        routePosition = next
        updatedAt = time
    }

    /// What the network or the issuer advised with the answer of an authorization.
    package mutating func advised(_ advice: DeclineAdvice) { declineAdvice = advice }

    /// Clears the deadline of a phase that time does not end.
    mutating func endDeadlineOfPhase() {
        if !hasDeadline { deadline = .none }
    }

    /// The phases that time can end.
    private var hasDeadline: Bool {
        switch phase {
        case .authorized, .partiallyCaptured, .requiresAction, .review: true
        case .created, .captured, .voided, .failed, .expired, .conflicted: false
        }
    }

    mutating func authorizationFinished(_ result: OperationResult, amountMinor amount: Int64, deadline: Timestamp) {
        precondition(phase == .created || phase == .requiresAction, "authorized twice")
        switch result {
        case .succeeded:
            authorizedMinor = amount
            capturedMinor = capturesAutomatically ? amount : 0
            phase = capturesAutomatically ? .captured : .authorized
            self.deadline = deadline
            if amount < amountMinor, !flags.contains(.acceptsPartialAuthorization), failure == nil {
                failure = .reversal(.partialAuthorization)
            }
        case .declined(let category, let code):
            declineCategory = category
            declineCode = code
            phase = .failed
        case .notExecuted(let reason):
            failure = failure ?? reason
            phase = .failed
        case .conflicted:
            phase = .conflicted
        case .actionRequired:
            phase = .requiresAction
            self.deadline = deadline
        }
    }

    private mutating func confirmationFinished(
        _ result: OperationResult,
        amountMinor amount: Int64,
        deadline: Timestamp
    ) {
        precondition(phase == .requiresAction, "confirmed in \(phase)")
        switch result {
        case .succeeded, .declined, .conflicted: authorizationFinished(result, amountMinor: amount, deadline: deadline)
        // It was voided at the PSP by the gateway's reference, so there is nothing left to wait
        // for.
        case .notExecuted(.reversal(.abandoned)): phase = .failed
        case .notExecuted, .actionRequired: break  // The PSP still waits for the shopper, and so do we.
        }
    }

    private mutating func incrementFinished(_ result: OperationResult, amountMinor amount: Int64, deadline: Timestamp) {
        precondition(phase == .authorized, "incremented in \(phase)")
        switch result {
        case .succeeded:
            precondition(amount > authorizedMinor, "an increment raises the authorization")
            authorizedMinor = amount
            amountMinor = max(amountMinor, amount)
            if deadline != .none { self.deadline = deadline }
        case .declined, .notExecuted, .actionRequired: break  // What was authorized before still is.
        case .conflicted: phase = .conflicted
        }
    }

    private mutating func captureFinished(_ result: OperationResult, _ amount: Int64, staysOpen: Bool) {
        precondition(isOpen, "captured in \(phase)")
        switch result {
        case .succeeded:
            capturedMinor += amount
            phase = staysOpen ? .partiallyCaptured : .captured
        case .declined(_, .authorizationExpired):
            phase = capturedMinor > 0 ? .captured : .expired
        case .declined, .notExecuted, .actionRequired:
            break  // The authorization is still open: the merchant may capture again or cancel.
        case .conflicted:
            phase = .conflicted
        }
    }

    private mutating func cancelFinished(_ result: OperationResult) {
        precondition(isOpen || phase == .requiresAction, "cancelled in \(phase)")
        switch result {
        case .succeeded:
            // If the gateway gave it up before anything was authorized, it has failed. If the
            // merchant cancelled it, it is cancelled.
            phase = capturedMinor > 0 ? .captured : phase == .requiresAction && failure != nil ? .failed : .voided
        // In a conflict the captured amount is known already: it is in suspense.
        case .declined(_, .alreadyCaptured) where isOpen && failure != .reversal(.conflict):
            capturedMinor = max(capturedMinor, authorizedMinor)
            phase = .captured
        case .declined, .notExecuted, .actionRequired: break
        case .conflicted: phase = .conflicted
        }
    }

    /// Something happened that is not the end of a PSP operation.
    package mutating func changed(_ change: PaymentChange, amountMinor: Int64, deadline: Timestamp, at time: Timestamp)
    {
        updatedAt = time
        switch change {
        case .expired:
            precondition(isOpen && running == nil, "expired in \(phase)")
            phase = capturedMinor > 0 ? .captured : .expired
        case .reviewRejected: reviewEnded(.reviewRejected, at: time)
        case .reviewTimedOut: reviewEnded(.reviewTimedOut, at: time)
        case .abandoned:
            precondition(running == .authorize || running == .confirm, "abandoned while nothing was awaited")
            failure = .reversal(.abandoned)
        }
        endDeadlineOfPhase()
        checkInvariants()
    }

    /// A refund was accepted: its amount is reserved.
    package mutating func refundStarted(amountMinor: Int64, at time: Timestamp) {
        precondition(phase == .captured && running == nil, "refund started in \(phase)")
        refundCount += 1
        refundPendingMinor += amountMinor
        updatedAt = time
        checkInvariants()
    }

    /// A refund came to its end.
    package mutating func refundFinished(succeeded: Bool, amountMinor: Int64, at time: Timestamp) {
        precondition(refundPendingMinor >= amountMinor, "a refund finished that was not pending")
        refundPendingMinor -= amountMinor
        if succeeded { refundedMinor += amountMinor }
        updatedAt = time
        checkInvariants()
    }

    /// A refund that had succeeded came back (REFUND_FAILED, refund_failure): the money is the
    /// merchant's again.
    package mutating func refundBounced(amountMinor: Int64, at time: Timestamp) {
        precondition(refundedMinor >= amountMinor, "a refund bounced that had not succeeded")
        refundedMinor -= amountMinor
        updatedAt = time
        checkInvariants()
    }
}
