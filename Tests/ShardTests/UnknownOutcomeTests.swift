import Ledger
import Money
import NIOCore
import Payments
import ShardCore
import ShardModel
import ShardRecords
import Testing
import Time

@Suite("An unknown outcome is resolved, never repeated blindly")
struct UnknownOutcomeTests {
    @Test("A timeout is journaled and answered 202; the PSP is asked after a second; the first answer stands then")
    func timeoutThenQuery() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        #expect(world.lastStatus == 202 && world.lastBody.contains("processing"))
        #expect(world.journal.count == 2)

        world.send(ShardWorld.create(), key: "a")
        #expect(world.lastStatus == 202 && world.responses.last?.isReplay == true)
        #expect(world.calls.count == 1)

        world.pass(milliseconds: 900)
        #expect(world.calls.count == 1)
        world.pass(milliseconds: 200)
        #expect(world.calls.count == 2)
        #expect(world.lastCall.call.mode == .query)
        #expect(world.lastCall.call.providerKey == world.calls[0].call.providerKey)

        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.journal.count == 3)
        #expect(world.responses.count == 2)
        world.send(ShardWorld.create(), key: "a")
        let stored = try StoredResponse(record: world.journal[Int(world.replays[0].record) - 1])
        #expect(stored.status == 201 && String(buffer: stored.body).contains("captured"))
    }

    @Test("Not found is no proof: the same call under the same key is")
    func notFoundThenReplay() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.connectionLost))
        world.pass(milliseconds: 1_100)
        world.answer(world.lastCall.token, .notFound)
        #expect(world.calls.count == 3)
        #expect(world.lastCall.call == world.calls[0].call)
        world.answer(world.lastCall.token, .declined(Decline(category: .hard, code: .lostCard, providerCode: "")))
        world.send(.getPayment(world.lastCall.call.payment))
        #expect(world.lastBody.contains("failed"))
    }

    @Test("Once in doubt, a definite non-execution of a later try settles nothing")
    func doubtOutlivesRefusedReplay() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.pass(milliseconds: 1_100)
        world.answer(world.lastCall.token, .notFound)
        world.answer(world.lastCall.token, .notExecuted(.rateLimited))
        #expect(world.core.runningCount == 1)
        world.pass(milliseconds: 5_100)
        #expect(world.lastCall.call.mode == .query)
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.core.runningCount == 0)
    }

    @Test("The schedule of resolution is kept: 1 s, 5 s, 30 s, 2 min, 10 min, 1 h, then daily")
    func schedule() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        for delay in [1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000, 86_400_000, 86_400_000] as [Int64] {
            let before = world.calls.count
            world.pass(milliseconds: delay - 20)
            #expect(world.calls.count == before, "too early before \(delay)")
            world.pass(milliseconds: 40)
            #expect(world.calls.count == before + 1, "too late after \(delay)")
            world.answer(world.lastCall.token, .unknown(.connectionFailed))
        }
        #expect(world.calls.allSatisfy { $0.call.mode == .query || $0.call == world.calls[0].call })
        #expect(world.journal.count == 10, "created, unresolved, and eight answers that settled nothing")
    }

    @Test("Certainly not executed is tried again under the same key, and then fails for good with 502")
    func notExecuted() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .notExecuted(.connectionFailed))
        #expect(world.responses.isEmpty)
        world.pass(milliseconds: 120)
        #expect(world.calls.count == 2)
        world.answer(world.lastCall.token, .notExecuted(.connectionFailed))
        world.pass(milliseconds: 420)
        #expect(world.calls.count == 3)
        world.answer(world.lastCall.token, .notExecuted(.connectionFailed))
        #expect(world.lastStatus == 502 && world.lastBody.hasPrefix("not executed connectionFailed"))
        #expect(world.calls.allSatisfy { $0.call == world.calls[0].call })
        #expect(world.core.runningCount == 0)
    }

    @Test("A wrong set-up fails at once")
    func misconfigured() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .notExecuted(.misconfigured))
        #expect(world.lastStatus == 502)
    }

    @Test("Pending at the PSP is 202, and asked for until it ends")
    func pending() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .pending(providerReference: "ch_9"))
        #expect(world.lastStatus == 202)
        world.pass(milliseconds: 1_100)
        #expect(world.lastCall.call.mode == .query)
        world.answer(world.lastCall.token, .pending(providerReference: "ch_9"))
        world.pass(milliseconds: 5_100)
        world.answer(world.lastCall.token, ShardWorld.success(1000, "ch_9"))
        world.send(.getPayment(world.lastCall.call.payment))
        #expect(world.lastBody.contains("captured"))
        #expect(world.journal.count == 4, "created, unresolved, still pending, finished")
    }

    @Test("What the PSP said of an operation when it was asked is still known after a restart")
    func pendingSurvivesARestart() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.pass(milliseconds: 1_100)
        world.answer(world.lastCall.token, .pending(providerReference: "ch_9"))
        var next = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(next.core.stateDigest() == world.core.stateDigest())
        _ = next.resume()
        // Long past the horizon, a PSP that now finds nothing contradicts itself: no reason to fail
        // what may be charged.
        for _ in 0..<20 {
            next.pass(milliseconds: 86_400_000)
            next.answer(next.lastCall.token, .notFound)
        }
        #expect(next.core.runningCount == 1)
        next.pass(milliseconds: 86_400_000)
        next.answer(next.lastCall.token, ShardWorld.success())
        #expect(next.core.runningCount == 0)
    }

    @Test("Every call that ended nothing is journaled, in a list that leads back to the payment's creation")
    func attempts() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .notExecuted(.rateLimited))
        world.pass(milliseconds: 200)
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.pass(milliseconds: 1_100)
        world.answer(world.lastCall.token, .notFound)
        world.answer(world.lastCall.token, ShardWorld.success())
        var position = world.journal.count
        var story: [String] = []
        while position > 0 {
            let bytes = world.journal[position - 1]
            let record = try ShardRecord(decoding: bytes.span)
            if case .operationAttempted(let attempt) = record {
                story.insert("\(attempt.mode) \(attempt.answer)", at: 0)
            }
            #expect(Int(record.previous) == position - 1)
            position = Int(record.previous)
        }
        #expect(story == ["execute notExecuted", "query notFound"])
        #expect(world.journal.count == 5)
    }

    @Test("A disk that is short of room is not filled with attempts")
    func attemptsOnAFullDisk() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.core.room.refusal = .overloaded
        world.pass(milliseconds: 1_100)
        world.answer(world.lastCall.token, .unknown(.timeout))
        #expect(world.journal.count == 2)
        world.pass(milliseconds: 5_100)
        world.answer(world.lastCall.token, .pending(providerReference: "ch_9"))
        #expect(world.journal.count == 3, "that the PSP knows of it decides later")
        world.pass(milliseconds: 30_100)
        world.answer(world.lastCall.token, .pending(providerReference: "ch_9"))
        #expect(world.journal.count == 3)
    }

    @Test("While the journal's room is short, an unknown outcome writes nothing, and that the PSP has it one record")
    func reserveOfOutcomes() throws {
        var world = ShardWorld()
        for key in ["a", "b"] { world.send(ShardWorld.create(capture: false), key: key) }
        world.core.room.isJournalShort = true
        world.core.room.refusal = .journalRoomShort
        world.answer(world.calls[0].token, .unknown(.timeout))
        world.answer(world.calls[1].token, .pending(providerReference: "ch_2"))
        #expect(world.journal.count == 3 && world.responses.map(\.status) == [202, 202])
        // An authorization is given up later, when there is room.
        world.pass(milliseconds: 1_100)
        for (_, token) in world.calls.suffix(2) { world.answer(token, .unknown(.timeout)) }
        #expect(world.journal.count == 3)
        let next = try ShardWorld(replaying: world.journal, at: world.now)
        #expect(next.digest() == world.digest())
        // Events are taken while there is room for them, new work is not.
        world.send(ShardWorld.create(), key: "c")
        #expect(world.lastStatus == 503 && world.lastBody == "refused journalRoomShort")
        world.tell(.authorizationSucceeded, of: world.calls[0].call.payment) { $0.amountMinor = 1_000 }
        #expect(world.lastStatus == 200 && world.core.runningCount == 1)
        world.core.room.takesEvents = false
        world.tell(.authorizationSucceeded, of: world.calls[1].call.payment) { $0.amountMinor = 1_000 }
        #expect(world.lastStatus == 503 && world.core.runningCount == 1)
    }

    @Test("While the journal's room is short, a shopper's action is asked for again later")
    func actionWhileShort() {
        var world = ShardWorld()
        world.send(ShardWorld.create(capture: false), key: "a")
        world.core.room.isJournalShort = true
        let action = ProviderOutcome.actionRequired(
            NextAction(kind: .redirect, url: "https://bank.example/" + String(repeating: "x", count: 1_900)),
            providerReference: "ch_1"
        )
        world.answer(world.lastCall.token, action)
        #expect(world.lastStatus == 202 && world.journal.count == 2)
        world.core.room.isJournalShort = false
        world.pass(milliseconds: 1_100)
        world.answer(world.lastCall.token, action)
        world.send(.getPayment(world.lastCall.call.payment))
        #expect(world.lastBody.contains("requires_action") && world.core.runningCount == 0)
    }

    @Test("What a PSP has accepted is never sent again where the PSP cannot be asked, only waited for")
    func pendingIsNotReplayed() {
        var configuration = ShardConfiguration.test
        configuration.resolution.canQuery = false
        var world = ShardWorld(configuration: configuration)
        let id = world.paid(capture: false, key: "a")
        world.send(.capture(id, amountMinor: nil), key: "b")
        world.answer(world.lastCall.token, .pending(providerReference: "cap_1"))
        let calls = world.calls.count
        for delay in [1_100, 5_100, 30_100, 120_100, 600_100, 3_600_100] as [Int64] { world.pass(milliseconds: delay) }
        #expect(world.calls.count == calls)
        world.tell(.captureSucceeded, of: id) { $0.amountMinor = 1_000 }
        #expect(world.lastStatus == 200 && world.core.runningCount == 0)
    }

    @Test("Who does not want to wait is told 202 once the request is durable, and finds the outcome under the key")
    func respondAsync() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a", respondsAtOnce: true)
        #expect(world.lastStatus == 202 && world.lastBody.contains("processing"))
        #expect(world.calls.count == 1)
        world.send(ShardWorld.create(), key: "a", respondsAtOnce: true)
        #expect(world.lastStatus == 202 && world.responses.last?.isReplay == true && world.calls.count == 1)
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.responses.count == 2, "the outcome has nobody to go to")
        world.send(ShardWorld.create(), key: "a")
        let stored = try StoredResponse(record: world.journal[Int(world.replays[0].record) - 1])
        #expect(stored.status == 201)
        let id = world.lastCall.call.payment
        world.send(.refund(id, amountMinor: 100), key: "b", respondsAtOnce: true)
        #expect(world.lastStatus == 202 && world.lastBody.contains("pending 100"))
    }

    @Test("A refund in doubt stays pending and keeps its amount")
    func unknownRefund() {
        var world = ShardWorld()
        let id = world.paid(1000, key: "a")
        world.send(.refund(id, amountMinor: 700), key: "b")
        world.answer(world.lastCall.token, .unknown(.streamReset))
        #expect(world.lastStatus == 202 && world.lastBody.contains("pending 700"))
        world.send(.refund(id, amountMinor: 400), key: "c")
        #expect(world.lastStatus == 422)
        world.pass(milliseconds: 1_100)
        world.answer(world.lastCall.token, ShardWorld.success(700, "re_1"))
        world.send(.getPayment(id))
        #expect(world.lastBody.contains("refunded=700 pending=0"))
    }

    @Test("Nothing known of it after the horizon of what may be on its way: not executed, for good")
    func horizon() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        let original = world.lastCall.call
        world.answer(world.lastCall.token, .unknown(.timeout))
        var answered = 1
        while world.core.runningCount == 1, world.now < 1_790_000_000_000 + 3_600_000 {
            world.pass(milliseconds: 1_000)
            while answered < world.calls.count {
                let (call, token) = world.calls[answered]
                answered += 1
                world.answer(token, call.mode == .query ? .notFound : .unknown(.serverError))
            }
        }
        let sent = world.calls.count(where: { $0.call == original })
        #expect(sent == 1 + ResolutionPolicy().replays)
        let waited = world.now.milliseconds(since: 1_790_000_000_000)
        let horizon = ShardConfiguration.test.providerTimeout + ResolutionPolicy().inFlightHorizon
        #expect(waited > horizon, "given up after \(waited) ms")
        world.send(.getPayment(original.payment))
        #expect(world.lastBody.contains("failed"))
        world.send(ShardWorld.create(), key: "a")
        let stored = try StoredResponse(record: world.journal[Int(world.replays[0].record) - 1])
        #expect(stored.status == 502 && String(buffer: stored.body).contains("not executed timeout"))
        #expect(world.core.trialBalance().isBalanced)
    }

    @Test("The horizon counts from the last time that the call was sent")
    func horizonOfReplays() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        for delay in [1_000, 5_000, 30_000, 120_000] as [Int64] {
            world.pass(milliseconds: delay + 20)
            #expect(world.lastCall.call.mode == .query)
            if delay < 120_000 { world.answer(world.lastCall.token, .unknown(.connectionFailed)) }
        }
        // Two and a half minutes after the first try: past its horizon.
        world.answer(world.lastCall.token, .notFound)
        #expect(world.core.runningCount == 0)
        #expect(world.calls.count(where: { $0.call.mode != .query }) == 1)
    }

    @Test("A key whose answer came late is remembered for its whole time from then on")
    func lateAnswerIsRemembered() {
        var configuration = ShardConfiguration.test
        configuration.idempotencySeconds = 86_400
        var world = ShardWorld(configuration: configuration)
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        for _ in 0..<20 {
            world.pass(milliseconds: 3_600_000)
            if world.lastCall.call.mode == .query { world.answer(world.lastCall.token, .unknown(.connectionFailed)) }
        }
        while world.core.runningCount > 0 {
            world.pass(milliseconds: 3_600_000)
            world.answer(world.lastCall.token, ShardWorld.success())
        }
        let resolved = world.now
        while world.now < resolved + 86_000_000 { world.pass(milliseconds: 1_000_000) }
        let calls = world.calls.count
        world.send(ShardWorld.create(), key: "a")
        #expect(world.replays.count == 1 && world.calls.count == calls)
        for _ in 0..<10 { world.pass(milliseconds: 1_000_000) }
        world.send(ShardWorld.create(), key: "a")
        #expect(world.replays.count == 1)
        world.send(.getPayment(world.lastCall.call.payment))
        #expect(world.lastBody.contains("pending"), "a day later the key is free, and a new payment")
    }

    @Test("What the PSP once said it has is not given up because it cannot find it later", arguments: [true, false])
    func contradiction(firstAnswerIsPending: Bool) {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(
            world.lastCall.token,
            firstAnswerIsPending ? .pending(providerReference: "ch_9") : .unknown(.timeout)
        )
        world.pass(milliseconds: 1_100)
        if !firstAnswerIsPending {
            world.answer(world.lastCall.token, .pending(providerReference: "ch_9"))
            world.pass(milliseconds: 5_100)
        }
        for _ in 0..<10 {
            #expect(world.lastCall.call.mode == .query)
            world.answer(world.lastCall.token, .notFound)
            #expect(world.core.runningCount == 1)
            world.pass(milliseconds: 86_500_000)
        }
        world.answer(world.lastCall.token, ShardWorld.success(1000, "ch_9"))
        world.send(.getPayment(world.calls[0].call.payment))
        #expect(world.lastBody.contains("captured"))
    }
}
