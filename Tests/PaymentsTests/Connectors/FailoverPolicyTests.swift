import Money
import Payments
import Testing
import Time

@Suite("Failover policy")
struct FailoverPolicyTests {
    private static func connector(_ number: UInt16) throws -> ConnectorID {
        try #require(ConnectorID(rawValue: number))
    }

    private static func plan(_ count: Int) throws -> RoutePlan {
        try #require(RoutePlan(try (1...UInt16(count)).map(connector)))
    }

    /// Every result that an attempt can have.
    static let results: [AttemptResult] =
        [.approved, .actionRequired, .conflicted]
        + CallFailure.allCases.flatMap { [.notExecuted($0), .unknown($0)] }
        + DeclineClass.allCases.flatMap { category in
            DeclineCode.allCases.flatMap { code in DeclineAdvice.allCases.map { .declined(category, code, $0) } }
        }

    /// The results that move on, listed one by one: a new case of an enum does not move on before
    /// somebody lists it.
    private static func movesOn(_ result: AttemptResult) -> Bool {
        switch result {
        case .notExecuted(.connectionFailed), .notExecuted(.connectionLost), .notExecuted(.timeout),
            .notExecuted(.streamReset), .notExecuted(.overloaded), .notExecuted(.rateLimited),
            .notExecuted(.misconfigured):
            true
        case .declined(.softTechnical, let code, .none), .declined(.configuration, let code, .none):
            code != .insufficientFunds
        default: false
        }
    }

    @Test("Every result, from every place of every plan: only what may move on moves on, to the next connector")
    func exhaustive() throws {
        var moved = 0
        for count in 1...RoutePlan.maximumConnectors {
            let plan = try Self.plan(count)
            for position in 0..<count {
                for result in Self.results {
                    let number = UInt16(position + 1)
                    let connector = try #require(plan[position])
                    let attempt = Attempt(number: number, connector: connector, position: UInt8(position))
                    let decision = FailoverPolicy.decide(after: attempt, result: result, plan: plan)
                    let isPossible = Self.movesOn(result) && position + 1 < count && number < 3
                    guard case .next(let next) = decision else {
                        #expect(!isPossible, "\(result) at \(position) of \(count) stays")
                        continue
                    }
                    moved += 1
                    #expect(isPossible, "\(result) at \(position) of \(count) moves on")
                    #expect(next.number == number + 1 && next.position == UInt8(position + 1) && !next.wasUnknown)
                    #expect(next.connector == plan[position + 1])
                }
            }
        }
        #expect(moved > 0)
    }

    @Test("An unknown outcome never moves on, and a definite no after one does not either", arguments: results)
    func unknown(result: AttemptResult) throws {
        let plan = try Self.plan(4)
        let attempt = Attempt(number: 1, connector: try Self.connector(1), position: 0, wasUnknown: true)
        guard case .stop(let reason) = FailoverPolicy.decide(after: attempt, result: result, plan: plan) else {
            Issue.record("\(result) moved on after an unknown outcome")
            return
        }
        if Self.movesOn(result) { #expect(reason == .unknownOutcome) }
        if case .unknown = result { #expect(reason == .unknownOutcome) }
    }

    @Test("Insufficient funds, hard declines and advice against it never move on, whatever else is said of them")
    func forbidden() throws {
        let plan = try Self.plan(2)
        let attempt = Attempt(number: 1, connector: try Self.connector(1), position: 0)
        func decision(_ category: DeclineClass, _ code: DeclineCode, advice: DeclineAdvice) -> FailoverDecision {
            FailoverPolicy.decide(after: attempt, result: .declined(category, code, advice), plan: plan)
        }
        for category in DeclineClass.allCases {
            for advice in DeclineAdvice.allCases {
                #expect(decision(category, .insufficientFunds, advice: advice) == .stop(.declineClass))
            }
        }
        for code in DeclineCode.allCases where code.category == .hard {
            #expect(decision(code.category, code, advice: .none) == .stop(.declineClass))
        }
        for advice in DeclineAdvice.allCases where advice != .none {
            #expect(decision(.softTechnical, .issuerUnavailable, advice: advice) == .stop(.advice))
        }
    }

    @Test("The third attempt is the last one, and the plan's last connector ends the plan")
    func limits() throws {
        let four = try Self.plan(4)
        let third = Attempt(number: 3, connector: try Self.connector(3), position: 2)
        let no = AttemptResult.notExecuted(.connectionFailed)
        #expect(FailoverPolicy.decide(after: third, result: no, plan: four) == .stop(.attemptLimit))
        let second = Attempt(number: 2, connector: try Self.connector(2), position: 1)
        #expect(FailoverPolicy.decide(after: second, result: no, plan: try Self.plan(2)) == .stop(.planExhausted))
        let only = Attempt(number: 1, connector: try Self.connector(9), position: 0)
        let single = RoutePlan(try Self.connector(9))
        #expect(FailoverPolicy.decide(after: only, result: no, plan: single) == .stop(.planExhausted))
    }

    @Test("Each reason to stop is reached")
    func reasons() throws {
        var reached: Set<FailoverDecision.Reason> = []
        for count in 1...4 {
            let plan = try Self.plan(count)
            for position in 0..<count {
                for result in Self.results {
                    let attempt = Attempt(
                        number: UInt16(position + 1),
                        connector: try #require(plan[position]),
                        position: UInt8(position)
                    )
                    if case .stop(let reason) = FailoverPolicy.decide(after: attempt, result: result, plan: plan) {
                        reached.insert(reason)
                    }
                }
            }
        }
        #expect(reached == Set(FailoverDecision.Reason.allCases))
    }

    @Test("A walk through a plan uses each connector once, with a PSP key of its own")
    func walk() throws {
        let plan = try Self.plan(4)
        var attempt = Attempt(number: 1, connector: try Self.connector(1), position: 0)
        var connectors = [attempt.connector]
        var keys: Set<String> = [Self.key(of: attempt)]
        while case .next(let next) = FailoverPolicy.decide(
            after: attempt,
            result: .declined(.softTechnical, .processingError, .none),
            plan: plan
        ) {
            attempt = next
            connectors.append(next.connector)
            keys.insert(Self.key(of: next))
        }
        #expect(connectors == Array(plan.connectors.prefix(Int(FailoverPolicy.maximumAttempts))))
        #expect(keys.count == connectors.count)
    }

    private static func key(of attempt: Attempt) -> String {
        ProviderCall(
            mode: .execute,
            operation: .authorize,
            connector: .first,
            payment: PaymentID(createdAt: 1, shard: 0, sequence: 1),
            ordinal: 1,
            attempt: attempt.number,
            amountMinor: 1,
            currency: .eur,
            capturesAutomatically: true,
            paymentMethod: "",
            providerReference: ""
        ).providerKey
    }
}
