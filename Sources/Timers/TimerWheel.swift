/// A hierarchical timer wheel: 4 levels of 256 slots, after Varghese and Lauck, as a plain value.
///
/// A tick is whatever its user says (a millisecond, a second). Insert and cancel cost O(1). An
/// advance costs the expired timers, plus at most three moves per timer over its whole life,
/// whatever the distance. Bitmaps find the occupied slots, so a long time without timers costs
/// nothing.
///
/// A timer is on the level of the highest byte in which its deadline differs from the current tick.
/// So all deadlines of a lower level precede those of a higher one. When time enters a slot of a
/// higher level, its timers move down. Timers further than 2^32 ticks wait in one list. The wheel
/// looks through that list when time reaches the first 2^32 ticks that one of them lies in.
///
/// Order: timers expire by deadline, and in order of insertion within one tick: the same on every
/// replay.
package struct TimerWheel: Sendable {
    /// Names a timer until it expires or is cancelled; afterwards it names nothing, even if its
    /// storage is used again.
    package struct Handle: Hashable, Sendable {
        let index: Int32
        let generation: UInt32
    }

    /// The default of `maximumTimers`.
    package static let defaultMaximumTimers = 1 << 20

    /// The most timers that can be pending; storage grows in chunks of 4096 (128 KiB) up to it and
    /// is kept.
    package let maximumTimers: Int
    /// The tick of the last advance: no pending timer that was inserted before it has a deadline at
    /// or before it.
    package private(set) var currentTick: UInt64
    /// The number of pending timers.
    package private(set) var count = 0

    private var nodes: TimerNodes
    private var lists: TimerLists
    /// A lower bound of the upper halves of the distant timers' deadlines. The timer that set it
    /// may have been cancelled.
    private var distantBlock = UInt64.max

    package init(currentTick: UInt64 = 0, maximumTimers: Int = TimerWheel.defaultMaximumTimers) {
        precondition(maximumTimers > 0 && maximumTimers < Int(Int32.max), "timers are indexed by Int32")
        self.currentTick = currentTick
        self.maximumTimers = maximumTimers
        self.nodes = TimerNodes()
        self.lists = TimerLists()
    }

    package var isFull: Bool { count == maximumTimers }

    /// Adds a timer that expires by the first advance to `deadline` or later. A timer whose
    /// deadline has passed expires by the next advance, before all others.
    /// - Returns: `nil` when `maximumTimers` are pending.
    package mutating func insert(deadline: UInt64, payload: UInt64) -> Handle? {
        guard count < maximumTimers else { return nil }
        let index = nodes.allocate(deadline: deadline, payload: payload)
        count += 1
        place(index, deadline, in: deadline <= currentTick ? TimerLists.due : slotList(for: deadline))
        return Handle(index: index, generation: nodes[index].generation)
    }

    /// Takes a timer out. False if it has expired or was cancelled before.
    @discardableResult
    package mutating func cancel(_ handle: Handle) -> Bool {
        guard isPending(handle) else { return false }
        lists.remove(handle.index, in: &nodes)
        nodes.free(handle.index)
        count -= 1
        return true
    }

    /// Whether the timer has neither expired nor been cancelled.
    package func isPending(_ handle: Handle) -> Bool {
        handle.index >= 0 && handle.index < nodes.count && nodes[handle.index].generation == handle.generation
            && nodes[handle.index].list != TimerLists.none
    }

    /// Moves time to `tick` and appends the payloads of all timers with deadlines up to it to
    /// `expired`. Time never goes back: an earlier tick than the current one is taken for the
    /// current one.
    ///
    /// Expired timers are handed over in an array, not to a callback, so that what their user does
    /// (insert, cancel) cannot disturb the walk. Allocates only if `expired` lacks capacity.
    package mutating func advance(to tick: UInt64, into expired: inout [UInt64]) {
        let target = max(tick, currentTick)
        expire(TimerLists.due, into: &expired)
        while let event = nextEvent(), event.tick <= target {
            assert(event.tick >= currentTick)
            currentTick = event.tick
            if event.list < TimerLists.slotsPerLevel {
                expire(event.list, into: &expired)
            } else {
                redistribute(event.list)
            }
        }
        currentTick = target
        assert(count == 0 || nodes.count > 0)
    }

    /// No timer expires before this tick (which is exact up to 256 ticks ahead, and early by less
    /// than its level's slot beyond); `nil` when none is pending. For callers that sleep until
    /// there is something to do.
    package var nextDeadlineHint: UInt64? {
        if !lists.isEmpty(TimerLists.due) { return currentTick }
        return nextEvent()?.tick
    }

    private mutating func place(_ index: Int32, _ deadline: UInt64, in list: Int) {
        if list == TimerLists.distant {
            let block = deadline >> 32
            distantBlock = lists.isEmpty(list) ? block : min(distantBlock, block)
        }
        lists.append(index, to: list, in: &nodes)
    }

    private func slotList(for deadline: UInt64) -> Int {
        let difference = deadline ^ currentTick
        guard difference >> 32 == 0 else { return TimerLists.distant }
        let level = (63 - (difference | 1).leadingZeroBitCount) >> 3
        let slot = Int(truncatingIfNeeded: deadline >> UInt64(level * 8)) & 255
        return level * TimerLists.slotsPerLevel + slot
    }

    /// The earliest tick at which a list must be looked at, and that list.
    private func nextEvent() -> (tick: UInt64, list: Int)? {
        for level in 0..<TimerLists.levels {
            let shift = UInt64(level * 8)
            let position = Int(truncatingIfNeeded: currentTick >> shift) & 255
            guard let slot = lists.firstOccupied(level: level, from: position) else { continue }
            let block = (currentTick >> (shift + 8)) << (shift + 8)
            return (block | UInt64(slot) << shift, level * TimerLists.slotsPerLevel + slot)
        }
        guard !lists.isEmpty(TimerLists.distant) else { return nil }
        assert(distantBlock > currentTick >> 32 && distantBlock >> 32 == 0, "distant timers lie in later blocks")
        return (distantBlock << 32, TimerLists.distant)
    }

    private mutating func expire(_ list: Int, into expired: inout [UInt64]) {
        var index = lists.takeAll(list)
        while index >= 0 {
            let node = nodes[index]
            assert(
                node.list == UInt16(list) && node.deadline <= currentTick,
                "a timer lies in the list of its deadline"
            )
            expired.append(node.payload)
            nodes.free(index)
            count -= 1
            index = node.next
        }
    }

    /// Moves all timers of a list to where they belong now, in order.
    private mutating func redistribute(_ list: Int) {
        var index = lists.takeAll(list)
        while index >= 0 {
            let node = nodes[index]
            assert(node.list == UInt16(list) && node.deadline >= currentTick, "time never passes a pending timer")
            place(index, node.deadline, in: slotList(for: node.deadline))
            index = node.next
        }
    }
}
