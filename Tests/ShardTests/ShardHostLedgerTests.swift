import Journal
import NIOCore
import NIOEmbedded
import Payments
import ShardCore
import ShardHost
import ShardModel
import ShardRecords
import Synchronization
import Testing
import Time

@Suite("Reads of the ledger through the host")
struct ShardHostLedgerTests {
    @Test("Entries and balances of the past wait until what they rest on is durable, and are read off the loop")
    func restOnDurability() throws {
        let reads = HeldReads()
        let harness = HostHarness(reads: reads)
        harness.send(key: 1)
        harness.flush()
        harness.succeed(0)
        harness.pass(milliseconds: 10)
        harness.send(.getEntries(LedgerQuery()), key: 2)
        harness.send(.getPastBalance(at: 1_790_000_000_001), key: 3)
        // The end of the payment is not on the disk yet, and neither answer may speak of it.
        #expect(harness.responses.isEmpty && reads.count == 0)
        harness.flush()
        #expect(harness.responses.count == 1 && reads.count == 2 && !harness.host.isQuiet)
        reads.run()
        harness.loop.run()
        #expect(harness.body(1) == "2.0 capture, end")
        #expect(harness.body(2) == "EUR pending=975 available=0 reserve=0" && harness.responses[2].status == 200)
        #expect(harness.host.isQuiet)
    }

    @Test("More reads of the ledger than a few at once are refused, and stored answers are still read")
    func boundedReads() throws {
        let reads = HeldReads()
        let harness = HostHarness(limits: ShardHost.Limits(ledgerReads: 2), reads: reads)
        harness.send(key: 1)
        harness.flush()
        harness.succeed(0)
        harness.flush()
        for key in 2...4 as ClosedRange<UInt64> { harness.send(.getEntries(LedgerQuery()), key: key) }
        #expect(reads.count == 2 && harness.body(1) == "refused overloaded" && harness.responses[1].status == 503)
        harness.send(key: 1)
        #expect(reads.count == 3)
        reads.run()
        harness.loop.run()
        #expect(harness.responses.count == 5 && harness.responses[4].isReplay)
        harness.send(.getEntries(LedgerQuery()), key: 5)
        #expect(reads.count == 1)
        reads.run()
        harness.loop.run()
        #expect(harness.body(5) == "2.0 capture, end")
    }

    @Test("A journal that cannot be read is a refusal, and a moment that it does not tell another")
    func failures() throws {
        let reads = HeldReads()
        let harness = HostHarness(reads: reads)
        harness.send(key: 1)
        harness.flush()
        harness.succeed(0)
        harness.flush()
        harness.pass(milliseconds: 10)
        harness.journal.failure = JournalError(.io, "the disk is gone")
        harness.send(.getEntries(LedgerQuery()), key: 2)
        reads.run()
        harness.loop.run()
        #expect(harness.body(1) == "refused journalFailed")
        harness.journal.failure = JournalError(.notFound, "retired")
        harness.send(.getPastBalance(at: 1_789_999_999_999), key: 3)
        reads.run()
        harness.loop.run()
        #expect(harness.body(2) == "refused momentUnknown" && harness.responses[2].status == 422)
        harness.send(.getEntries(LedgerQuery()), key: 4)
        reads.run()
        harness.loop.run()
        #expect(harness.body(3) == "truncated")
    }
}

/// Reads that wait until the test lets them run.
private final class HeldReads: BlockingReads {
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
