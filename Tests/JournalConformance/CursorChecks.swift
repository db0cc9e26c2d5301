import Journal

func checkCursors(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let events = ConformanceEvents()
    let owner = try store.acquire(claim("a"), owner: events)
    try bench.append(10, to: owner, events)
    try store.createCursor(name("b"), at: 0)
    try store.createCursor(name("a"), at: 10)
    try expect(.exists, because: "a name that is taken") { try store.createCursor(name("b"), at: 3) }
    try expect(.notFound, because: "a cursor beyond the end") { try store.createCursor(name("c"), at: 11) }
    try store.advanceCursor(name("b"), to: 4)
    try store.advanceCursor(name("b"), to: 2)
    try expect(.notFound, because: "an advance beyond the end") { try store.advanceCursor(name("b"), to: 11) }
    try expect(.notFound, because: "an advance of no cursor") { try store.advanceCursor(name("c"), to: 1) }
    try expect(.notFound, because: "a deletion of no cursor") { try store.deleteCursor(name("c")) }
    let cursors = store.cursors
    try expect(cursors.map(\.name.description) == ["a", "b"], because: "cursors are listed by name")
    try expect(cursors.map(\.position) == [10, 4], because: "a cursor never goes back")
    try expect(cursors.map(\.lagRecords) == [0, 6], because: "and says how far it is behind")
    try store.deleteCursor(name("b"))
    try expect(store.cursors.map(\.name.description) == ["a"], because: "a deleted one is gone")
    store.close()
}

func checkCursorsOverKills(_ bench: any JournalBench) throws {
    var position: RecordPosition = 0
    for round in 0..<8 {
        let store = try bench.open()
        let events = ConformanceEvents()
        let owner = try store.acquire(claim("a"), owner: events)
        if round == 0 {
            try store.createCursor(name("kept"), at: 0)
            try store.createCursor(name("gone"), at: 0)
        }
        try expect(
            store.cursors.first { $0.name.description == "kept" }?.position == position,
            because: "a cursor is kept"
        )
        try expect(store.cursors.count == (round < 4 ? 2 : 1), because: "a deleted one does not come back")
        try bench.append(3, to: owner, events)
        position = owner.lastPosition
        try store.advanceCursor(name("kept"), to: position)
        if round == 3 { try store.deleteCursor(name("gone")) }
        bench.kill(store)
    }
}

func checkCursorLimit(_ bench: any JournalBench) throws {
    let store = try bench.open()
    for number in 0..<JournalLimits.cursors { try store.createCursor(name("c\(number)"), at: 0) }
    try expect(.limit, because: "one cursor too many") { try store.createCursor(name("more"), at: 0) }
    try store.deleteCursor(name("c7"))
    try store.createCursor(name("more"), at: 0)
    try expect(store.cursors.count == JournalLimits.cursors, because: "a deleted one makes room")
    store.close()
}
