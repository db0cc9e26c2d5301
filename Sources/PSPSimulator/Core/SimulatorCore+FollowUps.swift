/// What is done to a charge, besides its key and its reference.
struct FollowUpRequest {
    var kind: OperationKind
    /// The charge's number; nil when the identifier names none of this store.
    var charge: UInt32?
    /// Minor units, positive; of a cancellation (all that is held) and a confirmation nil; of an
    /// increment the new total.
    var amount: Int64?
    /// Nil for a cancellation and a confirmation.
    var currency: CurrencyCode?
    /// Of a capture: the rest of the hold is released with it.
    var isLast = false
    /// Of a confirmation: what the shopper brought back; empty for nothing.
    var returnData = ""
}

extension SimulatorCore {
    /// A capture, a cancellation, a refund, an increment or a confirmation.
    mutating func followUp(
        _ request: FollowUpRequest,
        key: Span<UInt8>,
        reference: Span<UInt8>,
        now: UInt32
    ) -> Verdict {
        precondition(request.kind != .authorize)
        guard let charge = request.charge, charge < store.charges.count else { return .refusal(.chargeNotFound) }
        let keyHash = hash(key)
        let fingerprint = fingerprint(of: request, charge: charge, reference: reference)
        switch look(key: key, hash: keyHash, fingerprint: fingerprint, now: now) {
        case .answered(let verdict):
            return verdict
        case .unused(let attempts, let known):
            if let refusal = mismatch(request, charge: charge, reference: reference) { return .refusal(refusal) }
            let directive = directive(for: request.kind, charge: charge, keyHash: keyHash, attempt: attempts)
            let blank = OperationRecord(
                kind: request.kind,
                fingerprint: fingerprint,
                currency: store.charges[charge].currency
            )
            if let verdict = stop(directive, known: known, key: key, hash: keyHash, blank: blank) { return verdict }
            let number = known ?? store.addOperation(key: key, hash: keyHash, blank)
            if request.kind == .confirm {
                confirm(charge, as: number, returnData: request.returnData, now: now)
            } else {
                execute(request, directive.execution, as: number, charge: charge, now: now)
            }
            return conclude(number, directive, now: now)
        }
    }

    private func directive(for kind: OperationKind, charge: UInt32, keyHash: UInt64, attempt: UInt8) -> Directive {
        Directive(
            kind,
            behaviour: store.charges[charge].behaviour,
            profile: sampler.decide(keyHash: keyHash, attempt: attempt, canDecline: false),
            dropMode: sampler.dropMode(keyHash: keyHash)
        )
    }

    private func mismatch(_ request: FollowUpRequest, charge number: UInt32, reference: Span<UInt8>) -> Refusal? {
        let charge = store.charges[number]
        guard store.arena.equals(reference, at: charge.reference) else { return .referenceMismatch }
        guard let currency = request.currency else { return nil }
        return currency == charge.currency ? nil : .currencyMismatch
    }

    private mutating func execute(
        _ request: FollowUpRequest,
        _ execution: Directive.Execution,
        as number: UInt32,
        charge chargeNumber: UInt32,
        now: UInt32
    ) {
        store.settleCharge(chargeNumber, now: now)
        let charge = store.charges[chargeNumber]
        let amount = request.amount ?? (charge.open > 0 ? charge.open : charge.authorized)
        let authorization = store.operations[charge.operation].outcome
        // The rules come before what a token orders: a refund "that fails" of nothing captured
        // fails for that reason.
        let objection = ChargeRules.objection(
            to: request.kind,
            of: amount,
            on: charge,
            authorization: authorization,
            now: now
        )
        store.updateOperation(number) {
            $0.charge = chargeNumber
            $0.amount = amount
            $0.isLast = request.isLast
            $0.apply(objection.map { .decline($0) } ?? execution, now: now)
        }
        let outcome = store.operations[number].outcome
        guard outcome != .declined else { return }
        if authorization.awaitsShopper { store.end(charge.operation, succeeds: false, code: .charge_already_cancelled) }
        store.updateCharge(chargeNumber) {
            $0.move(request.kind, amount)
            $0.hasPending = $0.hasPending || outcome.isPending
            $0.isClosed = $0.isClosed || (request.isLast && outcome == .succeeded)
        }
        store.addFollowUp(number)
    }

    private func fingerprint(of request: FollowUpRequest, charge: UInt32, reference: Span<UInt8>) -> UInt64 {
        var hash = SeededHash(seed: 0)
        hash.combine(UInt64(request.kind.rawValue))
        hash.combine(UInt64(charge))
        hash.combine(UInt64(bitPattern: request.amount ?? -1))
        hash.combine(request.currency?.fingerprint ?? .max)
        if request.isLast { hash.combine(1) }
        if !request.returnData.isEmpty { hash.combine(request.returnData.utf8.span) }
        hash.combine(reference)
        return hash.value
    }
}

extension ChargeRecord {
    /// Books an operation that the rules allowed.
    fileprivate mutating func move(_ kind: OperationKind, _ amount: Int64) {
        switch kind {
        case .authorize: preconditionFailure("an authorisation makes a charge and is not applied to one")
        case .capture: captured += amount
        case .cancel: isCancelled = true
        case .refund: refunded += amount
        case .increment: authorized = amount
        case .confirm: break
        }
    }
}
