import Journal
import Ledger
import Payments
import ShardRecords
import ShardState

// Admission. First the shard looks up a command's key. Then it checks the room in the tables that
// the command needs, and the merchant's share of each. Then it brings the command's object into
// memory. A command that empties a table is never refused for lack of room in that table. So events
// have a table of keys, and operators have places of their own. Events and commands that are
// decided at once need no slot among the calls.
extension ShardCore {
    /// Looks the key up. Answers a known key at once, refuses, or lets the command wait for its key
    /// or for its object. Nothing is reserved yet. No other command can come between, because the
    /// shard has one owner.
    /// - Returns: nil unless the command is decided now.
    mutating func admit(_ command: Command, in turn: inout Turn) -> AdmittedCommand? {
        let rule = command.kind.admission
        guard let digest = command.key, let fingerprint = command.fingerprint, let table = rule.keys else {
            preconditionFailure("the edge refuses a mutation without a key")
        }
        let caller = command.caller
        precondition(rule.isOpenToOperators || !caller.isOperator, "the API has checked that the caller may ask this")
        switch keys.lookup(digest, fingerprint, in: table) {
        case .absent:
            if needsLookUp(digest) {
                parkForKey(command, digest, in: &turn)
                return nil
            }
            if let refusal = refusal(under: rule, of: caller) {
                refuse(caller, refusal, in: &turn)
                return nil
            }
            guard hasItem(rule.item, of: command, in: &turn) else { return nil }
            let key = RequestKey(digest: digest, fingerprint: fingerprint, requestID: caller.requestID)
            return AdmittedCommand(caller: caller, key: key)
        case .mismatch:
            statistics.keyConflicts += 1
            refuse(caller, .keyReused, in: &turn)
        case .completed(let record):
            replay(record, to: caller, in: &turn)
        case .reserved(let operation):
            answerReserved(operation, to: caller, in: &turn)
        }
        return nil
    }

    /// Answers with what is stored in a record.
    mutating func replay(_ record: RecordPosition, to caller: Caller, in turn: inout Turn) {
        statistics.replays += 1
        let replay = Effect.replay(caller.reply, caller.requestID, caller.merchant, record: record)
        turn.release(replay, restingOn: record)
    }

    /// Whether the command's object need not be read from the disk first. If it must be, the
    /// command waits for it, or is refused.
    mutating func hasItem(_ item: StoredItem?, of command: Command, in turn: inout Turn) -> Bool {
        guard let item, item.shard == configuration.shard, isCold(item.item) else { return true }
        park(command, for: item.item, in: &turn)
        return false
    }

    /// Whether something exists, and is not in memory.
    private func isCold(_ item: ColdItem) -> Bool {
        guard item.sequence >= 1, item.sequence <= UInt64(Int.max) else { return false }
        let index = Int(item.sequence) - 1
        switch item.kind {
        case .payment: return index < payments.count && !payments.contains(Index<Payment>(index))
        case .payout: return index < treasury.payouts.count && !treasury.payouts.contains(index)
        case .wallet: return index < treasury.wallets.count && !treasury.wallets.contains(index)
        }
    }

    /// Why a command with a new key is refused now; nil when it is admitted.
    private func refusal(under rule: AdmissionRule, of caller: Caller) -> Refusal? {
        switch rule.pause {
        case .never: break
        case .withNewWork: if let refusal = room.refusal { return refusal }
        case .withNewWorkButForEvents:
            if let refusal = room.refusal, refusal != .journalRoomShort || !room.takesEvents { return refusal }
        }
        switch rule.keys {
        case nil: break
        case .events: if keys.isFull(.events) { return .eventTableFull }
        case .requests: if let refusal = keyRefusal(caller) { return refusal }
        }
        switch rule.room {
        case .none: return nil
        case .call: return callRefusal(caller)
        }
    }

    private func keyRefusal(_ caller: Caller) -> Refusal? {
        hasKeyRoom(for: caller) ? nil : .idempotencyTableFull
    }

    private func callRefusal(_ caller: Caller) -> Refusal? {
        // An operator names no merchant. A few calls beyond the capacity are kept for payments that
        // operators approve.
        if caller.isOperator { return operations.hasRoomForOperator ? nil : .overloaded }
        if operations.isFull { return .overloaded }
        return isShareUsed(by: caller.merchant) ? .merchantLimitReached : nil
    }

    /// Whether a merchant has as many calls in flight, or as many bytes of the journal's room
    /// reserved, as one may have.
    private func isShareUsed(by merchant: MerchantID) -> Bool {
        operations.isShareUsed(by: merchant, roomShare: configuration.merchantShare.of(room.journalBytes))
    }

    /// Whether the gateway may begin an operation on a payment of `merchant` by itself now.
    func mayBegin(for merchant: MerchantID) -> Bool { !operations.isFull && !isShareUsed(by: merchant) }
}
