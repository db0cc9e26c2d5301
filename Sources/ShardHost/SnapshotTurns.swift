import Synchronization

/// The order in which the shards of a process take their snapshots: a few at once, usually one.
///
/// A shard waits for its turn before it takes what a snapshot is made from. A snapshot keeps copies
/// of what changes meanwhile. So there are such copies of one shard at a time, however many shards
/// are due. An urgent shard goes before the others; otherwise shards write in the order in which
/// they asked.
package final class SnapshotTurns: Sendable {
    /// A place in the order, from `enter` until `leave`.
    package struct Ticket: Sendable, Equatable {
        fileprivate let number: UInt64
        package let isUrgent: Bool
    }

    private struct State {
        var waiting: [Ticket] = []
        var running = 0
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())
    private let atOnce: Int

    /// - Parameter atOnce: snapshots under way at once.
    package init(atOnce: Int = 1) {
        precondition(atOnce > 0, "somebody has a turn")
        self.atOnce = atOnce
    }

    /// Takes a place behind the others that are as urgent.
    package func enter(isUrgent: Bool) -> Ticket {
        state.withLock { state in
            state.lastNumber += 1
            let ticket = Ticket(number: state.lastNumber, isUrgent: isUrgent)
            let place = isUrgent ? state.waiting.firstIndex { !$0.isUrgent } : nil
            state.waiting.insert(ticket, at: place ?? state.waiting.endIndex)
            return ticket
        }
    }

    /// Whether it is the ticket's turn, which lasts until `leave` then. A ticket that waits asks
    /// again later.
    package func begin(_ ticket: Ticket) -> Bool {
        state.withLock { state in
            let free = atOnce - state.running
            guard free > 0, let place = state.waiting.prefix(free).firstIndex(of: ticket) else { return false }
            state.waiting.remove(at: place)
            state.running += 1
            return true
        }
    }

    /// Ends the ticket's turn, or gives its place up.
    package func leave(_ ticket: Ticket) {
        state.withLock { state in
            if let place = state.waiting.firstIndex(of: ticket) {
                state.waiting.remove(at: place)
            } else {
                state.running -= 1
                precondition(state.running >= 0, "a turn ends once")
            }
        }
    }

    /// Tickets that wait, and turns under way.
    package var counts: (waiting: Int, running: Int) { state.withLock { ($0.waiting.count, $0.running) } }
}
