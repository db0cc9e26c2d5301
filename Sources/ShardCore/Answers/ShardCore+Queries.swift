import Journal
import NIOCore
import Payments
import ShardRecords
import ShardState

// Reads. Each answer rests on the records that made what it shows.
extension ShardCore {
    /// Answers a read whose payment, if it is about one, is in memory.
    mutating func answer(_ query: Query, to caller: Caller, in turn: inout Turn) {
        switch query {
        case .payment(let id): answerPayment(id, to: caller, in: &turn)
        case .history(let id): answerHistory(id, to: caller, in: &turn)
        case .refund(let id): answerRefund(id, to: caller, in: &turn)
        case .dispute(let id): answerDispute(id, to: caller, in: &turn)
        case .balance: answerBalance(to: caller, in: &turn)
        case .pastBalance(let time): answerBalance(of: time, to: caller, in: &turn)
        case .accounts: answerAccounts(to: caller, in: &turn)
        case .entries(let query): answerEntries(query, to: caller, in: &turn)
        case .payout(let id): answerPayout(id, to: caller, in: &turn)
        case .wallet(let id): answerWallet(id, to: caller, in: &turn)
        }
    }

    private func answerPayment(_ id: PaymentID, to caller: Caller, in turn: inout Turn) {
        guard let index = find(id, for: caller) else { return refuseRead(caller, in: &turn) }
        let answer = Answer(status: 200, body: paymentBody(index))
        respond(to: caller, answer, restingOn: payments.lastRecord(of: index), in: &turn)
    }

    private func answerHistory(_ id: PaymentID, to caller: Caller, in turn: inout Turn) {
        guard let index = find(id, for: caller) else { return refuseRead(caller, in: &turn) }
        let newest = payments.lastRecord(of: index)
        let history = Effect.history(caller.reply, caller.requestID, caller.merchant, id, newest: newest)
        turn.release(history, restingOn: newest)
    }

    private func answerRefund(_ id: RefundID, to caller: Caller, in turn: inout Turn) {
        guard let index = find(id, for: caller) else { return refuseRead(caller, in: &turn) }
        var body = makeBody()
        renderer.renderRefund(view(index, payments[Index(sequence: id.paymentSequence)]), into: &body)
        respond(to: caller, Answer(status: 200, body: body), restingOn: payments.lastRecord(of: index), in: &turn)
    }

    private func answerDispute(_ id: DisputeID, to caller: Caller, in turn: inout Turn) {
        guard let index = find(id, for: caller) else { return refuseRead(caller, in: &turn) }
        var body = makeBody()
        renderer.renderDispute(view(index, payments[Index(sequence: id.paymentSequence)]), into: &body)
        respond(to: caller, Answer(status: 200, body: body), restingOn: payments.lastRecord(of: index), in: &turn)
    }

    /// Sends an answer of a read.
    func respond(to caller: Caller, _ answer: Answer, restingOn position: RecordPosition, in turn: inout Turn) {
        let response = Response(
            reply: caller.reply,
            requestID: caller.requestID,
            status: answer.status,
            isReplay: false,
            retryAfterSeconds: 0,
            body: answer.body
        )
        turn.release(.respond(response), restingOn: position)
    }
}
