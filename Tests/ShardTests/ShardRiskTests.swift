import Journal
import Ledger
import Money
import Payments
import Risk
import ShardCore
import ShardModel
import ShardRecords
import ShardStorage
import Testing

/// The fraud hook in the shard: what is journaled, what leaves, and what a restart makes of it.
@Suite struct ShardRiskTests {
    static let key = RiskKey(first: 1, second: 2)

    static func configuration(
        rules: [RiskRule] = [],
        lists: RiskLists = RiskLists(),
        scorer: RiskPolicy.Scorer? = nil,
        counters: Int = 64
    ) -> ShardConfiguration {
        var configuration = ShardConfiguration.test
        configuration.risk = RiskPolicy(
            rules: rules,
            lists: lists,
            scorer: scorer,
            reviewTimeout: 60_000,
            counterCapacity: counters,
            key: key
        )
        return configuration
    }

    /// More than two payments of a customer in seven seconds go to review, more than four are
    /// blocked.
    static let velocity = configuration(rules: [
        RiskRule(name: "often", score: 50, condition: .count(.customer, window: 7_000, limit: 2)),
        RiskRule(name: "very_often", score: 40, condition: .count(.customer, window: 7_000, limit: 4)),
    ])

    static let scored = configuration(scorer: .init(timeout: 500, onFailure: .review))

    static func create(customer: String = "cus", amount: Int64 = 1_000, capture: Bool = true) -> Command.Kind {
        var details = PaymentDetails()
        details.append(.paymentMethod, "tok_visa")
        details.append(.customer, customer)
        return .createPayment(
            CreatePayment(
                amountMinor: amount,
                currency: .eur,
                capturesAutomatically: capture,
                feeBasisPoints: 100,
                route: RoutePlan(.first),
                paymentMethod: "tok_visa",
                details: details
            )
        )
    }

    /// The payment that was made last.
    static func newest(_ world: borrowing ShardWorld) -> PaymentID? {
        for record in world.journal.reversed() {
            if case .paymentCreated(let created)? = try? ShardRecord(decoding: record.span) { return created.id }
        }
        return nil
    }

    // MARK: Rules

    @Test func `with rules that do not fit a payment is made as without rules`() throws {
        var world = ShardWorld(configuration: Self.velocity)
        var plain = ShardWorld()
        world.send(Self.create(), key: "a")
        plain.send(Self.create(), key: "a")
        #expect(world.calls.count == 1 && world.journal == plain.journal)
        #expect(world.core.statistics.risk.allowed == 1)
    }

    @Test func `the third payment is held, the fifth is blocked, and nothing of them is sent`() throws {
        var world = ShardWorld(configuration: Self.velocity)
        for index in 1...5 { world.send(Self.create(), key: "k\(index)") }
        #expect(world.calls.count == 2)
        #expect(world.responses.map(\.status) == [202, 202, 402])
        #expect(world.responses.allSatisfy { $0.retryAfterSeconds == 0 }, "people are not asked each second")
        #expect(world.lastBody.hasPrefix("declined suspected_fraud"))
        #expect(world.core.statistics.risk.reviewed == 2 && world.core.statistics.risk.blocked == 1)
        #expect(world.core.runningCount == 2, "a review takes no place among the operations")
        // Their answers are stored.
        for (index, status) in [(3, UInt16(202)), (5, 402)] {
            world.send(Self.create(), key: "k\(index)")
            let stored = try StoredResponse(record: world.journal[Int(try #require(world.replays.last).record) - 1])
            #expect(stored.status == status)
        }
    }

    @Test func `counters are the same after a replay, and after a snapshot with a tail`() throws {
        let disk = MemoryDisk()
        func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }
        var world = ShardWorld(configuration: Self.velocity)
        world.storage = storage()
        for round in 0..<40 {
            for customer in 0..<5 {
                world.send(Self.create(customer: "c\(customer * round % 23)"), key: "\(round).\(customer)")
            }
            world.pass(milliseconds: 700)
            if round == 20 { try world.snapshot() }
        }
        let replayed = try ShardWorld(replaying: world.journal, configuration: Self.velocity, at: world.now)
        #expect(replayed.digest() == world.digest())
        var restored = try ShardWorld(
            from: storage(),
            journal: world.journal,
            configuration: Self.velocity,
            at: world.now
        )
        #expect(restored.restored.position > 0 && restored.digest() == world.digest())
        #expect(restored.core.riskOccupancy == world.core.riskOccupancy && world.core.riskOccupancy.counters > 0)
        // And they go on alike.
        _ = restored.resume()
        for index in 0..<6 {
            world.send(Self.create(customer: "c0"), key: "t\(index)")
            restored.send(Self.create(customer: "c0"), key: "t\(index)")
        }
        #expect(restored.responses.suffix(3).map(\.status) == world.responses.suffix(3).map(\.status))
        #expect(restored.lastStatus == 402)
    }

    @Test func `counters matter for the digest`() throws {
        var world = ShardWorld(configuration: Self.velocity)
        world.send(Self.create(), key: "a")
        let without = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(without.digest() != world.digest())
    }

    @Test func `a full table lets a payment through and says so`() {
        var world = ShardWorld(
            configuration: Self.configuration(
                rules: [RiskRule(name: "often", score: 50, condition: .count(.customer, window: 7_000, limit: 1))],
                counters: 2
            )
        )
        for customer in ["a", "b", "c", "c", "c"] {
            world.send(Self.create(customer: customer), key: "\(world.now)\(world.journal.count)")
        }
        #expect(world.calls.count == 5 && world.core.statistics.risk.countersFull == 3)
    }

    @Test func `one merchant's subjects never take the last counters from the others`() throws {
        let configuration = Self.configuration(
            rules: [RiskRule(name: "often", score: 50, condition: .count(.customer, window: 7_000, limit: 1))],
            counters: 8
        )
        var world = ShardWorld(configuration: configuration)
        for number in 0..<8 { world.send(Self.create(customer: "a\(number)"), key: "a\(number)") }
        #expect(world.calls.count == 8 && world.core.statistics.risk.countersFull == 2)
        #expect(world.core.riskOccupancy.counters == 6 && world.core.riskOccupancy.largestMerchant == 6)
        // What has a counter is counted on, what has none is not.
        world.send(Self.create(customer: "a0"), key: "again")
        #expect(world.lastStatus == 202 && world.core.statistics.risk.reviewed == 1)
        world.send(Self.create(customer: "a7"), key: "uncounted")
        #expect(world.calls.count == 9 && world.core.statistics.risk.reviewed == 1)
        // Another merchant's new subject is counted.
        for number in 0..<2 { world.send(Self.create(customer: "b"), key: "b\(number)", merchant: 8) }
        #expect(world.calls.count == 10 && world.core.statistics.risk.reviewed == 2)
        #expect(world.core.riskOccupancy.counters == 7 && world.core.riskOccupancy.largestMerchant == 6)
        let replayed = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        #expect(replayed.digest() == world.digest())
        #expect(replayed.core.riskOccupancy == world.core.riskOccupancy)
    }

    @Test func `new rules count on with what was counted alike`() {
        var world = ShardWorld(configuration: Self.velocity)
        for index in 1...2 { world.send(Self.create(), key: "k\(index)") }
        world.core.reload(
            risk: Self.configuration(
                rules: [RiskRule(name: "strict", score: 90, condition: .count(.customer, window: 7_000, limit: 2))],
                counters: 128
            ).risk,
            version: 2
        )
        world.send(Self.create(), key: "k3")
        #expect(world.lastStatus == 402)
        world.core.reload(risk: nil, version: 3)
        world.send(Self.create(), key: "k4")
        #expect(world.calls.count == 3 && world.core.riskOccupancy.capacity == 0)
    }

    @Test func `a crash between creation and verdict is made up for`() throws {
        var world = ShardWorld(configuration: Self.velocity)
        for index in 1...5 { world.send(Self.create(), key: "k\(index)") }
        // The record of the fifth payment is durable, its verdict (block) is not.
        let cut = Array(world.journal.dropLast())
        var next = try ShardWorld(replaying: cut, configuration: Self.velocity, at: world.now + 1_000)
        let resumed = next.resume()
        #expect(resumed == 3)
        for _ in 0..<5 { next.pass(milliseconds: 10) }
        #expect(next.calls.count == 2 && next.calls.allSatisfy { $0.call.mode == .query })
        #expect(next.core.statistics.risk.blocked == 1)
        next.send(Self.create(), key: "k5")
        let stored = try StoredResponse(record: next.journal[Int(try #require(next.replays.last).record) - 1])
        #expect(stored.status == 402)
    }

    // MARK: The scorer

    @Test func `the question leaves with the facts, and the call only after the answer`() throws {
        var world = ShardWorld(configuration: Self.scored)
        world.send(Self.create(customer: "c", amount: 77, capture: false), key: "a")
        let (question, token) = try #require(world.questions.last)
        #expect(question.amountMinor == 77 && question.customer == "c" && question.paymentMethod == "tok_visa")
        let made = Self.newest(world)
        #expect(!question.capturesAutomatically && question.payment == made)
        #expect(world.calls.isEmpty && world.responses.isEmpty)
        // Its key is taken.
        world.send(Self.create(customer: "c", amount: 77, capture: false), key: "a")
        #expect(world.lastStatus == 409)
        world.score(token, .scored(10, reasons: []))
        #expect(world.calls.count == 1 && world.lastCall.call.paymentMethod == "tok_visa")
        // A second answer, and one for nobody, change nothing.
        world.score(token, .scored(100, reasons: []))
        world.score(token &+ 1, .scored(100, reasons: []))
        world.answer(world.lastCall.token, ShardWorld.success(77))
        #expect(world.lastStatus == 201)
        world.score(token, .scored(100, reasons: []))
        let replayed = try ShardWorld(replaying: world.journal, configuration: Self.scored, at: world.now)
        #expect(replayed.digest() == world.digest())
    }

    @Test(arguments: [
        (ScoreOutcome.scored(49, reasons: []), RiskBand.allow), (.scored(50, reasons: ["x"]), .review),
        (.scored(80, reasons: ["x"]), .block), (.failed(.timeout), .review), (.failed(.badAnswer), .review),
    ])
    func `the answer decides`(_ outcome: ScoreOutcome, _ band: RiskBand) throws {
        var world = ShardWorld(configuration: Self.scored)
        world.send(Self.create(), key: "a")
        world.score(try #require(world.questions.last).token, outcome)
        switch band {
        case .allow: #expect(world.calls.count == 1)
        case .review: #expect(world.calls.isEmpty && world.lastStatus == 202)
        case .block: #expect(world.calls.isEmpty && world.lastStatus == 402)
        }
        let replayed = try ShardWorld(replaying: world.journal, configuration: Self.scored, at: world.now)
        #expect(replayed.digest() == world.digest())
    }

    @Test func `what awaits its score is asked about again after a restart, and never sent`() throws {
        var world = ShardWorld(configuration: Self.scored)
        world.send(Self.create(), key: "a")
        let first = try #require(world.questions.last).question
        var next = try ShardWorld(replaying: world.journal, configuration: Self.scored, at: world.now + 60_000)
        let resumed = next.resume()
        #expect(resumed == 1)
        next.send(Self.create(), key: "a")
        #expect(next.lastStatus == 202, "never an endless 409")
        for _ in 0..<10 { next.pass(milliseconds: 10) }
        #expect(next.calls.isEmpty && next.questions.map(\.question) == [first])
        next.score(next.questions[0].token, .scored(0, reasons: []))
        #expect(next.calls.count == 1 && next.lastCall.call.mode == .execute)
        // Cleared, and again a crash: now it may have been sent, so the PSP is asked.
        var third = try ShardWorld(replaying: next.journal, configuration: Self.scored, at: next.now)
        _ = third.resume()
        for _ in 0..<10 { third.pass(milliseconds: 10) }
        #expect(third.questions.isEmpty && third.lastCall.call.mode == .query)
    }

    @Test func `a restart from a snapshot keeps what awaits its score`() throws {
        let disk = MemoryDisk()
        func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }
        var world = ShardWorld(configuration: Self.scored)
        world.storage = storage()
        world.send(Self.create(), key: "a")
        try world.snapshot()
        var next = try ShardWorld(from: storage(), journal: world.journal, configuration: Self.scored, at: world.now)
        #expect(next.digest() == world.digest())
        _ = next.resume()
        for _ in 0..<10 { next.pass(milliseconds: 10) }
        #expect(next.questions.count == 1 && next.calls.isEmpty)
        next.score(next.questions[0].token, .scored(99, reasons: ["x"]))
        next.send(Self.create(), key: "a")
        #expect(next.calls.isEmpty && next.replays.count == 1)
    }

    @Test func `without its scorer what awaited a score goes to review`() throws {
        var world = ShardWorld(configuration: Self.scored)
        world.send(Self.create(), key: "a")
        var next = try ShardWorld(replaying: world.journal, at: world.now)
        _ = next.resume()
        for _ in 0..<10 { next.pass(milliseconds: 10) }
        #expect(next.calls.isEmpty && next.core.statistics.risk.reviewed == 1)
        let held = Self.newest(next)
        next.send(.approve(try #require(held)), key: "approve")
        #expect(next.calls.count == 1)
    }

    @Test func `a full disk keeps room for the verdict`() {
        var world = ShardWorld(configuration: Self.scored)
        world.send(Self.create(), key: "a")
        let held = world.core.outcomeReserveBytes
        var plain = ShardWorld()
        plain.send(Self.create(), key: "a")
        #expect(held > plain.core.outcomeReserveBytes)
        let before = world.journal.reduce(0) { $0 + $1.count }
        world.core.room.refusal = .overloaded
        world.score(
            world.questions[0].token,
            .scored(10, reasons: (0..<16).map { _ in String(repeating: "r", count: 64) })
        )
        world.answer(world.lastCall.token, .unknown(.timeout))
        #expect(world.journal.reduce(0) { $0 + $1.count } - before < held)
    }

    @Test func `a payment's history has the verdict`() throws {
        var world = ShardWorld(configuration: Self.velocity)
        for index in 1...3 { world.send(Self.create(), key: "k\(index)") }
        let made = Self.newest(world)
        let id = try #require(made)
        world.send(.reject(id), key: "r")
        world.send(.getHistory(id))
        let last = try #require(world.histories.last).newest
        let history = try PaymentHistory(of: id, newest: last) { world.journal[Int($0) - 1] }
        #expect(history.entries.map(\.status) == [.processing, .review, .failed])
        guard case .riskDecided(let decided) = history.entries[1].record else {
            Issue.record("the second record is the verdict")
            return
        }
        #expect(decided.band == .review && decided.score == 50 && decided.reasons == ["often"])
        #expect(decided.source == .rules && decided.deadline == world.now + 60_000)
    }

    // MARK: Random days

    private static let randomDay: ShardConfiguration = {
        var lists = RiskLists()
        lists.sanctionedCustomers.insert("c1", key)
        var configuration = ShardConfiguration.test
        configuration.risk = RiskPolicy(
            rules: [
                RiskRule(name: "often", score: 30, condition: .count(.customer, window: 7_000, limit: 4)),
                RiskRule(name: "much", score: 60, condition: .sum(.merchant, window: 70_000, limitMinor: 90_000, .eur)),
            ],
            lists: lists,
            sanctions: .review,
            scorer: .init(timeout: 500, onFailure: .review),
            reviewTimeout: 5_000,
            counterCapacity: 40,
            key: key
        )
        return configuration
    }()

    /// One random event.
    /// - Returns: the payment that it let go to the PSP, if any.
    private func happen(_ world: inout ShardWorld, by random: inout Randomness, step: Int) -> PaymentID? {
        let calls = world.calls.count
        switch random.next() % 9 {
        case 0...4:
            let customer = "c\(random.next() % 12)"
            world.send(Self.create(customer: customer, amount: Int64(random.next() % 3_000) + 1), key: "s\(step)")
        case 5:
            guard !world.questions.isEmpty else { return nil }
            let (_, token) = world.questions.removeFirst()
            let score = UInt8(random.next() % 101)
            world.score(token, random.next() % 5 == 0 ? .failed(.timeout) : .scored(score, reasons: ["s"]))
        case 6:
            guard let id = Self.newest(world) else { return nil }
            let kind: Command.Kind = random.next() % 2 == 0 ? .approve(id) : .reject(id)
            world.send(kind, key: "p\(step)", operatorShard: random.next() % 2 == 0 ? id.shard : nil)
        case 7:
            guard let (call, token) = world.calls.last else { return nil }
            world.answer(token, ShardWorld.success(call.amountMinor))
        default: world.pass(milliseconds: Int64(random.next() % 2_000))
        }
        return world.calls.count > calls ? world.lastCall.call.payment : nil
    }

    /// Random payments, answers, people, restarts and snapshots: the live shard equals its replay,
    /// and nothing goes to the PSP for the first time but by a score's answer or an approval.
    @Test(arguments: 1...12)
    func `random days end alike, live and replayed`(_ seed: UInt64) throws {
        var random = Randomness(state: seed)
        let disk = MemoryDisk()
        func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }
        var world = ShardWorld(configuration: Self.randomDay)
        world.storage = storage()
        var restarts = 0
        for step in 0..<600 {
            guard random.next() % 30 == 0 else {
                let sent = happen(&world, by: &random, step: step)
                #expect(sent == nil || world.isCleared(sent))
                continue
            }
            if random.next() % 2 == 0 { try world.snapshot(coldAfter: 500) }
            let live = world.digest()
            if world.core.coldPaymentCount == 0 {
                let replayed = try ShardWorld(replaying: world.journal, configuration: Self.randomDay, at: world.now)
                #expect(replayed.digest() == live)
            }
            var next = try ShardWorld(
                from: storage(),
                journal: world.journal,
                configuration: Self.randomDay,
                at: world.now
            )
            #expect(next.digest() == live)
            _ = next.resume()
            world = next
            restarts += 1
        }
        #expect(restarts > 0 && world.core.trialBalance().isBalanced)
        var audit = VerdictRules()
        for record in world.journal { audit.take(try ShardRecord(decoding: record.span)) }
        #expect(audit.problems == [] && audit.verdicts > 20)
    }
}

/// Vigna's splitmix64.
private struct Randomness {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
