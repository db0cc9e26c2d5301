import Synchronization

/// Values that a connection's loop collects and a task takes afterwards. A lock a line is cheap off
/// the measured path.
final class Collected<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    func append(_ value: Value) { values.withLock { $0.append(value) } }
    func take() -> [Value] {
        values.withLock {
            let taken = $0
            $0 = []
            return taken
        }
    }
}
