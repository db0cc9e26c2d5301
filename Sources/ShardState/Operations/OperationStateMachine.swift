package import Time

/// One operation between its intent and its end: what is known of it, and what comes next. Pure: it
/// has no clock, makes no calls, and knows no payment. The shard does what a result says.
///
/// Every event returns a result of its own. An event that cannot happen in a state traps: the shard
/// asks for the state first.
package struct OperationStateMachine: Equatable, Sendable {
    package enum State: Equatable, Sendable {
        /// The fraud rules hold it back. Nothing was sent.
        case held
        /// Its call is under way, or about to be. Nothing of it is in doubt.
        case executing(tries: UInt16)
        /// It certainly was not executed, and will be sent again.
        case retrying(tries: UInt16)
        /// Its outcome is not known, and no call is under way.
        case waiting(Doubt)
        /// It was sent again under the same key of the provider.
        case replaying(Doubt)
        /// The provider was asked for its outcome.
        case querying(Doubt)
        /// The provider was asked to void it, whatever its outcome is.
        case voiding(Doubt)
    }

    /// What is known of an operation whose outcome is not.
    package struct Doubt: Equatable, Sendable {
        /// Resolutions that were scheduled.
        package var steps: UInt16 = 0
        /// Times that it was sent again to resolve it.
        package var replays: UInt16 = 0
        /// The provider has said that it has the operation. "Not found" then contradicts the
        /// provider itself.
        package var isKnownToProvider = false

        package init(steps: UInt16 = 0, replays: UInt16 = 0, isKnownToProvider: Bool = false) {
            self.steps = steps
            self.replays = replays
            self.isKnownToProvider = isKnownToProvider
        }
    }

    /// What may be done, from the provider's capabilities and the configuration. Times in
    /// milliseconds.
    package struct Policy: Equatable, Sendable {
        /// Whether it is known how long ago a call was sent. While it is not, "not found" proves
        /// nothing, and no key is used again.
        package var isTimeCertain: Bool
        /// The provider can be asked for the outcome of an operation.
        package var canQuery: Bool
        /// How long after it was executed the provider may still deny knowing the operation.
        package var visibleAfter: Int64
        /// The provider voids by the gateway's own reference.
        package var canVoid: Bool
        /// The most times that a call is sent again to resolve it, where the provider can be asked.
        /// Each of these calls may again be on its way, and "not found" proves nothing meanwhile.
        /// Where the provider cannot be asked, a call is sent again at each step.
        package var replays: Int
        /// How long since its request the provider honours the key of a call; 0 for never.
        package var replayWindow: Int64
        /// How long after it was sent a call may still be on its way to the provider.
        package var horizon: Int64
        /// When what certainly was not executed is sent again; after the last time the operation
        /// fails.
        package var retries: [Int64]
        /// The time between two resolutions; the last one repeats.
        package var schedule: [Int64]
        /// How long an authorization may be in doubt before it is given up.
        package var abandonAfter: Int64

        package init(
            isTimeCertain: Bool,
            canQuery: Bool,
            visibleAfter: Int64,
            canVoid: Bool,
            replays: Int,
            replayWindow: Int64,
            horizon: Int64,
            retries: [Int64],
            schedule: [Int64],
            abandonAfter: Int64
        ) {
            precondition(!schedule.isEmpty, "an operation in doubt is resolved some time")
            self.isTimeCertain = isTimeCertain
            self.canQuery = canQuery
            self.visibleAfter = visibleAfter
            self.canVoid = canVoid
            self.replays = replays
            self.replayWindow = replayWindow
            self.horizon = horizon
            self.retries = retries
            self.schedule = schedule
            self.abandonAfter = abandonAfter
        }
    }

    package private(set) var state: State
    /// Whether the operation decides if the shopper pays at all. Only such an operation is ever
    /// given up.
    package let isAuthorization: Bool
    /// When the intent was journaled.
    package let startedAt: Timestamp
    /// When it was last sent and may have been executed.
    package private(set) var sentAt: Timestamp

    package init(state: State, isAuthorization: Bool, startedAt: Timestamp, sentAt: Timestamp) {
        self.state = state
        self.isAuthorization = isAuthorization
        self.startedAt = startedAt
        self.sentAt = sentAt
    }

    /// What is known of its outcome; nil while nothing is in doubt.
    package var doubt: Doubt? {
        switch state {
        case .held, .executing, .retrying: nil
        case .waiting(let doubt), .replaying(let doubt), .querying(let doubt), .voiding(let doubt): doubt
        }
    }

    /// Whether an answer is awaited: of the provider, about this operation.
    package var isCalling: Bool {
        switch state {
        case .held, .retrying, .waiting: false
        case .executing, .replaying, .querying, .voiding: true
        }
    }

    // MARK: Time

    /// What is to be done with an operation whose time has come.
    package enum Due: Equatable, Sendable {
        /// The fraud rules still hold it back.
        case hold
        /// Send it: it certainly was not executed so far.
        case execute
        /// Journal that it is given up, then ask again.
        case giveUp
        case void
        case query
        /// Send it again under the same key.
        case replay
        /// Nothing can be done but wait until then.
        case wait(until: Timestamp)
    }

    /// - Parameters:
    ///   - isGivenUp: its payment has failed already, whatever the outcome is.
    ///   - mayGiveUp: the journal has room for the record that gives it up.
    /// - Precondition: no call is under way.
    package mutating func due(at now: Timestamp, isGivenUp: Bool, mayGiveUp: Bool, _ policy: Policy) -> Due {
        switch state {
        case .held: return .hold
        case .retrying(let tries):
            state = .executing(tries: tries &+ 1)
            sentAt = now
            return .execute
        case .waiting(let doubt):
            let isOver = now.milliseconds(since: startedAt) >= policy.abandonAfter
            // If the provider has the operation and will report, the gateway waits for that.
            if isAuthorization, !doubt.isKnownToProvider {
                if !isGivenUp, isOver, mayGiveUp { return .giveUp }
                if isGivenUp, policy.canVoid {
                    state = .voiding(doubt)
                    return .void
                }
            }
            if policy.canQuery {
                state = .querying(doubt)
                return .query
            }
            if replay(doubt, at: now, isGivenUp: isGivenUp, policy) { return .replay }
            if !doubt.isKnownToProvider, !isGivenUp, awaitsCertainTime(at: now, policy) {
                return .wait(until: now.adding(milliseconds: policy.schedule[0]))
            }
            return .wait(until: wait(doubt, at: now, policy))
        case .executing, .replaying, .querying, .voiding: preconditionFailure("a call is under way")
        }
    }

    // MARK: Answers

    /// Which amounts the provider may have executed beside the one that was asked for.
    package enum OtherAmounts: CaseIterable, Sendable {
        case none
        /// Less than was asked for, but more than nothing: a partial approval.
        case less
        /// Any: it is not known what the provider holds.
        case any
    }

    /// What follows from a success.
    package enum Succeeded: Equatable, Sendable {
        /// It ends, executed as asked for, or for less where that is permitted.
        case executed
        /// It ends in a conflict: the provider moved other money than was asked for.
        case conflicted
    }

    /// The provider has executed it. That settles it, whatever was in doubt. Amounts in minor
    /// units.
    /// - Parameters:
    ///   - isInCurrency: in the currency that was asked for.
    ///   - others: asked for only if the amounts differ.
    package func succeeded(
        executedMinor: Int64,
        askedMinor: Int64,
        isInCurrency: Bool,
        permitting others: @autoclosure () -> OtherAmounts
    ) -> Succeeded {
        precondition(isCalling, "no call is under way")
        guard isInCurrency else { return .conflicted }
        if executedMinor == askedMinor { return .executed }
        switch others() {
        case .none: return .conflicted
        case .less: return executedMinor > 0 && executedMinor < askedMinor ? .executed : .conflicted
        case .any: return .executed
        }
    }

    /// What ends with a definite no: a decline, or the certainty that it was not executed.
    package enum DefiniteNo: Equatable, Sendable {
        /// The attempt with this provider. No call of it is on its way, so another connector may be
        /// asked.
        case attempt
        /// The operation. An earlier call may still be on its way, so no other connector is asked.
        case operation
    }

    /// - Parameter isAnswerToCall: the answer to the operation's own call. An answer to a query, or
    ///   an event of the provider, may overtake that call.
    package func definiteNo(isAnswerToCall: Bool) -> DefiniteNo {
        switch state {
        case .executing: return isAnswerToCall ? .attempt : .operation
        case .replaying, .querying, .voiding: return .operation
        case .held, .retrying, .waiting: preconditionFailure("no call is under way")
        }
    }

    /// What follows from an unknown or pending outcome.
    package enum Unknown: Equatable, Sendable {
        /// The first doubt: it is journaled, and the merchant is answered 202.
        case becameUncertain(until: Timestamp)
        case staysUncertain(until: Timestamp)
    }

    /// The outcome of a call is not known, or the provider has the operation and reports its end
    /// later (`isPending`).
    package mutating func unknown(isPending: Bool, at now: Timestamp, _ policy: Policy) -> Unknown {
        switch state {
        case .executing:
            return .becameUncertain(until: wait(Doubt(isKnownToProvider: isPending), at: now, policy))
        case .replaying(var doubt), .querying(var doubt), .voiding(var doubt):
            if isPending { doubt.isKnownToProvider = true }
            return .staysUncertain(until: wait(doubt, at: now, policy))
        case .held, .retrying, .waiting: preconditionFailure("no call is under way")
        }
    }

    /// What follows from a call that certainly was not executed.
    package enum NotExecuted: Equatable, Sendable {
        case retry(at: Timestamp)
        case giveUp
        /// An earlier try is in doubt still.
        case wait(until: Timestamp)
    }

    /// - Parameter isTransient: sending it again may help.
    package mutating func notExecuted(isTransient: Bool, at now: Timestamp, _ policy: Policy) -> NotExecuted {
        switch state {
        case .executing(let tries):
            guard isTransient, tries >= 1, Int(tries) <= policy.retries.count else { return .giveUp }
            state = .retrying(tries: tries)
            return .retry(at: now.adding(milliseconds: policy.retries[Int(tries) - 1]))
        case .replaying(let doubt), .querying(let doubt), .voiding(let doubt):
            // A provider that cannot be asked has answered about the operation itself, and no call
            // is on its way any more.
            if !policy.canQuery, !isTransient, isPastHorizon(at: now, policy) { return .giveUp }
            return .wait(until: wait(doubt, at: now, policy))
        case .held, .retrying, .waiting: preconditionFailure("no call is under way")
        }
    }

    /// What it means that the provider knows nothing of the operation.
    package enum NotFound: Equatable, Sendable {
        /// It was not executed, and will not be.
        case giveUp
        /// It may be on its way still: the same call under the same key is safe.
        case replay
        case wait(until: Timestamp)
    }

    package mutating func notFound(at now: Timestamp, isGivenUp: Bool, _ policy: Policy) -> NotFound {
        if case .executing(let tries) = state { return notFound(tries: tries, at: now, isGivenUp: isGivenUp, policy) }
        guard let doubt, isCalling else { preconditionFailure("the provider was not asked") }
        if !doubt.isKnownToProvider {
            if isPastHorizon(at: now, policy) { return .giveUp }
            if replay(doubt, at: now, isGivenUp: isGivenUp, policy) { return .replay }
        }
        return .wait(until: wait(doubt, at: now, policy))
    }

    /// The answer to the operation itself, of which nothing is in doubt: it is sent again, at once
    /// and then later.
    private mutating func notFound(tries: UInt16, at now: Timestamp, isGivenUp: Bool, _ policy: Policy) -> NotFound {
        if isPastHorizon(at: now, policy) { return .giveUp }
        if !isGivenUp, Int(tries) <= policy.replays, isKeyHonoured(at: now, policy) {
            state = .executing(tries: tries + 1)
            sentAt = now
            return .replay
        }
        state = .retrying(tries: tries)
        return .wait(until: now.adding(milliseconds: policy.schedule[min(Int(tries), policy.schedule.count - 1)]))
    }

    /// What follows from a void by the gateway's reference.
    package enum Voided: Equatable, Sendable {
        /// Nothing is left of it at the provider.
        case giveUp
        /// It is too late for a void: the provider is asked for the outcome.
        case query
        case wait(until: Timestamp)
    }

    /// What the provider said of a void.
    package enum VoidAnswer: CaseIterable, Sendable {
        case succeeded, declined, notFound, other
    }

    package mutating func voided(_ answer: VoidAnswer, at now: Timestamp, _ policy: Policy) -> Voided {
        guard case .voiding(let doubt) = state else { preconditionFailure("no void is under way") }
        switch answer {
        case .succeeded: return .giveUp
        case .notFound where isPastHorizon(at: now, policy): return .giveUp
        case .declined where policy.canQuery:
            state = .querying(doubt)
            return .query
        case .declined, .notFound, .other: return .wait(until: wait(doubt, at: now, policy))
        }
    }

    // MARK: Steps

    /// Whether an operation that the provider does not know now was not executed and will not be.
    /// Then no call is on its way, and what a call executed would be visible.
    private func isPastHorizon(at now: Timestamp, _ policy: Policy) -> Bool {
        policy.isTimeCertain && now.milliseconds(since: sentAt) > policy.horizon + policy.visibleAfter
    }

    /// Whether the provider still knows the key when a call that is sent now arrives, however late.
    /// It forgets the key some time after it first saw it, which was not before the intent.
    private func isKeyHonoured(at now: Timestamp, _ policy: Policy) -> Bool {
        policy.isTimeCertain && now.milliseconds(since: startedAt) < policy.replayWindow - policy.horizon
    }

    /// When an operation that can only be sent again is sent for the last time, before the provider
    /// forgets its key.
    private func lastReplay(_ policy: Policy) -> Timestamp {
        startedAt.adding(milliseconds: policy.replayWindow - 2 * policy.horizon)
    }

    /// Whether the time for the last replay has come while the time is not certain. The replay is
    /// sent as soon as it is certain, if the provider still honours the key.
    private func awaitsCertainTime(at now: Timestamp, _ policy: Policy) -> Bool {
        !policy.isTimeCertain && lastReplay(policy) <= now
            && now.milliseconds(since: startedAt) < policy.replayWindow - policy.horizon
    }

    /// Sends the operation again, if that is permitted. An operation that the provider has, or that
    /// was given up, is never sent again.
    private mutating func replay(_ doubt: Doubt, at now: Timestamp, isGivenUp: Bool, _ policy: Policy) -> Bool {
        let most = policy.canQuery ? policy.replays : Int(UInt16.max)
        guard !doubt.isKnownToProvider, !isGivenUp, Int(doubt.replays) < most, isKeyHonoured(at: now, policy)
        else { return false }
        var next = doubt
        next.replays += 1
        state = .replaying(next)
        sentAt = now
        return true
    }

    /// Schedules the next resolution.
    private mutating func wait(_ doubt: Doubt, at now: Timestamp, _ policy: Policy) -> Timestamp {
        var time = now.adding(milliseconds: policy.schedule[min(Int(doubt.steps), policy.schedule.count - 1)])
        // Where sending it again is the only means, it is sent once more before the provider
        // forgets its key.
        let last = lastReplay(policy)
        if !policy.canQuery, !doubt.isKnownToProvider, last > now { time = min(time, last) }
        var next = doubt
        next.steps &+= next.steps < .max ? 1 : 0
        state = .waiting(next)
        // When an authorization's time ends between two late steps, it is looked at then and not at
        // the later step.
        let end = startedAt.addingClamped(milliseconds: policy.abandonAfter)
        return isAuthorization && end > now ? min(time, end) : time
    }
}
