import JournalConformance
import Testing

@testable import Journal

/// Sessions of a log with several streams, run step by step: streams append in turns, one of them
/// changes its owner while the others go on, old segments are archived. Every record says of which
/// stream and of which attempt it is.
final class StreamScenario {
    let disk: FakeDisk
    /// Records that `append` took, by stream.
    private(set) var accepted: [StreamNumber: [[UInt8]]] = [:]
    /// What owners were told, by stream.
    private(set) var acknowledged: [StreamNumber: RecordPosition] = [:]
    private(set) var epochs: [StreamNumber: UInt64] = [:]
    /// Where each stream's cursor was said to be.
    private(set) var cursors: [StreamNumber: RecordPosition] = [:]
    /// Whether every session opened, wrote and closed without an error.
    private(set) var isComplete = true
    private(set) var handovers = 0
    private let isDressed: Bool
    private let clock = ArchivingJournal.Clock()
    private var attempts: UInt64 = 0

    /// - Parameter isDressed: encrypted, and retired segments are archived and used again.
    init(_ disk: FakeDisk, isDressed: Bool) {
        self.disk = disk
        self.isDressed = isDressed
    }

    private var keys: JournalKeys? {
        guard isDressed, let ring = try? testRing("1: 1") else { return nil }
        return JournalKeys(ring)
    }

    private var configuration: JournalConfiguration {
        var configuration = TestJournal.configuration(segmentBytes: 32 << 10, batchBytes: 12 << 10)
        configuration.driving = .steps
        configuration.clock = { [clock] in clock.now }
        guard isDressed else { return configuration }
        configuration.keys = keys
        configuration.archive = JournalArchiveConfiguration(directory: StreamBench.archive, spareSegments: 1)
        return configuration
    }

    /// A log that was opened, the owners of its streams, and what was replayed.
    final class Session {
        let log: StreamLog
        var owners: [StreamNumber: (engine: StreamJournal, events: ConformanceEvents)] = [:]
        let replayed: [StreamNumber: [[UInt8]]]

        static let cursor: JournalCursorName = {
            guard let name = JournalCursorName("consumer") else { preconditionFailure("a cursor's name") }
            return name
        }()

        /// Where the cursor of each stream that has one is.
        var cursors: [StreamNumber: RecordPosition] {
            let found = StreamBench.numbers.compactMap { stream in
                log.store(of: stream).cursors.first { $0.name == Self.cursor }.map { (stream, $0.position) }
            }
            return Dictionary(uniqueKeysWithValues: found)
        }

        init(
            _ disk: FakeDisk,
            _ configuration: JournalConfiguration,
            origins: [StreamNumber: RecordPosition] = [:]
        ) throws(JournalError) {
            let found = Monitor<[StreamNumber: [[UInt8]]]>([:])
            log = try StreamLog.open(
                directory: StreamBench.directory,
                configuration: configuration,
                streams: StreamBench.setups(origins),
                fileSystem: disk
            ) { stream, position, bytes in
                found.withLock { found in
                    let next = RecordPosition(found[stream, default: []].count) + 1 + (origins[stream] ?? 0)
                    #expect(position == next, "records of a stream come without gaps")
                    found[stream, default: []].append(bytes.withUnsafeBufferPointer(Array.init))
                }
            }
            replayed = found.withLock { $0 }
        }

        /// The same holder need not wait for a lease to end.
        func own(_ stream: StreamNumber) throws(JournalError) {
            let events = ConformanceEvents()
            let claim = JournalClaim(holder: "a", now: 0, nanoseconds: .max)
            owners[stream] = (try log.store(of: stream).own(claim, owner: events), events)
        }

        func settle() { while log.stepWriter() == .did || log.stepKeeper() == .did {} }
    }

    /// Sessions one after another on the same disk, up to the first that breaks.
    func run(sessions: Int = 3) {
        for session in 0..<sessions where isComplete { run(session) }
    }

    private func run(_ number: Int) {
        let session: Session
        do throws(JournalError) {
            session = try open()
        } catch {
            return isComplete = false
        }
        for stream in StreamBench.numbers {
            #expect(areEqual(session.replayed[stream] ?? [], accepted[stream] ?? []))
        }
        for tick in 0..<6 {
            for stream in StreamBench.numbers.prefix(tick % 2 == 0 ? 4 : 2) {
                append(1 + (tick + Int(stream)) % 3, bytes: 300 + 500 * tick, to: stream, session)
            }
            if tick % 2 == 1 { session.settle() }
            if tick == 2 { handOver(StreamBench.tested, session) }
            if tick == 4 { readBack(session) }
            if tick == 5 { moveCursors(session) }
            if isDressed, tick % 2 == 1 { archive(session) }
        }
        if number != 1 { session.settle() }
        session.log.close()
        noteEnd(of: session)
    }

    private func open(_ disk: FakeDisk? = nil) throws(JournalError) -> Session {
        let session = try Session(disk ?? self.disk, configuration)
        for stream in StreamBench.numbers {
            try session.own(stream)
            let epoch = session.owners[stream]?.engine.epoch ?? 0
            #expect(epoch > epochs[stream] ?? 0, "epochs grow over starts")
            epochs[stream] = epoch
        }
        return session
    }

    private func append(_ count: Int, bytes: Int, to stream: StreamNumber, _ session: Session) {
        guard let owner = session.owners[stream] else { return }
        attempts += 1
        let last = owner.engine.lastPosition
        let records = (0..<count).map { index in
            testRecord(UInt64(stream) << 40 | (last + UInt64(index)) << 20 | attempts, bytes: bytes)
        }
        do throws(JournalError) {
            try owner.engine.append(
                records: framed(records),
                count: count,
                expecting: last,
                epoch: owner.engine.epoch
            )
            accepted[stream, default: []] += records
        } catch {
            #expect(error.code != .fenced && error.code != .backlog)
            isComplete = false
        }
    }

    /// Another owner takes the stream while its records, and others', wait for the disk.
    private func handOver(_ stream: StreamNumber, _ session: Session) {
        guard let former = session.owners[stream] else { return }
        let pending = former.engine.lastPosition
        do throws(JournalError) {
            let zombie = former.engine
            try session.own(stream)
            #expect(
                session.log.store(of: stream).durablePosition == pending,
                "what the former owner appended is durable"
            )
            #expect(former.events.all.losses.count == 1)
            #expect(throws: JournalError.self) {
                try zombie.append(records: [1, 0, 0, 0, 1], count: 1, expecting: pending, epoch: zombie.epoch)
            }
            acknowledged[stream] = max(acknowledged[stream] ?? 0, pending)
            epochs[stream] = session.owners[stream]?.engine.epoch
            handovers += 1
        } catch {
            isComplete = false
        }
    }

    private func readBack(_ session: Session) {
        for (stream, owner) in session.owners {
            for position in [1, owner.events.acknowledged] where position > 0 && position <= owner.events.acknowledged {
                do throws(JournalError) {
                    #expect(try owner.engine.read(at: position) == accepted[stream]?[Int(position) - 1])
                } catch {
                    // A read that fails is the reader's loss, and harms nothing.
                }
            }
        }
    }

    /// A consumer outside has taken what is durable of two streams.
    private func moveCursors(_ session: Session) {
        for stream in StreamBench.numbers.prefix(2) {
            let store = session.log.store(of: stream)
            do throws(JournalError) {
                if store.cursors.isEmpty { try store.createCursor(Session.cursor, at: 0) }
                cursors[stream] = cursors[stream] ?? 0
                try store.advanceCursor(Session.cursor, to: store.durablePosition)
                cursors[stream] = store.durablePosition
            } catch {
                isComplete = false
            }
        }
    }

    private func archive(_ session: Session) {
        for owner in session.owners.values where owner.events.acknowledged > 3 {
            owner.engine.retire(upTo: owner.events.acknowledged - 3)
        }
        for _ in 0..<60 {
            switch session.log.stepArchiver() {
            case .did: session.settle()
            case .waitsUntil(let time) where time - clock.now <= 1_000_000_000: clock.advance(time - clock.now)
            case .waits, .waitsUntil, .ended: return
            }
        }
    }

    private func noteEnd(of session: Session) {
        var failed = 0
        for (stream, owner) in session.owners {
            let heard = owner.events.all
            acknowledged[stream] = max(acknowledged[stream] ?? 0, heard.durable.last ?? 0)
            #expect(heard.failures.count <= 1, "a failure is told once")
            failed += heard.failures.count
            if heard.failures.isEmpty {
                #expect(acknowledged[stream] == UInt64(accepted[stream]?.count ?? 0), "what close flushed is told")
            }
        }
        #expect(failed == 0 || failed == session.owners.count, "a failed write fences every stream")
        if failed > 0 { isComplete = false }
    }

    /// Opens the disk as the next start finds it: every acknowledged record of every stream is
    /// there, no refused one and none of another stream, whatever else was taken is there without a
    /// gap or not at all, and stays so from then on.
    func expectRecovery(_ disk: FakeDisk, _ what: @autoclosure () -> String) throws {
        let first = try open(disk)
        var kept = first.replayed
        for stream in StreamBench.numbers {
            let found = first.replayed[stream] ?? []
            #expect(found.count >= acknowledged[stream] ?? 0, "\(what()): acknowledged records of \(stream) are lost")
            #expect(
                areEqual(found, (accepted[stream] ?? []).prefix(found.count)),
                "\(what()): other records in \(stream)"
            )
            let cursor = first.cursors[stream]
            #expect(
                cursors[stream].map { cursor ?? 0 >= $0 && cursor != nil } ?? true,
                "\(what()): the cursor of \(stream) is lost or behind"
            )
            let more = [testRecord(UInt64(stream), bytes: 5_000)]
            let owner = try #require(first.owners[stream])
            try owner.engine.append(
                records: framed(more),
                count: 1,
                expecting: owner.engine.lastPosition,
                epoch: owner.engine.epoch
            )
            kept[stream, default: []] += more
        }
        first.log.close()
        let second = try open(disk)
        for stream in StreamBench.numbers {
            #expect(areEqual(second.replayed[stream] ?? [], kept[stream] ?? []), "\(what()): what was found changed")
        }
        #expect(second.cursors == first.cursors, "\(what()): cursors moved")
        second.log.close()
        let sound = JournalVerifier.verify(directory: StreamBench.directory, keys: keys?.ring, fileSystem: disk).isSound
        #expect(sound, "\(what())")
    }

    /// The process was killed. What the next start finds it finds again when the power fails before
    /// it has written anything.
    func expectFoundIsDurable(_ disk: FakeDisk, _ what: @autoclosure () -> String) throws {
        let afterKill = disk.afterKill()
        let first = try Session(afterKill, configuration)
        let found = (records: first.replayed, cursors: first.cursors)
        let afterFailure = afterKill.afterPowerFailure(.nothing)
        let second = try Session(afterFailure, configuration)
        for stream in StreamBench.numbers {
            #expect(
                areEqual(second.replayed[stream] ?? [], found.records[stream] ?? []),
                "\(what()): records of \(stream) were found and are gone"
            )
        }
        #expect(second.cursors == found.cursors, "\(what()): cursors were found and are gone")
        first.log.close()
        second.log.close()
    }
}
