import Journal

func checkUndurable(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let events = ConformanceEvents()
    let owner = try store.acquire(claim("a"), owner: events)
    try bench.append(4, to: owner, events)
    let feed = try store.feed(from: 1)
    bench.stall()
    try owner.append(3)
    try expect(owner.lastPosition == 7 && store.durablePosition == 4, because: "appended is not durable")
    try expect(try readAll(feed) == 4, because: "a feed ends at the durable position")
    feed.whenMore { events.wake() }
    try expect(try feed.read() == nil && events.all.wakes == 0, because: "and wakes nobody for less")
    try expect(.notFound, because: "a read of what is not durable") { try owner.read(at: 5) }
    bench.release()
    try bench.wait(events) { $0.wakes == 1 && $0.durable.last == 7 }
    try expect(try readAll(feed) == 7, because: "then it goes on")
    store.close()
}

func checkFeeds(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let events = ConformanceEvents()
    let owner = try store.acquire(claim("a"), owner: events)
    let feeds = try [1, 3, 50, 400].map { try store.feed(from: $0) }
    for count in 1...24 {
        try bench.append(count, to: owner, events)
        for feed in feeds.prefix(2) { try readAll(feed) }
    }
    try expect(owner.lastPosition == 300, because: "300 records")
    try expect(try readAll(feeds[2]) == 300, because: "a feed that comes late reads all from its position on")
    try expect(try feeds[3].read() == nil && feeds[3].next == 400, because: "one ahead of the end waits")
    feeds[3].whenMore { events.wake() }
    try bench.append(99, to: owner, events)
    try expect(events.all.wakes == 0, because: "until its own record is durable")
    try bench.append(1, to: owner, events)
    try bench.wait(events) { $0.wakes == 1 }
    try expect(try feeds[3].read()?.firstPosition == 400, because: "which it then gives")
    try bench.append(1, to: owner, events)
    try expect(events.all.wakes == 1, because: "a wake comes once")
    feeds[0].whenMore { events.wake() }
    try bench.wait(events) { $0.wakes == 2 }
    try expect(try readAll(feeds[0]) == 401, because: "and at once when there is more")
    store.close()
}

func checkFeedLimit(_ bench: any JournalBench) throws {
    let store = try bench.open()
    var feeds: [any JournalFeed] = []
    for _ in 0..<JournalLimits.feeds { feeds.append(try store.feed(from: 1)) }
    try expect(.limit, because: "one feed too many") { try store.feed(from: 1) }
    feeds.removeLast().close()
    let last = try store.feed(from: 1)
    try expect(try last.read() == nil, because: "a closed feed makes room")
    try expect(.notFound, because: "a feed from record 0") { try store.feed(from: 0) }
    store.close()
}

func checkFloor(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let events = ConformanceEvents()
    let owner = try store.acquire(claim("a"), owner: events)
    for _ in 0..<60 { try bench.append(4, to: owner, events) }
    let feed = try store.feed(from: 5)
    try store.createCursor(name("slow"), at: 100)
    let forgets = bench.forget(store, owner, upTo: 240)
    try expect(try readAll(feed) == 240, because: "what a feed needs is kept")
    feed.close()
    _ = bench.forget(store, owner, upTo: 240)
    try expect(try readAll(store.feed(from: 101)) == 240, because: "what a cursor needs is kept")
    let cursor = store.cursors.first
    try expect(
        cursor?.lagRecords == 140 && (cursor?.lagBytes ?? 0) > 0,
        because: "and it is told what the cursor holds back"
    )
    try store.deleteCursor(name("slow"))
    guard forgets else { return store.close() }
    _ = bench.forget(store, owner, upTo: 240)
    try expect(.notFound, because: "a feed from what nobody needed any more") { try store.feed(from: 101) }
    try expect(.notFound, because: "a cursor there") { try store.createCursor(name("late"), at: 100) }
    try expect(store.cursors.isEmpty, because: "of which nothing stays")
    store.close()
}
