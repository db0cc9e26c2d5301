import Ledger
import Money
import Payments
import Shard
import Testing

/// Random merchants, a random PSP that may execute and lose its answer, restarts at random moments: after each step the
/// shard agrees with a second, naive model of the money, and at the end with the PSP.
@Suite("Random lives of payments")
struct ShardPropertyTests {
    @Test("money agrees with a naive model, and nothing is executed twice", arguments: 1...12)
    func agreesWithModel(seed: UInt64) throws {
        var run = try RandomRun(seed: seed)
        for _ in 0..<1_000 { try run.step() }
        try run.finish()
    }
}

/// The PSP's side: what it executed, by PSP key.
private struct ModelPSP {
    struct Execution {
        var operation: ProviderOperation
        var amount: Int64
        var outcome: ProviderOutcome
        var count = 0
    }

    var executions: [String: Execution] = [:]

    mutating func execute(_ call: ProviderCall, declines: Bool) -> ProviderOutcome {
        if let known = executions[call.providerKey] { return known.outcome }
        let outcome: ProviderOutcome =
            declines
            ? .declined(Decline(category: .softLater, code: .insufficientFunds, providerCode: "51"))
            : .succeeded(
                ProviderSuccess(
                    providerReference: "x_\(executions.count)",
                    amountMinor: call.amountMinor,
                    currency: call.currency
                )
            )
        executions[call.providerKey] = Execution(
            operation: call.operation,
            amount: call.amountMinor,
            outcome: outcome,
            count: declines ? 0 : 1
        )
        return outcome
    }
}

private struct ModelPayment {
    var amount: Int64
    var captures: Bool
    var authorized: Int64 = 0
    var captured: Int64 = 0
    var refunded: Int64 = 0
}

private struct RandomRun: ~Copyable {
    private var random: SplitMix
    private var world = ShardWorld()
    private var psp = ModelPSP()
    private var pending: [(call: ProviderCall, token: UInt64)] = []
    private var model: [PaymentID: ModelPayment] = [:]
    private var ids: [PaymentID] = []
    private var seenCalls = 0
    private var keys: UInt64 = 0
    private let disk = MemoryDisk()

    init(seed: UInt64) throws {
        random = SplitMix(state: seed)
        world.storage = storage()
    }

    private func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }

    private mutating func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }

    mutating func step() throws {
        switch random.next() % 13 {
        case 0, 1, 2: create()
        case 3: operate()
        case 4, 5, 6, 7, 8: answer()
        case 9: world.pass(milliseconds: Int64(random.next() % 4_000))
        case 10: if chance(15) { try check() }
        case 11: if chance(10) { try restart() }
        default: if chance(12) { try world.snapshot(coldAfter: chance(50) ? 0 : 3_000) }
        }
        collectCalls()
    }

    private mutating func create() {
        keys += 1
        let amount = Int64(random.next() % 100_000) + 1
        let captures = chance(50)
        world.send(
            ShardWorld.create(amount, capture: captures, fee: UInt16(random.next() % 1_000)),
            key: "k\(keys)",
            merchant: random.next() % 5 + 1
        )
        if chance(20) { world.send(ShardWorld.create(amount, capture: captures), key: "k\(keys)", merchant: 1) }
    }

    private mutating func operate() {
        guard !ids.isEmpty else { return }
        let id = ids[Int(random.next() % UInt64(ids.count))]
        let amount: Int64? = chance(50) ? nil : Int64(random.next() % 50_000) + 1
        keys += 1
        let kind: Command.Kind =
            switch random.next() % 4 {
            case 0: .capture(id, amountMinor: amount, isFinal: chance(50))
            case 1: .cancel(id)
            default: .refund(id, amountMinor: amount)
            }
        world.send(kind, key: "k\(keys)", merchant: merchants[id] ?? 1)
    }

    private var merchants: [PaymentID: UInt64] = [:]

    private mutating func collectCalls() {
        while seenCalls < world.calls.count {
            pending.append(world.calls[seenCalls])
            seenCalls += 1
            let call = pending[pending.count - 1].call
            guard model[call.payment] == nil else { continue }
            model[call.payment] = ModelPayment(amount: call.amountMinor, captures: call.capturesAutomatically)
            ids.append(call.payment)
            var owner: UInt64 = 1
            _ = world.core.forEachPayment(from: Int(call.payment.sequence) - 1, count: 1) { _, merchant in
                owner = merchant.rawValue
            }
            merchants[call.payment] = owner
        }
    }

    /// The PSP deals with one call: executes or not, and its answer arrives or not.
    private mutating func answer() {
        guard !pending.isEmpty else { return }
        let (call, token) = pending.remove(at: Int(random.next() % UInt64(pending.count)))
        if call.mode == .query {
            let known = psp.executions[call.providerKey]?.outcome ?? .notFound
            return world.answer(token, chance(20) ? .unknown(.timeout) : known)
        }
        switch random.next() % 10 {
        case 0: world.answer(token, .notExecuted(.connectionFailed))
        case 1: world.answer(token, .unknown(.timeout))
        case 2:
            book(call, psp.execute(call, declines: chance(20)))
            world.answer(token, .unknown(.connectionLost))
        default:
            let outcome = psp.execute(call, declines: chance(20))
            book(call, outcome)
            world.answer(token, outcome)
        }
    }

    private var booked: Set<String> = []

    private mutating func book(_ call: ProviderCall, _ outcome: ProviderOutcome) {
        guard case .succeeded = outcome, booked.insert(call.providerKey).inserted else { return }
        switch call.operation {
        case .authorize:
            model[call.payment]?.authorized = call.amountMinor
            if call.capturesAutomatically { model[call.payment]?.captured = call.amountMinor }
        case .capture: model[call.payment]?.captured += call.amountMinor
        case .cancel, .increment, .confirm: break
        case .refund: model[call.payment]?.refunded += call.amountMinor
        }
    }

    private mutating func restart() throws {
        let journal = world.journal
        let now = world.now
        if chance(30) {
            world = try ShardWorld(replaying: journal, at: now)
            world.storage = storage()
        } else {
            world = try ShardWorld(from: storage(), journal: journal, at: now)
        }
        pending = []
        seenCalls = 0
        _ = world.resume()
    }

    private mutating func check() throws {
        #expect(world.core.trialBalance().isBalanced)
        let digest = world.digest()
        let replayed = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(replayed.digest() == digest, "the whole journal")
        let restored = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
        #expect(restored.digest() == digest, "snapshot and tail")
        #expect(restored.restored.damaged.isEmpty)
        #expect(restored.core.runningCount == world.core.runningCount)
    }

    /// The PSP answers truthfully from now on: everything must end, and agree with what the PSP did.
    mutating func finish() throws {
        for _ in 0..<400 where world.core.runningCount > 0 {
            while !pending.isEmpty {
                let (call, token) = pending.removeFirst()
                let outcome =
                    call.mode == .query
                    ? psp.executions[call.providerKey]?.outcome ?? .notFound
                    : psp.execute(call, declines: false)
                if call.mode == .execute { book(call, outcome) }
                world.answer(token, outcome)
                collectCalls()
            }
            world.pass(milliseconds: 3_600_000)
            collectCalls()
        }
        #expect(world.core.runningCount == 0)
        try check()
        var views: [PaymentID: PaymentView] = [:]
        var cold: [UInt64] = []
        _ = world.core.forEachPayment(from: 0, count: .max / 2, cold: { cold.append($0) }) { view, _ in
            views[view.id] = view
        }
        for sequence in cold {
            let view = try storage().view(sequence).0
            views[view.id] = view
        }
        for (id, expected) in model {
            let view = try #require(views[id])
            #expect(view.capturedMinor == expected.captured, "captured of \(id)")
            #expect(view.refundedMinor == expected.refunded, "refunded of \(id)")
            #expect(view.refundPendingMinor == 0)
            #expect(view.status == .failed || view.authorizedMinor == expected.authorized)
        }
        #expect(psp.executions.values.allSatisfy { $0.count <= 1 })
    }
}
