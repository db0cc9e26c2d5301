import NIOCore
package import Payments
import ShardRecords
package import ShardState
import Time

extension ShardCore {
    static var noBody: ByteBuffer { ByteBuffer() }

    /// A status and a body.
    struct Answer {
        var status: UInt16
        var body: ByteBuffer
    }

    /// Room for a usual answer at its longest (the renderer asks for the longest escapes), so that
    /// rendering allocates once.
    private static let bodyCapacity = 2_048

    func makeBody() -> ByteBuffer { ByteBufferAllocator().buffer(capacity: Self.bodyCapacity) }

    // MARK: Views

    func view(_ payment: Payment) -> PaymentView {
        var view = PaymentView(
            payment,
            decline: decline(of: payment),
            nextAction: payments.nextAction(of: payment.index)
        )
        if payments.hasNotes(payment.index) {
            view.endedAttempts = payments.withNotes(of: payment.index) { EndedAttempt.all(inNotes: $0) }
        }
        return view
    }

    func view(_ index: Index<Refund>, _ payment: Payment) -> RefundView {
        let refund = payments[index]
        return RefundView(
            id: refund.id,
            payment: refund.payment,
            status: refund.status,
            amountMinor: refund.amountMinor,
            currency: payment.currency,
            decline: decline(of: refund, at: index),
            createdAt: refund.id.createdAt,
            updatedAt: refund.updatedAt
        )
    }

    private func decline(of payment: Payment) -> Decline? {
        guard let category = payment.declineCategory, let code = payment.declineCode else { return nil }
        let providerCode = payments.declineProviderCode(of: payment.index)
        return Decline(category: category, code: code, providerCode: providerCode, advice: payment.declineAdvice)
    }

    private func decline(of refund: Refund, at index: Index<Refund>) -> Decline? {
        guard let category = refund.declineCategory, let code = refund.declineCode else { return nil }
        return Decline(category: category, code: code, providerCode: payments.declineProviderCode(of: index))
    }

    // MARK: Answers of operations

    /// The answer that ends an operation and that its key replays from now on.
    func finalAnswer(_ operation: RunningOperation, _ record: OperationFinished) -> Answer {
        if let refund = operation.refund.index { return refundAnswer(refund, after: operation, finished: record) }
        let requestID = operation.key?.requestID ?? RequestKey.none.requestID
        let payment = payments[operation.payment]
        let view = view(payment)
        var body = makeBody()
        let status: UInt16 = withShownDetails(payment) { details in
            switch record.result {
            case .succeeded where payment.failure == .reversal(.partialAuthorization):
                let decline = Decline(category: .softLater, code: .insufficientFunds, providerCode: "")
                renderer.renderDeclined(view, details: details, decline: decline, requestID: requestID, into: &body)
                return 402
            case .succeeded, .actionRequired:
                renderer.renderPayment(view, details: details, into: &body)
                return record.operation == .authorize && !operation.isApproved ? 201 : 200
            case .conflicted:
                renderer.renderPayment(view, details: details, into: &body)
                return 202
            case .declined(let category, let code):
                let decline = Decline(
                    category: category,
                    code: code,
                    providerCode: record.declineProviderCode,
                    advice: record.advice
                )
                renderer.renderDeclined(view, details: details, decline: decline, requestID: requestID, into: &body)
                return 402
            case .notExecuted(let reason):
                renderer.renderNotExecuted(view, details: details, reason: reason, requestID: requestID, into: &body)
                return 502
            }
        }
        return Answer(status: status, body: body)
    }

    private func refundAnswer(
        _ refund: Index<Refund>,
        after operation: RunningOperation,
        finished record: OperationFinished
    ) -> Answer {
        let view = view(refund, payments[operation.payment])
        let requestID = operation.key?.requestID ?? RequestKey.none.requestID
        var body = makeBody()
        switch record.result {
        case .succeeded:
            renderer.renderRefund(view, into: &body)
            return Answer(status: 201, body: body)
        case .conflicted, .actionRequired:
            renderer.renderRefund(view, into: &body)
            return Answer(status: 202, body: body)
        case .declined:
            renderer.renderRefundFailed(view, reason: nil, requestID: requestID, into: &body)
            return Answer(status: 402, body: body)
        case .notExecuted(let reason):
            renderer.renderRefundFailed(view, reason: reason, requestID: requestID, into: &body)
            return Answer(status: 502, body: body)
        }
    }

    /// Answers the first request of an operation whose outcome is not known yet: 202, once.
    mutating func answerProcessing(_ slot: Int, in turn: inout Turn) {
        guard let reply = operations[slot].reply, let key = operations[slot].key else { return }
        operations[slot].reply = nil
        let operation = operations[slot]
        let answer = processingAnswer(payment: operation.payment, refund: operation.refund)
        respond(answer, to: reply, requestID: key.requestID, in: &turn)
    }

    private func processingAnswer(payment: Index<Payment>, refund: OptionalIndex<Refund>) -> Answer {
        guard let refund = refund.index else { return Answer(status: 202, body: paymentBody(payment)) }
        var body = makeBody()
        renderer.renderRefund(view(refund, payments[payment]), into: &body)
        return Answer(status: 202, body: body)
    }

    /// The key's first request has no result yet. While that request waits on a connection, this
    /// one is answered 409. Once it was answered 202, or after a restart, the answer is the current
    /// state. So a merchant never gets 409 for ever.
    mutating func answerReserved(_ token: UInt64, to caller: Caller, in turn: inout Turn) {
        let answer: Answer
        switch operationPlace(token: token) {
        case .none: preconditionFailure("a reserved key leads to no operation")
        case .calling(let slot):
            let operation = operations[slot]
            guard operation.reply == nil else {
                statistics.keysInUse += 1
                return refuse(caller, .keyInUse, in: &turn)
            }
            answer = processingAnswer(payment: operation.payment, refund: operation.refund)
        case .waiting(let slot):
            answer = processingAnswer(payment: waiting[slot].payment, refund: waiting[slot].refund)
        }
        statistics.replays += 1
        respond(answer, to: caller.reply, requestID: caller.requestID, isReplay: true, in: &turn)
    }

    /// The requests that wait for an answer and will not get one, because the journal has failed.
    package mutating func takeReplies() -> [(ReplyToken, RequestID)] {
        var replies: [(ReplyToken, RequestID)] = []
        for slot in operations.occupiedSlots {
            guard let reply = operations[slot].reply, let key = operations[slot].key else { continue }
            operations[slot].reply = nil
            replies.append((reply, key.requestID))
        }
        return replies
    }

    /// Hands a payment's details to `body` with what was noted of sellers and captures by hand;
    /// nothing for nil.
    func withShownDetails<Result>(_ payment: Payment?, _ body: (Span<UInt8>) -> Result) -> Result {
        guard let payment else { return body(Span()) }
        guard payments.hasNotes(payment.index) else { return payments.withDetails(of: payment.index, body) }
        let notes = payments.withNotes(of: payment.index) { $0.withUnsafeBufferPointer { Array($0) } }
        let shown = payments.withDetails(of: payment.index) { $0.withUnsafeBufferPointer { Array($0) } } + notes
        return body(shown.span)
    }

    func paymentBody(_ index: Index<Payment>) -> ByteBuffer {
        let payment = payments[index]
        let view = view(payment)
        var body = makeBody()
        withShownDetails(payment) { renderer.renderPayment(view, details: $0, into: &body) }
        return body
    }

    // MARK: Refusals

    /// Refuses a command; nothing is stored under its key, so that the merchant may use it again.
    mutating func refuse(
        _ caller: Caller,
        _ refusal: Refusal,
        showing index: Index<Payment>? = nil,
        allowedEvents: UInt32 = 0,
        in turn: inout Turn
    ) {
        statistics.refusals += 1
        release(refusal, to: caller, showing: index, allowedEvents: allowedEvents, in: &turn)
    }

    /// What a read asks for is not there.
    func refuseRead(_ caller: Caller, in turn: inout Turn) {
        release(.notFound, to: caller, showing: nil, in: &turn)
    }

    private func release(
        _ refusal: Refusal,
        to caller: Caller,
        showing index: Index<Payment>?,
        allowedEvents: UInt32 = 0,
        in turn: inout Turn
    ) {
        var body = makeBody()
        let payment = index.map { payments[$0] }
        var shown = payment.map { view($0) }
        shown?.allowedEvents = allowedEvents
        if let payment { shown?.permitted = permitted(payment, by: caller) }
        withShownDetails(payment) { details in
            renderer.renderRefusal(
                refusal,
                payment: shown,
                details: details,
                requestID: caller.requestID,
                into: &body
            )
        }
        let response = Response(
            reply: caller.reply,
            requestID: caller.requestID,
            status: refusal.httpStatus,
            isReplay: false,
            retryAfterSeconds: refusal.retryAfterSeconds,
            body: body
        )
        // The refusal tells of another request's key or of the payment's state. These may rest on
        // records that are not durable yet.
        turn.release(.respond(response), restingOn: index.map { payments.lastRecord(of: $0) } ?? 0)
    }

    /// An answer that refuses a request outside of any command, as when a stored answer cannot be
    /// read.
    package func refusal(_ refusal: Refusal, to reply: ReplyToken, requestID: RequestID) -> Response {
        renderer.refusal(refusal, to: reply, requestID: requestID)
    }

    /// Whether any request still waits for its answer.
    package var hasWaitingReplies: Bool {
        parked.count > 0 || operations.occupiedSlots.contains { operations[$0].reply != nil }
    }

    /// Sends the answer of an operation, which rests on the last record.
    /// - Parameter isSoon: an answer of 202 may be another in a second. False where a person
    ///   decides first: in a review, or after a conflict.
    func respond(
        _ answer: Answer,
        to reply: ReplyToken,
        requestID: RequestID,
        isReplay: Bool = false,
        isSoon: Bool = true,
        in turn: inout Turn
    ) {
        let response = Response(
            reply: reply,
            requestID: requestID,
            status: answer.status,
            isReplay: isReplay,
            retryAfterSeconds: answer.status == 202 && isSoon ? 1 : 0,
            body: answer.body
        )
        turn.release(.respond(response), restingOn: lastPosition)
    }

    /// Sends the answer of a command that ended as it was decided.
    func respond(_ answer: Answer, to caller: Caller, in turn: inout Turn) {
        respond(answer, to: caller.reply, requestID: caller.requestID, in: &turn)
    }
}

extension PaymentView {
    package init(_ payment: Payment, decline: Decline?, nextAction: NextAction? = nil) {
        self.init(
            id: payment.id,
            status: payment.status,
            amountMinor: payment.amountMinor,
            currency: payment.currency,
            capturesAutomatically: payment.capturesAutomatically,
            authorizedMinor: payment.authorizedMinor,
            capturableMinor: payment.capturableMinor,
            capturedMinor: payment.capturedMinor,
            refundedMinor: payment.refundedMinor,
            refundPendingMinor: payment.refundPendingMinor,
            disputedMinor: payment.disputedMinor + payment.disputeLostMinor,
            settledMinor: payment.settledMinor,
            decline: decline,
            failure: payment.failure,
            nextAction: nextAction,
            expiresAt: payment.deadline,
            createdAt: payment.id.createdAt,
            updatedAt: payment.updatedAt
        )
        connector = payment.connector
    }
}

extension ResponseRenderer {
    /// An answer that refuses a request, for where there is no shard.
    package func refusal(_ refusal: Refusal, to reply: ReplyToken, requestID: RequestID) -> Response {
        var body = ByteBufferAllocator().buffer(capacity: 512)
        renderRefusal(refusal, payment: nil, details: Span(), requestID: requestID, into: &body)
        return Response(
            reply: reply,
            requestID: requestID,
            status: refusal.httpStatus,
            isReplay: false,
            retryAfterSeconds: refusal.retryAfterSeconds,
            body: body
        )
    }
}
