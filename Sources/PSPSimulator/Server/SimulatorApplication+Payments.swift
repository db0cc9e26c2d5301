import HTTPTransport
import NIOCore
import NIOHPACK
import WireJSON

extension SimulatorApplication {
    private static let keyHeader = "idempotency-key"

    /// `POST /v1/charges`
    func createCharge(_ request: HTTPServerRequest) {
        carryOut(authorize(request), request.token)
    }

    /// `POST /v1/charges/{id}/capture`, `/cancel`, `/refunds`
    func followUp(_ kind: OperationKind, _ charge: UInt32?, _ request: HTTPServerRequest) {
        carryOut(continueCharge(kind, charge, request), request.token)
    }

    private func authorize(_ request: HTTPServerRequest) -> Verdict {
        guard let key = request.headers.first(name: Self.keyHeader) else { return .refusal(.missingKey) }
        guard Self.isUsable(key) else { return .refusal(.invalidKey) }
        let input = request.body.readableBytesUInt8Span
        guard let body = try? RequestBody(input) else { return .refusal(.invalidJSON) }
        guard let amount = body.minorUnits else { return .refusal(.invalidAmount) }
        guard let currency = body.currencyCode(in: input) else { return .refusal(.invalidCurrency) }
        guard let reference = body.referenceRange() else { return .refusal(.invalidReference) }
        guard let method = body.paymentMethod else { return .refusal(.invalidRequest) }
        let authorization = AuthorizationRequest(
            amount: amount,
            currency: currency,
            paymentMethod: method.string(in: input),
            capture: body.capture
        )
        return core.authorize(
            authorization,
            key: key.utf8.span,
            reference: input.extracting(reference),
            now: now
        )
    }

    private func continueCharge(_ kind: OperationKind, _ charge: UInt32?, _ request: HTTPServerRequest) -> Verdict {
        guard let key = request.headers.first(name: Self.keyHeader) else { return .refusal(.missingKey) }
        guard Self.isUsable(key) else { return .refusal(.invalidKey) }
        let input = request.body.readableBytesUInt8Span
        guard let body = try? RequestBody(input) else { return .refusal(.invalidJSON) }
        guard let reference = body.referenceRange() else { return .refusal(.invalidReference) }
        var followUp = FollowUpRequest(kind: kind, charge: charge)
        if kind != .cancel {
            guard let amount = body.minorUnits else { return .refusal(.invalidAmount) }
            guard let currency = body.currencyCode(in: input) else { return .refusal(.invalidCurrency) }
            followUp.amount = amount
            followUp.currency = currency
        }
        return core.followUp(followUp, key: key.utf8.span, reference: input.extracting(reference), now: now)
    }

    private static func isUsable(_ key: String) -> Bool {
        (1...ByteArena.maximumLength).contains(key.utf8.count)
    }
}
