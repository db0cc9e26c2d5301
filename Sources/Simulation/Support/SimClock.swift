import Synchronization

/// Virtual time, where closures that must be `Sendable` can read it. Written by the world's loop
/// only.
final class SimClock: Sendable {
    private let microseconds = Atomic<Int64>(0)

    var now: Int64 { microseconds.load(ordering: .relaxed) }

    func set(_ time: Int64) { microseconds.store(time, ordering: .relaxed) }
}
