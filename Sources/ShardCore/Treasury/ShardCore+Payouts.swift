import Journal
import Ledger
import Payments
import ShardRecords
import ShardState

// Pay-outs in two phases (docs/posting-rules.md, P9 and P9f). The request takes the money out of
// the available balance at once, so that it cannot be paid out twice. The bank's outcome comes
// later, from an operator.
extension ShardCore {
    mutating func requestPayout(
        _ request: CreatePayout,
        _ admitted: AdmittedCommand,
        in turn: inout Turn
    ) {
        let amount: Int64
        switch payoutAmount(request, admitted.merchant) {
        case .success(let found): amount = found
        case .failure(let problem): return refuse(admitted.caller, problem.refusal, in: &turn)
        }
        let payout = Payout(
            id: nextIdentifier(PayoutID.self, after: treasury.payouts.count, at: turn.now),
            merchant: admitted.merchant,
            amountMinor: amount,
            currency: request.currency,
            seller: request.seller,
            destination: request.destination,
            requestedAt: turn.now
        )
        record(payout, nil, reason: "", admitted: admitted, in: &turn)
    }

    private func payoutAmount(_ request: CreatePayout, _ merchant: MerchantID) -> Result<Int64, Refused> {
        let most = configuration.treasury.payouts
        guard treasury.payouts.presentCount < most,
            treasury.payoutCount(of: merchant) < configuration.merchantShare.of(most)
        else { return .failure(Refused(refusal: .payoutTableFull)) }
        guard !request.isHeld else { return .failure(Refused(refusal: .payoutsOnHold)) }
        var source = Account(.merchantAvailable, owner: merchant.rawValue, currency: request.currency)
        if let seller = request.seller {
            // A seller without an account has no money, whether it ever had or not.
            guard let owner = sellerOwner(seller, of: merchant) else {
                return .failure(Refused(refusal: .balanceInsufficient))
            }
            source = Account(.sellerAvailable, owner: owner, currency: request.currency)
        }
        let available = owed(source)
        let amount = request.amountMinor ?? available
        guard amount > 0, amount <= available else { return .failure(Refused(refusal: .balanceInsufficient)) }
        guard amount >= request.minimumMinor else { return .failure(Refused(refusal: .payoutBelowMinimum)) }
        return .success(amount)
    }

    /// What the bank says of a pay-out. The API has checked that the caller is an operator.
    mutating func payoutEvent(
        _ id: PayoutID,
        _ event: PayoutEvent,
        reason: String,
        admitted: AdmittedCommand,
        in turn: inout Turn
    ) {
        guard let index = find(id) else { return refuse(admitted.caller, .notFound, in: &turn) }
        guard treasury.payouts[index].state(after: event) != nil else {
            return refuse(admitted.caller, .payoutUnexpectedState, in: &turn)
        }
        record(treasury.payouts[index], event, reason: reason, admitted: admitted, in: &turn)
    }

    private mutating func record(
        _ payout: Payout,
        _ event: PayoutEvent?,
        reason: String,
        admitted: AdmittedCommand,
        in turn: inout Turn
    ) {
        // Money that comes back to a seller that was forgotten finds it under its next number.
        let owner = payout.seller.map { seller in
            let number = treasury.sellers.numbers(of: [seller], merchant: payout.merchant)[0]
            return SellerTable.accountOwner(number, shard: configuration.shard)
        }
        var record = PayoutChanged(
            id: payout.id,
            merchant: payout.merchant,
            event: event,
            amountMinor: payout.amountMinor,
            currency: payout.currency,
            seller: payout.seller,
            destination: event == nil ? payout.destination : "",
            reason: reason,
            key: admitted.key,
            transfers: payout.postings(event, source: payout.source(seller: owner)),
            responseStatus: 0,
            response: Self.noBody,
            previous: payout.lastRecord,
            time: turn.now
        )
        applyPayout(record, at: nextPosition)
        let changed = treasury.payouts[Int(payout.id.sequence) - 1]
        let answer = answer(event == nil ? 201 : 200) { $0.renderPayout(changed, into: &$1) }
        record.responseStatus = answer.status
        record.response = answer.body
        persist(.payoutChanged(record), in: &turn)
        respond(answer, to: admitted.caller, in: &turn)
    }

    mutating func applyPayout(_ record: PayoutChanged, at position: RecordPosition) {
        let index = Int(record.id.sequence) - 1
        if record.event != nil {
            precondition(
                treasury.payouts.contains(index) && treasury.payouts[index].id == record.id,
                "a record names no pay-out"
            )
        } else {
            precondition(
                index == treasury.payouts.count && record.id.shard == configuration.shard,
                "pay-outs are numbered without gaps"
            )
            _ = treasury.append(
                Payout(
                    id: record.id,
                    merchant: record.merchant,
                    amountMinor: record.amountMinor,
                    currency: record.currency,
                    seller: record.seller,
                    destination: record.destination,
                    requestedAt: record.time
                )
            )
        }
        if let seller = record.seller, record.transfers.first != nil, record.event != nil, record.event != .paid {
            _ = treasury.number(seller, of: record.merchant)
        }
        book(record.transfers, for: record.merchant, at: position)
        if record.seller != nil { forgetSellers(record.transfers) }
        treasury.record(record.event, ofPayout: index, reason: record.reason, at: record.time, record: position)
        guard let key = record.key else { return }
        keys.completeAtOnce(key, in: .requests, of: record.merchant, record: position, at: record.time)
    }

    func answerPayout(_ id: PayoutID, to caller: Caller, in turn: inout Turn) {
        guard let index = find(id), treasury.payouts[index].merchant == caller.merchant else {
            return refuseRead(caller, in: &turn)
        }
        let payout = treasury.payouts[index]
        let answer = answer(200) { $0.renderPayout(payout, into: &$1) }
        respond(to: caller, answer, restingOn: payout.lastRecord, in: &turn)
    }

    /// The pay-out in memory that `id` names, whichever merchant it belongs to.
    private func find(_ id: PayoutID) -> Int? {
        guard let index = index(of: id, count: treasury.payouts.count), treasury.payouts.contains(index),
            treasury.payouts[index].id == id
        else { return nil }
        return index
    }
}
