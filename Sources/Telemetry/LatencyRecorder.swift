package import Histogram

/// Latencies of one event loop. Not `Sendable`: owned by its loop; `snapshot()` leaves as a value.
package final class LatencyRecorder {
    package static let lowestMicroseconds: UInt64 = 1
    package static let highestMicroseconds: UInt64 = 60_000_000

    private var histogram: Histogram<UInt32>

    package init() {
        histogram = Histogram<UInt32>(
            lowestDiscernibleValue: 1,
            highestTrackableValue: Self.highestMicroseconds,
            numberOfSignificantValueDigits: .two
        )
    }

    package func record(microseconds: UInt64) { preconditionFailure("not yet") }
    package func snapshot() -> LatencySnapshot { preconditionFailure("not yet") }
}

/// A copy of a recorder's state, mergeable with those of other loops.
package struct LatencySnapshot: Sendable {
    package var histogram: Histogram<UInt32>
    package var sumMicroseconds: UInt64
    package mutating func merge(_ other: LatencySnapshot) { preconditionFailure("not yet") }
}
