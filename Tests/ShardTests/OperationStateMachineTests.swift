import Testing
import Time

@testable import ShardState

/// What comes next for one operation (docs/payments.md, "Unknown outcomes"), in every state,
/// without a shard.
@Suite("The state machine of an operation")
struct OperationStateMachineTests {
    typealias Machine = OperationStateMachine
    typealias Doubt = OperationStateMachine.Doubt

    private static let start: Timestamp = 1_000_000

    private static func policy(canQuery: Bool = true, canVoid: Bool = true) -> Machine.Policy {
        Machine.Policy(
            isTimeCertain: true,
            canQuery: canQuery,
            visibleAfter: 0,
            canVoid: canVoid,
            replays: 2,
            replayWindow: 50_000,
            horizon: 10_000,
            retries: [100, 400],
            schedule: [1_000, 5_000, 30_000],
            abandonAfter: 60_000
        )
    }

    private static func machine(_ state: Machine.State, isAuthorization: Bool = true, sentAfter: Int64 = 0) -> Machine {
        Machine(state: state, isAuthorization: isAuthorization, startedAt: start, sentAt: start + sentAfter)
    }

    private static let doubts = [
        Doubt(), Doubt(steps: 2, replays: 1), Doubt(steps: .max, replays: 2),
        Doubt(steps: 1, replays: 0, isKnownToProvider: true),
    ]

    private static func calling(_ doubt: Doubt) -> [Machine.State] {
        [.replaying(doubt), .querying(doubt), .voiding(doubt)]
    }

    // MARK: Definite answers

    @Test("a success settles it in every state with a call: as asked, for less where permitted, or in conflict")
    func succeeded() {
        let states = [Machine.State.executing(tries: 1)] + Self.doubts.flatMap(Self.calling)
        for state in states {
            for executed in [-1, 0, 1, 99, 100, 101] as [Int64] {
                for others in Machine.OtherAmounts.allCases {
                    let isRight =
                        switch executed {
                        case 100: true
                        case 1, 99: others != .none
                        default: others == .any
                        }
                    for isInCurrency in [false, true] {
                        let result = Self.machine(state).succeeded(
                            executedMinor: executed,
                            askedMinor: 100,
                            isInCurrency: isInCurrency,
                            permitting: others
                        )
                        let expected: Machine.Succeeded = isRight && isInCurrency ? .executed : .conflicted
                        #expect(result == expected, "\(state) \(executed) \(others)")
                    }
                }
            }
        }
    }

    @Test("an operation without an amount permits no less, and nobody asks what else is right when the amounts agree")
    func succeededWithoutAmount() {
        let machine = Self.machine(.executing(tries: 1), isAuthorization: false)
        for executed in [-1, 0, 1] as [Int64] {
            var wasAsked = false
            func others() -> Machine.OtherAmounts {
                wasAsked = true
                return .less
            }
            let result = machine.succeeded(
                executedMinor: executed,
                askedMinor: 0,
                isInCurrency: true,
                permitting: others()
            )
            #expect(result == (executed == 0 ? .executed : .conflicted) && wasAsked == (executed != 0))
        }
    }

    @Test("a definite no lets another connector try only if no call can be on its way")
    func definiteNo() {
        #expect(Self.machine(.executing(tries: 1)).definiteNo(isAnswerToCall: true) == .attempt)
        #expect(Self.machine(.executing(tries: 3)).definiteNo(isAnswerToCall: false) == .operation)
        for state in Self.doubts.flatMap(Self.calling) {
            for isAnswerToCall in [false, true] {
                #expect(Self.machine(state).definiteNo(isAnswerToCall: isAnswerToCall) == .operation)
            }
        }
    }

    // MARK: Time

    @Test("what is held back stays held back")
    func held() {
        var machine = Self.machine(.held)
        let due = machine.due(at: Self.start + 100_000, isGivenUp: false, mayGiveUp: true, Self.policy())
        #expect(due == .hold && machine.state == .held && machine.doubt == nil && !machine.isCalling)
    }

    @Test("what was not executed is sent again, and counts its tries")
    func retrying() {
        var machine = Self.machine(.retrying(tries: 1))
        let due = machine.due(at: Self.start + 100, isGivenUp: false, mayGiveUp: true, Self.policy())
        #expect(due == .execute && machine.state == .executing(tries: 2) && machine.sentAt == Self.start + 100)
    }

    @Test(
        "in doubt: an authorization is given up when its time is over, else asked about, else sent again, else waited for",
        arguments: [false, true],
        [false, true]
    )
    func due(canQuery: Bool, canVoid: Bool) {
        let policy = Self.policy(canQuery: canQuery, canVoid: canVoid)
        for (index, doubt) in Self.doubts.enumerated() {
            for isAuthorization in [false, true] {
                for time in [10_000, 39_999, 40_000, 59_999, 60_000, 200_000] as [Int64] {
                    for isGivenUp in [false, true] {
                        for mayGiveUp in [false, true] {
                            var machine = Self.machine(.waiting(doubt), isAuthorization: isAuthorization)
                            let before = machine
                            let now = Self.start + time
                            let due = machine.due(at: now, isGivenUp: isGivenUp, mayGiveUp: mayGiveUp, policy)
                            let place: Comment = "\(index) \(isAuthorization) \(time) \(isGivenUp) \(mayGiveUp)"
                            let isTouchable = isAuthorization && !doubt.isKnownToProvider
                            // A call that is sent now may be on its way for 10 s, and the key is
                            // honoured for 50 s.
                            let mayReplay = !doubt.isKnownToProvider && !isGivenUp && time < 40_000
                            if isTouchable, !isGivenUp, mayGiveUp, time >= 60_000 {
                                #expect(due == .giveUp && machine == before, place)
                            } else if isTouchable, isGivenUp, canVoid {
                                #expect(due == .void && machine.state == .voiding(doubt), place)
                            } else if canQuery {
                                #expect(due == .query && machine.state == .querying(doubt), place)
                            } else if mayReplay {
                                var next = doubt
                                next.replays += 1
                                #expect(due == .replay && machine.state == .replaying(next), place)
                                #expect(machine.sentAt == now, place)
                            } else {
                                let next = Self.next(doubt, at: now, isAuthorization: isAuthorization, canQuery: false)
                                #expect(due == .wait(until: next), place)
                                #expect(machine.doubt?.replays == doubt.replays && !machine.isCalling, place)
                            }
                        }
                    }
                }
            }
        }
    }

    /// When it is resolved next: by the schedule, an authorization when its time is over, and what
    /// can only be sent again (the provider cannot be asked) 20 s before its key is forgotten.
    private static func next(
        _ doubt: Doubt,
        at now: Timestamp,
        isAuthorization: Bool = true,
        canQuery: Bool = true
    ) -> Timestamp {
        let times: [Int64] = [1_000, 5_000, 30_000]
        var time = now + times[min(Int(doubt.steps), 2)]
        if !canQuery, !doubt.isKnownToProvider, now < start + 30_000 { time = min(time, start + 30_000) }
        let end = start + 60_000
        return isAuthorization && end > now ? min(time, end) : time
    }

    // MARK: Answers

    @Test("the first unknown outcome begins the doubt, a later one keeps it", arguments: [false, true])
    func unknown(isPending: Bool) {
        let now = Self.start + 2_000
        var first = Self.machine(.executing(tries: 3))
        let doubt = Doubt(isKnownToProvider: isPending)
        #expect(
            first.unknown(isPending: isPending, at: now, Self.policy())
                == .becameUncertain(until: Self.next(doubt, at: now))
        )
        #expect(first.state == .waiting(Doubt(steps: 1, isKnownToProvider: isPending)))
        for doubt in Self.doubts {
            for state in Self.calling(doubt) {
                var machine = Self.machine(state)
                let result = machine.unknown(isPending: isPending, at: now, Self.policy())
                #expect(result == .staysUncertain(until: Self.next(doubt, at: now)))
                #expect(machine.doubt?.isKnownToProvider == (doubt.isKnownToProvider || isPending))
                #expect(machine.doubt?.steps == (doubt.steps == .max ? .max : doubt.steps + 1))
            }
        }
    }

    @Test("not executed: sent again at most as often as the retries, and for a passing reason only")
    func notExecuted() {
        let now = Self.start + 50
        for (tries, delay) in [(1, 100), (2, 400)] as [(UInt16, Int64)] {
            var machine = Self.machine(.executing(tries: tries))
            #expect(machine.notExecuted(isTransient: true, at: now, Self.policy()) == .retry(at: now + delay))
            #expect(machine.state == .retrying(tries: tries))
        }
        var last = Self.machine(.executing(tries: 3))
        #expect(last.notExecuted(isTransient: true, at: now, Self.policy()) == .giveUp)
        var final = Self.machine(.executing(tries: 1))
        #expect(final.notExecuted(isTransient: false, at: now, Self.policy()) == .giveUp)
    }

    @Test("not executed while in doubt settles nothing, unless a PSP that cannot be asked says it for good in the end")
    func notExecutedInDoubt() {
        for doubt in Self.doubts {
            for state in Self.calling(doubt) {
                for canQuery in [false, true] {
                    for isTransient in [false, true] {
                        for time in [10_000, 10_001] as [Int64] {
                            var machine = Self.machine(state)
                            let now = Self.start + time
                            let result = machine.notExecuted(
                                isTransient: isTransient,
                                at: now,
                                Self.policy(canQuery: canQuery)
                            )
                            let isOver = !canQuery && !isTransient && time > 10_000
                            let next = Self.next(doubt, at: now, canQuery: canQuery)
                            #expect(result == (isOver ? .giveUp : .wait(until: next)))
                        }
                    }
                }
            }
        }
    }

    @Test("not found proves nothing before the horizon, and never what the PSP once had; until then it is sent again")
    func notFound() {
        for doubt in Self.doubts {
            for state in Self.calling(doubt) {
                for isGivenUp in [false, true] {
                    for time in [10_000, 10_001] as [Int64] {
                        var machine = Self.machine(state)
                        let now = Self.start + time
                        let result = machine.notFound(at: now, isGivenUp: isGivenUp, Self.policy())
                        if !doubt.isKnownToProvider, time > 10_000 {
                            #expect(result == .giveUp)
                        } else if !doubt.isKnownToProvider, !isGivenUp, doubt.replays < 2 {
                            #expect(result == .replay && machine.doubt?.replays == doubt.replays + 1)
                            #expect(machine.sentAt == now)
                        } else {
                            #expect(result == .wait(until: Self.next(doubt, at: now)))
                        }
                    }
                }
            }
        }
    }

    @Test("not found proves nothing while the provider may still deny what it executed")
    func notFoundWithLag() {
        var policy = Self.policy()
        policy.visibleAfter = 20_000
        policy.replays = 0
        for time in [10_001, 30_000, 30_001] as [Int64] {
            let now = Self.start + time
            var asked = Self.machine(.querying(Doubt()))
            let isProof = time > 30_000
            #expect(
                asked.notFound(at: now, isGivenUp: false, policy)
                    == (isProof ? .giveUp : .wait(until: Self.next(Doubt(), at: now)))
            )
            var voided = Self.machine(.voiding(Doubt()))
            let expected: Machine.Voided = isProof ? .giveUp : .wait(until: Self.next(Doubt(), at: now))
            #expect(voided.voided(.notFound, at: now, policy) == expected)
        }
    }

    @Test(
        "what can only be sent again is sent at each step, and the last time before a late call finds its key forgotten"
    )
    func onlyReplay() {
        var policy = Self.policy(canQuery: false)
        policy.replays = 0
        policy.replayWindow = 1_000_000
        var machine = Self.machine(.executing(tries: 1), isAuthorization: false)
        var now = Self.start + 1_000
        guard case .becameUncertain(var next) = machine.unknown(isPending: false, at: now, policy) else { return }
        var last: Int64 = 0
        for _ in 0..<60 {
            now = next
            switch machine.due(at: now, isGivenUp: false, mayGiveUp: true, policy) {
            case .replay:
                last = now.milliseconds(since: Self.start)
                guard case .staysUncertain(let time) = machine.unknown(isPending: false, at: now, policy) else {
                    return
                }
                next = time
            case .wait(let time): next = time
            case .hold, .execute, .giveUp, .void, .query: Issue.record("neither sent again nor waited for")
            }
        }
        // 10 s for a call on its way, and as much for a step that comes late.
        #expect(last >= 980_000 && last < 990_000)
        #expect(now > Self.start + 1_000_000)
    }

    @Test("while nobody knows the time nothing is proved or sent again, and the last replay is not missed")
    func uncertainTime() {
        var certain = Self.policy(canQuery: false)
        certain.replayWindow = 1_000_000
        certain.schedule = [1_000, 3_600_000]
        var uncertain = certain
        uncertain.isTimeCertain = false
        // A step of an hour is next, and the key is forgotten in half of that.
        var machine = Self.machine(.waiting(Doubt(steps: 1)), isAuthorization: false)
        var now = Self.start + 500_000
        func due(_ policy: Machine.Policy) -> Machine.Due {
            machine.due(at: now, isGivenUp: false, mayGiveUp: true, policy)
        }
        #expect(due(uncertain) == .wait(until: Self.start + 980_000))
        now = Self.start + 980_000
        #expect(due(uncertain) == .wait(until: now + 1_000))
        now = now + 1_000
        #expect(due(certain) == .replay && machine.sentAt == now)

        for state in Self.calling(Doubt(steps: 1)) {
            var late = Self.machine(state, isAuthorization: false)
            let notFound = late.notFound(at: Self.start + 600_000, isGivenUp: false, uncertain)
            #expect(notFound == .wait(until: Self.start + 980_000), "\(state)")
            var refused = Self.machine(state, isAuthorization: false)
            let notExecuted = refused.notExecuted(isTransient: false, at: Self.start + 600_000, uncertain)
            #expect(notExecuted == .wait(until: Self.start + 980_000), "\(state)")
        }
        // After the window nothing is sent again, whether the time is known or not.
        machine = Self.machine(.waiting(Doubt(steps: 1)), isAuthorization: false)
        now = Self.start + 990_000
        #expect(due(uncertain) == .wait(until: now + 3_600_000) && due(certain) == .wait(until: now + 3_600_000))
    }

    @Test("not found as the first answer is sent again a bounded number of times at once, then later")
    func notFoundAtFirst() {
        var machine = Self.machine(.executing(tries: 1))
        var replays = 0
        while machine.notFound(at: Self.start + 1, isGivenUp: false, Self.policy()) == .replay { replays += 1 }
        #expect(replays == 2 && machine.state == .retrying(tries: 3) && machine.doubt == nil)
        var late = Self.machine(.executing(tries: 1))
        #expect(late.notFound(at: Self.start + 10_001, isGivenUp: false, Self.policy()) == .giveUp)
        var givenUp = Self.machine(.executing(tries: 1))
        #expect(givenUp.notFound(at: Self.start, isGivenUp: true, Self.policy()) == .wait(until: Self.start + 5_000))
    }

    @Test("a void ends it, or is too late and the PSP is asked", arguments: Machine.VoidAnswer.allCases, [false, true])
    func voided(answer: Machine.VoidAnswer, canQuery: Bool) {
        for doubt in Self.doubts {
            for time in [10_000, 10_001] as [Int64] {
                var machine = Self.machine(.voiding(doubt))
                let now = Self.start + time
                let result = machine.voided(answer, at: now, Self.policy(canQuery: canQuery))
                let expected: Machine.Voided =
                    switch answer {
                    case .succeeded: .giveUp
                    case .notFound where time > 10_000: .giveUp
                    case .declined where canQuery: .query
                    case .declined, .notFound, .other: .wait(until: Self.next(doubt, at: now, canQuery: canQuery))
                    }
                #expect(result == expected)
                if result == .query { #expect(machine.state == .querying(doubt)) }
            }
        }
    }

    @Test("a policy that never gives up has no end that overflows")
    func never() {
        var policy = Self.policy(canQuery: false)
        policy.abandonAfter = .max
        policy.replayWindow = 0
        var machine = Self.machine(.waiting(Doubt()))
        let due = machine.due(at: Self.start, isGivenUp: false, mayGiveUp: true, policy)
        #expect(due == .wait(until: Self.start + 1_000))
    }
}
