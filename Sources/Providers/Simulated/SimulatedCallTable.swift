import HTTPTransport
import Payments

/// What must be known of a call to read its answer.
struct SimulatedCall {
    var mode: ProviderCall.Mode
    var operation: ProviderOperation
    var capturesAutomatically: Bool
    var payment: PaymentID
    var providerReference: String
    /// What the answer's amount is compared with.
    var requested: RequestedAmount
    /// The key asked for, of queries only.
    var queriedKey: String?

    init(_ call: ProviderCall) {
        mode = call.mode
        operation = call.operation
        capturesAutomatically = call.capturesAutomatically
        payment = call.payment
        providerReference = call.providerReference
        requested = RequestedAmount(call)
        queriedKey = call.mode == .query ? call.providerKey : nil
    }
}

/// The calls under way, by slot; the slot is the token of the call's request. Its size is bounded
/// by the pool below, which refuses what exceeds its own limits and returns a result for every
/// request.
struct SimulatedCallTable {
    private struct Entry {
        var token: UInt64
        var origin: CallOrigin
        var call: SimulatedCall?
    }

    private var entries: [Entry] = []
    private var free: [Int] = []

    var count: Int { entries.count - free.count }

    mutating func insert(_ call: SimulatedCall, token: UInt64, from origin: CallOrigin) -> UInt64 {
        let entry = Entry(token: token, origin: origin, call: call)
        guard let slot = free.popLast() else {
            entries.append(entry)
            return UInt64(entries.count - 1)
        }
        entries[slot] = entry
        return UInt64(slot)
    }

    mutating func remove(_ slot: UInt64) -> (token: UInt64, origin: CallOrigin, call: SimulatedCall) {
        let index = Int(slot)
        guard let call = entries[index].call else { preconditionFailure("a call completes once") }
        entries[index].call = nil
        free.append(index)
        return (entries[index].token, entries[index].origin, call)
    }
}
