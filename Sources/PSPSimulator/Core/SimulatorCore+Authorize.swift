/// `POST /v1/charges`, besides its key and its reference.
struct AuthorizationRequest {
    /// Minor units; positive.
    var amount: Int64
    var currency: CurrencyCode
    var paymentMethod: String
    /// Whether to capture at once (a sale).
    var capture: Bool
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
            let number = known ?? store.addOperation(key: key, hash: keyHash, blank)
            execute(request, directive, as: number, reference: reference, now: now)
            return conclude(number, directive, now: now)
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
            $0.amount = directive.movesOtherAmount ? request.amount &+ 1 : request.amount
            $0.currency = directive.movesOtherCurrency ? Self.otherCurrency(than: request.currency) : request.currency
            $0.isSale = request.capture
            $0.apply(directive.execution, now: now)
        }
        let operation = store.operations[number]
        let hold =
            directive.followUp == .expires ? Self.shortHoldMilliseconds : ChargeRecord.holdMilliseconds
        var charge = ChargeRecord(
            authorized: operation.amount,
            operation: number,
            expiresAt: now &+ hold,
            currency: operation.currency,
            behaviour: directive.followUp
        )
        if operation.isSale, operation.outcome == .succeeded { charge.captured = operation.amount }
        store.addCharge(reference: reference, hash: hash(reference), charge)
    }

    private func fingerprint(of request: AuthorizationRequest, reference: Span<UInt8>) -> UInt64 {
        var hash = SeededHash(seed: 0)
        hash.combine(UInt64(OperationKind.authorize.rawValue))
        hash.combine(reference)
        hash.combine(UInt64(bitPattern: request.amount))
        hash.combine(request.currency.fingerprint)
        hash.combine(request.paymentMethod.utf8.span)
        hash.combine(request.capture ? 1 : 0)
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
        case .pend(let succeeds):
            outcome = succeeds ? .pendingThenSucceeds : .pendingThenFails
            answeredPending = true
            finalAt = now &+ Self.pendingMilliseconds
        case .refuse, .vanish:
            preconditionFailure("an attempt that executes nothing ended before")
        }
    }
}
