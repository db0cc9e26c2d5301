import Ledger
import Payments
import ShardState

extension Command.Kind {
    /// What a command needs room in before it is decided.
    enum Admission {
        /// Nothing: it changes nothing.
        case read
        /// The table of events' keys. It ends operations, so that no other table may keep it out.
        case event
        /// The table of keys. It ends as it is decided.
        case immediate
        /// The table of keys, and a slot among the calls.
        case call
    }

    var admission: Admission {
        switch self {
        case .getPayment, .getHistory, .getRefund, .getDispute, .getBalance, .getPastBalance, .getAccounts, .getEntries,
            .getPayout, .getWallet:
            .read
        case .providerEvent: .event
        case .reject, .disputeEvidence, .acceptDispute, .createPayout, .payoutEvent, .createWallet, .quoteExchange,
            .convertExchange:
            .immediate
        case .createPayment, .capture, .captureWith, .cancel, .approve, .increment, .confirm, .refund: .call
        }
    }
}

// Which tables a new command must find room in, each with a share for each merchant. What empties a table is never refused for
// want of room in that table: events have keys of their own, operators have places of their own, and neither events nor what is
// decided at once needs a slot among the calls.
extension ShardCore {
    /// Why a command with a new key is refused now; nil when it is admitted.
    func admissionRefusal(_ command: Command) -> Refusal? {
        switch command.kind.admission {
        case .read: return nil
        case .event:
            if let refusal = refusesNewWork, refusal != .journalRoomShort || !hasRoomForEvents { return refusal }
            if eventKeys.isFull { return .eventTableFull }
        case .immediate:
            if let refusal = refusesNewWork ?? keyRefusal(command) { return refusal }
        case .call:
            if let refusal = refusesNewWork ?? keyRefusal(command) ?? callRefusal(command) { return refusal }
        }
        return nil
    }

    private func keyRefusal(_ command: Command) -> Refusal? {
        return hasKeyRoom(for: command) ? nil : .idempotencyTableFull
    }

    private func callRefusal(_ command: Command) -> Refusal? {
        // An operator names no merchant. A few calls beyond the capacity are for what operators approve.
        if command.isOperators { return operations.hasRoomForOperator ? nil : .overloaded }
        if operations.isFull { return .overloaded }
        return isShareUsed(by: command.merchant) ? .merchantLimitReached : nil
    }

    /// Whether a merchant has as many calls in flight, or as many bytes of the journal's room reserved, as one may have.
    private func isShareUsed(by merchant: MerchantID) -> Bool {
        operations.isShareUsed(by: merchant, roomShare: configuration.merchantShare.of(journalRoomBytes))
    }

    /// Whether the gateway may begin an operation on a payment of `merchant` by itself now.
    func mayBegin(for merchant: MerchantID) -> Bool { !operations.isFull && !isShareUsed(by: merchant) }
}
