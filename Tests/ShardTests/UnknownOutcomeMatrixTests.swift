import Journal
import Ledger
import Payments
import Shard
import Testing

/// payments.md, section 4.3, as a matrix: every operation, every way in which its fate can become doubtful, every means that a
/// provider gives to find out. Each ends in the state that the provider is in, and the provider has executed at most once.
@Suite("Every operation, every doubt, every means of resolution")
struct UnknownOutcomeMatrixTests {
    enum Doubt: CaseIterable {
        /// The connection could not be made: certainly not executed.
        case refusedBeforeSend
        case resetAfterExecution
        case resetWithoutExecution
        case serverErrorAfterExecution
        case serverErrorWithoutExecution
        case timeoutAfterExecution
        case timeoutWithoutExecution
        /// Executed; the process ends before the answer comes.
        case answerLostAndCrash
        /// The process ends, and the call never left.
        case crashBeforeSend

        var executes: Bool {
            switch self {
            case .resetAfterExecution, .serverErrorAfterExecution, .timeoutAfterExecution, .answerLostAndCrash: true
            case .refusedBeforeSend, .resetWithoutExecution, .serverErrorWithoutExecution, .timeoutWithoutExecution,
                .crashBeforeSend:
                false
            }
        }

        var outcome: ProviderOutcome? {
            switch self {
            case .refusedBeforeSend: .notExecuted(.connectionFailed)
            case .resetAfterExecution, .resetWithoutExecution: .unknown(.streamReset)
            case .serverErrorAfterExecution, .serverErrorWithoutExecution: .unknown(.serverError)
            case .timeoutAfterExecution, .timeoutWithoutExecution: .unknown(.timeout)
            case .answerLostAndCrash, .crashBeforeSend: nil
            }
        }
    }

    enum Means: CaseIterable {
        case query, replay, both

        var policy: ResolutionPolicy {
            ResolutionPolicy(canQuery: self != .replay, replayWindow: self == .query ? 0 : 86_400_000)
        }
    }

    enum Operation: CaseIterable { case sale, authorization, capture, cancel, refund }

    @Test(arguments: Operation.allCases, Doubt.allCases)
    func matrix(_ operation: Operation, _ doubt: Doubt) throws {
        for means in Means.allCases { try resolve(operation, doubt, means) }
    }

    private func resolve(_ operation: Operation, _ doubt: Doubt, _ means: Means) throws {
        var configuration = ShardConfiguration.test
        configuration.resolution = means.policy
        var world = ShardWorld(configuration: configuration)
        let before = begin(operation, &world)
        let call = world.lastCall.call
        var provider = ModelProvider()
        provider.keys.insert("\(call.providerKey)")
        if doubt.executes { provider.execute(call) }
        if let outcome = doubt.outcome {
            world.answer(world.lastCall.token, outcome)
        } else {
            world = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
            _ = world.resume()
        }
        settle(&world, &provider)

        let place: Comment = "\(operation) \(doubt) \(means)"
        #expect(world.core.runningCount == 0, place)
        #expect(provider.executions.values.allSatisfy { $0 == 1 } && provider.executions.count <= 1, place)
        #expect(provider.keys.count == 1, "one operation has one PSP key: \(place)")
        world.send(.getPayment(call.payment))
        let isExecuted = !provider.executions.isEmpty
        #expect(world.lastBody.contains(isExecuted ? before.succeeded : before.failed), "\(world.lastBody): \(place)")
        // What can be tried again is: an operation that certainly did not happen and can be sent again safely ends well.
        if means != .query || doubt.executes || doubt == .refusedBeforeSend { #expect(isExecuted, place) }
        #expect(world.core.trialBalance().isBalanced, place)
        try expectReplayEquality(world, configuration, place)
    }

    private func begin(_ operation: Operation, _ world: inout ShardWorld) -> (succeeded: String, failed: String) {
        switch operation {
        case .sale:
            world.send(ShardWorld.create(), key: "a")
            return ("captured 1000", "failed 1000")
        case .authorization:
            world.send(ShardWorld.create(capture: false), key: "a")
            return ("authorized 1000", "failed 1000")
        case .capture:
            world.send(.capture(world.paid(capture: false, key: "a"), amountMinor: 600), key: "b")
            return ("captured=600", "authorized 1000")
        case .cancel:
            world.send(.cancel(world.paid(capture: false, key: "a")), key: "b")
            return ("cancelled 1000", "authorized 1000")
        case .refund:
            world.send(.refund(world.paid(key: "a"), amountMinor: 300), key: "b")
            return ("refunded=300 pending=0", "refunded=0 pending=0")
        }
    }

    /// Lets time pass and the provider answer honestly, until nothing is open; ten days at most.
    private func settle(_ world: inout ShardWorld, _ provider: inout ModelProvider) {
        var answered = world.calls.count
        let end = world.now + 10 * 86_400_000
        while world.core.runningCount > 0, world.now < end {
            world.pass(milliseconds: world.now > end - 9 * 86_400_000 ? 3_600_000 : 500)
            while answered < world.calls.count {
                let (call, token) = world.calls[answered]
                answered += 1
                world.answer(token, call.mode == .query ? provider.find(call) : provider.execute(call))
            }
        }
    }

    private func expectReplayEquality(
        _ world: borrowing ShardWorld,
        _ configuration: ShardConfiguration,
        _ place: Comment
    ) throws {
        let again = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        let (live, replayed) = (world.core.stateDigest(), again.core.stateDigest())
        #expect(live == replayed, place)
    }
}

/// Executes each PSP key once, and tells what it knows.
private struct ModelProvider {
    var executions: [String: Int] = [:]
    var keys: Set<String> = []

    @discardableResult
    mutating func execute(_ call: ProviderCall) -> ProviderOutcome {
        let key = "\(call.providerKey)"
        keys.insert(key)
        if executions[key] == nil { executions[key] = 1 }
        return success(call)
    }

    func find(_ call: ProviderCall) -> ProviderOutcome {
        executions["\(call.providerKey)"] == nil ? .notFound : success(call)
    }

    private func success(_ call: ProviderCall) -> ProviderOutcome {
        ShardWorld.success(call.amountMinor, "psp_1")
    }
}
