import JournalConformance
import Testing

@testable import Journal

/// What the conformance suite does not ask: the streams of a log together.
@Suite struct StreamLogTests {
    private let clock = ArchivingJournal.Clock()

    /// Segments of three batches, archived.
    private func configuration(backlogBytes: Int = 256 << 10, indexEntries: Int = 64) -> JournalConfiguration {
        var configuration = ArchivingJournal.configuration(clock, spares: 0)
        configuration.archive?.directory = StreamBench.archive
        configuration.backlogBytes = backlogBytes
        configuration.indexEntries = indexEntries
        return configuration
    }

    private func session(
        _ disk: FakeDisk,
        _ configuration: JournalConfiguration? = nil,
        origins: [StreamNumber: RecordPosition] = [:],
        owning numbers: [StreamNumber] = StreamBench.numbers
    ) throws -> StreamScenario.Session {
        let session = try StreamScenario.Session(disk, configuration ?? self.configuration(), origins: origins)
        for number in numbers { try session.own(number) }
        return session
    }

    private func append(
        _ count: Int,
        bytes: Int = 100,
        to stream: StreamNumber,
        _ session: StreamScenario.Session
    ) throws {
        let engine = try #require(session.owners[stream]).engine
        let last = engine.lastPosition
        let records = (0..<UInt64(count)).map { record(stream, last + 1 + $0, bytes: bytes) }
        try engine.append(records: framed(records), count: count, expecting: last, epoch: engine.epoch)
    }

    private func record(_ stream: StreamNumber, _ position: RecordPosition, bytes: Int = 100) -> [UInt8] {
        testRecord(UInt64(stream) << 32 | position, bytes: bytes)
    }

    private func archiveAll(_ session: StreamScenario.Session) {
        for _ in 0..<10_000 {
            switch session.log.stepArchiver() {
            case .did: session.settle()
            case .waitsUntil(let time) where time - clock.now <= 1_000_000_000: clock.advance(time - clock.now)
            case .waits, .waitsUntil, .ended: return
            }
        }
    }

    /// 60 records of stream 0, one in ten of stream 3, each in a flush of its own; stream 9 has one
    /// at the beginning.
    private func fill(_ session: StreamScenario.Session) throws {
        try append(1, to: 9, session)
        for number in 0..<60 {
            try append(1, to: 0, session)
            if number % 10 == 0 { try append(1, to: 3, session) }
            session.settle()
        }
    }

    @Test func `flushes carry the records of all streams`() throws {
        let session = try session(FakeDisk())
        session.settle()
        let before = session.log.statistics.flushes
        for stream in StreamBench.numbers { try append(2, to: stream, session) }
        session.settle()
        #expect(session.log.statistics.flushes == before + 1)
        for owner in session.owners.values { #expect(owner.events.all.durable == [2]) }
        session.log.close()
    }

    @Test func `a segment goes when no stream needs it, and an idle stream keeps none that it has retired`() throws {
        let disk = FakeDisk()
        let session = try session(disk)
        try fill(session)
        func files() -> Int { disk.fileNames.filter { $0.hasSuffix(".journal") }.count }
        let all = files()
        #expect(all > 15)
        try #require(session.owners[0]).engine.retire(upTo: 60)
        try #require(session.owners[3]).engine.retire(upTo: 6)
        archiveAll(session)
        #expect(files() >= all - 1, "stream 9 has a record behind the first owners' epochs")
        try #require(session.owners[9]).engine.retire(upTo: 1)
        archiveAll(session)
        #expect(files() <= 2 && session.log.statistics.archive.archived >= UInt64(all) - 2)
        session.log.close()
    }

    @Test func `a start reads from the segment that the neediest stream needs, from the archive if it must`() throws {
        let disk = FakeDisk()
        let first = try session(disk)
        try fill(first)
        try #require(first.owners[0]).engine.retire(upTo: 40)
        try #require(first.owners[3]).engine.retire(upTo: 4)
        try #require(first.owners[9]).engine.retire(upTo: 1)
        archiveAll(first)
        first.log.close()

        let recent = try session(disk, origins: [0: 55, 3: 6, 9: 1], owning: [])
        #expect(recent.replayed[0]?.count == 5 && recent.replayed[3] == nil && recent.replayed[9] == nil)
        #expect(recent.log.report.log.segments <= 4 && recent.log.report.log.segmentsFromArchive == 0)
        recent.log.close()

        let older = try session(disk, origins: [0: 55, 3: 2, 9: 1], owning: [])
        #expect(older.replayed[0]?.count == 5 && older.replayed[3]?.count == 4)
        #expect(older.log.report.log.segmentsFromArchive > 0)
        older.log.close()

        let beyond = #expect(throws: JournalError.self) { try session(disk, origins: [0: 61, 3: 6, 9: 1], owning: []) }
        #expect(beyond?.code == .corrupt && beyond?.description.contains("shard 0 end with 60") == true)
    }

    @Test(arguments: [4, 64, 4_096]) func `every record is read again, wherever it is`(_ indexEntries: Int) throws {
        let disk = FakeDisk()
        let first = try session(disk, configuration(indexEntries: indexEntries))
        try fill(first)
        for stream in StreamBench.numbers { try expectRecords(of: stream, first) }
        try #require(first.owners[0]).engine.retire(upTo: 30)
        try #require(first.owners[3]).engine.retire(upTo: 3)
        try #require(first.owners[9]).engine.retire(upTo: 1)
        archiveAll(first)
        for stream in StreamBench.numbers { try expectRecords(of: stream, first) }
        first.log.close()
        // Now the index knows the end alone.
        let second = try session(disk, configuration(indexEntries: indexEntries), origins: [0: 58, 3: 6, 9: 1])
        for stream in StreamBench.numbers { try expectRecords(of: stream, second) }
        second.log.close()
    }

    private func expectRecords(of stream: StreamNumber, _ session: StreamScenario.Session) throws {
        let engine = try #require(session.owners[stream]).engine
        var cache = JournalReadCache()
        var position = engine.lastPosition
        while position > 0 {
            #expect(try engine.read(at: position, cache: &cache) == record(stream, position))
            #expect(try engine.read(at: position) == record(stream, position))
            position -= 1
        }
        let feed = try session.log.store(of: stream).feed(from: 1)
        var next: RecordPosition = 1
        while let batch = try feed.read() {
            batch.forEach { position, bytes in
                #expect(position == next && bytes.withUnsafeBufferPointer { Array($0) } == record(stream, next))
                next += 1
            }
        }
        #expect(next == engine.lastPosition + 1)
        feed.close()
        #expect(throws: JournalError.self) { try engine.read(at: engine.lastPosition + 1) }
        #expect(throws: JournalError.self) { try engine.read(at: 0) }
    }

    @Test func `a stream whose share of the backlog is full does not stop another`() throws {
        let session = try session(FakeDisk(), configuration(backlogBytes: 16 << 10))
        session.settle()
        for _ in 0..<4 { try append(1, bytes: 3_700, to: 0, session) }
        let error = #expect(throws: JournalError.self) { try append(1, bytes: 3_700, to: 0, session) }
        #expect(error?.code == .backlog)
        #expect(session.log.store(of: 0).statistics.backlogRefusals == 1)
        for stream in [3, 9, 700] as [StreamNumber] {
            for _ in 0..<4 { try append(1, bytes: 3_700, to: stream, session) }
        }
        // A change of owner needs no share.
        try session.own(0)
        session.settle()
        try append(4, bytes: 3_700, to: 0, session)
        session.log.close()
        #expect(session.owners[0]?.events.acknowledged == 8)
    }

    @Test func `headers of many small runs have a share of their own`() throws {
        let session = try session(FakeDisk(), configuration(backlogBytes: 16 << 10))
        session.settle()
        var taken = 0
        while (try? append(1, bytes: 1, to: 0, session)) != nil { taken += 1 }
        #expect(taken == 4_096 / 32)
        try append(1, bytes: 3_700, to: 3, session)
        session.log.close()
        #expect(session.owners[0]?.events.acknowledged == UInt64(taken))
    }

    @Test func `what other streams need of the room is kept for them`() throws {
        let session = try session(FakeDisk())
        session.settle()
        let (first, second) = (try #require(session.owners[0]).engine, try #require(session.owners[3]).engine)
        let room = first.roomBytes
        #expect(room == second.roomBytes && room > 8_192)
        second.wantRoom(bytes: 8_192)
        #expect(first.roomBytes == room - 4_096 && second.roomBytes == room)
        try append(1, to: 3, session)
        #expect(first.roomBytes == room - 8_192 && second.roomBytes == room)
        second.wantRoom(bytes: 0)
        session.settle()
        #expect(first.roomBytes == second.roomBytes)
        session.log.close()
    }

    /// Asks its store something when it goes.
    private final class Curious: JournalOwner {
        let store: StreamStore
        let asked: Monitor<Int>

        init(_ store: StreamStore, _ asked: Monitor<Int>) {
            self.store = store
            self.asked = asked
        }

        deinit {
            let position = store.durablePosition
            asked.withLock { $0 += position == 1 ? 1 : 0 }
        }

        func journalDurable(upTo position: RecordPosition) {}
        func journalFailed(_ error: JournalError) {}
        func journalLost(_ error: JournalError) {}
    }

    @Test func `the last reference to a former owner is dropped without the log's lock`() throws {
        let session = try session(FakeDisk(), owning: [])
        let store = session.log.store(of: 3)
        let asked = Monitor(0)
        let claim = JournalClaim(holder: "a", now: 0, nanoseconds: .max)
        let engine = try store.own(claim, owner: Curious(store, asked))
        try engine.append(records: framed([record(3, 1)]), count: 1, expecting: 0, epoch: engine.epoch)
        session.settle()
        let heir = try store.own(claim, owner: Curious(store, asked))
        #expect(asked.withLock { $0 } == 1, "replaced by an heir")
        heir.close()
        #expect(asked.withLock { $0 } == 2, "released")
        _ = try store.own(claim, owner: Curious(store, asked))
        session.log.close()
        #expect(asked.withLock { $0 } == 3, "the log was closed")
    }

    /// Runs are not divided at the end of a segment, and what stays empty there was not promised to
    /// anybody.
    @Test(arguments: 1...24 as ClosedRange<UInt64>)
    func `on a full disk all that was let into the room becomes durable`(seed: UInt64) throws {
        let disk = FakeDisk()
        var configuration = TestJournal.configuration(segmentBytes: 256 << 10, batchBytes: 64 << 10)
        configuration.driving = .steps
        configuration.clock = { [clock] in clock.now }
        configuration.backlogBytes = 256 << 10
        let session = try session(disk, configuration)
        session.settle()
        disk.setCapacity(disk.fileNames.reduce(0) { $0 + disk.contents($1).count })
        var random = SplitMix(state: seed)
        var waiting: [StreamNumber: Int] = [:]
        var refusals = 0
        while refusals < 40 {
            let stream = StreamBench.numbers[Int(random.next() % UInt64(StreamBench.numbers.count))]
            let engine = try #require(session.owners[stream]).engine
            let count = 1 + Int(random.next() % 4)
            let bytes = 1 + Int(random.next() % 4_000)
            let frame = JournalRoom.frameBytes(records: count * (4 + bytes) + 4 + StreamRun.headerBytes)
            if engine.roomBytes - waiting[stream, default: 0] >= frame {
                try append(count, bytes: bytes, to: stream, session)
                waiting[stream, default: 0] += frame
            } else {
                refusals += 1
            }
            if random.next() % 3 == 0 {
                session.settle()
                waiting = [:]
            }
        }
        session.settle()
        for stream in StreamBench.numbers {
            let statistics = session.log.store(of: stream).statistics
            #expect(statistics.durablePosition == statistics.lastPosition, "shard \(stream) waits for a segment")
        }
        disk.setCapacity(nil)
        session.log.close()
    }

    /// A run of the same positions and epoch, which another history of the stream could have.
    @Test func `a feed refuses a run that does not continue the chain`() throws {
        let session = try session(FakeDisk())
        try append(2, to: 3, session)
        session.settle()
        let feed = try session.log.store(of: 3).feed(from: 1)
        #expect(try feed.read()?.count == 2)
        let core = session.log.core
        let index = try #require(core.setups.firstIndex { $0.number == 3 })
        let (found, last) = core.monitor.withLock { ($0.journal, $0.streams[index].mark) }
        let journal = try #require(found)
        var mark = last
        mark.chain = StreamChain(value: last.chain.value ^ 1)
        try framed([record(3, 3)]).withUnsafeBytes { bytes in
            var runs: [StreamRun] = []
            StreamRun.part(bytes, count: 1, of: mark, limit: 1 << 10, into: &runs)
            _ = try journal.core.append(runs, of: bytes, epoch: journal.epoch, isHurried: true)
        }
        session.settle()
        core.monitor.withLock { $0.streams[index].durable.position += 1 }
        let error = #expect(throws: JournalError.self) { try feed.read() }
        #expect(error?.code == .corrupt && error?.description.contains("chain") == true)
        feed.close()
        // A feed that begins with the run has nothing to hold it against.
        let later = try session.log.store(of: 3).feed(from: 3)
        #expect(try later.read()?.count == 1)
        later.close()
    }

    @Test func `an append larger than a run becomes several, and one feed batch is of one owner`() throws {
        let disk = FakeDisk()
        var configuration = TestJournal.configuration(segmentBytes: 1 << 20, batchBytes: 512 << 10)
        configuration.driving = .steps
        configuration.clock = { [clock] in clock.now }
        let session = try session(disk, configuration)
        session.settle()
        let before = session.log.statistics.records
        try append(40, bytes: 1_000, to: 3, session)
        try append(1, bytes: 60_000, to: 3, session)
        session.settle()
        #expect(session.log.statistics.records == before + 4, "40 KB in runs of 16 KiB, and one of a large record")
        try session.own(3)
        try append(2, to: 3, session)
        session.settle()
        let feed = try session.log.store(of: 3).feed(from: 1)
        var epochs: [UInt64] = []
        var count = 0
        while let batch = try feed.read() {
            epochs.append(batch.epoch)
            count += batch.count
        }
        #expect(count == 43 && epochs.last == epochs.first.map { $0 + 1 } && epochs == epochs.sorted())
        session.log.close()
        let again = try StreamScenario.Session(disk, configuration)
        #expect(again.replayed[3]?.count == 43)
        again.log.close()
    }

    @Test func `a log of other shards, and a journal that is no log, are refused`() throws {
        let disk = FakeDisk()
        let session = try session(disk)
        try append(1, to: 700, session)
        session.log.close()
        let other = #expect(throws: JournalError.self) {
            try StreamLog.open(
                directory: StreamBench.directory,
                configuration: configuration(),
                streams: StreamBench.setups().dropLast(),
                fileSystem: disk
            ) { _, _, _ in }
        }
        #expect(other?.code == .format && other?.description.contains("shard 700") == true)

        let plain = FakeDisk()
        let journal = try TestJournal(plain)
        #expect(try journal.appendDurably(1))
        journal.journal.close()
        let refused = #expect(throws: JournalError.self) {
            var configuration = TestJournal.configuration()
            configuration.driving = .steps
            _ = try StreamLog.open(
                directory: TestJournal.directory,
                configuration: configuration,
                streams: StreamBench.setups(),
                fileSystem: plain
            ) { _, _, _ in }
        }
        #expect(refused?.code == .corrupt)
    }

    @Test func `a second opener is kept out of log and shards`() throws {
        let disk = FakeDisk()
        let session = try session(disk)
        let held = #expect(throws: JournalError.self) { try StreamBench.open(disk, configuration()) }
        #expect(held?.code == .fenced)
        session.log.close()
        try StreamBench.open(disk, configuration()).close()
    }

    @Test func `a verified log says how far each shard is, and a cut moves all of them`() throws {
        let disk = FakeDisk()
        let session = try session(disk)
        try fill(session)
        session.log.close()
        func verify() -> JournalVerification {
            JournalVerifier.verify(directory: StreamBench.directory, isLog: true, fileSystem: disk)
        }
        let whole = verify()
        #expect(whole.isSound && whole.streams.map(\.number) == [0, 3, 9, 700])
        #expect(whole.streams.map(\.position) == [60, 6, 1, 0])

        var places: [(StreamDump.Place, RecordPosition)] = []
        try StreamDump.forEachRecord(directory: StreamBench.directory, fileSystem: disk) { place, position, _ in
            places.append((place, position))
        }
        #expect(places.count == 67)
        let cut = try #require(places.first { $0.0.stream == 0 && $0.1 == 31 }).0.run
        let shards = Dictionary(uniqueKeysWithValues: StreamBench.setups().map { ($0.number, $0.directory) })
        // Only damage is cut.
        let segments = disk.fileNames.filter { $0.hasSuffix(".journal") }
        let damaged = try #require(places.first { $0.0.run == cut + 1 }).0.batch
        disk.flip(StreamBench.directory + "/" + damaged.file, byte: Int(damaged.offset) + 300, mask: 1)
        #expect(segments.count > 10 && !verify().isSound)
        let plan = try JournalRepair.truncate(
            directory: StreamBench.directory,
            at: cut,
            shards: shards,
            fileSystem: disk
        )
        #expect(plan.streams.map(\.position) == [30, 3, 1, 0])
        let after = verify()
        #expect(after.isSound && after.streams.map(\.position) == [30, 3, 1, 0])
        let again = try StreamScenario.Session(disk, configuration())
        #expect(again.replayed[0]?.count == 30 && again.replayed[3]?.count == 3)
        again.log.close()
    }
}
