import NIOCore

@testable import PSPSimulator

/// A simulator core with short ways to pay.
final class TestProvider {
    var core: SimulatorCore

    init(
        _ profile: SimulatorProfile = .clean,
        seed: UInt64 = 1,
        maximumOperations: Int = 100_000
    ) throws {
        core = try SimulatorCore(
            profile: profile,
            seed: seed,
            maximumOperations: maximumOperations,
            epoch: 0xABCD
        )
    }

    @discardableResult
    func charge(
        _ token: String = "tok_visa",
        key: String = "k1",
        reference: String = "pay_1",
        amount: Int64 = 1_000,
        currency: CurrencyCode = .eur,
        capture: Bool = true,
        takesLess: Bool = false,
        now: UInt32 = 0
    ) -> Verdict {
        let request = AuthorizationRequest(
            amount: amount,
            currency: currency,
            paymentMethod: token,
            capture: capture,
            takesLess: takesLess
        )
        return core.authorize(request, key: key.utf8.span, reference: reference.utf8.span, now: now)
    }

    @discardableResult
    func followUp(
        _ kind: OperationKind,
        charge: UInt32? = 0,
        key: String,
        reference: String = "pay_1",
        amount: Int64? = nil,
        currency: CurrencyCode = .eur,
        isLast: Bool = false,
        returnData: String = "",
        now: UInt32 = 0
    ) -> Verdict {
        let request = FollowUpRequest(
            kind: kind,
            charge: charge,
            amount: amount,
            currency: kind == .cancel || kind == .confirm ? nil : currency,
            isLast: isLast,
            returnData: returnData
        )
        return core.followUp(request, key: key.utf8.span, reference: reference.utf8.span, now: now)
    }

    @discardableResult
    func void(key: String, reference: String = "pay_1", now: UInt32 = 0) -> Verdict {
        core.void(reference.utf8.span, key: key.utf8.span, now: now)
    }

    /// The operation of a key, settled.
    func operation(_ key: String, now: UInt32 = 0) -> OperationRecord? {
        let bytes = key.utf8.span
        guard let number = core.store.operation(key: bytes, hash: core.hash(bytes)) else { return nil }
        core.store.settle(number, now: now)
        return core.store.operations[number]
    }

    func status(_ charge: UInt32 = 0, now: UInt32 = 0) -> ChargeStatus {
        core.store.settleCharge(charge, now: now)
        return core.store.status(ofCharge: charge, now: now)
    }

    /// The complete oracle, line by line.
    func oracle(now: UInt32 = 0) -> [String] {
        var buffer = ByteBuffer()
        let next = OracleWriter.write(
            from: 0..<UInt32(core.store.operations.count),
            lines: .max,
            bytes: .max,
            in: &core.store,
            now: now,
            into: &buffer
        )
        precondition(next == nil)
        return String(buffer: buffer).split(separator: "\n").map(String.init)
    }

    /// The answer's status and body.
    func answer(_ verdict: Verdict) -> (status: Int, body: String) {
        var buffer = ByteBuffer()
        switch verdict.answer {
        case .operation(let number):
            let status = AnswerWriter.write(answerOf: number, in: core.store, into: &buffer)
            return (status, String(buffer: buffer))
        case .refusal(let refusal):
            AnswerWriter.write(error: refusal.code, message: refusal.message, request: 1, into: &buffer)
            return (refusal.status, String(buffer: buffer))
        case .malformed:
            return (200, "malformed")
        }
    }
}
