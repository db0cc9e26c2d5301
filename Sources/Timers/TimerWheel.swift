package struct TimerWheel: Sendable {
    package struct Handle: Hashable, Sendable {
        package let index: Int32
        package let generation: UInt32
    }

    package static let defaultMaximumTimers = 1 << 20
    package let maximumTimers: Int
    package private(set) var currentTick: UInt64
    package private(set) var count: Int

    package init(currentTick: UInt64 = 0, maximumTimers: Int = TimerWheel.defaultMaximumTimers) {
        self.currentTick = currentTick
        self.maximumTimers = maximumTimers
        self.count = 0
    }

    package mutating func insert(deadline: UInt64, payload: UInt64) -> Handle? { preconditionFailure("not yet") }
    package mutating func cancel(_ handle: Handle) -> Bool { preconditionFailure("not yet") }
    package mutating func advance(to tick: UInt64, into expired: inout [UInt64]) { preconditionFailure("not yet") }
    package var nextDeadlineHint: UInt64? { preconditionFailure("not yet") }
}
