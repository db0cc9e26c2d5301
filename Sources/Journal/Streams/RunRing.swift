/// The runs that were appended to a log and are not durable yet, in the order of their positions in
/// it. Grows to what the backlog allows, and is used again from then on.
struct RunRing {
    struct Entry {
        /// Where its stream stands in the log's table.
        let stream: Int
        let isOwner: Bool
        let firstPosition: RecordPosition
        let count: UInt32
        /// Of its records.
        let bytes: UInt32
        /// Of its stream, behind it.
        let chain: StreamChain

        var lastPosition: RecordPosition { firstPosition + UInt64(count) - 1 }
    }

    private var slots: [Entry?] = []
    private var head = 0
    private(set) var count = 0
    /// The position in the log of the first entry; of the next one when there is none.
    private(set) var firstPosition: RecordPosition

    init(after position: RecordPosition) { firstPosition = position + 1 }

    mutating func append(_ entry: Entry) {
        if count == slots.count { grow() }
        slots[(head + count) % slots.count] = entry
        count += 1
    }

    /// Takes the first entry out if its position in the log is not beyond `position`.
    mutating func take(upTo position: RecordPosition) -> Entry? {
        guard count > 0, firstPosition <= position, let entry = slots[head] else { return nil }
        slots[head] = nil
        head = (head + 1) % slots.count
        count -= 1
        firstPosition += 1
        return entry
    }

    private mutating func grow() {
        var larger = [Entry?](repeating: nil, count: max(64, 2 * slots.count))
        for index in 0..<count { larger[index] = slots[(head + index) % slots.count] }
        slots = larger
        head = 0
    }
}
