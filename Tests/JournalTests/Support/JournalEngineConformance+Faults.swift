import Testing

@testable import Journal

/// One journal of an engine, and what a test can do to what it stands on. An engine of another kind
/// brings its own bench and runs the same checks.
protocol EngineBench {
    associatedtype Engine: JournalEngine

    /// Opens the journal, made at the first time, and says what it replayed. Throws `fenced` while
    /// another owner has it, if the engine lets that one stay.
    func open(_ owner: RecordingOwner) throws(JournalError) -> (engine: Engine, replayed: [[UInt8]])
    /// From now on nothing becomes durable, and nothing fails.
    func stall()
    /// Returns when the engine waits for what was stalled.
    func waitUntilStalled()
    func release()
    /// The next batch fails after it was taken: the engine is not told whether it was kept,
    /// `keeping` says what is true.
    func failNext(keeping: Bool)
    /// What failed works again, for the next owner.
    func mend()
}

/// What every engine owes its owner when things go wrong, each check on a journal of its own.
func expectFaultConformance<Bench: EngineBench>(_ make: () -> Bench) throws {
    try expectOwnersExclude(make())
    try expectStaleEpochsAreRefused(make())
    for keeping in [false, true] { try expectUnknownOutcome(make(), keeping: keeping) }
    try expectBacklog(make())
    try expectClose(make())
}

/// Of two owners at most one can append, and what it appends is what the next one finds.
private func expectOwnersExclude<Bench: EngineBench>(_ bench: Bench) throws {
    let (first, firstOwner, _) = try opened(bench)
    try append(first, record: [1], owner: firstOwner)
    let owner = RecordingOwner()
    do {
        let (second, replayed) = try bench.open(owner)
        // Taken over: the stale owner is refused, at once or when it hears of it, and nothing of it
        // becomes durable.
        #expect(replayed == [[1]] && second.epoch > first.epoch)
        if (try? appendOne(first, [9])) != nil { #expect(firstOwner.waitForFailure().code == .fenced) }
        #expect(firstOwner.acknowledged == 1)
        try append(second, record: [2], owner: owner)
        second.close()
        first.close()
    } catch {
        #expect((error as? JournalError)?.code == .fenced)
        try append(first, record: [2], owner: firstOwner)
        first.close()
        #expect(firstOwner.failures.isEmpty)
    }
    let (third, _, replayed) = try opened(bench)
    #expect(replayed == [[1], [2]])
    third.close()
}

/// An epoch of an earlier owner, or of none, appends nothing.
private func expectStaleEpochsAreRefused<Bench: EngineBench>(_ bench: Bench) throws {
    var epochs: [UInt64] = []
    for round in 0..<3 {
        let (engine, owner, replayed) = try opened(bench)
        #expect(replayed.count == round && engine.roomBytes > 0)
        for stale in epochs + [0, engine.epoch + 1, .max] {
            let error = #expect(throws: JournalError.self) {
                try engine.append(records: framed([[7]]), count: 1, expecting: engine.lastPosition, epoch: stale)
            }
            #expect(error?.code == .fenced && engine.lastPosition == RecordPosition(round))
        }
        #expect(epochs.allSatisfy { $0 < engine.epoch })
        epochs.append(engine.epoch)
        try append(engine, record: [UInt8(round)], owner: owner)
        engine.close()
    }
}

/// After a failure nothing is acknowledged and nothing is taken; what was durable is read; what was
/// under way is found or not, and stays so from then on.
private func expectUnknownOutcome<Bench: EngineBench>(_ bench: Bench, keeping: Bool) throws {
    let (engine, owner, _) = try opened(bench)
    try append(engine, record: [1, 1], owner: owner)
    bench.failNext(keeping: keeping)
    try appendOne(engine, [2, 2])
    let failure = owner.waitForFailure()
    #expect(owner.durable == [1])
    for _ in 0..<3 {
        let error = #expect(throws: JournalError.self) { try appendOne(engine, [3, 3]) }
        #expect(error?.code == failure.code && error?.description == failure.description, "always the first failure")
    }
    #expect(engine.lastPosition == 2)
    #expect(try engine.read(at: 1) == [1, 1])
    let unsure = #expect(throws: JournalError.self) { try engine.read(at: 2) }
    #expect(unsure?.code == .notFound)
    engine.close()
    #expect(owner.failures.count == 1 && owner.durable == [1], "told once, and nothing after it")
    bench.mend()
    let (second, secondOwner, found) = try opened(bench)
    #expect(found == [[1, 1]] || found == [[1, 1], [2, 2]])
    #expect(second.epoch > engine.epoch && second.lastPosition == RecordPosition(found.count))
    try append(second, record: [4, 4], owner: secondOwner)
    second.close()
    let (third, _, again) = try opened(bench)
    #expect(again == found + [[4, 4]], "what was found once stays")
    third.close()
}

/// What waits is bounded: beyond it nothing is taken and nothing is lost, and room comes back.
private func expectBacklog<Bench: EngineBench>(_ bench: Bench) throws {
    let (engine, owner, _) = try opened(bench)
    bench.stall()
    try appendOne(engine, [0])
    bench.waitUntilStalled()
    var refusal: JournalError?
    for _ in 0..<1_000_000 where refusal == nil {
        let before = engine.lastPosition
        do throws(JournalError) {
            try appendOne(engine, testRecord(before + 1, bytes: 8_000))
        } catch {
            refusal = error
            #expect(engine.lastPosition == before, "a refused append changes nothing")
        }
    }
    #expect(refusal?.code == .backlog && owner.durable.isEmpty)
    let unsure = #expect(throws: JournalError.self) { try engine.read(at: 1) }
    #expect(unsure?.code == .notFound, "what is not durable is not read")
    let last = engine.lastPosition
    bench.release()
    #expect(owner.waitUntilDurable(last))
    try append(engine, record: [5], owner: owner)
    engine.close()
    let (second, _, replayed) = try opened(bench)
    #expect(replayed.count == Int(last) + 1)
    expectTestRecords(Array(replayed.dropFirst().dropLast()), from: 2)
    second.close()
}

/// Close makes durable what was taken, tells it, and then is silent. Closing twice is closing once.
private func expectClose<Bench: EngineBench>(_ bench: Bench) throws {
    let (engine, owner, _) = try opened(bench)
    for value in 0..<50 as Range<UInt8> { try appendOne(engine, [value]) }
    engine.close()
    #expect(owner.acknowledged == 50 && owner.failures.isEmpty)
    let told = owner.durable.count
    engine.close()
    let error = #expect(throws: JournalError.self) { try appendOne(engine, [1]) }
    #expect(error?.code == .fenced && owner.durable.count == told && owner.failures.isEmpty)
    let (second, _, replayed) = try opened(bench)
    #expect(replayed == (0..<50).map { [UInt8($0)] })
    second.close()
}

private func opened<Bench: EngineBench>(_ bench: Bench) throws -> (Bench.Engine, RecordingOwner, [[UInt8]]) {
    let owner = RecordingOwner()
    let (engine, replayed) = try bench.open(owner)
    return (engine, owner, replayed)
}

private func append(_ engine: some JournalEngine, record: [UInt8], owner: RecordingOwner) throws {
    try appendOne(engine, record)
    #expect(owner.waitUntilDurable(engine.lastPosition))
}

private func appendOne(_ engine: some JournalEngine, _ record: [UInt8]) throws(JournalError) {
    try engine.append(records: framed([record]), count: 1, expecting: engine.lastPosition, epoch: engine.epoch)
}
