extension SimulatorStore {
    /// Makes a pending operation final if its time has come, and one that waits for its shopper if
    /// they are done by then. Nothing happens to others.
    mutating func settle(_ number: UInt32, now: UInt32) {
        let operation = operations[number]
        guard !operation.outcome.isFinal, now >= operation.finalAt, operation.finalAt != OperationRecord.none else {
            return
        }
        end(number, succeeds: operation.outcome == .pendingThenSucceeds || operation.outcome == .actionThenSucceeds)
    }

    /// Ends an operation that was not final.
    mutating func end(_ number: UInt32, succeeds: Bool, code: ErrorCode? = nil) {
        let operation = operations[number]
        precondition(!operation.outcome.isFinal, "an operation ends once")
        updateOperation(number) {
            $0.outcome = succeeds ? .succeeded : .declined
            $0.code = code ?? (operation.outcome.isPending ? .generic_decline : $0.code)
        }
        switch operation.kind {
        case .authorize where succeeds && operation.isSale:
            updateCharge(operation.charge) { $0.captured = operation.amount }
        case .capture where succeeds && operation.isLast:
            updateCharge(operation.charge) { $0.isClosed = true }
        case .capture where !succeeds:
            updateCharge(operation.charge) { $0.captured -= operation.amount }
        case .refund where !succeeds:
            updateCharge(operation.charge) { $0.refunded -= operation.amount }
        case .authorize, .capture, .refund, .cancel, .increment, .confirm:
            break
        }
    }

    /// Settles all that concerns a charge.
    mutating func settleCharge(_ number: UInt32, now: UInt32) {
        settle(charges[number].operation, now: now)
        guard charges[number].hasPending else { return }
        var stillPending = false
        var followUp = charges[number].followUps
        while followUp != OperationRecord.none {
            settle(followUp, now: now)
            stillPending = stillPending || operations[followUp].outcome.isPending
            followUp = operations[followUp].next
        }
        updateCharge(number) { $0.hasPending = stillPending }
    }

    /// Where a charge stands; settle it first.
    func status(ofCharge number: UInt32, now: UInt32) -> ChargeStatus {
        let charge = charges[number]
        return ChargeRules.status(of: charge, authorization: operations[charge.operation].outcome, now: now)
    }
}
