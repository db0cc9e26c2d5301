/// `POST /v1/charges`, besides its key and its reference.
struct AuthorizationRequest {
    /// Minor units; positive.
    var amount: Int64
    var currency: CurrencyCode
    var paymentMethod: String
    /// Whether to capture at once (a sale).
    var capture: Bool
    /// Whether the merchant accepts an approval for less.
    var takesLess = false
}

extension SimulatorCore {
    /// An authorisation or a sale.
    mutating func authorize(
        _ request: AuthorizationRequest,
        key: Span<UInt8>,
        reference: Span<UInt8>,
        now: UInt32
    ) -> Verdict {
        guard let token = PaymentToken(request.paymentMethod) else { return .refusal(.unknownToken) }
        if case .late(let delay) = token, keep(request, key: key, reference: reference, until: now &+ delay) {
            return Verdict(answer: .refusal(.notExecuted), delivery: .lose(.silence))
        }
        return authorize(request, token, key: key, reference: reference, now: now)
    }

    /// An authorisation that has arrived.
    mutating func authorize(
        _ request: AuthorizationRequest,
        _ token: PaymentToken,
        key: Span<UInt8>,
        reference: Span<UInt8>,
        now: UInt32
    ) -> Verdict {
        let keyHash = hash(key)
        let fingerprint = fingerprint(of: request, reference: reference)
        switch look(key: key, hash: keyHash, fingerprint: fingerprint, now: now) {
        case .answered(let verdict):
            return verdict
        case .unused(let attempts, let known):
            let decision = sampler.decide(keyHash: keyHash, attempt: attempts, canDecline: true)
            var directive = Directive(
                token: token,
                profile: decision,
                dropMode: sampler.dropMode(keyHash: keyHash)
            )
            // A sale whose capture is to fail cannot succeed; refusing all of it moves nothing.
            if request.capture, token == .followUp(.captureFails) { directive.execution = .decline(.capture_refused) }
            let blank = OperationRecord(kind: .authorize, fingerprint: fingerprint, currency: request.currency)
            if let verdict = stop(directive, known: known, key: key, hash: keyHash, blank: blank) { return verdict }
            adjust(&directive, request, reference: reference)
            let number = known ?? store.addOperation(key: key, hash: keyHash, blank)
            execute(request, directive, as: number, reference: reference, now: now)
            return conclude(number, directive, now: now)
        }
    }

    /// What the request itself decides: whether an approval for less is accepted, and whether its
    /// reference was voided before it came.
    private func adjust(_ directive: inout Directive, _ request: AuthorizationRequest, reference: Span<UInt8>) {
        if directive.declinesUnlessPartial, !request.takesLess { directive.execution = .decline(.insufficient_funds) }
        if store.hasVoids, store.isVoided(reference: reference, hash: hash(reference)) {
            directive.execution = .decline(.reference_cancelled)
            directive.advice = .none
        }
    }

    private mutating func execute(
        _ request: AuthorizationRequest,
        _ directive: Directive,
        as number: UInt32,
        reference: Span<UInt8>,
        now: UInt32
    ) {
        store.updateOperation(number) {
            $0.amount = Self.approved(request.amount, directive)
            $0.currency = directive.movesOtherCurrency ? Self.otherCurrency(than: request.currency) : request.currency
            $0.isSale = request.capture
            $0.apply(directive.execution, now: now)
            $0.advice = directive.advice
        }
        let operation = store.operations[number]
        var charge = ChargeRecord(
            authorized: operation.amount,
            operation: number,
            expiresAt: now &+ directive.hold,
            currency: operation.currency,
            overCapture: directive.overCapture ?? profile.overCaptureBasisPoints,
            behaviour: directive.followUp
        )
        if operation.isSale, operation.outcome == .succeeded { charge.captured = operation.amount }
        store.addCharge(reference: reference, hash: hash(reference), charge)
    }

    private static func approved(_ amount: Int64, _ directive: Directive) -> Int64 {
        if directive.movesOtherAmount { return amount &+ 1 }
        return directive.approvesHalf ? max(1, amount / 2) : amount
    }

    private func fingerprint(of request: AuthorizationRequest, reference: Span<UInt8>) -> UInt64 {
        var hash = SeededHash(seed: 0)
        hash.combine(UInt64(OperationKind.authorize.rawValue))
        hash.combine(reference)
        hash.combine(UInt64(bitPattern: request.amount))
        hash.combine(request.currency.fingerprint)
        hash.combine(request.paymentMethod.utf8.span)
        hash.combine((request.capture ? 1 : 0) | (request.takesLess ? 2 : 0))
        return hash.value
    }

    private static func otherCurrency(than currency: CurrencyCode) -> CurrencyCode {
        currency == .usd ? .eur : .usd
    }
}

extension OperationRecord {
    /// Notes what is being executed.
    mutating func apply(_ execution: Directive.Execution, now: UInt32) {
        switch execution {
        case .execute:
            outcome = .succeeded
        case .decline(let reason):
            outcome = .declined
            code = reason
        case .pend(let succeeds, let after):
            outcome = succeeds ? .pendingThenSucceeds : .pendingThenFails
            firstAnswer = .pending
            finalAt = now &+ after
        case .ask(let action):
            outcome = action.refusal == nil ? .actionThenSucceeds : .actionThenFails
            code = action.refusal ?? .generic_decline
            firstAnswer = action.kind
            finalAt = action.after.map { now &+ $0 } ?? Self.none
        case .refuse, .vanish:
            preconditionFailure("an attempt that executes nothing ended before")
        }
    }
}
