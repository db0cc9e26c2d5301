import CMillrace

/// State that several threads share, its mutex, and four conditions to wait on.
///
/// Proof that `@unchecked Sendable` holds: `state` is private and its address never leaves this
/// class. Only `withLock` and `wait` touch it, between locking and unlocking `native`. `native`
/// itself is a pointer to a C structure made for use by several threads. It is constant until
/// `deinit`, which runs when no thread has a reference.
final class Monitor<State: ~Copyable>: @unchecked Sendable {
    /// Who waits.
    enum Condition: Int32 {
        case writer = 0
        case keeper = 1
        case archiver = 2
        /// Who acquires or releases the journal, or closes it; several may wait.
        case owner = 3
    }

    /// What a waiting thread does next.
    enum Step<Result: ~Copyable>: ~Copyable {
        case ready(Result)
        case wait
        /// Waits no longer than to this monotonic time.
        case waitUntil(nanoseconds: UInt64)
    }

    private let native: OpaquePointer
    private var state: State

    init(_ state: consuming State) {
        self.state = state
        native = millrace_monitor_create()
    }

    deinit { millrace_monitor_destroy(native) }

    func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        millrace_monitor_lock(native)
        defer { millrace_monitor_unlock(native) }
        return try body(&state)
    }

    /// Runs `body` under the lock, again after each wake-up, until it is ready. The state is not
    /// borrowed while waiting.
    func wait<Result: ~Copyable>(_ condition: Condition, _ body: (inout State) -> Step<Result>) -> Result {
        millrace_monitor_lock(native)
        defer { millrace_monitor_unlock(native) }
        while true {
            switch body(&state) {
            case .ready(let result): return result
            case .wait: millrace_monitor_wait(native, condition.rawValue)
            case .waitUntil(let deadline): millrace_monitor_wait_until(native, condition.rawValue, deadline)
            }
        }
    }

    /// Wakes the thread that waits on the condition; with or without the lock.
    func signal(_ condition: Condition) {
        millrace_monitor_signal(native, condition.rawValue)
    }

    /// Wakes every thread that waits on the condition; with or without the lock.
    func signalAll(_ condition: Condition) {
        millrace_monitor_broadcast(native, condition.rawValue)
    }
}

/// The monotonic clock, in nanoseconds.
func monotonicNanoseconds() -> UInt64 { millrace_monotonic_nanoseconds() }

/// The wall clock, in milliseconds since 1970. It is only written into files, for their readers.
func wallMilliseconds() -> Int64 { millrace_wall_milliseconds() }
