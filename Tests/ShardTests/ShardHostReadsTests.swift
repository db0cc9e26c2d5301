import NIOCore
import NIOEmbedded
import Payments
import ShardCore
import ShardHost
import ShardModel
import ShardRecords
import Synchronization
import Testing

@Suite("Reads off the loop, by kind and merchant")
struct ShardHostReadsTests {
    private let stored = BlockedReads()
    private let timelines = BlockedReads()
    private let ledgers = BlockedReads()

    /// A payment of merchant 7 and one of merchant 8, both ended under key 1 of each.
    private func harness(_ limits: ShardHost.Limits) -> HostHarness {
        let threads = ReadThreads(
            storedAnswers: stored,
            coldPayments: stored,
            timelines: timelines,
            ledgers: ledgers
        )
        let harness = HostHarness(limits: limits, threads: threads)
        for (number, merchant) in [7, 8].enumerated() {
            harness.send(key: 1, merchant: UInt64(merchant))
            harness.flush()
            harness.succeed(number)
            harness.flush()
        }
        return harness
    }

    private func answers(_ harness: HostHarness) -> [String] { harness.responses.map { String(buffer: $0.body) } }

    @Test("Blocked reads of the ledger delay neither stored answers nor timelines, nor another merchant's place")
    func blockedLedger() {
        let harness = harness(ShardHost.Limits(timelines: 4, ledgerReads: 8))
        let before = harness.responses.count
        // A merchant's share is six of eight, of which two are with the threads; the seventh is
        // refused.
        for key in 2...8 as ClosedRange<UInt64> { harness.send(.getEntries(LedgerQuery()), key: key) }
        #expect(ledgers.count == 2 && answers(harness).dropFirst(before) == ["refused merchantLimitReached"])
        #expect(harness.responses.last?.status == 503 && harness.responses.last?.retryAfterSeconds == 1)
        let reads = harness.host.occupancy.reads
        #expect(reads.map(\.name) == ["stored_answer", "cold_payment", "timeline", "ledger"])
        #expect(reads.map(\.count) == [0, 0, 0, 6] && reads[3].capacity == 8 && reads[2].capacity == 4)
        // Another merchant's goes to the threads at once, in front of the four that wait.
        harness.send(.getEntries(LedgerQuery()), key: 2, merchant: 8)
        #expect(ledgers.count == 3)
        // The ledger's threads stay blocked; stored answers and timelines come.
        harness.send(key: 1)
        harness.send(key: 1, merchant: 8)
        harness.send(.getHistory(harness.calls[0].call.payment), key: 3)
        #expect(stored.count == 2 && timelines.count == 1)
        stored.run()
        timelines.run()
        harness.loop.run()
        #expect(harness.responses.dropFirst(before + 1).map(\.isReplay) == [true, true, false])
        #expect(harness.responses.suffix(3).allSatisfy { $0.status < 300 } && ledgers.count == 3)
        // Freed, they take turns: merchant 8's ends first, so that merchant 7's go on two at a
        // time.
        while ledgers.count > 0 {
            #expect(ledgers.count <= 4)
            ledgers.run()
            harness.loop.run()
        }
        #expect(harness.responses.count == before + 1 + 3 + 7 && harness.host.isQuiet)
        #expect(harness.host.occupancy.reads.map(\.count) == [0, 0, 0, 0])
    }

    @Test("A kind that is full refuses its own reads; others are taken")
    func fullKind() {
        let harness = harness(ShardHost.Limits(timelines: 2, ledgerReads: 2))
        let (first, second) = (harness.calls[0].call.payment, harness.calls[1].call.payment)
        let before = harness.responses.count
        harness.send(.getHistory(first), key: 2)
        harness.send(.getHistory(first), key: 3)
        harness.send(.getHistory(second), key: 2, merchant: 8)
        #expect(answers(harness).dropFirst(before) == ["refused overloaded"] && timelines.count == 2)
        harness.send(.getEntries(LedgerQuery()), key: 4)
        harness.send(key: 1)
        #expect(ledgers.count == 1 && stored.count == 1)
        timelines.run()
        harness.loop.run()
        harness.send(.getHistory(second), key: 3, merchant: 8)
        #expect(timelines.count == 1)
        for reads in [timelines, ledgers, stored] { reads.run() }
        harness.loop.run()
        #expect(harness.responses.count == before + 6 && harness.host.isQuiet)
    }
}

/// Threads that are blocked until the test frees them.
private final class BlockedReads: BlockingReads {
    private let held = Mutex<[@Sendable () -> Void]>([])

    var count: Int { held.withLock { $0.count } }

    func run(_ body: @escaping @Sendable () -> Void) { held.withLock { $0.append(body) } }

    func run() {
        let bodies = held.withLock { held in
            defer { held = [] }
            return held
        }
        for body in bodies { body() }
    }
}
