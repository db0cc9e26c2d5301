import Journal
import Payments
package import Risk
import ShardRecords
import ShardState
package import Time

// The fraud hook. The shard applies the rules before it makes a payment. It journals the assessment
// with the payment, as a note in front of its details, and so everything that the counters count. A
// payment that is not plainly allowed begins as every payment does, with its key reserved. But it
// is on hold, and nothing is sent to the PSP. One record, `RiskDecided`, releases the hold or ends
// the payment.
extension ShardCore {
    /// Replaces the rules. Counters that both the old and the new rules use keep their counts.
    /// - Parameter version: of the configuration that the rules are a part of. Records name it from
    ///   now on.
    package mutating func reload(risk policy: RiskPolicy?, version: UInt32) {
        recordContext.configurationVersion = version
        risk.reload(policy, at: lastRecordTime)
    }

    /// How full the counters are.
    package var riskOccupancy: (counters: Int, capacity: Int, largestMerchant: Int) { risk.occupancy }

    // MARK: Creation

    /// The details that a payment is made with. A note is in front when the rules give one.
    mutating func assessed(_ request: CreatePayment, of merchant: MerchantID, at now: Timestamp) -> [UInt8] {
        let details = request.details.bytes
        let facts = RiskFacts(merchant: merchant, amountMinor: request.amountMinor, currency: request.currency)
        guard let assessment = risk.assess(facts, details: details.span, at: now) else { return details }
        if assessment.countersWereFull { statistics.risk.countersFull += 1 }
        guard !assessment.isPlain else {
            statistics.risk.allowed += 1
            return details
        }
        return RiskNote.prepend(assessment, to: details)
    }

    /// Counts what was made. Called for every `PaymentCreated`, live and on replay, and by nothing
    /// else.
    mutating func countForRisk(_ record: PaymentCreated) {
        let facts = RiskFacts(merchant: record.merchant, amountMinor: record.amountMinor, currency: record.currency)
        risk.count(facts, details: record.details.span, at: record.time)
    }

    /// The hold on a payment just made.
    static func riskHold(_ details: Span<UInt8>) -> RiskHold {
        // Nearly all payments have no note; the first byte tells.
        guard !details.isEmpty, details[0] == PaymentDetails.Field.risk.rawValue else { return .none }
        return RiskNote.read(details).map(RiskHold.init) ?? .none
    }

    /// A payment was made: it is sent, or what its hold waits for is begun.
    mutating func sendUnlessHeld(_ slot: Int, paymentMethod: String, in turn: inout Turn) {
        switch operations[slot].hold {
        case .none:
            if risk.policy != nil, hasNote(operations[slot].payment) {
                statistics.risk.allowed += 1
            }
            execute(slot, paymentMethod: paymentMethod, in: &turn)
        case .score, .review, .block:
            resolveHold(slot, in: &turn)
        }
    }

    private func hasNote(_ index: Index<Payment>) -> Bool {
        payments.withDetails(of: index) { RiskNote.range(in: $0) != nil }
    }

    /// Begins what the hold waits for: with the creation, and again after a restart.
    mutating func resolveHold(_ slot: Int, in turn: inout Turn) {
        let assessment = note(slot)
        switch operations[slot].hold {
        case .none: preconditionFailure("a payment without a hold was sent")
        case .review, .block: decide(slot, assessment, from: .rules, in: &turn)
        case .score:
            guard let scorer = risk.policy?.scorer else {
                // The configuration has none any more.
                return scoreFailed(slot, assessment, in: &turn)
            }
            ask(slot, assessment, timeout: scorer.timeout, in: &turn)
        }
    }

    private func note(_ slot: Int) -> RiskAssessment {
        guard let note = payments.withDetails(of: operations[slot].payment, { RiskNote.read($0) }) else {
            preconditionFailure("a hold without a note")
        }
        return note
    }

    // MARK: The scorer

    private mutating func ask(
        _ slot: Int,
        _ assessment: RiskAssessment,
        timeout: Int64,
        in turn: inout Turn
    ) {
        operations[slot].step = .executing
        let payment = payments[operations[slot].payment]
        let question = ScoreRequest(
            payment: payment.id,
            merchant: payment.merchant,
            amountMinor: payment.amountMinor,
            currency: payment.currency,
            capturesAutomatically: payment.capturesAutomatically,
            paymentMethod: text(.paymentMethod, of: payment) ?? "",
            customer: text(.customer, of: payment),
            score: assessment.score,
            reasons: assessment.reasons,
            createdAt: payment.id.createdAt
        )
        // Nothing leaves before the record that says that the answer is awaited is durable.
        turn.release(
            .score(question, token: operations.token(slot), deadline: turn.now.adding(milliseconds: timeout)),
            restingOn: lastPosition
        )
    }

    func text(_ field: PaymentDetails.Field, of payment: Payment) -> String? {
        payments.withDetails(of: payment.index) { details in
            var found: Range<Int>?
            PaymentDetails.forEachField(in: details) { if $0 == field { found = $1 } }
            return found.map { range in
                details.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    /// The outcome of a question to the scorer.
    /// - Parameters:
    ///   - token: as the effect carried it. An answer about a payment that no longer waits for it
    ///     is ignored.
    package mutating func handle(
        _ answer: ScoreOutcome,
        of token: UInt64,
        at now: Timestamp,
        into turn: inout Turn
    ) {
        turn.now = now
        guard let slot = operations.slot(of: token), operations[slot].hold == .score,
            operations[slot].step == .executing
        else { return }
        recordContext.actor = .gateway
        let before = note(slot)
        guard risk.policy != nil, case .scored = answer else { return scoreFailed(slot, before, in: &turn) }
        decide(slot, risk.combine(before, answer), from: .scorer, in: &turn)
    }

    private mutating func scoreFailed(
        _ slot: Int,
        _ before: RiskAssessment,
        in turn: inout Turn
    ) {
        statistics.risk.scorerFailures += 1
        decide(slot, risk.combine(before, .failed(.unreachable)), from: .scorer, in: &turn)
    }

    // MARK: The verdict

    private mutating func decide(
        _ slot: Int,
        _ assessment: RiskAssessment,
        from source: RiskDecided.Source,
        in turn: inout Turn
    ) {
        let operation = operations[slot]
        let payment = payments[operation.payment]
        var record = RiskDecided(
            payment: payment.id,
            band: assessment.band,
            score: assessment.score,
            source: source,
            reasons: Array(assessment.reasons.prefix(RiskNote.maximumReasons)),
            deadline: assessment.band == .review ? turn.now.adding(milliseconds: risk.reviewTimeout) : .none,
            previous: payments.lastRecord(of: payment.index),
            time: turn.now
        )
        applyRiskDecided(record, slot: slot, at: nextPosition)
        count(assessment.band)
        guard assessment.band != .allow else {
            persist(.riskDecided(record), in: &turn)
            return execute(slot, paymentMethod: paymentMethod(of: operation.payment), in: &turn)
        }
        guard let key = operation.key else { preconditionFailure("a payment is made under a key") }
        let answer = verdictAnswer(payments[operation.payment], band: assessment.band, requestID: key.requestID)
        record.responseStatus = answer.status
        record.response = answer.body
        persist(.riskDecided(record), in: &turn)
        guard let reply = operation.reply else { return }
        respond(answer, to: reply, requestID: key.requestID, isSoon: false, in: &turn)
    }

    private mutating func count(_ band: RiskBand) {
        switch band {
        case .allow: statistics.risk.allowed += 1
        case .review: statistics.risk.reviewed += 1
        case .block: statistics.risk.blocked += 1
        }
    }

    /// The only way from the record to state, live and on replay.
    mutating func applyRiskDecided(_ record: RiskDecided, slot: Int, at position: RecordPosition) {
        let operation = operations[slot]
        let index = operation.payment
        precondition(operation.hold != .none, "a payment was judged twice")
        payments.recorded(index, at: position)
        operations[slot].hold = .none
        if record.source == .scorer { renote(record, payment: index) }
        switch record.band {
        case .allow: return
        case .review: payments[index].heldForReview(until: record.deadline, at: record.time)
        case .block: payments[index].blocked(at: record.time)
        }
        payments.setOperation(.none, of: index)
        awaitDeadline(index, at: record.time)
        if let key = operation.key { keys.complete(key, record: position, at: record.time) }
        releaseAccounts(operation)
        operations.remove(slot)
    }

    /// The note says what was decided in the end.
    private mutating func renote(_ record: RiskDecided, payment index: Index<Payment>) {
        let assessment = RiskAssessment(
            band: record.band,
            score: record.score,
            reasons: record.reasons,
            asksScorer: false
        )
        let details = payments.withDetails(of: index) { details -> [UInt8] in
            let end = RiskNote.range(in: details)?.upperBound ?? 0
            let rest = details.extracting(end..<details.count).withUnsafeBufferPointer { Array($0) }
            return RiskNote.prepend(assessment, to: rest)
        }
        payments.setDetails(details.span, of: index)
    }

    private func verdictAnswer(_ payment: Payment, band: RiskBand, requestID: RequestID) -> Answer {
        let view = view(payment)
        var body = makeBody()
        let status: UInt16 = withShownDetails(payment) { details in
            guard band == .block else {
                renderer.renderPayment(view, details: details, into: &body)
                return 202
            }
            let decline = Decline(category: .hard, code: .suspectedFraud, providerCode: "")
            renderer.renderDeclined(view, details: details, decline: decline, requestID: requestID, into: &body)
            return 402
        }
        return Answer(status: status, body: body)
    }

    // MARK: Manual review

    /// Ends a manual review.
    mutating func handle(
        _ decision: ReviewDecision,
        of id: PaymentID,
        _ admitted: AdmittedCommand,
        in turn: inout Turn
    ) {
        switch decision {
        case .approve: approve(id, admitted, in: &turn)
        case .reject: reject(id, admitted, in: &turn)
        }
    }

    /// Sends a payment that is in manual review.
    private mutating func approve(_ id: PaymentID, _ admitted: AdmittedCommand, in turn: inout Turn) {
        guard let index = reviewed(id, by: admitted.caller, in: &turn) else { return }
        let payment = payments[index]
        if let refusal = accountRefusal(.authorize, payment) { return refuse(admitted.caller, refusal, in: &turn) }
        let record = OperationStarted(
            payment: payment.id,
            operation: .authorize,
            ordinal: nextOrdinal(.authorize, payment),
            amountMinor: payment.amountMinor,
            key: admitted.key,
            transfers: Transfers(),
            previous: payments.lastRecord(of: payment.index),
            time: turn.now
        )
        let slot = applyStarted(record, at: nextPosition)
        persist(.operationStarted(record), in: &turn)
        statistics.risk.approved += 1
        operations[slot].reply = admitted.caller.reply
        execute(slot, paymentMethod: paymentMethod(of: index), in: &turn)
        // What a wallet pays has ended already.
        if admitted.caller.respondsAtOnce, operations.isRunning(slot) { answerProcessing(slot, in: &turn) }
    }

    /// Ends a payment that is in manual review.
    private mutating func reject(_ id: PaymentID, _ admitted: AdmittedCommand, in turn: inout Turn) {
        guard let index = reviewed(id, by: admitted.caller, in: &turn) else { return }
        var record = PaymentChanged(
            payment: id,
            change: .reviewRejected,
            key: admitted.key,
            transfers: Transfers(),
            previous: payments.lastRecord(of: index),
            time: turn.now
        )
        applyChanged(record, at: nextPosition)
        let answer = Answer(status: 200, body: paymentBody(index))
        record.responseStatus = answer.status
        record.response = answer.body
        persist(.paymentChanged(record), in: &turn)
        statistics.risk.rejected += 1
        respond(answer, to: admitted.caller, in: &turn)
    }

    /// The payment that the command names, if it is in manual review and the caller may decide. An
    /// operator may decide about any payment. A merchant may decide about its own, unless a
    /// sanctions list has the customer.
    private mutating func reviewed(
        _ id: PaymentID,
        by caller: Caller,
        in turn: inout Turn
    ) -> Index<Payment>? {
        guard let index = find(id, for: caller) else {
            refuse(caller, .notFound, in: &turn)
            return nil
        }
        guard payments[index].phase == .review else {
            let refusal: Refusal = payments[index].running == nil ? .notInReview : .operationInProgress
            refuse(caller, refusal, showing: index, in: &turn)
            return nil
        }
        if caller.isOperator || !isSanctioned(payments[index]) { return index }
        refuse(caller, .reviewForOperators, showing: index, in: &turn)
        return nil
    }

    /// Whether the rules found the payment's customer on a sanctions list, as the note in its
    /// details says.
    private func isSanctioned(_ payment: Payment) -> Bool {
        payments.withDetails(of: payment.index) { RiskNote.read($0)?.reasons.contains(RiskReason.sanctions) ?? false }
    }

    /// The operations that a refusal names as permitted to the caller instead.
    func permitted(_ payment: Payment, by caller: Caller) -> PermittedOperations {
        let permitted = payment.permittedOperations(configuration.connectors[payment.connector].capabilities)
        guard permitted.contains(.approve), !caller.isOperator, isSanctioned(payment) else { return permitted }
        return permitted.subtracting([.approve, .reject])
    }

    /// Nobody has decided the review in time.
    mutating func reviewTimedOut(_ index: Index<Payment>, in turn: inout Turn) {
        change(index, .reviewTimedOut, in: &turn)
        statistics.risk.timedOut += 1
    }
}
