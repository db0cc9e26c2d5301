import Journal

func checkAppends(_ bench: any JournalBench) throws {
    var last: RecordPosition = 0
    for round in 0..<3 as Range<UInt64> {
        let store = try bench.open()
        try expect(store.durablePosition == last, because: "a start finds what was durable")
        let feed = try store.feed(from: 1)
        try expect(try readAll(feed) == last, because: "and a feed reads it")
        let events = ConformanceEvents()
        let engine = try store.acquire(claim("a", at: round * 10_000), owner: events)
        for count in 1...20 { try bench.append(count, to: engine, events) }
        last = engine.lastPosition
        let durable = events.all.durable
        try expect(
            zip(durable, durable.dropFirst()).allSatisfy { $0 < $1 },
            because: "durable positions are told in order"
        )
        try expect(try engine.read(at: last) == record(last), because: "a durable record is read again")
        try expect(.fenced, because: "another position than the last") {
            try engine.append(records: [1, 0, 0, 0, 1], count: 1, expecting: last + 1, epoch: engine.epoch)
        }
        engine.close()
        store.close()
    }
}

func checkLargestAppend(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let events = ConformanceEvents()
    let engine = try store.acquire(claim("a"), owner: events)
    let largest = engine.largestAppendBytes
    try bench.append(1, to: engine, events)
    guard largest < .max else { return store.close() }
    // Records of 1,000 bytes, the last one as long as fills the rest.
    var framed: [UInt8] = []
    var count = 0
    while framed.count < largest {
        let rest = largest - framed.count
        let length = rest < 2_008 ? min(rest, 1_004 + rest % 1_004) - 4 : 1_000
        framed += (0..<4).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + [UInt8](repeating: 7, count: length)
        count += 1
    }
    try expect(framed.count == largest, because: "the test fills the append exactly")
    let larger = framed + [1, 0, 0, 0, 7]
    try expect(.backlog, because: "an append that is larger by a record of a byte") {
        try engine.append(records: larger, count: count + 1, expecting: 1, epoch: engine.epoch)
    }
    try expect(engine.lastPosition == 1, because: "of which nothing was appended")
    try engine.append(records: framed, count: count, expecting: 1, epoch: engine.epoch)
    try bench.wait(events) { $0.durable.last == RecordPosition(count) + 1 }
    try expect(
        try engine.read(at: engine.lastPosition).allSatisfy { $0 == 7 },
        because: "the last of them is read again"
    )
    try bench.append(1, to: engine, events)
    engine.close()
    store.close()
}

func checkFollower(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let feed = try store.feed(from: 1)
    try expect(try feed.read() == nil, because: "an empty journal gives nothing")
    let events = ConformanceEvents()
    let engine = try store.acquire(claim("a"), owner: events)
    try bench.append(3, to: engine, events)
    try expect(try readAll(feed) == 3, because: "the follower reads what the owner wrote")
    engine.close()
    try expect(.fenced, because: "an append after giving the journal up") { try engine.append(1) }
    try expect(try readAll(feed) == 3, because: "the follower stays")
    store.close()
}

func checkLeases(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let events = ConformanceEvents()
    let first = try store.acquire(claim("a", at: 100), owner: events)
    try expect(.fenced, because: "another holder's claim while the lease lasts") {
        try store.acquire(claim("b", at: 1_099), owner: ConformanceEvents())
    }
    try expect(try first.renew(at: 1_099) == 2_099, because: "a renewal counts from its own time")
    try expect(.fenced, because: "another holder's claim after the renewal") {
        try store.acquire(claim("b", at: 1_999), owner: ConformanceEvents())
    }
    try expect(try first.renew(at: 500) == 2_999, because: "time never goes back")
    try expect(
        try first.renew(at: 9_000) == 10_000,
        because: "a lease that ran out is renewed while nobody took the journal"
    )
    try first.confirm()
    try bench.append(1, to: first, events)
    let again = try store.acquire(claim("a", at: 9_500), owner: events)
    try expect(again.epoch > first.epoch, because: "the same holder need not wait, and gets a new epoch")
    again.close()
    let next = try store.acquire(claim("b", at: 9_501), owner: ConformanceEvents())
    try expect(next.epoch > again.epoch, because: "a journal that was given up is free at once")
    try expect(.fenced, because: "a renewal after giving the journal up") { try again.renew(at: 9_502) }
    store.close()
}

func checkZombie(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let events = ConformanceEvents()
    let zombie = try store.acquire(claim("a"), owner: events)
    try bench.append(5, to: zombie, events)
    try expect(zombie.isOwner, because: "an owner knows that nobody else was granted the journal")
    let heir = ConformanceEvents()
    let owner = try store.acquire(claim("b", at: 1_000), owner: heir)
    try expect(!zombie.isOwner && owner.isOwner, because: "the former owner can know before it is told")
    try bench.wait(events) { !$0.losses.isEmpty }
    try expect(
        owner.epoch > zombie.epoch && owner.lastPosition == 5,
        because: "the new owner goes on behind the last record"
    )
    let last = owner.lastPosition
    try expect(.fenced, because: "an append of the former owner") { try zombie.append(1) }
    try expect(.fenced, because: "an append with the former epoch") {
        try owner.append(records: [1, 0, 0, 0, 1], count: 1, expecting: last, epoch: zombie.epoch)
    }
    try expect(.fenced, because: "a renewal of the former owner") { try zombie.renew(at: 1_001) }
    try expect(.fenced, because: "a confirmation of the former owner, which a snapshot needs") { try zombie.confirm() }
    try bench.append(5, to: owner, heir)
    zombie.close()
    try owner.confirm()
    try bench.append(5, to: owner, heir)
    let heard = events.all
    try expect(heard.losses.count == 1 && heard.losses[0].code == .fenced, because: "the former owner is told once")
    try expect(heard.durable.last == 5 && heard.failures.isEmpty, because: "and nothing else")
    try expect(heir.all.losses.isEmpty && heir.acknowledged == 15, because: "the new owner is told of its own")
    try expect(try readAll(store.feed(from: 1)) == 15, because: "and nothing is lost")
    store.close()
}

func checkPendingHandover(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let events = ConformanceEvents()
    var owner = try store.acquire(claim("h0"), owner: events)
    for round in 1...20 as ClosedRange<UInt64> {
        try owner.append(Int(round))
        let taken = owner.lastPosition
        owner = try store.acquire(claim("h\(round)", at: round * 1_000), owner: ConformanceEvents())
        try expect(
            owner.lastPosition == store.durablePosition,
            because: "the new owner finds nothing that is not durable"
        )
        try expect(owner.lastPosition <= taken, because: "nor anything that nobody appended")
        try expect(
            try readAll(store.feed(from: 1)) == owner.lastPosition,
            because: "a feed reads up to where it begins"
        )
    }
    store.close()
}

func checkEpochsOverKills(_ bench: any JournalBench) throws {
    var epochs: [UInt64] = []
    for round in 0..<6 {
        let store = try bench.open()
        let events = ConformanceEvents()
        let owner = try store.acquire(claim("a"), owner: events)
        epochs.append(owner.epoch)
        if round % 2 == 0 { try bench.append(2, to: owner, events) }
        bench.kill(store)
    }
    try expect(zip(epochs, epochs.dropFirst()).allSatisfy { $0 < $1 }, because: "an epoch is durable when it is given")
}

func checkClosed(_ bench: any JournalBench) throws {
    let store = try bench.open()
    let events = ConformanceEvents()
    let owner = try store.acquire(claim("a"), owner: events)
    let feed = try store.feed(from: 1)
    try owner.append(3)
    feed.whenMore { events.wake() }
    store.close()
    try bench.wait(events) { $0.wakes == 1 }
    try expect(events.acknowledged == 3, because: "closing makes durable what was taken")
    try expect(.fenced, because: "an append after the end") { try owner.append(1) }
    try expect(.fenced, because: "a claim after the end") { try store.acquire(claim("a"), owner: events) }
    try expect(.fenced, because: "a feed after the end") { try feed.read() }
    try expect(.fenced, because: "a new feed after the end") { try store.feed(from: 1) }
    let again = try bench.open()
    try expect(again.durablePosition == 3, because: "and it is found again")
    again.close()
}
