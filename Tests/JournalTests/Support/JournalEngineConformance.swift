import Testing

@testable import Journal

/// What every `JournalEngine` owes its owner. `open` opens the same journal each time, closed or
/// not yet made before, and says what it replayed; an engine of another kind runs the same checks.
func expectConformance<Engine: JournalEngine>(
    _ open: (RecordingOwner) throws -> (engine: Engine, replayed: [[UInt8]])
) throws {
    var history: [[UInt8]] = []
    var epoch: UInt64 = 0
    for round in 0..<3 {
        let owner = RecordingOwner()
        let (engine, replayed) = try open(owner)
        #expect(replayed == history)
        #expect(engine.epoch > epoch, "a later owner has a larger epoch")
        #expect(engine.lastPosition == UInt64(history.count))
        epoch = engine.epoch
        try expectRefusals(engine)
        try expectOrder(engine, owner: owner, history: &history, round: round)
        for (index, record) in history.enumerated() { #expect(try engine.read(at: UInt64(index) + 1) == record) }
        #expect(throws: JournalError.self) { try engine.read(at: UInt64(history.count) + 1) }
        engine.close()
        #expect(owner.failures.isEmpty)
        let error = #expect(throws: JournalError.self) { try appendOne(engine, [1], after: engine.lastPosition) }
        #expect(error?.code == .fenced)
    }
}

/// Another epoch or another position is refused, and nothing is appended.
private func expectRefusals<Engine: JournalEngine>(_ engine: Engine) throws {
    let last = engine.lastPosition
    let stale = #expect(throws: JournalError.self) {
        try engine.append(records: framed([[1]]), count: 1, expecting: last, epoch: engine.epoch - 1)
    }
    #expect(stale?.code == .fenced)
    let ahead = #expect(throws: JournalError.self) { try appendOne(engine, [1], after: last + 1) }
    #expect(ahead?.code == .fenced)
    #expect(engine.lastPosition == last)
    try engine.append(records: [], count: 0, expecting: last, epoch: engine.epoch)
    #expect(engine.lastPosition == last)
}

/// Appends count positions without gaps at once, and become durable in order.
private func expectOrder<Engine: JournalEngine>(
    _ engine: Engine,
    owner: RecordingOwner,
    history: inout [[UInt8]],
    round: Int
) throws {
    for tick in 0..<40 {
        let records = (0...(tick % 4)).map { testRecord(UInt64(history.count + $0), bytes: (tick + round) * 7) }
        try engine.append(
            records: framed(records),
            count: records.count,
            expecting: engine.lastPosition,
            epoch: engine.epoch
        )
        history += records
        #expect(engine.lastPosition == UInt64(history.count))
        if tick % 8 == 0 { #expect(owner.waitUntilDurable(engine.lastPosition)) }
    }
    #expect(owner.waitUntilDurable(engine.lastPosition))
    let durable = owner.durable
    #expect(durable.last == UInt64(history.count))
    #expect(zip(durable, durable.dropFirst()).allSatisfy { $0 < $1 })
}

private func appendOne<Engine: JournalEngine>(_ engine: Engine, _ record: [UInt8], after last: RecordPosition) throws {
    try engine.append(records: framed([record]), count: 1, expecting: last, epoch: engine.epoch)
}
