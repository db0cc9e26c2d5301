import DequeModule
package import Journal
package import Payments
package import Risk
package import ShardRecords
package import ShardState
package import Time

/// An action outside of the shard. It waits until the journal is durable up to the position that it
/// rests on.
package enum Effect: Sendable {
    /// Call the PSP. `token` comes back with the outcome.
    case callProvider(ProviderCall, token: UInt64, deadline: Timestamp)
    /// Ask the external scorer. `token` comes back with the answer.
    case score(ScoreRequest, token: UInt64, deadline: Timestamp)
    case respond(Response)
    /// Answer with the response stored in the journal record at `record`. `MerchantID` is the
    /// merchant that asked; 0 for an operator.
    case replay(ReplyToken, RequestID, MerchantID, record: RecordPosition)
    /// Read what is not in memory, and hand it to `ShardCore.loaded`. Rests on nothing.
    /// `MerchantID` as in `replay`.
    case load(MerchantID, ColdItem)
    /// Look up a key in the shard's runs, as of `second` (since 1970), and hand what is found to
    /// `ShardCore.keyLookedUp`. Rests on nothing.
    case lookUpKey(KeyDigest, second: UInt32)
    /// Answer with the payment's history, whose newest record is at `newest`.
    case history(ReplyToken, RequestID, MerchantID, PaymentID, newest: RecordPosition)
    /// Answer with a page of a merchant's ledger.
    case ledgerEntries(ReplyToken, RequestID, LedgerRead)
    /// Answer with a merchant's balance of the past.
    case pastBalance(ReplyToken, RequestID, PastBalance)
}

/// One turn of a shard: its time, the records to persist, and the effects to release after them.
/// Raft calls this `Ready`: "to be saved to stable storage before messages are sent". One value
/// gathers the decisions of a tick and is reused.
package struct Turn {
    package struct Pending: Sendable {
        /// The effect may leave when the journal is durable up to here.
        package var restsOn: RecordPosition
        package var effect: Effect
    }

    /// The time of what is decided now. Each entry of `ShardCore` sets it.
    package internal(set) var now: Timestamp = .none

    /// The records in the journal engine's framing.
    package var records: [UInt8] = []
    /// Those of them that the journal has not taken.
    package var recordCount = 0
    /// Bytes at the beginning of `records` that the journal has taken, while it takes an output in
    /// pieces.
    package private(set) var takenBytes = 0
    /// In the order of the decisions. A queue, so that they are moved out and not copied.
    private var effects: Deque<Pending> = []

    package init() {
        records.reserveCapacity(1 << 16)
        effects.reserveCapacity(256)
    }

    package var isEmpty: Bool { recordCount == 0 && effects.isEmpty }

    /// The first effect of those that are left. When none is, the next one gets the first place
    /// again, whose memory is warm.
    package mutating func takeEffect() -> Pending? {
        if let next = effects.popFirst() { return next }
        effects.removeAll(keepingCapacity: true)
        return nil
    }

    package mutating func removeAll() {
        removeRecords()
        effects.removeAll(keepingCapacity: true)
    }

    /// The records were handed over, or are void.
    package mutating func removeRecords() {
        records.removeAll(keepingCapacity: true)
        recordCount = 0
        takenBytes = 0
    }

    /// Bytes that the journal has not taken.
    package var waitingBytes: Int { records.count - takenBytes }

    /// As many whole records as fit `limit` bytes, in the journal's framing. They begin with the
    /// first record that the journal has not taken; none if that one does not fit. Copies them.
    package func piece(limit: Int) -> (records: [UInt8], count: Int) {
        var end = takenBytes
        var count = 0
        while count < recordCount {
            let next = end + 4 + length(at: end)
            guard next - takenBytes <= limit else { break }
            end = next
            count += 1
        }
        return (Array(records[takenBytes..<end]), count)
    }

    private func length(at offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(records[offset + $1]) << ($1 * 8) }
    }

    /// The journal has taken the first records of those that it had not.
    package mutating func took(bytes: Int, count: Int) {
        precondition(bytes <= waitingBytes && count <= recordCount)
        takenBytes += bytes
        recordCount -= count
        if recordCount == 0 { removeRecords() }
    }

    mutating func release(_ effect: Effect, restingOn position: RecordPosition) {
        effects.append(Pending(restsOn: position, effect: effect))
    }
}
