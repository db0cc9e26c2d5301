/// The provider itself: decides what every operation does, and does it to the store. Pure: no clock
/// (time comes as milliseconds since start), no randomness but the seed's, no input or output.
struct SimulatorCore: Sendable {
    /// The latency of `tok_slow_5s`, in milliseconds.
    static let slowMilliseconds: UInt32 = 5_000
    /// Requests that may be delayed at once; further ones arrive without delay.
    static let maximumLate = 10_000

    // Only the extensions that execute operations change it.
    var store: SimulatorStore
    private(set) var sampler: BehaviourSampler
    private let seed: UInt64
    /// Delayed requests, in the order in which they will arrive.
    private var late: [LateRequest] = []

    /// Throws `PSPSimulatorError.invalidProfile`.
    /// - Parameter startedAt: the wall clock when `now` is 0, in milliseconds since 1970.
    init(
        profile: SimulatorProfile,
        seed: UInt64,
        maximumOperations: Int,
        epoch: UInt32,
        startedAt: Int64 = 0
    ) throws(PSPSimulatorError) {
        self.store = SimulatorStore(maximumOperations: maximumOperations, epoch: epoch, startedAt: startedAt)
        self.sampler = try BehaviourSampler(profile: profile, seed: seed)
        self.seed = seed
    }

    /// How undirected operations behave from now on.
    var profile: SimulatorProfile { sampler.profile }

    /// Throws `PSPSimulatorError.invalidProfile` and keeps the old profile then.
    mutating func setProfile(_ profile: SimulatorProfile) throws(PSPSimulatorError) {
        sampler = try BehaviourSampler(profile: profile, seed: seed)
    }

    /// Forgets everything. `epoch` must differ from the one before.
    mutating func reset(epoch: UInt32) {
        precondition(epoch != store.epoch, "an identifier of before the reset would name another charge")
        let base = store.actionBase
        store = SimulatorStore(
            maximumOperations: store.maximumOperations,
            epoch: epoch,
            startedAt: store.startedAt
        )
        store.actionBase = base
        late.removeAll()
    }

    // MARK: Requests that are stuck on the way

    /// Whether `advance(to:)` may have something to do.
    var hasLate: Bool { !late.isEmpty }

    /// Executes the delayed requests whose time has come. Call it before reading any other state.
    mutating func advance(to now: UInt32) {
        while let request = late.first, request.due <= now {
            late.removeFirst()
            // The client has stopped waiting, so only the effect of the request counts.
            _ = authorize(
                request.request,
                .plain,
                key: request.key.span,
                reference: request.reference.span,
                now: request.due
            )
        }
    }

    /// Keeps a request that will arrive at `due`; false when too many are kept.
    mutating func keep(
        _ request: AuthorizationRequest,
        key: Span<UInt8>,
        reference: Span<UInt8>,
        until due: UInt32
    ) -> Bool {
        guard late.count < Self.maximumLate else { return false }
        let kept = LateRequest(
            due: due,
            request: request,
            key: key.withUnsafeBufferPointer { Array($0) },
            reference: reference.withUnsafeBufferPointer { Array($0) }
        )
        late.insert(kept, at: late.firstIndex { $0.due > due } ?? late.endIndex)
        return true
    }

    private struct LateRequest: Sendable {
        var due: UInt32
        var request: AuthorizationRequest
        var key: [UInt8]
        var reference: [UInt8]
    }

    /// The latency of the query with that running number.
    func queryLatency(number: UInt64) -> UInt32 { sampler.queryLatency(number: number) }

    func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hash = SeededHash(seed: seed)
        hash.combine(bytes)
        return hash.value
    }

    // MARK: The idempotency key

    /// What is known of a key, before anything is done under it.
    enum KeyState {
        /// Carry on; the operation is there already if an earlier attempt executed nothing.
        case unused(attempts: UInt8, operation: UInt32?)
        case answered(Verdict)
    }

    mutating func look(key: Span<UInt8>, hash: UInt64, fingerprint: UInt64, now: UInt32) -> KeyState {
        guard let number = store.operation(key: key, hash: hash) else {
            return store.isFull ? .answered(.refusal(.notExecuted)) : .unused(attempts: 0, operation: nil)
        }
        let operation = store.operations[number]
        guard operation.fingerprint == fingerprint else { return .answered(.refusal(.keyReused)) }
        guard now >= operation.busyUntil else { return .answered(.refusal(.inProgress)) }
        store.updateOperation(number) { $0.attempts = $0.attempts == .max ? .max : $0.attempts + 1 }
        if operation.outcome == .notExecuted { return .unused(attempts: operation.attempts, operation: number) }
        store.settle(number, now: now)
        let decision = sampler.decide(keyHash: hash, attempt: operation.attempts, canDecline: false)
        var verdict = Verdict(answer: .operation(number), latency: decision.latency, replayed: true)
        if case .drop(let mode) = decision.fault, !sampler.profile.dropFirstOnly { verdict.delivery = .lose(mode) }
        return .answered(verdict)
    }

    /// Ends an attempt that executes nothing; nil when it executes. A failure that the next attempt
    /// should not meet again leaves a record, so that the attempts can be counted.
    mutating func stop(
        _ directive: Directive,
        known: UInt32?,
        key: Span<UInt8>,
        hash: UInt64,
        blank: OperationRecord
    ) -> Verdict? {
        let verdict: Verdict
        switch directive.execution {
        case .execute, .decline, .pend, .ask:
            return nil
        case .refuse(let refusal):
            verdict = Verdict(answer: .refusal(refusal), latency: directive.latency)
        case .vanish(let mode):
            verdict = Verdict(answer: .refusal(.notExecuted), delivery: .lose(mode), latency: directive.latency)
        }
        if directive.remembersFailure, known == nil { _ = store.addOperation(key: key, hash: hash, blank) }
        return verdict
    }

    /// The verdict on an operation that was just executed, declined or left pending.
    mutating func conclude(_ number: UInt32, _ directive: Directive, now: UInt32) -> Verdict {
        store.updateOperation(number) { $0.busyUntil = now &+ directive.latency }
        let answer: Verdict.Answer =
            switch directive.answer {
            case .truth: .operation(number)
            case .internalError: .refusal(.internalError)
            case .malformed: .malformed
            }
        return Verdict(answer: answer, delivery: directive.delivery, latency: directive.latency)
    }
}
