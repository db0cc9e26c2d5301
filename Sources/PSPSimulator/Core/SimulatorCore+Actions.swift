/// What shoppers do, and what is asked about it.
extension SimulatorCore {
    /// How a shopper's action stands.
    enum ActionState: Equatable {
        case waiting
        case completed
        case failed
        case cancelled
        /// There never was one.
        case none
    }

    /// Where the action of a charge stands.
    mutating func action(ofCharge number: UInt32, now: UInt32) -> ActionState {
        guard number < store.charges.count else { return .none }
        store.settleCharge(number, now: now)
        let charge = store.charges[number]
        let authorization = store.operations[charge.operation]
        guard authorization.firstAnswer.awaitsShopper else { return .none }
        switch authorization.outcome {
        case .actionThenSucceeds, .actionThenFails: return .waiting
        case .succeeded: return .completed
        case .declined, .notExecuted, .pendingThenSucceeds, .pendingThenFails:
            return charge.isCancelled ? .cancelled : .failed
        }
    }

    /// The shopper is done: the authorisation is executed (or refused) now, whatever the merchant
    /// does about it.
    mutating func finishAction(ofCharge number: UInt32, succeeds: Bool, now: UInt32) -> ActionState {
        guard action(ofCharge: number, now: now) == .waiting else { return action(ofCharge: number, now: now) }
        let operation = store.charges[number].operation
        if !succeeds {
            store.end(operation, succeeds: false, code: .action_failed)
        } else {
            store.end(operation, succeeds: store.operations[operation].outcome == .actionThenSucceeds)
            store.updateCharge(number) { $0.expiresAt = now &+ ChargeRecord.holdMilliseconds }
        }
        // An issuer that declines does so after a shopper who has passed.
        return succeeds ? .completed : .failed
    }

    /// `POST /actions/{id}/complete`, `/fail`; nil when it is so now.
    mutating func finishAction(_ charge: UInt32?, succeeds: Bool, now: UInt32) -> Refusal? {
        guard let charge else { return .actionNotFound }
        switch finishAction(ofCharge: charge, succeeds: succeeds, now: now) {
        case .none: return .actionNotFound
        case .completed: return succeeds ? nil : .actionFinished
        case .failed: return succeeds ? .actionFinished : nil
        case .waiting, .cancelled: return .actionFinished
        }
    }

    /// The merchant asks for the end of what waited for the shopper.
    /// - Parameter returnData: what the shopper brought back; empty for nothing.
    mutating func confirm(_ charge: UInt32, as number: UInt32, returnData: String, now: UInt32) {
        store.settleCharge(charge, now: now)
        if store.charges[charge].behaviour == .confirmNeedsData, !returnData.isEmpty {
            let isRight = Identifier.actionNumber(returnData.utf8.span, epoch: store.epoch) == charge
            _ = finishAction(ofCharge: charge, succeeds: isRight, now: now)
        }
        let record = store.charges[charge]
        let authorization = store.operations[record.operation]
        store.updateOperation(number) {
            $0.charge = charge
            $0.amount = authorization.amount
            $0.isSale = authorization.isSale
            switch authorization.outcome {
            case _ where !authorization.firstAnswer.awaitsShopper:
                $0.outcome = .declined
                $0.code = .charge_not_waiting
            case .actionThenSucceeds, .actionThenFails:
                // This request is answered; it does not wait itself. The next one asks anew.
                $0.outcome = authorization.outcome
                $0.finalAt = OperationRecord.none
                $0.firstAnswer = authorization.firstAnswer
            case .succeeded where !record.isCancelled:
                $0.outcome = .succeeded
            case .succeeded, .declined, .notExecuted, .pendingThenSucceeds, .pendingThenFails:
                $0.outcome = .declined
                $0.code = record.isCancelled ? .charge_already_cancelled : authorization.code
            }
        }
    }
}
