import NIOCore
import Payments
import ShardCore

/// Checks of every answer that leaves the gateway.
extension World {
    func check(_ response: Response, _ answer: SimAnswer, to number: Int) {
        let attempt = attempts[number]
        if answer.paymentStatus == .review, let payment = answer.payment { reviewed.insert(payment.worldNumber) }
        if answer.effect == .refundBounced || answer.effect == .captureReversed {
            intents[requests[attempt.request].intent].isBeyondPSP = true
        }
        if attempt.variant == .read { return checkRead(response, answer, to: attempt.request) }
        checkPayment(answer, attempt)
        checkEarlier(response, answer, to: requests[attempt.request])
        if let refusal = answer.refusal {
            checkRefusal(refusal, attempt)
        } else if isFinal(response, answer, to: requests[attempt.request]) {
            checkFinal(response, answer, to: attempt)
        } else if requests[attempt.request].final != nil {
            fail("request \(attempt.request) had a final answer, and is told \(response.status) now")
        }
    }

    /// Whether the key must give this answer from now on.
    private func isFinal(_ response: Response, _ answer: SimAnswer, to request: Request) -> Bool {
        switch response.status {
        case 200, 201, 402, 502: true
        case 202:
            request.kind != .refund
                && (answer.paymentStatus == .conflicted
                    || (request.kind == .create && answer.paymentStatus == .review))
        default: false
        }
    }

    private func checkFinal(_ response: Response, _ answer: SimAnswer, to attempt: Attempt) {
        let hash = response.body.withUnsafeReadableBytes { bytes -> UInt64 in
            var hash = WordHash()
            hash.combine(bytes)
            return hash.value
        }
        let final = Request.Final(variant: attempt.variant.rawValue, status: response.status, hash: hash)
        guard let known = requests[attempt.request].final else {
            requests[attempt.request].final = final
            // A late attempt, or the conflicting one, was executed after the merchant had taken a
            // refusal for the end.
            let request = requests[attempt.request]
            if isCalm, request.outcome != .open, request.current == nil { askAgain(attempt.request) }
            return checkAmount(response, answer, to: attempt)
        }
        if known != final { fail("request \(attempt.request) is answered \(final), and was answered \(known) before") }
    }

    /// The amount in an answer is the one asked for.
    private func checkAmount(_ response: Response, _ answer: SimAnswer, to attempt: Attempt) {
        let request = requests[attempt.request]
        let extra: Int64 = attempt.variant == .conflicting ? 5 : 0
        switch request.kind {
        case .create:
            let asked = Intent.amount(of: request.intent) + extra
            if answer.amount != asked {
                fail("request \(attempt.request) asked for \(asked), and got \(answer.amount)")
            }
        case .refund:
            guard let asked = request.amount, answer.amount != asked + extra else { return }
            fail("request \(attempt.request) asked to refund \(asked + extra), and got \(answer.amount)")
        case .increment:
            guard response.status == 200, let asked = request.amount, answer.authorized != asked + extra else { return }
            fail("request \(attempt.request) asked for \(asked + extra) in all, and got \(answer.authorized)")
        case .capture, .cancel, .confirm, .approve, .reject, .nonPayment: break
        }
    }

    /// One key, one payment.
    private func checkPayment(_ answer: SimAnswer, _ attempt: Attempt) {
        guard let payment = answer.payment else { return }
        if Int(payment.shard) != shard(of: requests[attempt.request].merchant) {
            fail("request \(attempt.request) is answered by another merchant's shard: \(payment)")
        }
        if let known = requests[attempt.request].payment, known != payment {
            fail("request \(attempt.request) is about \(payment), and was about \(known) before")
        }
        requests[attempt.request].payment = payment
        if answer.kind == .payment { checkShown(answer, intent: requests[attempt.request].intent) }
    }

    private func checkRefusal(_ refusal: Refusal, _ attempt: Attempt) {
        let request = requests[attempt.request]
        switch refusal {
        case .overloaded, .journalFailed, .draining, .journalRoomShort, .merchantLimitReached, .shardUnavailable: return
        case .keyReused:
            if !request.hasConflict { fail("request \(attempt.request) was refused for another that was never made") }
            return
        case .notFound where request.kind == .nonPayment:
            if !mayBeUnknown(request) { fail("command \(attempt.request) finds nothing") }
        case .notFound: fail("request \(attempt.request) is about a payment that was acknowledged and is not found")
        case .idempotencyTableFull, .paymentTableFull, .eventTableFull, .accountTableFull:
            fail("a table is full that has room for everything")
        case .keyInUse, .unexpectedState, .operationInProgress, .amountExceedsCapturable, .amountExceedsRefundable,
            .tooManyRefunds, .notSupported, .amountNotAboveAuthorized, .amountTooLarge, .disputed,
            .notInReview:
            break
        case .balanceInsufficient, .payoutBelowMinimum, .payoutUnexpectedState, .walletFundsInsufficient,
            .quoteExpired, .quoteUsed, .exchangeAmountTooSmall, .splitsExceedCapture, .tooManySellers,
            .splitsNotPossible:
            break
        case .eventNotAllowed, .eventAmountMismatch, .disputeUnexpectedState, .tooManyDisputes, .connectorMismatch:
            if request.kind != .nonPayment { fail("a merchant is refused as an operator: \(refusal)") }
        case .connectorUnknown: fail("an event names a connector that nobody has")
        case .cursorInvalid, .momentNotPast, .momentUnknown: fail("nobody asked for the ledger: \(refusal)")
        case .payoutsOnHold, .payoutTableFull, .walletTableFull, .walletUnknown, .walletCurrencyMismatch,
            .quoteTableFull, .sellerTableFull, .sellerLimitReached, .manualCaptureNotPossible, .reviewForOperators,
            .timeUncertain:
            fail("request \(attempt.request) was refused as nobody here asks: \(refusal)")
        }
        if let final = request.final, final.variant == attempt.variant.rawValue {
            fail("request \(attempt.request) had a final answer, and is refused now: \(refusal)")
        }
    }

    /// Disputes and sellers that the gateway may not know yet, refunds that were reported by
    /// another name, and old quotes.
    private func mayBeUnknown(_ request: Request) -> Bool {
        switch request.nonPayment {
        case .event(let event): event.type.isDispute
        case .payout(let payout): payout.seller != nil
        case .convert: true
        case .evidence, .accept, .openWallet, .payoutEvent, .quote, nil: false
        }
    }

    private func checkRead(_ response: Response, _ answer: SimAnswer, to number: Int) {
        // A payment that left memory may not be readable just now.
        if response.status == 503 { return }
        guard response.status == 200 else {
            return fail("a payment that was acknowledged is read with status \(response.status)")
        }
        // Amounts seen by a look are only compared when it was answered in order; a late look shows
        // an older state.
        if answer.payment != intents[requests[number].intent].payment { fail("a look shows another payment") }
    }

    /// Amounts captured and refunded never fall.
    private func checkShown(_ answer: SimAnswer, intent: Int) {
        guard answer.kind == .payment else { return }
        // A stored answer shows the state of its time, so only more is news.
        intents[intent].shownCaptured = max(intents[intent].shownCaptured, answer.captured)
        intents[intent].shownRefunded = max(intents[intent].shownRefunded, answer.refunded)
    }
}
