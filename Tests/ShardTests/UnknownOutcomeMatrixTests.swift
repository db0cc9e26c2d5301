import Journal
import Ledger
import Payments
import ShardCore
import ShardModel
import Testing

/// docs/payments.md, "Unknown outcomes", as a matrix: every operation, every way in which its fate
/// can become doubtful, every means that a provider gives to find out. Each ends in the state that
/// the provider is in, and the provider has executed at most once.
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

    enum Operation: CaseIterable {
        case sale, authorization, confirm, confirmedSale, increment, capture, cancel, refund
    }

    @Test(arguments: Operation.allCases, Doubt.allCases)
    func matrix(_ operation: Operation, _ doubt: Doubt) throws {
        for means in Means.allCases { try resolve(operation, in: doubt, by: means) }
    }

    private func resolve(_ operation: Operation, in doubt: Doubt, by means: Means) throws {
        var configuration = ShardConfiguration.test
        configuration.resolution = means.policy
        var world = ShardWorld(configuration: configuration)
        let before = operation.begin(in: &world)
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
        // What can be tried again is: an operation that certainly did not happen and can be sent
        // again safely ends well.
        if means != .query || doubt.executes || doubt == .refusedBeforeSend { #expect(isExecuted, place) }
        #expect(world.core.trialBalance().isBalanced, place)
        try expectReplayEquality(world, configuration: configuration, at: place)
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

    // MARK: The third means: void by our reference

    /// What is asked about authorizations stays unanswered until they are given up; then all that
    /// the provider offers is to void by our reference, and to say what it could not void any more.
    @Test(arguments: [Operation.sale, .authorization, .confirm, .confirmedSale], Doubt.allCases)
    func voidsByReference(_ operation: Operation, _ doubt: Doubt) throws {
        var configuration = ShardConfiguration.test
        configuration.resolution = ResolutionPolicy(replayWindow: 0, retries: [], abandonAfter: 900_000)
        var world = ShardWorld(configuration: configuration)
        _ = operation.begin(in: &world)
        let call = world.lastCall.call
        var provider = VoidingProvider()
        if doubt.executes { provider.execute(call) }
        if let outcome = doubt.outcome {
            world.answer(world.lastCall.token, outcome)
        } else {
            world = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
            _ = world.resume()
        }
        linger(&world, &provider)

        let place: Comment = "\(operation) \(doubt)"
        #expect(world.core.runningCount == 0, place)
        #expect(provider.executions.values.allSatisfy { $0 == 1 }, place)
        #expect(provider.authorizations.count <= 1, place)
        world.send(.getPayment(call.payment))
        if doubt == .refusedBeforeSend {
            // Certainly not executed: nothing to void. What waits for a shopper goes on waiting
            // until its own deadline.
            #expect(world.lastBody.contains("failed 1000"), "\(world.lastBody): \(place)")
        } else if doubt.executes, call.capturesAutomatically {
            #expect(
                provider.refunded == 1_000 && world.lastBody.contains("refunded=1000"),
                "\(world.lastBody): \(place)"
            )
        } else {
            #expect(world.lastBody.contains("failed 1000"), "\(world.lastBody): \(place)")
            #expect(provider.voided.count == 1 && provider.refunded == 0, place)
            #expect(world.core.statistics.abandoned == 1, place)
        }
        #expect(world.core.trialBalance().isBalanced, place)
        try expectReplayEquality(world, configuration: configuration, at: place)
    }

    /// Two hours, in which the provider answers what comes.
    private func linger(_ world: inout ShardWorld, _ provider: inout VoidingProvider) {
        var answered = world.calls.count
        for _ in 0..<720 {
            world.pass(milliseconds: 10_000)
            while answered < world.calls.count {
                let (call, token) = world.calls[answered]
                answered += 1
                world.answer(token, provider.answer(call))
            }
        }
    }

    private func expectReplayEquality(
        _ world: borrowing ShardWorld,
        configuration: ShardConfiguration,
        at place: Comment
    ) throws {
        let again = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        let (live, replayed) = (world.core.stateDigest(), again.core.stateDigest())
        #expect(live == replayed, place)
    }
}

extension UnknownOutcomeMatrixTests.Operation {
    /// Begins the operation: its call is the last one. What the payment says when it succeeds, and
    /// when it fails.
    func begin(in world: inout ShardWorld) -> (succeeded: String, failed: String) {
        switch self {
        case .sale:
            world.send(ShardWorld.create(), key: "a")
            return ("captured 1000", "failed 1000")
        case .authorization:
            world.send(ShardWorld.create(capture: false), key: "a")
            return ("authorized 1000", "failed 1000")
        case .confirm, .confirmedSale:
            world.send(ShardWorld.create(capture: self == .confirmedSale), key: "a")
            let action = NextAction(kind: .redirect, url: "https://psp.test/1")
            let (call, token) = world.lastCall
            world.answer(token, .actionRequired(action, providerReference: "ch_1"))
            world.send(.confirm(call.payment), key: "b")
            return (self == .confirm ? "authorized 1000" : "captured 1000", "requires_action 1000")
        case .increment:
            world.send(.increment(world.paid(capture: false, key: "a"), amountMinor: 1_500), key: "b")
            return ("authorized=1500", "authorized=1000")
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

/// Says nothing when it is asked, until it was told to void.
private struct VoidingProvider {
    var executions: [String: Int] = [:]
    var authorizations: Set<String> = []
    var captured: Set<String> = []
    var voided: Set<String> = []
    var refunded: Int64 = 0
    private var knowsVoid = false

    @discardableResult
    mutating func execute(_ call: ProviderCall) -> ProviderOutcome {
        let key = "\(call.providerKey)"
        executions[key, default: 0] += 1
        switch call.operation {
        case .authorize, .confirm:
            authorizations.insert(key)
            if call.capturesAutomatically { captured.insert(key) }
        case .refund: refunded += call.amountMinor
        case .cancel, .capture, .increment: break
        }
        return ShardWorld.success(call.amountMinor, "psp_1")
    }

    mutating func answer(_ call: ProviderCall) -> ProviderOutcome {
        let key = "\(call.providerKey)"
        switch call.mode {
        case .execute: return execute(call)
        case .query:
            guard knowsVoid, authorizations.contains(key) else { return .unknown(.timeout) }
            return ShardWorld.success(call.amountMinor, "psp_1")
        case .cancelByReference:
            knowsVoid = true
            if captured.contains(key) {
                return .declined(Decline(category: .hard, code: .alreadyCaptured, providerCode: "captured"))
            }
            voided.insert(key)
            return ShardWorld.success(call.amountMinor, "psp_1")
        }
    }
}
