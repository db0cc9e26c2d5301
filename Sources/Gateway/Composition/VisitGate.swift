import Synchronization

/// Who may ask the loops about their shards: nobody while the gateway starts, and nobody once it
/// closes. Closing waits for those who are asking, so that no visit meets a loop that has ended.
final class VisitGate: Sendable {
    private enum Phase {
        case starting
        case open
        case closing
    }

    private struct State {
        var phase = Phase.starting
        var visits = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func open() {
        state.withLock { if $0.phase == .starting { $0.phase = .open } }
    }

    /// Throws `GatewayNotServing` when the gate is not open. Each call that does not throw is
    /// followed by `leave`.
    func enter() throws(GatewayNotServing) {
        let phase = state.withLock { state in
            if state.phase == .open { state.visits += 1 }
            return state.phase
        }
        switch phase {
        case .open: return
        case .starting: throw .starting
        case .closing: throw .stopping
        }
    }

    func leave() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.visits -= 1
            return state.visits == 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Returns when nobody is asking any more. Called once.
    func close() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.phase = .closing
                if state.visits > 0 { state.waiter = continuation }
                return state.visits == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}

/// The gateway's shards cannot be asked now. A retry helps once it has started.
enum GatewayNotServing: Error {
    case starting
    case stopping
}
