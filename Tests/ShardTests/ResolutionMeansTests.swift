import Ledger
import Payments
import ShardCore
import ShardModel
import Testing
import Time

/// How the fate of an operation can be found out is declared for each kind of operation. Whatever
/// is declared: it executes at most once, and none is given up that the provider executes later.
@Suite("Every operation, every capability, every fate of its calls")
struct ResolutionMeansTests {
    typealias Operation = UnknownOutcomeMatrixTests.Operation

    /// What a provider can do, and does. Times in milliseconds.
    struct Capability: Sendable {
        var name: String
        var means: ResolutionMeans
        /// Whether every fate is found out in the end.
        var isComplete = true
    }

    private static let hour: Int64 = 3_600_000
    private static let minute: Int64 = 60_000
    private static let day: Int64 = 86_400_000

    static let capabilities = [
        Capability(name: "by reference", means: ResolutionMeans(queryByReference: 0)),
        Capability(name: "by its identifier", means: ResolutionMeans(queryByID: 0)),
        Capability(name: "by a list", means: ResolutionMeans(queryByList: 0)),
        Capability(name: "by reference, an hour late", means: ResolutionMeans(queryByReference: hour)),
        Capability(
            name: "by reference, an hour late, or sent again",
            means: ResolutionMeans(queryByReference: hour, replayWindow: day)
        ),
        Capability(
            name: "by a list at once, by reference an hour late",
            means: ResolutionMeans(queryByReference: hour, queryByList: 0)
        ),
        Capability(name: "by a list, or sent again", means: ResolutionMeans(queryByList: 0, replayWindow: day)),
        Capability(name: "sent again for a day", means: ResolutionMeans(replayWindow: day)),
        Capability(
            name: "sent again for three minutes",
            means: ResolutionMeans(replayWindow: 3 * minute),
            isComplete: false
        ),
        Capability(name: "not at all", means: ResolutionMeans(), isComplete: false),
    ]

    /// What becomes of the calls that execute, in their order; those behind are answered at once.
    enum Fate {
        /// It never arrives.
        case neverArrives
        /// It arrives so much later, in milliseconds, and its answer is lost.
        case answerLost(after: Int64)
    }

    /// As late as a call may arrive: its deadline, and the horizon.
    private static let late = ShardConfiguration.test.providerTimeout + ResolutionPolicy().inFlightHorizon - 1_000

    static let fates: [[Fate]] = [
        [.neverArrives],
        [.answerLost(after: 0)],
        [.answerLost(after: late)],
        [.neverArrives, .neverArrives, .neverArrives],
        [.neverArrives, .answerLost(after: late)],
        [.answerLost(after: late), .answerLost(after: late), .neverArrives, .answerLost(after: late)],
    ]

    @Test(arguments: Operation.allCases, [false, true])
    func matrix(_ operation: Operation, restarts: Bool) throws {
        for capability in Self.capabilities {
            for fates in Self.fates { try resolve(operation, by: capability, fates: fates, restarts: restarts) }
        }
    }

    private func resolve(
        _ operation: Operation,
        by capability: Capability,
        fates: [Fate],
        restarts: Bool
    ) throws {
        // Of all other operations nothing can be found out.
        var configuration = ShardConfiguration.test
        configuration.resolution = ResolutionPolicy(means: ResolutionMeans(), abandonAfter: .max / 2)
        // Shoppers have the time of the whole test.
        configuration.actionLifetime = 365 * Self.day
        let kind = operation.kind
        var settings = configuration.connectors[.first]
        settings.resolution[kind] = ResolutionPolicy(means: capability.means, abandonAfter: .max / 2)
        configuration.connectors[.first] = settings
        var world = ShardWorld(configuration: configuration)
        let before = operation.begin(in: &world)
        let call = world.lastCall.call
        var provider = LateProvider(means: capability.means, fates: fates)
        var answered = world.calls.count - 1
        let start = world.now
        Self.run(&world, &provider, from: &answered, for: 20_000, since: start)
        if restarts {
            let live = world.core.stateDigest()
            world = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
            let replayed = world.core.stateDigest()
            #expect(live == replayed)
            _ = world.resume()
            answered = world.calls.count
        }
        Self.run(&world, &provider, from: &answered, for: 3 * Self.day, since: start)
        provider.pass(to: .max)

        let place: Comment = "\(operation) \(capability.name) \(fates)"
        #expect(provider.executions.values.allSatisfy { $0 == 1 } && provider.executions.count <= 1, place)
        #expect(provider.lookups.isSubset(of: capability.means.query.map { [$0.lookup] } ?? []), place)
        world.send(.getPayment(call.payment))
        let isExecuted = !provider.executions.isEmpty
        let running = world.core.runningCount
        if running == 0 {
            let expected = isExecuted ? before.succeeded : before.failed
            #expect(world.lastBody.contains(expected), "\(world.lastBody): \(place)")
        }
        // What cannot be found out stays open, for an event or an operator.
        #expect(running == 0 || !capability.isComplete, place)
        #expect(world.core.trialBalance().isBalanced, place)
        let again = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        let (live, replayed) = (world.core.stateDigest(), again.core.stateDigest())
        #expect(live == replayed, place)
    }

    /// Lets time pass and the provider answer.
    private static func run(
        _ world: inout ShardWorld,
        _ provider: inout LateProvider,
        from answered: inout Int,
        for milliseconds: Int64,
        since start: Timestamp
    ) {
        while world.now.milliseconds(since: start) < milliseconds {
            let now = world.now
            provider.pass(to: now.milliseconds)
            while answered < world.calls.count {
                let (call, token) = world.calls[answered]
                answered += 1
                let outcome = provider.answer(call, at: now.milliseconds)
                world.answer(token, outcome)
            }
            world.pass(milliseconds: step(after: now.milliseconds(since: start)))
        }
    }

    /// How long the world waits for its next look at the calls, in milliseconds.
    private static func step(after passed: Int64) -> Int64 {
        if passed < 200_000 { return 2_000 }
        return passed < 2 * hour ? minute : hour
    }

    @Test("a key that is nearly forgotten is not used again: a call that is late would execute a second time")
    func forgottenKey() {
        var configuration = ShardConfiguration.test
        let window = 3 * Self.minute
        configuration.resolution = ResolutionPolicy(
            means: ResolutionMeans(replayWindow: window),
            abandonAfter: .max / 2
        )
        var world = ShardWorld(configuration: configuration)
        world.send(.capture(world.paid(capture: false, key: "a"), amountMinor: nil), key: "b")
        let start = world.now
        var sent: [Int64] = []
        var answered = world.calls.count - 1
        while world.now.milliseconds(since: start) < Self.hour {
            while answered < world.calls.count {
                sent.append(world.now.milliseconds(since: start))
                world.answer(world.calls[answered].token, .unknown(.timeout))
                answered += 1
            }
            world.pass(milliseconds: 1_000)
        }
        let horizon = configuration.providerTimeout + ResolutionPolicy().inFlightHorizon
        #expect(sent.count > 3 && sent.allSatisfy { $0 < window - horizon })
        #expect(world.core.operationOccupancy.waiting == 1)
    }
}

extension UnknownOutcomeMatrixTests.Operation {
    fileprivate var kind: ProviderOperation {
        switch self {
        case .sale, .authorization: .authorize
        case .confirm, .confirmedSale: .confirm
        case .increment: .increment
        case .capture: .capture
        case .cancel: .cancel
        case .refund: .refund
        }
    }
}

/// Calls arrive late or never, answers are lost, keys are forgotten, and what was executed is
/// visible some time after.
private struct LateProvider {
    let means: ResolutionMeans
    private var fates: [ResolutionMeansTests.Fate]
    private var onTheirWay: [(at: Int64, key: String)] = []
    /// When each key was seen first.
    private var seen: [String: Int64] = [:]
    private var executedAt: [String: Int64] = [:]
    private(set) var executions: [String: Int] = [:]
    private(set) var lookups: Set<ResolutionMeans.Lookup> = []

    init(means: ResolutionMeans, fates: [ResolutionMeansTests.Fate]) {
        self.means = means
        self.fates = fates
    }

    /// What is on its way until then arrives.
    mutating func pass(to now: Int64) {
        for (at, key) in onTheirWay where at <= now { arrive(key, at: at) }
        onTheirWay.removeAll { $0.at <= now }
    }

    private mutating func arrive(_ key: String, at now: Int64) {
        // Without a promise about keys each call executes.
        let isHonoured = now - seen[key, default: now] < max(means.replayWindow, 1)
        if executions[key] == nil || !isHonoured {
            executions[key, default: 0] += 1
            executedAt[key] = executedAt[key] ?? now
        }
        seen[key] = seen[key] ?? now
    }

    mutating func answer(_ call: ProviderCall, at now: Int64) -> ProviderOutcome {
        let key = call.providerKey
        switch call.mode {
        case .execute:
            guard let fate = fates.first else {
                arrive(key, at: now)
                return ShardWorld.success(call.amountMinor, "psp_1")
            }
            fates.removeFirst()
            if case .answerLost(let delay) = fate { onTheirWay.append((now + delay, key)) }
            pass(to: now)
            return .unknown(.timeout)
        case .query:
            lookups.insert(call.lookup)
            guard let executed = executedAt[key], executed + (means.query?.lag ?? 0) <= now else { return .notFound }
            return ShardWorld.success(call.amountMinor, "psp_1")
        case .cancelByReference: return .unknown(.misconfigured)
        }
    }
}
