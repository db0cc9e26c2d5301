/// The durable cursors of a journal as they are in memory. Without I/O; under the lock of
/// `CursorBook`.
struct CursorTable {
    struct Cursor: Equatable {
        let name: JournalCursorName
        var position: RecordPosition
        /// Its place in the file.
        let slot: Int
    }

    /// By name; at most `JournalLimits.cursors`.
    private(set) var cursors: [Cursor] = []

    /// The first record that a cursor's consumer still needs; nil without cursors.
    var floor: RecordPosition? { cursors.lazy.map(\.position).min().map { $0 + 1 } }

    func cursor(_ name: JournalCursorName) -> Cursor? { cursors.first { $0.name == name } }

    /// The lowest place in the file that no cursor has; nil when the table is full.
    var freeSlot: Int? {
        let taken = Set(cursors.map(\.slot))
        return (0..<JournalLimits.cursors).first { !taken.contains($0) }
    }

    mutating func insert(_ cursor: Cursor) {
        precondition(cursors.count < JournalLimits.cursors && self.cursor(cursor.name) == nil)
        let index = cursors.firstIndex { cursor.name < $0.name } ?? cursors.count
        cursors.insert(cursor, at: index)
    }

    mutating func advance(_ name: JournalCursorName, to position: RecordPosition) {
        guard let index = cursors.firstIndex(where: { $0.name == name }) else { return }
        cursors[index].position = max(cursors[index].position, position)
    }

    mutating func moveBack(_ name: JournalCursorName, to position: RecordPosition) {
        guard let index = cursors.firstIndex(where: { $0.name == name }) else { return }
        cursors[index].position = min(cursors[index].position, position)
    }

    mutating func remove(_ name: JournalCursorName) { cursors.removeAll { $0.name == name } }
}
