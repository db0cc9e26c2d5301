/// A point of time in milliseconds since 1970 (UTC, without leap seconds). Durations are plain
/// milliseconds: two points have a distance, and no sum. An integer literal is a point; tests count
/// from small numbers.
@frozen @usableFromInline
package struct Timestamp: Hashable, Sendable, BitwiseCopyable, ExpressibleByIntegerLiteral {
    /// Since 1970; negative before it.
    @usableFromInline package let milliseconds: Int64

    @inlinable
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    @inlinable
    package init(integerLiteral milliseconds: Int64) { self.milliseconds = milliseconds }

    /// No time: what records, rows and snapshots hold in a field that is not used. Earlier than
    /// every time of a clock.
    @inlinable
    package static var none: Timestamp { Timestamp(milliseconds: 0) }

    /// Earlier than every time.
    @inlinable
    package static var earliest: Timestamp { Timestamp(milliseconds: .min) }

    /// Later than every time.
    @inlinable
    package static var latest: Timestamp { Timestamp(milliseconds: .max) }

    /// - Precondition: the sum is a time.
    @inlinable
    package func adding(milliseconds duration: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds + duration)
    }

    /// As `adding`, at most `.latest`: for what may be very far away, as a clock or a limit that
    /// nobody set.
    @inlinable
    package func addingClamped(milliseconds duration: Int64) -> Timestamp {
        let (sum, isBeyond) = milliseconds.addingReportingOverflow(duration)
        return isBeyond ? .latest : Timestamp(milliseconds: sum)
    }

    /// - Precondition: the difference is a time.
    @inlinable
    package func subtracting(milliseconds duration: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds - duration)
    }

    /// What has passed since `earlier`; negative when that is later.
    @inlinable
    package func milliseconds(since earlier: Timestamp) -> Int64 { milliseconds - earlier.milliseconds }
}

extension Timestamp {
    /// Whole seconds since 1970, as keys are kept by them; at most 2^32 - 1 (the year 2106).
    @inlinable
    package var seconds: UInt32 { UInt32(clamping: milliseconds / 1_000) }
}

extension Timestamp: Comparable {
    @inlinable
    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp: CustomStringConvertible {
    /// The milliseconds.
    @inlinable
    package var description: String { "\(milliseconds)" }
}
