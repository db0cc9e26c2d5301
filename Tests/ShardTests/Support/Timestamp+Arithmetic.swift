import Time

// Tests count from a time on: `now + 5_000` is five seconds later.
extension Timestamp {
    static func + (time: Timestamp, milliseconds: Int64) -> Timestamp { time.adding(milliseconds: milliseconds) }

    static func - (time: Timestamp, milliseconds: Int64) -> Timestamp { time.subtracting(milliseconds: milliseconds) }

    static func += (time: inout Timestamp, milliseconds: Int64) { time = time + milliseconds }
}
