import Journal
import Ledger
import Payments
import Risk
import ShardCore
import ShardHost
import ShardModel
import Testing

@Suite("A shard's host releases nothing before the journal holds what it rests on")
struct ShardHostTests {
    @Test("The PSP is called after the intent is durable, and the merchant answered after the outcome is")
    func persistBeforeAct() {
        let harness = HostHarness()
        harness.send(key: 1)
        #expect(harness.journal.lastPosition == 1)
        harness.pass(milliseconds: 10)
        #expect(harness.calls.isEmpty)
        harness.flush()
        #expect(harness.calls.count == 1)

        harness.succeed(0)
        harness.pass(milliseconds: 10)
        #expect(harness.journal.lastPosition == 2 && harness.responses.isEmpty)
        harness.flush()
        #expect(harness.responses.map(\.status) == [201])
        #expect(harness.host.isQuiet)
    }

    @Test("A partial flush releases exactly what it covers, in order")
    func partialFlush() {
        let harness = HostHarness()
        harness.host.process((1...5).map { harness.command(key: $0) })
        #expect(harness.journal.appends == 1)
        harness.flush(upTo: 3)
        #expect(harness.calls.count == 3)
        #expect(harness.host.occupancy.unflushedBytes > 0)
        harness.flush()
        #expect(harness.calls.count == 5)
        #expect(harness.host.occupancy.unflushedBytes == 0)
    }

    @Test(
        "Records that find the journal's backlog full wait for room; nothing is lost, and new work is refused meanwhile"
    )
    func backlog() {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.flush()
        harness.journal.failure = JournalError(.backlog, "full")
        harness.succeed(0)
        harness.send(key: 2)
        #expect(harness.responses.map(\.status) == [503])
        #expect(harness.journal.lastPosition == 1 && harness.failures.isEmpty)
        #expect(!harness.host.isQuiet)

        harness.journal.failure = nil
        harness.flush()
        #expect(harness.journal.lastPosition == 2)
        harness.flush()
        #expect(harness.responses.map(\.status) == [503, 201])
        harness.send(key: 2)
        #expect(harness.journal.lastPosition == 3)
    }

    @Test(
        "An output larger than all that may wait for the disk goes in pieces of whole records, and all of it is acknowledged"
    )
    func outputBeyondTheBacklog() {
        // Room for a few records, of which any fits.
        let harness = HostHarness(largestAppendBytes: 1_000)
        harness.host.process((1...20).map { harness.command(key: $0) })
        #expect(harness.host.shardStatistics.paymentsCreated == 20)
        harness.send(key: 21)
        #expect(harness.responses.map(\.status) == [503], "new work is refused while the output waits")
        var pieces = 0
        while harness.calls.count < 20, pieces < 20 {
            let appended = Int(harness.journal.lastPosition)
            #expect(appended > harness.calls.count && !harness.host.isQuiet, "a piece goes in at a time")
            harness.flush()
            #expect(harness.calls.count == appended, "sent is what rests on a durable record")
            pieces += 1
        }
        #expect(pieces > 2 && harness.calls.count == 20 && harness.failures.isEmpty)

        // Outcomes that come while pieces are waiting follow them, in order.
        for index in 0..<20 { harness.host.providerCompleted(harness.calls[index].token, ShardWorld.success()) }
        harness.host.providerCompletionsDelivered()
        while harness.host.occupancy.unflushedBytes > 0 { harness.flush() }
        #expect(harness.responses.map(\.status) == [503] + [UInt16](repeating: 201, count: 20))
        #expect(harness.journal.lastPosition == 40 && harness.host.isQuiet)
        harness.send(key: 21)
        #expect(harness.journal.lastPosition == 41, "new work is taken again")
    }

    @Test("A host that was not there for a while answers nothing from its old state, though nobody has told it yet")
    func lostUnheard() {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.flush()
        harness.succeed(0)
        harness.flush()
        let id = harness.calls[0].call.payment
        harness.journal.isOwner = false
        harness.send(.getPayment(id), key: 2)
        harness.send(key: 1)
        #expect(harness.responses.map(\.status) == [201, 503, 503] && harness.host.isReleased)
        #expect(harness.body(1).contains("shardUnavailable") && harness.losses == 1 && harness.failures.isEmpty)
        harness.lose()
        #expect(harness.losses == 1)
    }

    @Test("What was durable when the journal was lost is not acknowledged, and an outcome causes nothing")
    func replacedBeforeDurable() {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.flush()
        harness.succeed(0)
        harness.journal.isOwner = false
        harness.flush()
        #expect(harness.responses.map(\.status) == [503] && harness.body(0).contains("shardUnavailable"))

        let other = HostHarness()
        other.send(key: 1)
        other.flush()
        other.journal.isOwner = false
        other.succeed(0)
        #expect(other.responses.map(\.status) == [503] && other.losses == 1 && other.journal.records.count == 1)
    }

    @Test("A journal that is lost between two pieces acknowledges nothing of the rest")
    func lostBetweenPieces() {
        let harness = HostHarness(largestAppendBytes: 300)
        harness.host.process((1...5).map { harness.command(key: $0) })
        harness.flush()
        #expect(harness.calls.count == 1)
        harness.lose()
        harness.flush()
        #expect(harness.calls.count == 1 && harness.responses.map(\.status) == [503, 503, 503, 503, 503])
    }

    @Test("A failed journal fences the shard: who waits is told that nothing is sure, what is new is refused")
    func journalFailure() {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.flush()
        harness.succeed(0)
        harness.send(key: 2)
        harness.fail(JournalError(.io, "EIO"))
        harness.fail(JournalError(.io, "EIO again"))
        #expect(harness.failures.map(\.description) == ["EIO"])
        #expect(harness.responses.map(\.status) == [503, 503] && harness.calls.count == 1)
        harness.send(key: 3)
        #expect(harness.responses.count == 3)
        for index in 0..<3 { #expect(harness.body(index).contains("journalFailed")) }
        harness.pass(milliseconds: 20_000)
        #expect(harness.calls.count == 1 && harness.responses.count == 3)
    }

    @Test("Of a failed journal, what was durable is still read, and what was not is not answered as if it were")
    func readsAfterFailure() throws {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.flush()
        let id = try #require(harness.calls.first?.call.payment)
        harness.send(.getPayment(id), key: 2)
        #expect(harness.responses.map(\.status) == [200])
        harness.succeed(0)
        harness.fail(JournalError(.io, "EIO"))
        #expect(harness.responses.map(\.status) == [200, 503])
        // The outcome is in memory, and perhaps not on the disk.
        harness.send(.getPayment(id), key: 3)
        #expect(harness.responses.map(\.status) == [200, 503, 503])
    }

    @Test("An append that fails fences the shard, too")
    func appendFailure() {
        let harness = HostHarness()
        harness.journal.failure = JournalError(.io, "EIO")
        harness.send(key: 1)
        #expect(harness.failures.map(\.code) == [.io])
        harness.journal.failure = nil
        harness.send(key: 2)
        #expect(harness.journal.appends == 0 && harness.calls.isEmpty)
        #expect(harness.responses.map(\.status) == [503, 503])
    }

    @Test("A shard that lost its journal refuses everything at once, and nothing that comes later changes that")
    func lostJournal() throws {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.flush()
        let id = try #require(harness.calls.first?.call.payment)
        harness.send(key: 2)
        harness.lose()
        harness.flush()
        harness.succeed(0)
        harness.pass(milliseconds: 20_000)
        #expect(harness.calls.count == 1 && harness.journal.appends == 2 && harness.failures.isEmpty)
        harness.send(key: 3)
        harness.send(.getPayment(id), key: 4)
        #expect(harness.responses.count == 4, "who waited and who came are told")
        for index in 0..<4 { #expect(harness.body(index).contains("shardUnavailable")) }
        #expect(harness.responses.allSatisfy { $0.status == 503 && $0.retryAfterSeconds == 1 })
        #expect(harness.host.isReleased && harness.host.isIdle && harness.losses == 1)
    }

    @Test("An append that another owner's epoch refuses is the loss of the journal")
    func fencedAppend() {
        let harness = HostHarness()
        harness.journal.failure = JournalError(.fenced, "another owner")
        harness.send(key: 1)
        #expect(harness.host.isReleased && harness.losses == 1 && harness.failures.isEmpty)
        #expect(harness.body(0).contains("shardUnavailable"))
    }

    @Test("A command that comes in while effects are released is handled once")
    func reentrancy() {
        let harness = HostHarness()
        for key in 1...3 as ClosedRange<UInt64> { harness.send(key: key) }
        harness.flush()
        for index in 0..<3 { harness.succeed(index) }
        var next: UInt64 = 100
        harness.onRespond = {
            guard next < 110 else { return }
            next += 1
            harness.send(key: next)
            // Answered at once, within the answer: the key is in use.
            harness.send(key: next)
        }
        harness.flush()
        #expect(harness.responses.filter { $0.status == 201 }.count == 3)
        #expect(harness.responses.filter { $0.status == 409 }.count == 10)
        #expect(harness.journal.records.count == 16)
        harness.flush()
        #expect(harness.calls.count == 13)
    }

    @Test("New work is refused while too many bytes wait for the disk, or one waits for too long")
    func admission() {
        let harness = HostHarness(limits: ShardHost.Limits(unflushedBytes: 400, unflushedMilliseconds: 1_000))
        for key in 1...20 as ClosedRange<UInt64> { harness.send(key: key) }
        let accepted = harness.journal.records.count
        #expect(accepted >= 1 && accepted < 20)
        #expect(harness.responses.allSatisfy { $0.status == 503 && $0.retryAfterSeconds > 0 })
        harness.flush()
        harness.send(key: 30)
        #expect(harness.journal.records.count == accepted + 1)

        harness.pass(milliseconds: 900)
        let refused = harness.responses.count
        harness.send(key: 31)
        #expect(harness.responses.count == refused)
        harness.pass(milliseconds: 200)
        harness.send(key: 32)
        #expect(harness.responses.count == refused + 1)
        harness.flush()
        harness.send(key: 33)
        #expect(harness.responses.count == refused + 1)
    }

    @Test(
        "Room that the outcomes of what is in flight can need is not given to new work, and new room lets it in again"
    )
    func reserve() {
        let harness = HostHarness()
        let kept = harness.host.occupancy.outcomeReserveBytes
        let room = (1 << 20) + kept
        harness.journal.roomBytes = room
        harness.host.process((1...400).map { harness.command(key: $0) })
        let accepted = harness.journal.records.count
        let promised = harness.host.occupancy.outcomeReserveBytes - kept
        #expect(accepted > 60 && accepted < 200 && promised == accepted * 8_192)
        #expect(harness.responses.count == 400 - accepted && harness.responses.allSatisfy { $0.status == 503 })
        harness.flush()

        // Every outcome in a batch of its own, as the journal would need it at most: all fit.
        harness.journal.roomBytes = room - JournalRoom.frameBytes(records: 300 * accepted)
        let before = harness.journal.roomBytes
        for index in 0..<accepted {
            harness.succeed(index)
            harness.journal.roomBytes -= 4096
            harness.flush()
        }
        #expect(harness.responses.filter { $0.status == 201 }.count == accepted)
        #expect(harness.host.occupancy.outcomeReserveBytes == kept && harness.journal.roomBytes >= before - promised)

        harness.journal.roomBytes = 100_000
        harness.send(key: 1_000)
        #expect(harness.responses.last?.status == 503)
        harness.pass(milliseconds: 10)
        #expect(harness.isRoomShort)
        harness.send(key: 1)
        harness.journal.roomBytes = .max
        harness.send(key: 1_001)
        #expect(harness.journal.records.count == 2 * accepted + 1)
        harness.pass(milliseconds: 10)
        #expect(!harness.isRoomShort)
    }

    @Test("Every tick counts while something waits for its time, and only then")
    func needsTick() throws {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.flush()
        harness.pass(milliseconds: 10)
        #expect(!harness.host.needsTick, "the provider's client ends a call that takes too long")
        // It was certainly not executed, and is sent again in 100 ms.
        harness.host.providerCompleted(harness.calls[0].token, .notExecuted(.connectionFailed))
        harness.host.providerCompletionsDelivered()
        #expect(harness.host.needsTick)
        for _ in 0..<20 { harness.pass(milliseconds: 10) }
        harness.flush()
        try #require(harness.calls.count == 2)
        #expect(!harness.host.needsTick)
        harness.host.providerCompleted(harness.calls[1].token, .unknown(.timeout))
        harness.host.providerCompletionsDelivered()
        harness.flush()
        #expect(harness.host.needsTick)
        let idle = HostHarness()
        idle.journal.roomBytes = 0
        idle.pass(milliseconds: 10)
        #expect(idle.isRoomShort && idle.host.needsTick)
        idle.journal.roomBytes = .max
        idle.pass(milliseconds: 10)
        #expect(!idle.host.needsTick)
    }

    @Test("Each input is decided on the room that the last append left", arguments: [false, true])
    func staleRoom(isScore: Bool) throws {
        let configuration = isScore ? ShardRiskTests.scored : ShardConfiguration.test
        let harness = HostHarness(core: ShardCore(configuration: configuration, renderer: TestRenderer()))
        harness.journal.roomBytes = 1 << 20
        harness.send(key: 1)
        harness.flush()
        #expect(harness.questions.count == (isScore ? 1 : 0) && harness.calls.count == (isScore ? 0 : 1))
        // Behind the append of the second payment only the kept room is left. No tick or flush
        // comes in between.
        harness.send(key: 2)
        harness.journal.roomBytes = harness.host.occupancy.outcomeReserveBytes
        #expect(!harness.host.core.room.isJournalShort, "what the shard knew when it admitted the payment")
        if isScore {
            harness.host.scored(harness.questions[0].token, .scored(0, reasons: []))
            harness.host.scoresDelivered()
        } else {
            harness.succeed(0)
        }
        #expect(harness.host.core.room.isJournalShort)
    }

    @Test("What waits for the disk counts as taken, and long details promise more")
    func reserveOfUnflushed() {
        let harness = HostHarness()
        harness.journal.roomBytes =
            ShardCore.largestAdmissionBytes + 18_000 + harness.host.occupancy.outcomeReserveBytes
        harness.send(key: 1)
        harness.send(key: 2)
        harness.send(key: 3)
        // A frame each for the intent, and two for what may follow; a third intent would need more.
        #expect(harness.responses.map(\.status) == [503] && harness.journal.records.count == 2)
    }

    @Test(
        "Time that jumps back or far ahead confuses neither keys nor timers nor identifiers",
        arguments: [-3_600_000, 3_600_000]
    )
    func clockJump(milliseconds: Int64) {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.flush()
        harness.succeed(0)
        harness.flush()
        harness.send(key: 2)
        harness.flush()
        harness.pass(milliseconds: milliseconds)
        // The answer of a call that was under way.
        harness.succeed(1)
        harness.flush()
        #expect(harness.responses.map(\.status) == [201, 201])
        // The first key is remembered, and a new one makes another payment.
        let records = harness.journal.lastPosition
        harness.send(key: 1)
        #expect(harness.journal.lastPosition == records)
        harness.send(key: 3)
        harness.flush()
        harness.succeed(2)
        harness.flush()
        // The first key's answer is read back on another thread.
        #expect(harness.responses.count >= 3 && harness.responses.allSatisfy { $0.status == 201 })
        #expect(harness.calls.count == 3)
        #expect(Set(harness.calls.map { "\($0.call.payment)" }).count == 3)
        harness.pass(milliseconds: 10)
        #expect(harness.host.trialBalance().currencies.allSatisfy { $0.totals.debits == $0.totals.credits })
    }

    @Test("The deadline of a PSP call counts from the decision: what the disk took is off it")
    func deadline() {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.pass(milliseconds: 300)
        harness.flush()
        #expect(harness.calls[0].timeout == ShardConfiguration.test.providerTimeout - 300)
    }

    @Test("Draining refuses new work and finishes what is in flight")
    func drain() {
        let harness = HostHarness()
        harness.send(key: 1)
        harness.flush()
        harness.host.drain()
        harness.send(key: 2)
        #expect(harness.body(0).contains("draining") && !harness.host.isQuiet)
        harness.succeed(0)
        harness.flush()
        #expect(harness.responses.map(\.status) == [503, 201] && harness.host.isQuiet)
    }
}
