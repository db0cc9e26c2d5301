/// The open feeds of a journal: where each is, and who waits for more. Without I/O; under the
/// journal's lock.
struct FeedTable {
    typealias Wake = @Sendable () -> Void
    typealias ID = UInt64

    private struct Feed {
        let id: ID
        var next: RecordPosition
        var wake: Wake?
    }

    /// At most `JournalLimits.feeds`.
    private var feeds: [Feed] = []
    private var lastID: ID = 0
    /// Feeds with a wake: a flush looks at none when it is 0.
    private var waiting = 0

    var count: Int { feeds.count }

    /// The first record that a feed still needs; nil without feeds.
    var floor: RecordPosition? { feeds.lazy.map(\.next).min() }

    /// - Returns: nil when the table is full.
    mutating func open(at next: RecordPosition) -> ID? {
        guard feeds.count < JournalLimits.feeds else { return nil }
        lastID += 1
        feeds.append(Feed(id: lastID, next: next))
        return lastID
    }

    /// False for a feed that is not open.
    func isOpen(_ id: ID) -> Bool { feeds.contains { $0.id == id } }

    mutating func advance(_ id: ID, to next: RecordPosition) {
        guard let index = feeds.firstIndex(where: { $0.id == id }) else { return }
        precondition(next >= feeds[index].next)
        feeds[index].next = next
    }

    mutating func close(_ id: ID) {
        guard let index = feeds.firstIndex(where: { $0.id == id }) else { return }
        if feeds[index].wake != nil { waiting -= 1 }
        feeds.remove(at: index)
    }

    /// Enters who is to be told when the feed's next record is durable.
    mutating func wait(_ id: ID, _ wake: @escaping Wake) {
        guard let index = feeds.firstIndex(where: { $0.id == id }) else { return }
        if feeds[index].wake == nil { waiting += 1 }
        feeds[index].wake = wake
    }

    /// Who is to be told that records up to a position are durable.
    mutating func takeWakes(durable position: RecordPosition) -> [Wake] {
        guard waiting > 0 else { return [] }
        var wakes: [Wake] = []
        for index in feeds.indices where feeds[index].next <= position {
            guard let wake = feeds[index].wake.take() else { continue }
            waiting -= 1
            wakes.append(wake)
        }
        return wakes
    }
}
