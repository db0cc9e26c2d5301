import NIOCore
import WireJSON

/// From the text of a request to a verdict.
extension SimulatorCore {
    /// `POST /v1/charges`
    mutating func authorize(key: String?, body bytes: ByteBuffer, now: UInt32) -> Verdict {
        guard let key else { return .refusal(.missingKey) }
        guard Self.isUsable(key) else { return .refusal(.invalidKey) }
        let input = bytes.readableBytesUInt8Span
        guard let body = try? RequestBody(input) else { return .refusal(.invalidJSON) }
        guard let amount = body.minorUnits else { return .refusal(.invalidAmount) }
        guard let currency = body.currencyCode(in: input) else { return .refusal(.invalidCurrency) }
        guard let reference = body.referenceRange() else { return .refusal(.invalidReference) }
        guard let method = body.paymentMethod else { return .refusal(.invalidRequest) }
        let authorization = AuthorizationRequest(
            amount: amount,
            currency: currency,
            paymentMethod: method.string(in: input),
            capture: body.capture,
            takesLess: body.partialAuthorization
        )
        return authorize(authorization, key: key.utf8.span, reference: input.extracting(reference), now: now)
    }

    /// `POST /v1/charges/{id}/capture`, `/cancel`, `/refunds`, `/increment`, `/confirm`
    mutating func followUp(
        _ kind: OperationKind,
        charge: UInt32?,
        key: String?,
        body bytes: ByteBuffer,
        now: UInt32
    ) -> Verdict {
        guard let key else { return .refusal(.missingKey) }
        guard Self.isUsable(key) else { return .refusal(.invalidKey) }
        let input = bytes.readableBytesUInt8Span
        guard let body = try? RequestBody(input) else { return .refusal(.invalidJSON) }
        guard let reference = body.referenceRange() else { return .refusal(.invalidReference) }
        var followUp = FollowUpRequest(kind: kind, charge: charge)
        if kind != .cancel, kind != .confirm {
            guard let amount = body.minorUnits else { return .refusal(.invalidAmount) }
            guard let currency = body.currencyCode(in: input) else { return .refusal(.invalidCurrency) }
            followUp.amount = amount
            followUp.currency = currency
            followUp.isLast = kind == .capture && body.isLast
        }
        if kind == .confirm, let data = body.returnData { followUp.returnData = data.string(in: input) }
        return self.followUp(followUp, key: key.utf8.span, reference: input.extracting(reference), now: now)
    }

    /// `POST /v1/cancellations`
    mutating func voidReference(key: String?, body bytes: ByteBuffer, now: UInt32) -> Verdict {
        guard let key else { return .refusal(.missingKey) }
        guard Self.isUsable(key) else { return .refusal(.invalidKey) }
        let input = bytes.readableBytesUInt8Span
        guard let body = try? RequestBody(input) else { return .refusal(.invalidJSON) }
        guard let reference = body.referenceRange() else { return .refusal(.invalidReference) }
        return void(input.extracting(reference), key: key.utf8.span, now: now)
    }

    /// `GET /v1/operations?key=`: the operation that was executed under a key, settled; nil if
    /// there is none.
    mutating func operation(key: Span<UInt8>, now: UInt32) -> UInt32? {
        guard let number = store.operation(key: key, hash: hash(key)),
            store.operations[number].outcome != .notExecuted
        else { return nil }
        store.settle(number, now: now)
        return number
    }

    private static func isUsable(_ key: String) -> Bool {
        (1...ByteArena.maximumLength).contains(key.utf8.count)
    }
}

extension Verdict {
    /// What is said: the HTTP status and the body.
    /// - Parameter request: the running number of the request, which error documents carry.
    func wording(in store: borrowing SimulatorStore, request: UInt64) -> (status: Int, body: ByteBuffer) {
        var body = ByteBufferAllocator().buffer(capacity: 256)
        switch answer {
        case .operation(let number):
            return (AnswerWriter.write(answerOf: number, in: store, into: &body), body)
        case .refusal(let refusal):
            AnswerWriter.write(error: refusal.code, message: refusal.message, request: request, into: &body)
            return (refusal.status, body)
        case .malformed:
            return (200, ByteBuffer(string: #"{"id":"ch_"#))
        }
    }
}
