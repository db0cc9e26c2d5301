import HTTPTransport
import NIOCore
import NIOHPACK

extension LoadDriver {
    /// An attempt's result. A token whose request has already been given up is ignored.
    func completed(_ token: UInt64, _ result: HTTPClientResult, now: UInt64) {
        guard let index = slots.index(of: token) else { return }
        switch result {
        case .response(let response):
            answered(index, response, now: now)
        case .notExecuted, .unknown:
            records[Int(slots[index].phase)].statuses[0] += 1
            slots[index].lastStatus = 0
            apply(.noAnswer(retries: retries), index, now: now)
        }
    }

    private func answered(_ index: Int32, _ response: HTTPClientResponse, now: UInt64) {
        noteFirst(index, status: response.status, now: now)
        if slots[index].operation == .raw {
            // Any server: its bodies mean nothing to us.
            let verdict = AnswerVerdict.of(
                status: response.status,
                isReplay: false,
                isRetryable: true,
                role: .original,
                retries: retries
            )
            noteFitness(status: response.status)
            sample(slots[index], response: response, verdict: verdict)
            return apply(verdict, index, retryAfter: retryAfter(response.headers), now: now)
        }
        let facts = AnswerFacts(response.body.readableBytesUInt8Span)
        if slots[index].asksByGet { return answeredByGet(index, response: response, facts: facts, now: now) }
        let isReplay = response.headers.first(name: "idempotent-replayed") == "true"
        let verdict = AnswerVerdict.of(
            status: response.status,
            isReplay: isReplay,
            isRetryable: facts.isRetryable,
            role: slots[index].role,
            retries: retries
        )
        check(index, response: response, facts: facts, isReplay: isReplay, verdict: verdict)
        sample(slots[index], response: response, verdict: verdict)
        acknowledge(index, status: response.status, facts: facts, verdict: verdict)
        if response.status == 202, isReplay, slots[index].operation.isCreate, facts.payment != .none {
            slots[index].asksByGet = true
            slots[index].payment.id = facts.payment
        }
        apply(verdict, index, status: facts.status, retryAfter: retryAfter(response.headers), now: now)
    }

    /// Calls a raw run off whose target refuses the request itself before anything has succeeded:
    /// the scenario is for another API, or lacks a credential.
    private func noteFitness(status: Int) {
        if (200..<300).contains(status) { hasRawSucceeded = true }
        guard !hasRawSucceeded, [401, 403, 404, 405].contains(status), let raw = compiled.scenario.raw else { return }
        let api = raw.api == .provider ? "; the scenario is for a provider's API, which a gateway does not have" : ""
        stopSignal?.stop("POST \(raw.path) is answered \(status) by this target\(api)")
    }

    private func retryAfter(_ headers: HPACKHeaders) -> Int {
        headers.first(name: "retry-after").flatMap { Int($0) } ?? 0
    }

    private func noteFirst(_ index: Int32, status: Int, now: UInt64) {
        let phase = Int(slots[index].phase)
        records[phase].statuses[min(max(status, 1), PhaseRecord.statusLimit - 1)] += 1
        slots[index].lastStatus = UInt16(clamping: status)
        guard !slots[index].hasFirstAnswer else { return }
        slots[index].hasFirstAnswer = true
        if slots[index].role == .original { records[phase].first.record(nanoseconds: now - slots[index].due) }
    }

    /// The key's answer stays 202: the payment itself says when it is final.
    private func answeredByGet(_ index: Int32, response: HTTPClientResponse, facts: AnswerFacts, now: UInt64) {
        guard response.status == 200, facts.status != .processing else {
            return apply(retries ? .retry : .final(.processing), index, now: now)
        }
        let outcome: Outcome = facts.status == .failed ? .declined : .succeeded
        acknowledge(index, status: 200, facts: facts, verdict: .final(outcome))
        apply(.final(outcome), index, status: facts.status, now: now)
    }

    /// Compares an answer with what the contract promises.
    private func check(
        _ index: Int32,
        response: HTTPClientResponse,
        facts: AnswerFacts,
        isReplay: Bool,
        verdict: AnswerVerdict
    ) {
        let slot = slots[index]
        guard case .final(let outcome) = verdict else { return }
        switch outcome {
        case .succeeded, .declined: break
        case .repeated where response.status != 409: break
        case .refused where slot.role == .conflict: return violate(slot, kind: .conflictNotRefused, response: response)
        case .repeated, .refusedConflict, .processing, .refused, .failed, .lost, .gaveUp: return
        }
        if isReplay, slot.role == .original, slot.attempts == 1, slot.group == Slot.noGroup {
            violate(slot, kind: .replayedOnFirstUse, response: response)
        }
        if outcome == .succeeded || outcome == .repeated { checkContent(slot, response: response, facts: facts) }
        guard slot.group != Slot.noGroup else { return }
        switch groups.note(slot.group, status: response.status, isReplay: isReplay, body: response.body) {
        case .fine: break
        case .differs: violate(slot, kind: .replayDiffers, response: response)
        case .executedTwice: violate(slot, kind: .executedTwice, response: response)
        }
    }

    private func checkContent(_ slot: Slot, response: HTTPClientResponse, facts: AnswerFacts) {
        guard response.status != 402 else { return }
        let isRefund = slot.operation == .refund || slot.operation == .refundPartial
        let isNamed = isRefund ? facts.refund != .none : facts.payment != .none
        let expectsAmount = slot.operation.isCreate || isRefund
        if !isNamed || expectsAmount && facts.amount != slot.amount {
            violate(slot, kind: .answerIncomplete, response: response)
        }
    }

    /// Keeps the first answers that are errors.
    private func sample(_ slot: Slot, response: HTTPClientResponse, verdict: AnswerVerdict) {
        guard case .final(let outcome) = verdict, outcome.isError, errorSamples.count < ErrorSample.maximumKept else {
            return
        }
        errorSamples.append(
            ErrorSample(
                outcome: outcome,
                key: keys.text(slot.sequence),
                operation: slot.operation,
                status: response.status,
                detail: String(decoding: response.body.readableBytesView.prefix(300), as: UTF8.self)
            )
        )
    }

    private func violate(_ slot: Slot, kind: Violation.Kind, response: HTTPClientResponse) {
        let detail = String(decoding: response.body.readableBytesView.prefix(300), as: UTF8.self)
        violations.add(
            Violation(
                kind: kind,
                key: keys.text(slot.sequence),
                operation: slot.operation,
                status: response.status,
                detail: detail
            )
        )
    }

    /// Writes what was answered into the ledger of expectations. A conflict's 422 says nothing
    /// about the key's payment, and an answer that is no success does not take back one that is.
    private func acknowledge(_ index: Int32, status: Int, facts: AnswerFacts, verdict: AnswerVerdict) {
        let slot = slots[index]
        guard slot.role != .conflict else { return }
        if slot.operation.isCreate, facts.payment != .none { slots[index].payment.id = facts.payment }
        guard slot.expectation >= 0 else { return }
        let at = Int(slot.expectation)
        if slot.operation.isCreate, facts.payment != .none { expectations[at].payment = facts.payment }
        guard case .final = verdict, !expectations[at].isAcknowledged, !(slot.role == .duplicate && status == 409)
        else {
            return
        }
        expectations[at].answer = UInt16(clamping: status)
        expectations[at].status = facts.status
        journal?.answer(expectations[at])
    }

    /// Ends the request, or arms its next attempt.
    /// - Parameter status: what the answer says that the payment or the refund has become.
    private func apply(
        _ verdict: AnswerVerdict,
        _ index: Int32,
        status: EntityStatus = .none,
        retryAfter: Int = 0,
        now: UInt64
    ) {
        switch verdict {
        case .final(let outcome):
            if outcome == .succeeded { reuse(index, status: status) }
            conclude(index, outcome, now: now)
        case .retry:
            let attempt = Int(slots[index].attempts) + 1
            let delay = RetryPolicy.delay(attempt: attempt, retryAfterSeconds: retryAfter, &random)
            guard now + delay <= slots[index].due + compiled.scenario.giveUp else {
                return conclude(index, .gaveUp, now: now)
            }
            wheel.arm(index, at: now + delay)
        }
    }

    /// Offers the payment of a successful request to later operations. A creation's answer says
    /// what may follow: a payment that waits for its shopper can be neither captured nor refunded.
    private func reuse(_ index: Int32, status: EntityStatus) {
        let slot = slots[index]
        guard slot.role == .original, slot.payment.id != .none else { return }
        var handle = slot.payment
        switch slot.operation {
        case .sale:
            handle.captured = slot.amount
            payments.offer(handle, status: status, random: &random)
        case .authorize:
            payments.offer(handle, status: status, random: &random)
        case .capture, .capturePartial:
            handle.captured = slot.amount
            payments.offer(handle, status: .captured, random: &random)
        case .refund, .refundPartial:
            handle.refunded += slot.amount
            payments.offer(handle, status: .partiallyRefunded, random: &random)
        case .cancel, .get, .raw:
            break
        }
    }

    /// Records the end of a request and frees its slot; a success or a decline may be followed by
    /// its repetition.
    func conclude(_ index: Int32, _ outcome: Outcome, now: UInt64) {
        let slot = slots[index]
        let phase = Int(slot.phase)
        let latency = now > slot.due ? now - slot.due : 0
        records[phase].record(outcome, class: slot.latencyClass, latency: latency)
        if slot.role == .original { records[phase].lastEnd = max(records[phase].lastEnd, now) }
        if outcome == .succeeded || outcome == .declined {
            if slot.duplicateFollows { repeatRequest(index, as: .duplicate, due: now) }
            if slot.conflictFollows { repeatRequest(index, as: .conflict, due: now) }
        }
        if slot.group != Slot.noGroup { groups.leave(slot.group) }
        slots.close(index)
    }
}
