extension SimulatorStore {
    /// Makes a pending operation final if its time has come. Nothing happens to others.
    mutating func settle(_ number: UInt32, now: UInt32) {
        let operation = operations[number]
        guard operation.outcome.isPending, now >= operation.finalAt else { return }
        let succeeds = operation.outcome == .pendingThenSucceeds
        updateOperation(number) {
            $0.outcome = succeeds ? .succeeded : .declined
            $0.code = .generic_decline
        }
        switch operation.kind {
        case .authorize where succeeds && operation.isSale:
            updateCharge(operation.charge) { $0.captured = operation.amount }
        case .capture where !succeeds:
            updateCharge(operation.charge) { $0.captured -= operation.amount }
        case .refund where !succeeds:
            updateCharge(operation.charge) { $0.refunded -= operation.amount }
        case .authorize, .capture, .refund, .cancel:
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
