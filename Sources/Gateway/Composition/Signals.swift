import NIOCore
import Synchronization

/// Whether the gateway takes requests; read by `/readyz` from any thread.
final class Readiness: Sendable {
    enum State: UInt8, Sendable, AtomicRepresentable {
        case starting
        case ready
        case draining
        /// A journal cannot be written; reads are answered.
        case journalFailed
    }

    private let state = Atomic(State.starting)

    var current: State { state.load(ordering: .acquiring) }

    /// A failed journal is final: no later state makes the gateway ready again.
    func set(_ new: State) {
        var current = current
        while current != .journalFailed || new == .draining {
            let (done, seen) = state.compareExchange(expected: current, desired: new, ordering: .acquiringAndReleasing)
            if done { return }
            current = seen
        }
    }
}

/// That a gateway was stopped and had not failed until then.
package struct GatewayStopped: Error {}

/// The first reason why the gateway cannot go on; `GatewayStopped` when it was closed without one.
final class FailureSignal: Sendable {
    private struct State {
        var error: (any Error)?
        /// What is reported once the gateway was stopped.
        var held: (any Error)?
        var waiters: [CheckedContinuation<any Error, Never>] = []
    }

    private let state = Mutex(State())

    func report(_ error: any Error) {
        let (reported, waiters) = state.withLock { state -> (any Error, [CheckedContinuation<any Error, Never>]) in
            guard state.error == nil else { return (error, []) }
            let reported = state.held ?? error
            state.error = reported
            defer { state.waiters = [] }
            return (reported, state.waiters)
        }
        for waiter in waiters { waiter.resume(returning: reported) }
    }

    /// Keeps the error until something is reported, and then reports this error. The gateway goes
    /// on for a while without the part that failed.
    func hold(_ error: any Error) {
        state.withLock { $0.held = $0.held ?? error }
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
