/// Heads and tails of the wheel's lists, and which of the slots are occupied.
struct TimerLists: Sendable {
    static let levels = 4
    static let slotsPerLevel = 256
    /// Deadlines beyond the wheel's 2^32 ticks.
    static let distant = levels * slotsPerLevel
    /// Deadlines that had passed when they were inserted.
    static let due = distant + 1
    /// No list.
    static let none = UInt16.max

    private var heads = [Int32](repeating: -1, count: due + 1)
    private var tails = [Int32](repeating: -1, count: due + 1)
    /// Four words of 64 slots per level.
    private var occupied = [UInt64](repeating: 0, count: levels * slotsPerLevel / 64)

    func isEmpty(_ list: Int) -> Bool { heads[list] < 0 }

    /// The first occupied slot of a level at or after `position`.
    func firstOccupied(level: Int, from position: Int) -> Int? {
        var word = position >> 6
        var bits = occupied[level * 4 + word] & (UInt64.max << UInt64(position & 63))
        while bits == 0 {
            word += 1
            guard word < 4 else { return nil }
            bits = occupied[level * 4 + word]
        }
        return word << 6 | bits.trailingZeroBitCount
    }

    mutating func append(_ index: Int32, to list: Int, in nodes: inout TimerNodes) {
        let tail = tails[list]
        nodes[index].list = UInt16(truncatingIfNeeded: list)
        nodes[index].next = -1
        nodes[index].previous = tail
        tails[list] = index
        if tail >= 0 {
            nodes[tail].next = index
        } else {
            heads[list] = index
            markOccupied(list, true)
        }
    }

    mutating func remove(_ index: Int32, in nodes: inout TimerNodes) {
        let node = nodes[index]
        let list = Int(node.list)
        assert(node.list != Self.none, "only a pending timer lies in a list")
        if node.previous >= 0 { nodes[node.previous].next = node.next } else { heads[list] = node.next }
        if node.next >= 0 { nodes[node.next].previous = node.previous } else { tails[list] = node.previous }
        if heads[list] < 0 { markOccupied(list, false) }
    }

    /// Empties a list and returns its first timer; the links between its timers stay.
    mutating func takeAll(_ list: Int) -> Int32 {
        let head = heads[list]
        heads[list] = -1
        tails[list] = -1
        markOccupied(list, false)
        return head
    }

    private mutating func markOccupied(_ list: Int, _ isOccupied: Bool) {
        guard list < Self.distant else { return }
        let bit = UInt64(1) << UInt64(list & 63)
        if isOccupied { occupied[list >> 6] |= bit } else { occupied[list >> 6] &= ~bit }
    }
}
