import NIOCore
import Synchronization

/// Whether the gateway takes requests; read by `/readyz` from any thread.
final class Readiness: Sendable {
    enum State: UInt8, Sendable, AtomicRepresentable {
        case starting
        case ready
        case draining
    }

    private let state = Atomic(State.starting)

    var current: State { state.load(ordering: .acquiring) }

    func set(_ new: State) { state.store(new, ordering: .releasing) }
}

/// That a gateway was stopped and had not failed until then.
package struct GatewayStopped: Error {}

/// The first reason why the gateway cannot go on; `GatewayStopped` when it was closed without one.
final class FailureSignal: Sendable {
    private struct State {
        var error: (any Error)?
        var waiters: [CheckedContinuation<any Error, Never>] = []
    }

    private let state = Mutex(State())

    func report(_ error: any Error) {
        let waiters = state.withLock { state -> [CheckedContinuation<any Error, Never>] in
            guard state.error == nil else { return [] }
            state.error = error
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: error) }
    }

    /// Returns when something was reported; at once if it was before.
    func wait() async -> any Error {
        await withCheckedContinuation { continuation in
            let error = state.withLock { state -> (any Error)? in
                if state.error == nil { state.waiters.append(continuation) }
                return state.error
            }
            if let error { continuation.resume(returning: error) }
        }
    }
}

/// The loops' runtimes: set once at start, read by admin requests from other threads.
final class RuntimeTable: Sendable {
    private let runtimes = Mutex<[NIOLoopBound<LoopRuntime>]>([])

    var all: [NIOLoopBound<LoopRuntime>] { runtimes.withLock { $0 } }

    func set(_ all: [NIOLoopBound<LoopRuntime>]) {
        runtimes.withLock { $0 = all }
    }
}
