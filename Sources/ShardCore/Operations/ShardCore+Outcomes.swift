import Money
package import Payments
import ShardRecords
import ShardState
package import Time

extension ShardCore {
    /// The outcome of a PSP call.
    /// - Parameters:
    ///   - token: as the effect carried it. An outcome of an operation that has ended is ignored.
    package mutating func handle(
        _ outcome: ProviderOutcome,
        of token: UInt64,
        at now: Timestamp,
        into turn: inout Turn
    ) {
        turn.now = now
        guard let slot = operations.slot(of: token) else { return }
        let connector = payments[operations[slot].payment].connector
        recordContext.actor = RecordActor(.provider, identity: UInt64(connector.rawValue))
        end(outcome, of: token, in: &turn)
    }

    /// The same, whoever reported it.
    mutating func end(_ outcome: ProviderOutcome, of token: UInt64, in turn: inout Turn) {
        guard let slot = operations.slot(of: token), operations[slot].step != .waiting else { return }
        guard operations[slot].step != .voiding else { return voided(slot, outcome, in: &turn) }
        switch outcome {
        case .succeeded(let success):
            finish(slot, success, in: &turn)
        case .declined(let decline):
            declined(slot, decline, in: &turn)
        case .actionRequired(let action, let reference):
            actionRequired(slot, action, providerReference: reference, in: &turn)
        case .pending(let reference):
            leaveUnresolved(slot, .pendingAtProvider, providerReference: reference, in: &turn)
        case .unknown(let reason):
            leaveUnresolved(slot, reason, providerReference: "", in: &turn)
        case .notExecuted(let reason):
            notExecuted(slot, reason, in: &turn)
        case .notFound:
            notFound(slot, in: &turn)
        }
    }

    private mutating func declined(
        _ slot: Int,
        _ decline: Decline,
        in turn: inout Turn
    ) {
        if tryNextConnector(slot, after: .declined(decline), in: &turn) { return }
        statistics.declined += 1
        finish(
            slot,
            .declined(decline.category, decline.code),
            providerReference: operations[slot].operation == .authorize ? decline.providerReference : "",
            declineCode: decline.providerCode,
            advice: decline.advice,
            in: &turn
        )
    }

    private mutating func finish(
        _ slot: Int,
        _ success: ProviderSuccess,
        in turn: inout Turn
    ) {
        let operation = operations[slot]
        let result = operation.machine.succeeded(
            executedMinor: success.amountMinor,
            askedMinor: operation.amountMinor,
            isInCurrency: success.currency == payments[operation.payment].currency,
            permitting: otherAmounts(operation)
        )
        let agrees = result == .executed
        if agrees { statistics.succeeded += 1 } else { statistics.conflicted += 1 }
        finish(
            slot,
            agrees ? .succeeded : .conflicted,
            executed: (success.amountMinor, success.currency),
            deadline: agrees ? authorizationEnd(operation, success, at: turn.now) : .none,
            providerReference: success.providerReference,
            in: &turn
        )
    }

    /// Which amounts beside the one asked for are no conflict. A partial authorization is none; for
    /// a sale only where the merchant accepts it, because money has moved. Nor is the void of a
    /// conflict that an operator ended: it is not known what the PSP holds.
    private func otherAmounts(_ operation: RunningOperation) -> OperationStateMachine.OtherAmounts {
        let payment = payments[operation.payment]
        if operation.operation == .cancel, payment.failure == .reversal(.conflict) { return .any }
        let mayBePartial =
            operation.isAuthorization
            && (!payment.capturesAutomatically || payment.flags.contains(.acceptsPartialAuthorization))
        return mayBePartial ? .less : .none
    }

    /// When the authorization ends by itself: as the PSP says, or as the provider declares.
    private func authorizationEnd(
        _ operation: RunningOperation,
        _ success: ProviderSuccess,
        at now: Timestamp
    ) -> Timestamp {
        switch operation.operation {
        case .authorize, .confirm:
            if payments[operation.payment].capturesAutomatically { return .none }
            let reported = Self.plausibleEnd(success.expiresAt, at: now)
            let connector = payments[operation.payment].connector
            let lifetime = configuration.connectors[connector].capabilities.authorizationLifetime
            return reported == .none ? now.adding(milliseconds: lifetime) : reported
        case .increment: return Self.plausibleEnd(success.expiresAt, at: now)
        case .capture, .cancel, .refund: return .none
        }
    }

    /// The end of an authorization as the PSP says; none without one, and for one more than a year
    /// ahead. No card scheme holds money for longer than a month. Such a time comes from a wrong
    /// unit: seconds or nanoseconds were taken for milliseconds.
    private static func plausibleEnd(_ expiresAt: Timestamp, at now: Timestamp) -> Timestamp {
        expiresAt > .none && expiresAt < now.adding(milliseconds: 366 * 86_400_000) ? expiresAt : .none
    }

    /// The PSP waits for the shopper. For an operation without a shopper that is no answer.
    private mutating func actionRequired(
        _ slot: Int,
        _ action: NextAction,
        providerReference: String,
        in turn: inout Turn
    ) {
        guard operations[slot].isAuthorization else {
            return leaveUnresolved(slot, .badResponse, providerReference: "", in: &turn)
        }
        // The address may be too long for the kept room of the journal. The PSP is asked again when
        // there is more room.
        if room.isJournalShort {
            return leaveUnresolved(slot, .pendingAtProvider, providerReference: "", in: &turn)
        }
        finish(
            slot,
            .actionRequired,
            deadline: turn.now.adding(milliseconds: configuration.actionLifetime),
            providerReference: providerReference,
            nextAction: action.packed,
            in: &turn
        )
    }

    mutating func finish(
        _ slot: Int,
        _ result: OperationResult,
        executed: (amountMinor: Int64, currency: Currency)? = nil,
        deadline: Timestamp = .none,
        providerReference: String = "",
        nextAction: [UInt8] = [],
        declineCode: String = "",
        advice: DeclineAdvice = .none,
        in turn: inout Turn
    ) {
        let operation = operations[slot]
        let payment = payments[operation.payment]
        if operation.isUncertain {
            statistics.resolved += 1
            statistics.resolutionMilliseconds += max(0, turn.now.milliseconds(since: operation.startedAt))
        }
        var record = OperationFinished(
            payment: payment.id,
            operation: operation.operation,
            ordinal: operation.ordinal,
            connector: payment.connector,
            attempt: operation.attempt,
            result: result,
            advice: advice,
            amountMinor: operation.amountMinor,
            executedMinor: executed?.amountMinor ?? 0,
            executedCurrency: executed?.currency ?? payment.currency,
            staysOpen: operation.staysOpen,
            deadline: deadline,
            providerReference: providerReference,
            declineProviderCode: declineCode,
            nextAction: nextAction,
            transfers: Transfers(),
            responseStatus: 0,
            response: Self.noBody,
            previous: payments.lastRecord(of: payment.index),
            time: turn.now
        )
        record.transfers =
            result == .conflicted
            ? Postings.conflicted(
                operation.operation,
                executedMinor: record.executedMinor,
                in: record.executedCurrency,
                of: payment
            )
            : Postings.finished(
                operation.operation,
                result,
                amountMinor: record.effectiveMinor,
                staysOpen: operation.staysOpen,
                of: payment,
                rail: rail(of: payment),
                sellers: sellerShares(operation, payment, captureMinor: record.effectiveMinor)
            )
        applyFinished(record, slot: slot, at: nextPosition)
        guard let key = operation.key else {
            if record.result != .succeeded, operation.operation != .confirm { statistics.reversalsFailed += 1 }
            persist(.operationFinished(record), in: &turn)
            return followUp(operation, record, in: &turn)
        }
        let answer = finalAnswer(operation, record)
        record.responseStatus = answer.status
        record.response = answer.body
        persist(.operationFinished(record), in: &turn)
        guard let reply = operation.reply else { return }
        // Of the ends of an operation only a conflict is 202, and an operator has to end that.
        respond(answer, to: reply, requestID: key.requestID, isSoon: false, in: &turn)
    }

    /// What the gateway began by itself has ended.
    private mutating func followUp(
        _ operation: RunningOperation,
        _ record: OperationFinished,
        in turn: inout Turn
    ) {
        guard operation.operation == .cancel, case .declined = record.result else { return }
        afterRefusedCancel(operation.payment, in: &turn)
    }

    /// The PSP certainly did not execute this try. That settles the operation only if no earlier
    /// try is in doubt.
    private mutating func notExecuted(
        _ slot: Int,
        _ reason: CallFailure,
        in turn: inout Turn
    ) {
        var machine = operations[slot].machine
        let next = machine.notExecuted(isTransient: reason.isTransient, at: turn.now, resolutionPolicy(slot))
        guard next != .giveUp else { return giveUp(slot, .call(reason), in: &turn) }
        note(slot, .notExecuted, reason: reason, in: &turn)
        operations[slot].machine = machine
        switch next {
        case .giveUp: break
        case .wait(let time): awaitResolution(slot, at: time)
        case .retry(let time):
            statistics.providerRetries += 1
            schedule(slot, at: time)
        }
    }

    /// The operation certainly was not executed, and no try of it is on its way any more.
    private mutating func giveUp(
        _ slot: Int,
        _ reason: FailureReason,
        in turn: inout Turn
    ) {
        if case .call(let failure) = reason,
            tryNextConnector(slot, after: .notExecuted(failure), in: &turn)
        {
            return
        }
        statistics.notExecuted += 1
        finish(slot, .notExecuted(reason), in: &turn)
    }

    /// Answer to a query: the PSP knows nothing of the operation. The gateway's call may still be
    /// on its way. So the answer proves nothing before the in-flight horizon has passed
    /// (docs/payments.md, "Unknown outcomes"). Until then the same call under the same PSP key is
    /// safe, and its answer is definite. It is sent only a few times, because each of these calls
    /// may again be on its way.
    private mutating func notFound(_ slot: Int, in turn: inout Turn) {
        var machine = operations[slot].machine
        let next = machine.notFound(at: turn.now, isGivenUp: isGivenUp(slot), resolutionPolicy(slot))
        guard next != .giveUp else { return giveUp(slot, .call(.timeout), in: &turn) }
        note(slot, .notFound, reason: nil, in: &turn)
        operations[slot].machine = machine
        switch next {
        case .giveUp: break
        case .replay: callAgain(slot, in: &turn)
        case .wait(let time): awaitResolution(slot, at: time)
        }
    }

    /// What may be done about an operation whose outcome is not known.
    private func resolutionPolicy(_ slot: Int) -> OperationStateMachine.Policy {
        OperationStateMachine.Policy(resolution(slot), timeout: timeout(slot), isTimeCertain: isTimeCertain)
    }

    /// Whether its payment has failed already, whatever the outcome is.
    private func isGivenUp(_ slot: Int) -> Bool {
        payments[operations[slot].payment].failure == .reversal(.abandoned)
    }

    private mutating func leaveUnresolved(
        _ slot: Int,
        _ reason: CallFailure,
        providerReference: String,
        in turn: inout Turn
    ) {
        let isPending = reason == .pendingAtProvider
        var machine = operations[slot].machine
        let next = machine.unknown(isPending: isPending, at: turn.now, resolutionPolicy(slot))
        switch next {
        case .becameUncertain(let time):
            statistics.becameUnknown += 1
            // While the journal's room is short: an intent without an end is unknown after a
            // restart, too (`+Reserve`).
            if !room.isJournalShort || isPending {
                recordUnresolved(slot, reason, providerReference: providerReference, in: &turn)
            }
            operations[slot].machine = machine
            answerProcessing(slot, in: &turn)
            awaitResolution(slot, at: time)
        case .staysUncertain(let time):
            note(slot, isPending ? .pending : .unknown, reason: reason, in: &turn)
            operations[slot].machine = machine
            awaitResolution(slot, at: time)
        }
    }

    private mutating func recordUnresolved(
        _ slot: Int,
        _ reason: CallFailure,
        providerReference: String,
        in turn: inout Turn
    ) {
        let operation = operations[slot]
        let record = OperationUnresolved(
            payment: payments[operation.payment].id,
            operation: operation.operation,
            ordinal: operation.ordinal,
            reason: reason,
            providerReference: providerReference,
            previous: payments.lastRecord(of: operation.payment),
            time: turn.now
        )
        applyUnresolved(record, slot: slot, at: nextPosition)
        persist(.operationUnresolved(record), in: &turn)
    }

    /// Journals the report of a call that did not end the operation. When the journal is short of
    /// room, only what the resolution needs is kept. The room is then kept for the ends of
    /// operations in flight.
    private mutating func note(
        _ slot: Int,
        _ answer: OperationAttempted.Answer,
        reason: CallFailure?,
        in turn: inout Turn
    ) {
        let operation = operations[slot]
        let isNeeded = answer == .pending && !operation.isKnownToProvider
        guard isNeeded || room.refusal == nil else { return }
        let record = OperationAttempted(
            payment: payments[operation.payment].id,
            operation: operation.operation,
            ordinal: operation.ordinal,
            mode: operation.step.mode,
            answer: answer,
            reason: reason,
            previous: payments.lastRecord(of: operation.payment),
            time: turn.now
        )
        applyAttempted(record, slot: slot, at: nextPosition)
        persist(.operationAttempted(record), in: &turn)
    }

    /// A timer fired: sends an operation again that was not executed, or resolves one in doubt.
    mutating func operationDue(_ token: UInt64, in turn: inout Turn) {
        guard let slot = operations.slot(of: token), operations[slot].step == .waiting else { return }
        guard operations[slot].hold == .none else { return resolveHold(slot, in: &turn) }
        if isInternal(slot) { return executeHere(slot, in: &turn) }
        var machine = operations[slot].machine
        var next = machine.due(
            at: turn.now,
            isGivenUp: isGivenUp(slot),
            mayGiveUp: !room.isJournalShort && isTimeCertain,
            resolutionPolicy(slot)
        )
        if next == .giveUp {
            // Journaled before anything is done about it: from then on the payment fails, whatever
            // the PSP says.
            statistics.abandoned += 1
            change(operations[slot].payment, .abandoned, in: &turn)
            next = machine.due(at: turn.now, isGivenUp: true, mayGiveUp: true, resolutionPolicy(slot))
        }
        operations[slot].machine = machine
        switch next {
        case .execute, .replay: callAgain(slot, in: &turn)
        case .void: call(.cancelByReference, slot, paymentMethod: "", in: &turn)
        case .query: call(.query, slot, paymentMethod: "", in: &turn)
        case .wait(let time): awaitResolution(slot, at: time)
        case .hold, .giveUp: preconditionFailure("\(next) was dealt with")
        }
    }

    /// The answer to a void by the gateway's reference.
    private mutating func voided(
        _ slot: Int,
        _ outcome: ProviderOutcome,
        in turn: inout Turn
    ) {
        let answer: OperationStateMachine.VoidAnswer
        var reason: CallFailure?
        switch outcome {
        case .succeeded: answer = .succeeded
        case .declined: answer = .declined
        case .notFound: answer = .notFound
        case .actionRequired, .pending: answer = .other
        case .unknown(let failure), .notExecuted(let failure):
            answer = .other
            reason = failure
        }
        var machine = operations[slot].machine
        switch machine.voided(answer, at: turn.now, resolutionPolicy(slot)) {
        case .giveUp: giveUp(slot, .reversal(.abandoned), in: &turn)
        case .query:
            // It is too late for a void. The PSP says what the outcome is, and that is reversed.
            operations[slot].machine = machine
            call(.query, slot, paymentMethod: "", in: &turn)
        case .wait(let time):
            note(slot, .unknown, reason: reason, in: &turn)
            operations[slot].machine = machine
            awaitResolution(slot, at: time)
        }
    }

    /// Sends the operation again with the same parameters under the same PSP key.
    private mutating func callAgain(_ slot: Int, in turn: inout Turn) {
        let operation = operations[slot]
        let paymentMethod = operation.operation == .authorize ? paymentMethod(of: operation.payment) : ""
        call(.execute, slot, paymentMethod: paymentMethod, in: &turn)
    }

    /// The token that a payment is made with.
    func paymentMethod(of index: Index<Payment>) -> String { text(.paymentMethod, of: payments[index]) ?? "" }
}

extension RunningOperation.Step {
    var mode: ProviderCall.Mode {
        switch self {
        case .executing, .waiting: .execute
        case .querying: .query
        case .voiding: .cancelByReference
        }
    }
}
