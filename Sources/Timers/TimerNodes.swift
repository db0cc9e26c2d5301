/// One timer: 32 bytes, linked into a list by indices.
struct TimerNode: Sendable {
    var deadline: UInt64 = 0
    var payload: UInt64 = 0
    /// The next timer of the list, or of the free list; -1 for none.
    var next: Int32 = -1
    var previous: Int32 = -1
    /// Counts the uses of this storage, so that a handle to a former use is recognised.
    var generation: UInt32 = 0
    /// The list the timer lies in; `TimerLists.none` when free.
    var list: UInt16 = UInt16.max
}

/// The storage of timers: chunks that never move once made, and a free list through them. Growing
/// one array would copy all timers in one go, a stall of milliseconds.
struct TimerNodes: Sendable {
    static let chunkShift: Int32 = 12
    static let chunkCount = 1 << Int(chunkShift)

    private var chunks: [[TimerNode]] = []
    private var firstFree: Int32 = -1

    /// The number of nodes, free ones included.
    var count: Int32 { Int32(chunks.count) << Self.chunkShift }

    subscript(_ index: Int32) -> TimerNode {
        get { chunks[Int(index >> Self.chunkShift)][Int(index) & (Self.chunkCount - 1)] }
        _modify { yield &chunks[Int(index >> Self.chunkShift)][Int(index) & (Self.chunkCount - 1)] }
    }

    /// Takes a free node; the caller has checked its maximum.
    mutating func allocate(deadline: UInt64, payload: UInt64) -> Int32 {
        if firstFree < 0 { grow() }
        let index = firstFree
        assert(self[index].list == UInt16.max, "the free list holds free nodes only")
        firstFree = self[index].next
        self[index].deadline = deadline
        self[index].payload = payload
        self[index].next = -1
        return index
    }

    mutating func free(_ index: Int32) {
        self[index].list = UInt16.max
        self[index].generation &+= 1
        self[index].next = firstFree
        firstFree = index
    }

    private mutating func grow() {
        let base = count
        var chunk = [TimerNode](repeating: TimerNode(), count: Self.chunkCount)
        for offset in 0..<Self.chunkCount - 1 { chunk[offset].next = base + Int32(offset) + 1 }
        chunks.append(chunk)
        firstFree = base
    }
}
