/// The definite end of an operation, as it is journaled.
package enum OperationResult: Sendable, Equatable {
    /// Executed for exactly what was asked.
    case succeeded
    case declined(DeclineClass, DeclineCode)
    case notExecuted(FailureReason)
    /// Executed, but for another amount or currency: kept as it is for people to look at.
    case conflicted
}

// Transitions. Each states what must hold before it (a record that breaks that is a defect, here or in the journal, and
// going on would miscount money) and checks the invariants after it. Live decisions and replay both come through here.
extension Payment {
    /// A capture or cancel was accepted.
    package mutating func operationStarted(_ operation: ProviderOperation, at time: Int64) {
        precondition(running == nil && isOpen, "\(operation) started in \(phase)")
        switch operation {
        case .capture: captureCount += 1
        case .cancel: cancelCount += 1
        case .authorize, .refund: preconditionFailure("\(operation) does not start this way")
        }
        running = operation
        updatedAt = time
        checkInvariants()
    }

    /// The authorization, capture or cancel that is running came to its end.
    /// - Parameters:
    ///   - amountMinor: what was authorized or captured; the amount voided for a cancel.
    ///   - staysOpen: a capture that succeeds leaves the rest of the authorization open.
    package mutating func operationFinished(
        _ operation: ProviderOperation,
        _ result: OperationResult,
        amountMinor: Int64,
        staysOpen: Bool = false,
        at time: Int64
    ) {
        precondition(running == operation, "\(operation) finished, but \(String(describing: running)) is running")
        running = nil
        updatedAt = time
        switch operation {
        case .authorize: authorizationFinished(result, amountMinor)
        case .capture: captureFinished(result, amountMinor, staysOpen: staysOpen)
        case .cancel: cancelFinished(result)
        case .refund: preconditionFailure("refunds finish on their own")
        }
        checkInvariants()
    }

    private mutating func authorizationFinished(_ result: OperationResult, _ amount: Int64) {
        precondition(phase == .created, "authorized twice")
        switch result {
        case .succeeded:
            authorizedMinor = amount
            capturedMinor = capturesAutomatically ? amount : 0
            phase = capturesAutomatically ? .captured : .authorized
        case .declined(let category, let code):
            declineCategory = category
            declineCode = code
            phase = .failed
        case .notExecuted(let reason):
            failure = reason
            phase = .failed
        case .conflicted:
            phase = .conflicted
        }
    }

    private mutating func captureFinished(_ result: OperationResult, _ amount: Int64, staysOpen: Bool) {
        precondition(isOpen, "captured in \(phase)")
        switch result {
        case .succeeded:
            capturedMinor += amount
            phase = staysOpen ? .partiallyCaptured : .captured
        case .declined, .notExecuted:
            break  // The authorization is still open: the merchant may capture again or cancel.
        case .conflicted:
            phase = .conflicted
        }
    }

    private mutating func cancelFinished(_ result: OperationResult) {
        precondition(isOpen, "cancelled in \(phase)")
        switch result {
        case .succeeded: phase = capturedMinor > 0 ? .captured : .voided
        case .declined, .notExecuted: break
        case .conflicted: phase = .conflicted
        }
    }

    /// A refund was accepted: its amount is spoken for.
    package mutating func refundStarted(amountMinor: Int64, at time: Int64) {
        precondition(phase == .captured && running == nil, "refund started in \(phase)")
        refundCount += 1
        refundPendingMinor += amountMinor
        updatedAt = time
        checkInvariants()
    }

    /// A refund came to its end.
    package mutating func refundFinished(succeeded: Bool, amountMinor: Int64, at time: Int64) {
        precondition(refundPendingMinor >= amountMinor, "a refund finished that was not pending")
        refundPendingMinor -= amountMinor
        if succeeded { refundedMinor += amountMinor }
        updatedAt = time
        checkInvariants()
    }

    /// A refund that had succeeded came back (REFUND_FAILED, refund_failure): the money is the merchant's again.
    package mutating func refundBounced(amountMinor: Int64, at time: Int64) {
        precondition(refundedMinor >= amountMinor, "a refund bounced that had not succeeded")
        refundedMinor -= amountMinor
        updatedAt = time
        checkInvariants()
    }
}

extension Refund {
    package mutating func finished(_ result: OperationResult, at time: Int64) {
        precondition(status == .pending && !isConflicted, "a refund finished twice")
        updatedAt = time
        switch result {
        case .succeeded:
            status = .succeeded
        case .declined(let category, let code):
            status = .failed
            declineCategory = category
            declineCode = code
        case .notExecuted(let reason):
            status = .failed
            failure = reason
        case .conflicted:
            isConflicted = true
        }
    }

    package mutating func bounced(at time: Int64) {
        precondition(status == .succeeded, "only a refund that had succeeded can bounce")
        status = .failed
        updatedAt = time
    }
}
