import CMillrace
import Synchronization

/// Spreads the writing and reading back of big files over time. So the flushes of journals on the
/// same disk need not wait behind a burst. Another thread can end the writing. It sleeps on the
/// calling thread, so it is never used on an event loop.
package final class WritePace: Sendable {
    private let bytesPerSecond: Int
    private let isCancelled = Atomic<Bool>(false)

    /// - Parameter bytesPerSecond: 0 for no limit.
    package init(bytesPerSecond: Int) {
        precondition(bytesPerSecond >= 0)
        self.bytesPerSecond = bytesPerSecond
    }

    /// Ends the writing at its next piece.
    package func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Waits as long as `bytes` may take; false when cancelled.
    package func spend(_ bytes: Int) -> Bool {
        if isCancelled.load(ordering: .relaxed) { return false }
        if bytesPerSecond > 0 {
            millrace_sleep_nanoseconds(UInt64(bytes) * 1_000_000_000 / UInt64(bytesPerSecond))
        }
        return true
    }
}
