import Money
package import Payments
import ShardState
package import Time

/// An operation whose outcome is not known yet, as operators see it.
package struct UnresolvedOperation: Sendable, Equatable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    /// Which one of its kind, from 1.
    package var ordinal: UInt16
    /// Minor units.
    package var amountMinor: Int64
    package var currencyCode: String
    /// When it was journaled.
    package var since: Timestamp
    /// The PSP has it and will report its end, as with an asynchronous payment method. Otherwise it
    /// is not known whether it was executed.
    package var isKnownToProvider: Bool
    /// Given up for the shopper: if it succeeds, it is reversed.
    package var isAbandoned: Bool
    /// Unknown for longer than `ResolutionPolicy.attentionAfter`: an operator must look.
    package var needsAttention: Bool
}

extension ShardCore {
    /// Payments that time alone will change soon: a shopper or an operator must act, evidence is
    /// due, or what came too late is being reversed. Goes through all payments in memory: for the
    /// end of simulations, not for payments.
    package var awaitingTime: [Payment] {
        payments.chunkNumbers.flatMap { chunk in
            payments.indices(inChunk: chunk) { payment in
                payment.needsReversal || payment.phase == .requiresAction || payment.phase == .review
                    || evidenceDueAt(payment.index) != nil
            }.map { payments[$0] }
        }
    }

    /// Operations in doubt for so long that an operator must look. Goes through all that wait: for
    /// metrics, not for payments.
    package func attentionCount(at now: Timestamp) -> Int {
        var count = operations.occupiedSlots.count { slot in
            operations[slot].isUncertain && needsAttention(WaitingOperation(operations[slot]), at: now)
        }
        waiting.forEach { _, operation in count += needsAttention(operation, at: now) ? 1 : 0 }
        return count
    }

    private func needsAttention(_ operation: WaitingOperation, at now: Timestamp) -> Bool {
        let connector = payments[operation.payment].connector
        let policy = configuration.connectors[connector].resolution[operation.operation]
        return operation.startedAt <= now.subtracting(milliseconds: policy.attentionAfter)
    }

    private func needsAttention(_ slot: Int, at now: Timestamp) -> Bool {
        now.milliseconds(since: operations[slot].startedAt) >= resolution(slot).attentionAfter
    }

    /// Operations in doubt, oldest first, at most `limit`; and how many there are in all. It goes
    /// through all waiting operations, for operators: 100,000 of them take some milliseconds.
    package func unresolved(limit: Int, at now: Timestamp) -> (oldest: [UnresolvedOperation], total: Int) {
        var found = OldestOperations(limit: limit)
        for slot in operations.occupiedSlots where operations[slot].isUncertain {
            found.add(.calling(slot: slot), startedAt: operations[slot].startedAt)
        }
        waiting.forEach { slot, operation in found.add(.waiting(slot: slot), startedAt: operation.startedAt) }
        let oldest = found.inOrder.map { place in
            switch place {
            case .none: preconditionFailure("only operations were added")
            case .calling(let slot): unresolved(WaitingOperation(operations[slot]), at: now)
            case .waiting(let slot): unresolved(waiting[slot], at: now)
            }
        }
        return (oldest, found.total)
    }

    private func unresolved(_ operation: WaitingOperation, at now: Timestamp) -> UnresolvedOperation {
        let payment = payments[operation.payment]
        return UnresolvedOperation(
            payment: payment.id,
            operation: operation.operation,
            ordinal: operation.ordinal,
            amountMinor: operation.amountMinor,
            currencyCode: "\(payment.currency.code)",
            since: operation.startedAt,
            isKnownToProvider: operation.isKnownToProvider,
            isAbandoned: payment.failure == .reversal(.abandoned),
            needsAttention: needsAttention(operation, at: now)
        )
    }
}

/// The oldest of many operations: a heap of at most `limit`, the youngest of them on top.
private struct OldestOperations {
    private let limit: Int
    private var heap: [(startedAt: Timestamp, place: OperationPlace)] = []
    /// How many were added.
    private(set) var total = 0

    init(limit: Int) { self.limit = limit }

    /// Oldest first.
    var inOrder: [OperationPlace] {
        heap.sorted { ($0.startedAt, $0.place.stored) < ($1.startedAt, $1.place.stored) }.map(\.place)
    }

    mutating func add(_ place: OperationPlace, startedAt: Timestamp) {
        total += 1
        guard heap.count == limit else {
            heap.append((startedAt, place))
            return rise(heap.count - 1)
        }
        guard let youngest = heap.first, startedAt < youngest.startedAt else { return }
        heap[0] = (startedAt, place)
        sink()
    }

    private mutating func rise(_ start: Int) {
        var child = start
        while child > 0, heap[(child - 1) / 2].startedAt < heap[child].startedAt {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink() {
        var parent = 0
        while 2 * parent + 1 < heap.count {
            var child = 2 * parent + 1
            if child + 1 < heap.count, heap[child + 1].startedAt > heap[child].startedAt { child += 1 }
            guard heap[child].startedAt > heap[parent].startedAt else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
