/// How one attempt goes, put together from the token and the profile: what is executed, and what
/// becomes of the answer.
struct Directive: Equatable {
    enum Execution: Equatable {
        case execute
        case decline(ErrorCode)
        case pend(succeeds: Bool, after: UInt32 = OperationRecord.pendingMilliseconds)
        /// The shopper is asked first.
        case ask(PaymentToken.ShopperAction)
        /// Nothing is executed and this is said.
        case refuse(Refusal)
        /// Nothing is executed and nothing is said.
        case vanish(SimulatorProfile.DropMode)
    }

    enum Answer: Equatable {
        case truth
        case internalError
        case malformed
    }

    var execution: Execution = .execute
    /// Of a decline.
    var advice = Advice.none
    var answer: Answer = .truth
    var delivery: Verdict.Delivery = .reply
    /// Milliseconds.
    var latency: UInt32 = 0
    var movesOtherAmount = false
    var movesOtherCurrency = false
    var followUp: PaymentToken.FollowUp = .none
    /// How long the hold lasts, in milliseconds.
    var hold = ChargeRecord.holdMilliseconds
    /// Half is approved.
    var approvesHalf = false
    /// Half is approved, or nothing where the request does not take less.
    var declinesUnlessPartial = false
    /// How far captures may exceed the authorisation, in basis points; nil leaves it to the
    /// profile.
    var overCapture: UInt16?
    /// Whether a failed attempt must be remembered, so that the next one draws anew. What a token
    /// orders repeats itself and needs no memory.
    var remembersFailure = false

    /// What the profile alone decides.
    init(profile decision: BehaviourSampler.Decision) {
        latency = decision.latency
        if let code = decision.decline { execution = .decline(code) }
        switch decision.fault {
        case .none:
            break
        case .resetBeforeExecution:
            execution = .vanish(.reset)
            remembersFailure = true
        case .errorWithoutExecution:
            execution = .refuse(.notExecuted)
            remembersFailure = true
        case .errorAfterExecution:
            answer = .internalError
        case .drop(let mode):
            delivery = .lose(mode)
        case .drip:
            delivery = .drip
        }
    }

    /// What a token orders. The profile adds its latency, and decides everything when the token
    /// orders nothing.
    init(token: PaymentToken, profile decision: BehaviourSampler.Decision, dropMode: SimulatorProfile.DropMode) {
        if token == .plain {
            self.init(profile: decision)
            return
        }
        self.init(profile: BehaviourSampler.Decision(latency: decision.latency))
        followUp = token.followUp
        switch token {
        case .plain, .followUp, .late:
            break
        case .decline(let code, let advice):
            execution = .decline(code)
            self.advice = advice
        case .pending(let succeeds, let after):
            execution = .pend(succeeds: succeeds, after: after)
        case .expires(let after):
            hold = after
        case .half(let asked):
            approvesHalf = true
            declinesUnlessPartial = asked
        case .overCapture:
            overCapture = PaymentToken.overCaptureBasisPoints
        case .action(let action):
            execution = .ask(action)
        case .wrongAmount:
            movesOtherAmount = true
        case .wrongCurrency:
            movesOtherCurrency = true
        case .fault(let fault):
            apply(fault, dropMode: dropMode)
        }
    }

    /// What the charge's token ordered for its later operations; the profile decides when it
    /// ordered nothing.
    init(
        _ kind: OperationKind,
        behaviour: PaymentToken.FollowUp,
        profile decision: BehaviourSampler.Decision,
        dropMode: SimulatorProfile.DropMode
    ) {
        self.init(profile: BehaviourSampler.Decision(latency: decision.latency))
        switch (behaviour, kind) {
        case (.captureFails, .capture): execution = .decline(.capture_refused)
        case (.capturePending, .capture): execution = .pend(succeeds: true)
        case (.captureThenDrop, .capture), (.refundThenDrop, .refund), (.incrementThenDrop, .increment):
            delivery = .lose(dropMode)
        case (.incrementFails, .increment): execution = .decline(.increment_refused)
        case (.cancelFails, .cancel): execution = .decline(.cancel_refused)
        case (.refundFails, .refund): execution = .decline(.refund_refused)
        case (.refundPending, .refund): execution = .pend(succeeds: true)
        case (.refundPendingFails, .refund): execution = .pend(succeeds: false)
        case (_, .authorize), (_, .capture), (_, .cancel), (_, .refund), (_, .increment), (_, .confirm):
            self.init(profile: decision)
        }
    }

    private mutating func apply(_ fault: PaymentToken.Fault, dropMode: SimulatorProfile.DropMode) {
        switch fault {
        case .timeout: execution = .vanish(.silence)
        case .reset: execution = .vanish(.reset)
        case .executeThenDrop(let mode): delivery = .lose(mode ?? dropMode)
        case .executeThen500: answer = .internalError
        case .error500: execution = .refuse(.internalError)
        case .notExecuted503: execution = .refuse(.notExecuted)
        case .rateLimited429: execution = .refuse(.rateLimited)
        case .slow: latency = max(latency, SimulatorCore.slowMilliseconds)
        case .drip: delivery = .drip
        case .malformedJSON: answer = .malformed
        }
    }
}
