package import NIOCore
import WireJSON

/// The provider without its server, for deterministic simulations: requests in, answers out, time
/// given from outside. The same core, request reader and answer writer as behind the sockets.
package struct EmbeddedPSP: Sendable {
    private var core: SimulatorCore
    private var queries: UInt64 = 0
    private var requests: UInt64 = 0

    /// What comes of one request.
    package struct Reply: Sendable {
        /// HTTP status.
        package var status: Int
        /// The `content-type` of the answer.
        package var contentType = "application/json"
        package var body: ByteBuffer
        /// How the answer gets lost; nil when it is sent.
        package var loss: SimulatorProfile.DropMode?
        /// Milliseconds until it leaves, or is lost.
        package var latency: UInt32

        package init(status: Int, body: ByteBuffer, loss: SimulatorProfile.DropMode?, latency: UInt32) {
            self.status = status
            self.body = body
            self.loss = loss
            self.latency = latency
        }
    }

    /// One operation that moved money (or voided a hold).
    package struct Movement: Sendable, Equatable {
        package enum Kind: UInt8, Sendable {
            case authorize
            case capture
            case cancel
            case refund
            /// An open authorization was raised; `amountMinor` is its new total.
            case increment
        }

        package var kind: Kind
        /// The idempotency key it was executed under.
        package var key: String
        /// The merchant's reference of the charge.
        package var reference: String
        /// The charge's identifier.
        package var charge: String
        /// Minor units really moved.
        package var amountMinor: Int64
        /// An authorization that also captured.
        package var isSale: Bool
        /// Whether the currency is EUR; the simulation uses no other, except where the provider
        /// gets it wrong.
        package var isEuro: Bool
    }

    /// Throws `PSPSimulatorError.invalidProfile`.
    /// - Parameter startedAt: the wall clock when `now` is 0, in milliseconds since 1970.
    package init(profile: SimulatorProfile, seed: UInt64, startedAt: Int64 = 0) throws(PSPSimulatorError) {
        core = try SimulatorCore(
            profile: profile,
            seed: seed,
            maximumOperations: 1 << 24,
            epoch: 1,
            startedAt: startedAt
        )
        core.store.actionBase = "https://psp.simulated"
    }

    /// Throws `PSPSimulatorError.invalidProfile` and keeps the old profile then.
    package mutating func setProfile(_ profile: SimulatorProfile) throws(PSPSimulatorError) {
        try core.setProfile(profile)
    }

    /// Operations known, whatever became of them; they keep their numbers.
    package var operationCount: Int { core.store.operations.count }

    /// Takes one request in and decides.
    /// - Parameters:
    ///   - target: the path with its query.
    ///   - key: the `idempotency-key` header.
    ///   - now: milliseconds since the start, never falling.
    package mutating func handle(
        method: String,
        target: String,
        key: String?,
        body: ByteBuffer,
        now: UInt32
    ) -> Reply {
        requests += 1
        core.advance(to: now)
        let bytes = target.utf8.span
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
        switch Route(method: method, path: bytes.extracting(0..<mark), epoch: core.store.epoch) {
        // The verdict comes first: a nested call of `reply` would read `self` before the verdict
        // changes it.
        case .createCharge:
            let verdict = core.authorize(key: key, body: body, now: now)
            return reply(verdict)
        case .followUp(let kind, let charge):
            let verdict = core.followUp(kind, charge: charge, key: key, body: body, now: now)
            return reply(verdict)
        case .readOperation:
            return answer(query: bytes.extracting(min(mark + 1, bytes.count)..<bytes.count), now: now)
        case .voidReference:
            let verdict = core.voidReference(key: key, body: body, now: now)
            return reply(verdict)
        case .finishAction(let charge, let succeeds):
            let refusal = core.finishAction(charge, succeeds: succeeds, now: now)
            return refusal.map { reply(.refusal($0)) }
                ?? Reply(status: 200, body: ByteBuffer(string: "{}"), loss: nil, latency: 0)
        case .methodNotAllowed: return reply(.refusal(.methodNotAllowed))
        case .listCharges, .readCharge, .showAction, .oracle, .readProfile, .writeProfile, .reset, .statistics, .health,
            .notFound:
            return reply(.refusal(.routeNotFound))
        }
    }

    /// The movement that operation `number` made, if it made one by now. A pending operation is
    /// settled first.
    package mutating func movement(_ number: Int, now: UInt32) -> Movement? {
        core.advance(to: now)
        let number = UInt32(number)
        core.store.settle(number, now: now)
        let operation = core.store.operations[number]
        guard operation.outcome == .succeeded, isMovement(operation),
            let kind = Movement.Kind(rawValue: operation.kind.rawValue)
        else {
            return nil
        }
        return Movement(
            kind: kind,
            key: text(operation.key),
            reference: text(core.store.charges[operation.charge].reference),
            charge: identifier(ofCharge: operation.charge),
            amountMinor: operation.amount,
            isSale: operation.isSale,
            isEuro: operation.currency == .eur
        )
    }

    /// The shopper of the charge under `reference` is done. Nothing happens when the charge waits
    /// for no shopper.
    package mutating func finishAction(reference: String, succeeds: Bool, now: UInt32) {
        core.advance(to: now)
        var number = core.store.authorization(reference: reference.utf8.span, hash: core.hash(reference.utf8.span))
        while let authorization = number, authorization != OperationRecord.none {
            _ = core.finishAction(ofCharge: core.store.operations[authorization].charge, succeeds: succeeds, now: now)
            number = core.store.operations[authorization].next
        }
    }

    /// What is held under `reference` and could still be captured, in minor units.
    package mutating func held(reference: String, now: UInt32) -> Int64 {
        core.advance(to: now)
        var held: Int64 = 0
        var number = core.store.authorization(reference: reference.utf8.span, hash: core.hash(reference.utf8.span))
        while let authorization = number, authorization != OperationRecord.none {
            let operation = core.store.operations[authorization]
            core.store.settleCharge(operation.charge, now: now)
            let charge = core.store.charges[operation.charge]
            if core.store.operations[authorization].outcome == .succeeded, now < charge.expiresAt {
                held += charge.open
            }
            number = operation.next
        }
        return held
    }

    /// False for a void of nothing, and for a cancellation of a charge that waited for its shopper:
    /// these took nothing back.
    private func isMovement(_ operation: OperationRecord) -> Bool {
        guard operation.kind == .cancel else { return true }
        let charge = core.store.charges[operation.charge]
        return !charge.isTombstone && core.store.operations[charge.operation].outcome == .succeeded
    }

    private func identifier(ofCharge number: UInt32) -> String {
        var buffer = ByteBuffer()
        Identifier.write(Identifier.chargePrefix, epoch: core.store.epoch, number: number, into: &buffer)
        return String(buffer: buffer)
    }

    private func text(_ position: UInt32) -> String {
        core.store.arena.withBytes(at: position) { bytes in
            bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }

    private func reply(_ verdict: Verdict) -> Reply {
        let (status, body) = verdict.wording(in: core.store, request: requests)
        let loss: SimulatorProfile.DropMode?
        if case .lose(let mode) = verdict.delivery { loss = mode } else { loss = nil }
        return Reply(status: status, body: body, loss: loss, latency: verdict.latency)
    }

    private mutating func answer(query: Span<UInt8>, now: UInt32) -> Reply {
        queries += 1
        let latency = core.queryLatency(number: queries)
        guard let key = QueryString.value(of: "key", in: query), let number = core.operation(key: key.span, now: now)
        else {
            var reply = reply(.refusal(.operationNotFound))
            reply.latency = latency
            return reply
        }
        var body = ByteBufferAllocator().buffer(capacity: 384)
        AnswerWriter.write(operation: number, in: core.store, into: &body)
        return Reply(status: 200, body: body, loss: nil, latency: latency)
    }
}
