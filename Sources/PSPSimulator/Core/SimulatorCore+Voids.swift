/// Voids by the merchant's own reference, for a merchant that does not know the outcome of an
/// authorisation.
extension SimulatorCore {
    /// Releases whatever is held under `reference`, and keeps what arrives under it later from
    /// being executed. Refused when something was captured, and while something is pending.
    mutating func void(_ reference: Span<UInt8>, key: Span<UInt8>, now: UInt32) -> Verdict {
        let keyHash = hash(key)
        let fingerprint = voidFingerprint(reference)
        switch look(key: key, hash: keyHash, fingerprint: fingerprint, now: now) {
        case .answered(let verdict):
            return verdict
        case .unused(let attempts, let known):
            let directive = Directive(
                profile: sampler.decide(keyHash: keyHash, attempt: attempts, canDecline: false)
            )
            let blank = OperationRecord(kind: .cancel, fingerprint: fingerprint, currency: .eur)
            if let verdict = stop(directive, known: known, key: key, hash: keyHash, blank: blank) { return verdict }
            let number = known ?? store.addOperation(key: key, hash: keyHash, blank)
            store.updateOperation(number) { $0.isVoid = true }
            execute(voidOf: reference, as: number, now: now)
            return conclude(number, directive, now: now)
        }
    }

    private mutating func execute(voidOf reference: Span<UInt8>, as number: UInt32, now: UInt32) {
        let referenceHash = hash(reference)
        var held: [UInt32] = []
        var authorization = store.authorization(reference: reference, hash: referenceHash) ?? OperationRecord.none
        while authorization != OperationRecord.none {
            let charge = store.operations[authorization].charge
            store.settleCharge(charge, now: now)
            if let objection = objection(toVoiding: charge) { return refuse(number, charge: charge, objection) }
            if isHeld(charge, now: now) { held.append(charge) }
            authorization = store.operations[authorization].next
        }
        if held.isEmpty {
            store.addTombstone(reference: reference, operation: number, currency: .eur)
        } else {
            release(held, as: number)
        }
        store.updateOperation(number) { $0.outcome = .succeeded }
        store.addVoid(number, reference: reference, hash: referenceHash)
    }

    private func objection(toVoiding number: UInt32) -> ErrorCode? {
        let charge = store.charges[number]
        if charge.captured > 0 { return .charge_already_captured }
        return store.operations[charge.operation].outcome.isPending ? .charge_pending : nil
    }

    private func isHeld(_ number: UInt32, now: UInt32) -> Bool {
        let charge = store.charges[number]
        guard !charge.isCancelled else { return false }
        let outcome = store.operations[charge.operation].outcome
        return outcome.awaitsShopper || (outcome == .succeeded && now < charge.expiresAt)
    }

    private mutating func refuse(_ number: UInt32, charge: UInt32, _ objection: ErrorCode) {
        let amount = store.charges[charge].authorized
        store.updateOperation(number) {
            $0.charge = charge
            $0.amount = amount
            $0.outcome = .declined
            $0.code = objection
        }
    }

    /// The void is on the list of the first authorisation. If there are others, the merchant made a
    /// mistake.
    private mutating func release(_ held: [UInt32], as number: UInt32) {
        var amount: Int64 = 0
        for charge in held {
            amount += store.charges[charge].open
            let authorization = store.charges[charge].operation
            if store.operations[authorization].outcome.awaitsShopper {
                store.end(authorization, succeeds: false, code: .charge_already_cancelled)
            }
            store.updateCharge(charge) { $0.isCancelled = true }
        }
        let currency = store.charges[held[0]].currency
        store.updateOperation(number) {
            $0.charge = held[0]
            $0.amount = amount
            $0.currency = currency
        }
        store.addFollowUp(number)
    }

    private func voidFingerprint(_ reference: Span<UInt8>) -> UInt64 {
        var hash = SeededHash(seed: 0)
        hash.combine(UInt64.max)
        hash.combine(reference)
        return hash.value
    }
}
