import Payments
import ShardModel
import Testing

@testable import ShardCore

/// While the shard's time may not be the true one, nothing that moves money is decided by it
/// (docs/faults.md, "T11").
@Suite("What waits while the time is uncertain")
struct UncertainTimeTests {
    private static let minute: Int64 = 60_000
    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 86_400_000

    private static func world(
        _ change: (inout ShardConfiguration) -> Void = { _ in }
    ) -> ShardWorld {
        var configuration = ShardConfiguration.test
        change(&configuration)
        return ShardWorld(configuration: configuration)
    }

    private static func pass(_ milliseconds: Int64, _ world: inout ShardWorld) {
        for _ in 0..<milliseconds / minute { world.pass(milliseconds: minute) }
    }

    @Test("authorizations do not run out, and do when the time is certain again")
    func authorizations() {
        var world = Self.world { $0.capabilities.authorizationLifetime = Self.hour }
        let id = world.paid(capture: false, key: "a")
        world.core.isTimeCertain = false
        Self.pass(3 * Self.hour, &world)
        #expect(world.only.status == .authorized && world.core.statistics.expired == 0)
        // What was authorized can be captured.
        world.send(.capture(id, amountMinor: 400), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(400, "cap_1"))
        #expect(world.lastStatus == 200)
        world.core.isTimeCertain = true
        let other = world.paid(capture: false, key: "c")
        world.core.isTimeCertain = false
        Self.pass(2 * Self.hour, &world)
        world.core.isTimeCertain = true
        Self.pass(2 * Self.minute, &world)
        world.send(.getPayment(other))
        #expect(world.lastBody.contains("expired"))
    }

    @Test("disputes are not lost for want of evidence, and evidence may still be sent")
    func disputes() {
        var world = Self.world()
        let id = world.paid(key: "a")
        let due = world.now + Self.hour
        world.tell(.disputeOpened, of: id) {
            $0.amountMinor = 500
            $0.evidenceDueAt = due
        }
        world.core.isTimeCertain = false
        Self.pass(3 * Self.hour, &world)
        #expect(world.core.statistics.disputesOverdue == 0)
        world.core.isTimeCertain = true
        Self.pass(2 * Self.minute, &world)
        #expect(world.core.statistics.disputesOverdue == 1)
    }

    @Test("shoppers' actions are not given up, and are afterwards")
    func actions() {
        var world = Self.world()
        world.send(ShardWorld.create(), key: "a")
        let challenge = NextAction(kind: .threeDSecure, url: "https://psp.test/1")
        world.answer(world.lastCall.token, .actionRequired(challenge, providerReference: "ch_1"))
        let calls = world.calls.count
        world.core.isTimeCertain = false
        Self.pass(2 * Self.hour, &world)
        #expect(world.calls.count == calls && world.only.status == .requiresAction)
        world.core.isTimeCertain = true
        Self.pass(2 * Self.minute, &world)
        #expect(world.lastCall.call.operation == .cancel)
    }

    @Test("quotes are neither exchanged nor expired; new ones are given")
    func quotes() throws {
        var world = Self.world()
        world.makeAvailable(10_000)
        world.send(try ShardTreasuryTests.quote(1_000), key: "q1")
        let first = world.lastQuote
        world.core.isTimeCertain = false
        world.send(.convertExchange(first), key: "c1")
        #expect(world.lastStatus == 503 && world.lastBody.contains("timeUncertain"))
        world.send(try ShardTreasuryTests.quote(1_000), key: "q2")
        let second = world.lastQuote
        #expect(world.lastStatus == 201)
        world.pass(milliseconds: 70_000)
        world.send(.convertExchange(first), key: "c2")
        #expect(world.lastStatus == 503)
        world.core.isTimeCertain = true
        world.send(.convertExchange(second), key: "c3")
        #expect(world.lastStatus == 409 && world.lastBody.contains("quoteExpired"))
        world.send(try ShardTreasuryTests.quote(1_000), key: "q3")
        world.send(.convertExchange(world.lastQuote), key: "c4")
        #expect(world.lastStatus == 201)
        world.checkBooks()
    }

    @Test(
        "nothing is given up as unknown, no key is used again, and \"not found\" proves nothing; what is found ends it"
    )
    func unknownOutcomes() {
        var world = Self.world { $0.resolution.abandonAfter = 15 * Self.minute }
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.core.isTimeCertain = false
        var answered = world.calls.count
        for _ in 0..<300 {
            world.pass(milliseconds: Self.minute)
            while answered < world.calls.count {
                #expect(world.calls[answered].call.mode == .query)
                world.answer(world.calls[answered].token, .notFound)
                answered += 1
            }
        }
        #expect(answered > 5 && world.core.runningCount == 1)
        #expect(world.core.statistics.abandoned == 0 && world.core.statistics.notExecuted == 0)
        while world.calls.count == answered { world.pass(milliseconds: Self.hour) }
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.only.status == .captured)
        world.checkBooks()
    }

    @Test("\"not found\" proves again what it did when the time is certain")
    func notFoundAfterwards() {
        var world = Self.world()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.core.isTimeCertain = false
        Self.pass(5 * Self.minute, &world)
        world.answer(world.lastCall.token, .notFound)
        #expect(world.only.status == .processing)
        world.core.isTimeCertain = true
        let calls = world.calls.count
        while world.calls.count == calls { world.pass(milliseconds: Self.minute) }
        #expect(world.lastCall.call.mode == .query)
        world.answer(world.lastCall.token, .notFound)
        #expect(world.only.status == .failed)
    }

    @Test("payments, refunds and events go on")
    func others() {
        var world = Self.world()
        world.core.isTimeCertain = false
        let id = world.paid(key: "a")
        world.send(.refund(id, amountMinor: 300), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(300, "re_1"))
        #expect(world.lastBody.contains("succeeded 300"))
        world.tell(.settlementMatched, of: id) { $0.amountMinor = 500 }
        #expect(world.lastStatus == 200)
        world.checkBooks()
    }
}
