import Journal
import KeyRuns
import Money
import NIOCore
import NIOEmbedded
import Payments
import ShardCore
import ShardHost
import ShardModel
import ShardStorage
import Synchronization
import Testing

@Suite("Snapshots of a running shard")
struct ShardHostSnapshotTests {
    let disk = MemoryDisk()
    let writer = ManualWriter()

    private func harness(_ policy: SnapshotPolicy, turns: SnapshotTurns = SnapshotTurns()) -> HostHarness {
        let setup = SnapshotSetup(
            storage: storage,
            policy: policy,
            writer: writer,
            pace: WritePace(bytesPerSecond: 0),
            turns: turns,
            tailBytes: 0,
            tailPayments: 0
        )
        return HostHarness(snapshots: setup, reads: InlineReads())
    }

    private var storage: ShardStorage { Self.storage(on: disk) }

    private static func storage(on disk: MemoryDisk) -> ShardStorage {
        ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk)
    }

    private func pay(_ harness: HostHarness, _ key: UInt64) {
        harness.send(key: key)
        harness.flush()
        harness.succeed(harness.calls.count - 1)
        harness.flush()
    }

    private func restored(from other: MemoryDisk? = nil) throws -> (position: RecordPosition, payments: Int) {
        var core = ShardCore(configuration: .test, renderer: TestRenderer())
        let report = try Self.storage(on: other ?? disk).restore(into: &core)
        return (report.position, core.paymentCount)
    }

    /// Segments of the journal are retired because of a snapshot, so it must not vanish again.
    @Test("What a start finds of a snapshot stays when the power fails, whichever operation failed before")
    func foundIsDurable() throws {
        for operation in 1...1_000 {
            let life = Self()
            let harness = life.harness(SnapshotPolicy(payments: 2, interval: 1_000_000_000))
            for key in 1...2 as ClosedRange<UInt64> { life.pay(harness, key) }
            harness.pass(milliseconds: 10)
            life.disk.refuse(operation: operation)
            life.writer.runAll(harness.loop)
            if life.disk.operations < operation { return #expect(operation > 10, "the snapshot is written") }
            life.disk.refuse(operation: 0)
            let found = try life.restored()
            #expect(try life.restored(from: life.disk.afterPowerLoss()) == found, "operation \(operation)")
        }
        Issue.record("the snapshot never was written")
    }

    @Test("One is due after so many payments, and none while one is under way")
    func byPayments() throws {
        let harness = harness(SnapshotPolicy(payments: 2, interval: 1_000_000_000))
        pay(harness, 1)
        harness.pass(milliseconds: 10)
        #expect(writer.count == 0)
        pay(harness, 2)
        harness.pass(milliseconds: 10)
        #expect(writer.count == 1)
        for key in 3..<6 { pay(harness, UInt64(key)) }
        harness.pass(milliseconds: 10)
        #expect(writer.count == 1)
        writer.runAll(harness.loop)
        #expect(try restored() == (4, 2) && harness.host.snapshotStatistics.written == 1)
        for _ in 0..<4 { harness.pass(milliseconds: 10) }
        writer.runAll(harness.loop)
        #expect(try restored() == (10, 5))
    }

    @Test("A shard that records nothing for an interval behind its newest snapshot retires everything, once")
    func idle() {
        let harness = harness(SnapshotPolicy(payments: 1, interval: 60_000))
        harness.pass(milliseconds: 10)
        harness.pass(milliseconds: 120_000)
        #expect(harness.journal.retired.isEmpty, "nothing was recorded yet")
        pay(harness, 1)
        harness.pass(milliseconds: 10)
        writer.runAll(harness.loop)
        for _ in 0..<4 { harness.pass(milliseconds: 10) }
        harness.pass(milliseconds: 50_000)
        #expect(harness.journal.retired.isEmpty, "the interval is not over")
        harness.pass(milliseconds: 20_000)
        for _ in 0..<4 { harness.pass(milliseconds: 70_000) }
        #expect(harness.journal.retired == [2] && harness.host.snapshotStatistics.written == 1)
    }

    @Test("One is due after so many bytes, or after a time in which anything was recorded")
    func byBytesAndTime() {
        let harness = harness(SnapshotPolicy(journalBytes: 200, interval: 60_000))
        harness.pass(milliseconds: 10)
        harness.pass(milliseconds: 120_000)
        #expect(writer.count == 0, "nothing was recorded")
        pay(harness, 1)
        harness.pass(milliseconds: 10)
        writer.runAll(harness.loop)
        #expect(harness.host.snapshotStatistics.written == 1, "by bytes")
        for _ in 0..<4 { harness.pass(milliseconds: 10) }
        harness.send(.createPayment(ShardHostSnapshotTests.small), key: 2)
        harness.flush()
        harness.pass(milliseconds: 30_000)
        let before = writer.count
        harness.pass(milliseconds: 60_000)
        #expect(before == 0 && writer.count == 1, "by time")
    }

    @Test("Two shards that are due take their snapshots one after the other, and one that ends holds nobody up")
    func turns() {
        let turns = SnapshotTurns()
        let policy = SnapshotPolicy(payments: 1)
        let (first, second, third) = (
            harness(policy, turns: turns), harness(policy, turns: turns), harness(policy, turns: turns)
        )
        for harness in [first, second, third] {
            pay(harness, 1)
            harness.pass(milliseconds: 10)
        }
        #expect(writer.count == 1 && turns.counts == (waiting: 2, running: 1))
        // The second is handed over while it waits.
        second.host.drain()
        third.pass(milliseconds: 10)
        #expect(writer.count == 1 && turns.counts == (waiting: 1, running: 1))
        writer.runAll(first.loop)
        #expect(first.host.snapshotStatistics.written == 1)
        third.pass(milliseconds: 10)
        #expect(writer.count == 1)
        writer.runAll(third.loop)
        #expect(third.host.snapshotStatistics.written == 1 && turns.counts == (waiting: 0, running: 0))
    }

    @Test("A shard that waits and is not due any more holds nobody up")
    func turnOfNotDue() {
        let turns = SnapshotTurns()
        let (first, second, third) = (
            harness(SnapshotPolicy(payments: 1), turns: turns), harness(SnapshotPolicy(payments: 100), turns: turns),
            harness(SnapshotPolicy(payments: 1), turns: turns)
        )
        for harness in [first, second, third] { pay(harness, 1) }
        first.pass(milliseconds: 10)
        second.host.share(ProcessShare(areKeysDue: true))
        second.pass(milliseconds: 10)
        third.pass(milliseconds: 10)
        #expect(writer.count == 1 && turns.counts == (waiting: 2, running: 1))
        // The first one's snapshot made room for keys.
        second.host.share(ProcessShare())
        second.pass(milliseconds: 10)
        writer.runAll(first.loop)
        third.pass(milliseconds: 10)
        #expect(writer.count == 1 && turns.counts == (waiting: 0, running: 1))
    }

    @Test("A shard that loses its journal with a snapshot taken and not durable lets the others go on")
    func turnOfReleased() {
        let turns = SnapshotTurns()
        let (first, second) = (
            harness(SnapshotPolicy(payments: 1), turns: turns), harness(SnapshotPolicy(payments: 1), turns: turns)
        )
        first.send(key: 1)
        first.pass(milliseconds: 10)
        #expect(writer.count == 0 && turns.counts == (waiting: 0, running: 1))
        pay(second, 1)
        second.pass(milliseconds: 10)
        #expect(writer.count == 0)
        first.host.release()
        second.pass(milliseconds: 10)
        #expect(writer.count == 1)
    }

    @Test("What is not durable is not written yet")
    func waitsForDurability() throws {
        let harness = harness(SnapshotPolicy(payments: 1))
        harness.send(key: 1)
        harness.pass(milliseconds: 10)
        #expect(writer.count == 0)
        harness.flush()
        #expect(writer.count == 1)
        writer.runAll(harness.loop)
        #expect(try restored() == (1, 1))
    }

    @Test("One that fails is told, and the next makes up for it later")
    func failure() throws {
        let harness = harness(SnapshotPolicy(payments: 1, retryAfter: 5_000))
        pay(harness, 1)
        harness.pass(milliseconds: 10)
        disk.refuse(operation: 3)
        writer.runAll(harness.loop)
        disk.refuse(operation: 0)
        #expect(harness.snapshotFailures.count == 1 && harness.host.snapshotStatistics.failed == 1)
        harness.pass(milliseconds: 1_000)
        #expect(writer.count == 0)
        harness.pass(milliseconds: 5_000)
        writer.runAll(harness.loop)
        #expect(try restored() == (2, 1))
        var core = ShardCore(configuration: .test, renderer: TestRenderer())
        _ = try storage.restore(into: &core)
        let keys = core.keyRuns.occupancy.keys
        #expect(keys == 1, "the keys of the one that failed are in the next")
    }

    @Test("A settled payment leaves memory behind a snapshot, and comes back for a request")
    func coldPayment() throws {
        let harness = harness(SnapshotPolicy(payments: 1, coldAfter: 0))
        pay(harness, 1)
        harness.pass(milliseconds: 10)
        writer.runAll(harness.loop)
        for _ in 0..<4 { harness.pass(milliseconds: 10) }
        #expect(harness.host.occupancy.payments == 0 && harness.host.occupancy.coldPayments == 1)
        let id = harness.calls[0].call.payment
        harness.send(.refund(id, amountMinor: 10), key: 2)
        harness.loop.run()
        harness.flush()
        #expect(harness.calls.last?.call.operation == .refund && harness.host.occupancy.payments == 1)
        let file = try #require(disk.names.first { $0.hasSuffix(".payments") })
        #expect(disk.count(of: file) > 8_192)
    }

    @Test("Payments that were only read leave memory again, with nothing recorded in between")
    func readPaymentsLeave() throws {
        let harness = harness(SnapshotPolicy(payments: 1, coldAfter: 0))
        pay(harness, 1)
        for _ in 0..<2 {
            harness.pass(milliseconds: 10)
            writer.runAll(harness.loop)
            for _ in 0..<4 { harness.pass(milliseconds: 10) }
            #expect(harness.host.occupancy.payments == 0)
            harness.send(.getPayment(harness.calls[0].call.payment), key: 2)
            harness.loop.run()
            #expect(harness.responses.last?.status == 200 && harness.host.occupancy.payments == 1)
        }
        #expect(try restored() == (2, 1) && harness.host.snapshotStatistics.written == 2)
    }

    @Test("A cold payment whose file is gone is answered 503; the shard goes on")
    func unreadableColdPayment() throws {
        let harness = harness(SnapshotPolicy(payments: 1, coldAfter: 0))
        pay(harness, 1)
        harness.pass(milliseconds: 10)
        writer.runAll(harness.loop)
        for _ in 0..<4 { harness.pass(milliseconds: 10) }
        try disk.remove(try #require(disk.names.first { $0.hasSuffix(".payments") }))
        harness.send(.getPayment(harness.calls[0].call.payment), key: 2)
        harness.loop.run()
        #expect(harness.responses.last?.status == 503 && harness.host.isQuiet)
        pay(harness, 3)
        #expect(harness.responses.last?.status == 201)
    }

    private static var small: CreatePayment {
        CreatePayment(
            amountMinor: 1,
            currency: .eur,
            capturesAutomatically: true,
            feeBasisPoints: 0,
            route: RoutePlan(.first),
            paymentMethod: "t",
            details: PaymentDetails()
        )
    }
}

/// A thread that runs when the test says so.
final class ManualWriter: BlockingReads {
    private let waiting = Mutex<[@Sendable () -> Void]>([])

    var count: Int { waiting.withLock { $0.count } }

    func run(_ body: @escaping @Sendable () -> Void) { waiting.withLock { $0.append(body) } }

    func runAll(_ loop: EmbeddedEventLoop) {
        let bodies = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for body in bodies { body() }
        loop.run()
    }
}

struct InlineReads: BlockingReads {
    func run(_ body: @escaping @Sendable () -> Void) { body() }
}
