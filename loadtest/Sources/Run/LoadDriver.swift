import HTTPTransport
import NIOCore

/// What a driver sends through. The shell implements it with a pooled client, tests with a script.
protocol LoadTransport: AnyObject {
    func send(_ request: HTTPClientRequest, token: UInt64, deadlineAfter nanoseconds: UInt64)
}

/// A reason to end a run early that all loops share.
protocol StopSignal: AnyObject, Sendable {
    var isStopped: Bool { get }
    func stop(_ reason: String)
}

/// The load of one event loop: issues what is due, judges what comes back, retries, keeps the
/// ledger of expectations. It has no clock and no socket: times are nanoseconds since the start of
/// the run, given by the caller.
///
/// 1. `tick` issues every request whose due time has come, whatever happened to earlier ones, as
///    far as the in-flight limit allows; what the limit holds back keeps its due time.
/// 2. `completed` takes an answer and decides whether it is final.
/// 3. A final answer is recorded, compared with what the key's other uses were told, and may cause
///    a duplicate, a conflicting duplicate, and later operations on the payment.
final class LoadDriver {
    /// Requests issued per tick at most, so that answers are read in between while catching up.
    static let maximumPerTick = 2_000
    /// Ticks at which the limit held requests back before a step of a saturation search counts as
    /// saturated.
    static let saturatedTicksToStop: UInt64 = 20

    let compiled: CompiledScenario
    let keys: IdempotencyKeys
    let factory: RequestFactory
    let retries: Bool
    let keepsExpectations: Bool
    let journal: ExpectationJournal?
    unowned let transport: any LoadTransport
    let stopSignal: (any StopSignal)?
    private let loop: Int
    private let loops: Int

    var random: SplitMix64
    var slots: SlotTable
    var groups = KeyGroups()
    var payments = PaymentPool()
    var wheel = RetryWheel()
    var records: [PhaseRecord]
    var violations = ViolationList()
    var errorSamples: [ErrorSample] = []
    var expectations: [KeyExpectation] = []
    /// Duplicates and conflicts that were due and found no free slot.
    var repeatsSkipped: UInt64 = 0
    /// Operations that found no payment to work on and became a creation.
    var substituted: UInt64 = 0
    /// A raw request was answered 2xx: the target has what the scenario sends.
    var hasRawSucceeded = false

    private var phase = 0
    private var phaseStart: UInt64 = 0
    private var schedule: Schedule
    private var nextSequence: UInt64
    private(set) var hasIssuedAll = false
    private var lastDue: UInt64 = 0
    private var outbox: [Int32] = []
    private var due: [Int32] = []

    init(plan: LoadPlan, loop: Int, factory: RequestFactory, journal: ExpectationJournal?, transport: any LoadTransport)
    {
        compiled = plan.compiled
        keys = IdempotencyKeys(seed: plan.seed)
        self.factory = factory
        retries = plan.retries
        keepsExpectations = plan.keepsExpectations
        self.journal = journal
        self.transport = transport
        stopSignal = plan.stopSignal
        self.loop = loop
        loops = plan.loops
        random = SplitMix64(seed: SplitMix64.mix(plan.seed ^ 0xA5A5) &+ UInt64(loop))
        let scenario = plan.compiled.scenario
        slots = SlotTable(capacity: max(1, scenario.inFlight / plan.loops))
        var start: UInt64 = 0
        records = scenario.phases.map { phase in
            defer { start += phase.duration }
            return PhaseRecord(
                name: phase.name,
                isWarmUp: phase.isWarmUp,
                durationSeconds: Double(phase.duration) / 1e9,
                start: start
            )
        }
        nextSequence = UInt64(loop)
        schedule = Self.schedule(scenario.phases[0], loop: loop, loops: loops, seed: plan.seed)
    }

    /// Issues what is due at `now`.
    func tick(now: UInt64) {
        retryDue(now)
        if !hasIssuedAll { issueDue(now) }
        flushOutbox()
    }

    /// Whether everything was sent and answered, or has been waited for long enough.
    func isDone(now: UInt64) -> Bool {
        if hasIssuedAll && slots.used == 0 { return true }
        return now > totalDuration + compiled.scenario.drain
    }

    /// The end of the last phase.
    private var totalDuration: UInt64 { compiled.scenario.phases.reduce(0) { $0 + $1.duration } }

    /// Ends the run: what was not sent, and what was not answered, is written down as such.
    func finish(now: UInt64) {
        while !hasIssuedAll {
            while schedule.due != nil {
                records[phase].unsent += 1
                schedule.advance()
            }
            nextPhase()
        }
        for index in slots.slots.indices where slots.slots[index].isUsed {
            conclude(Int32(index), .gaveUp, now: now)
        }
        flushOutbox()
    }

    /// Sends what was issued. Intents reach the journal first.
    func flushOutbox() {
        journal?.flush()
        for index in outbox { transmit(index) }
        outbox.removeAll(keepingCapacity: true)
    }

    func enqueue(_ index: Int32) { outbox.append(index) }

    // MARK: The schedule

    private func issueDue(_ now: UInt64) {
        if stopSignal?.isStopped == true { return abandon() }
        var issued = 0
        while issued < Self.maximumPerTick {
            guard let offset = schedule.due else {
                guard now >= phaseStart + compiled.scenario.phases[phase].duration else { return }
                guard endPhase() else { return }
                continue
            }
            let due = phaseStart + offset
            guard due <= now else { return }
            guard !slots.isFull else { return noteSaturation() }
            issue(due: due, now: now)
            schedule.advance()
            issued += 1
        }
    }

    private func noteSaturation() {
        records[phase].saturatedTicks += 1
        guard compiled.scenario.phases[phase].stopAboveP99 != nil,
            records[phase].saturatedTicks >= Self.saturatedTicksToStop
        else { return }
        stopSignal?.stop("\(records[phase].name): the in-flight limit of \(compiled.scenario.inFlight) was reached")
        abandon()
    }

    /// Ends the phase; whether another one follows now.
    private func endPhase() -> Bool {
        if let bound = compiled.scenario.phases[phase].stopAboveP99 {
            let p99 = records[phase].final.milliseconds(.p99)
            if p99 > bound {
                stopSignal?.stop("\(records[phase].name): p99 of \(p99) ms is above \(bound) ms")
                abandon()
                return false
            }
        }
        nextPhase()
        return !hasIssuedAll
    }

    /// Leaves the rest of the schedule: a saturation search has found what it looked for.
    private func abandon() { hasIssuedAll = true }

    private func nextPhase() {
        let phases = compiled.scenario.phases
        phaseStart += phases[phase].duration
        guard phase + 1 < phases.count else {
            hasIssuedAll = true
            return
        }
        phase += 1
        schedule = Self.schedule(phases[phase], loop: loop, loops: loops, seed: keys.seed &+ UInt64(phase))
    }

    private static func schedule(_ phase: Scenario.Phase, loop: Int, loops: Int, seed: UInt64) -> Schedule {
        Schedule(
            startRate: phase.startRate,
            endRate: phase.endRate,
            durationSeconds: Double(phase.duration) / 1e9,
            arrival: phase.arrival,
            loop: loop,
            of: loops,
            seed: seed
        )
    }

    // MARK: Requests

    private func issue(due: UInt64, now: UInt64) {
        guard let index = slots.open() else { return }
        let load = compiled.loads[phase]
        slots[index].due = due
        slots[index].phase = Int32(phase)
        slots[index].sequence = takeSequence()
        chooseOperation(index, load)
        chooseRepeats(index, load)
        expect(index)
        records[phase].issued += 1
        records[phase].worstLag = max(records[phase].worstLag, now - due)
        enqueue(index)
        if slots[index].group != Slot.noGroup, !slots[index].duplicateFollows {
            repeatRequest(index, as: .duplicate, due: due)
        }
    }

    private func takeSequence() -> UInt64 {
        defer { nextSequence += UInt64(loops) }
        return nextSequence
    }

    private func chooseOperation(_ index: Int32, _ load: CompiledScenario.Load) {
        var operation = load.operations[load.operationWeights.pick(&random)]
        if !operation.isCreate && operation != .raw {
            if let handle = payments.take(for: operation, &random) {
                slots[index].operation = operation
                slots[index].payment = handle
                slots[index].amount = Self.amount(of: operation, on: handle)
                return
            }
            substituted += 1
            operation = operation == .refund || operation == .refundPartial || operation == .get ? .sale : .authorize
        }
        slots[index].operation = operation
        slots[index].amount = random.next(in: load.amounts)
        slots[index].token = load.tokens[load.tokenWeights.pick(&random)]
        slots[index].payment = PaymentHandle(
            id: .none,
            amount: slots[index].amount,
            merchant: UInt16(compiled.merchants.pick(&random)),
            currency: load.currencies[load.currencyWeights.pick(&random)]
        )
    }

    static func amount(of operation: Operation, on payment: PaymentHandle) -> Int64 {
        switch operation {
        case .capturePartial: max(1, payment.amount / 2)
        case .refund: payment.refundable
        case .refundPartial: max(1, payment.refundable / 2)
        case .sale, .authorize, .capture, .cancel, .get, .raw: payment.amount
        }
    }

    private func chooseRepeats(_ index: Int32, _ load: CompiledScenario.Load) {
        let operation = slots[index].operation
        guard operation.isMutation, operation != .raw else { return }
        if load.duplicateRate > 0, random.nextUnit() < load.duplicateRate {
            slots[index].duplicateFollows = random.nextUnit() >= load.concurrentShare
            slots[index].group = groups.open()
            groups.join(slots[index].group)
        }
        // Only a creation has a body that can differ and still be valid in every state of the
        // payment.
        if operation.isCreate, load.conflictRate > 0, random.nextUnit() < load.conflictRate {
            slots[index].conflictFollows = true
        }
    }

    private func expect(_ index: Int32) {
        let slot = slots[index]
        guard keepsExpectations || journal != nil, slot.operation.isMutation, slot.operation != .raw else { return }
        let expectation = KeyExpectation(
            sequence: slot.sequence,
            amount: slot.amount,
            payment: slot.payment.id,
            merchant: slot.payment.merchant,
            operation: slot.operation,
            currency: slot.payment.currency
        )
        slots[index].expectation = Int32(expectations.count)
        expectations.append(expectation)
        journal?.intend(expectation)
    }

    /// Uses the key of `index` once more; gives up silently (but counted) when no slot is free.
    func repeatRequest(_ index: Int32, as role: Slot.Role, due: UInt64) {
        guard let copy = slots.open() else {
            repeatsSkipped += 1
            return
        }
        let generation = slots[copy].generation
        slots[copy] = slots[index]
        slots[copy].generation = generation
        slots[copy].role = role
        slots[copy].due = due
        slots[copy].attempts = 0
        slots[copy].lastStatus = 0
        slots[copy].hasFirstAnswer = false
        slots[copy].duplicateFollows = false
        slots[copy].conflictFollows = false
        slots[copy].asksByGet = false
        switch role {
        case .original, .duplicate:
            groups.join(slots[copy].group)
        case .conflict:
            slots[copy].group = Slot.noGroup
            slots[copy].amount += slots[copy].amount > 1 ? -1 : 1
        }
        enqueue(copy)
    }

    private func retryDue(_ now: UInt64) {
        due.removeAll(keepingCapacity: true)
        wheel.collect(now: now, into: &due)
        for index in due where slots[index].isUsed {
            records[Int(slots[index].phase)].retries += 1
            enqueue(index)
        }
    }

    private func transmit(_ index: Int32) {
        slots[index].attempts &+= 1
        let request = request(for: slots[index])
        transport.send(request, token: slots.token(index), deadlineAfter: compiled.scenario.timeout)
    }

    private func request(for slot: Slot) -> HTTPClientRequest {
        let merchant = slot.payment.merchant
        if slot.asksByGet || slot.operation == .get { return factory.get(slot.payment.id, merchant: merchant) }
        let key = keys.text(slot.sequence)
        switch slot.operation {
        case .raw:
            return factory.raw(sequence: slot.sequence, key: key)
        case .sale, .authorize, .get:
            let create = RequestFactory.Create(
                sequence: slot.sequence,
                amount: slot.amount,
                currency: slot.payment.currency,
                token: slot.token,
                capturesAutomatically: slot.operation == .sale
            )
            return factory.create(create, merchant: merchant, key: key)
        case .capture:
            return factory.action("capture", on: slot.payment.id, amount: nil, merchant: merchant, key: key)
        case .capturePartial:
            return factory.action("capture", on: slot.payment.id, amount: slot.amount, merchant: merchant, key: key)
        case .cancel:
            return factory.action("cancel", on: slot.payment.id, amount: nil, merchant: merchant, key: key)
        case .refund:
            return factory.action("refunds", on: slot.payment.id, amount: nil, merchant: merchant, key: key)
        case .refundPartial:
            return factory.action("refunds", on: slot.payment.id, amount: slot.amount, merchant: merchant, key: key)
        }
    }
}
