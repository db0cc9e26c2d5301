import NIOCore
import Testing

@testable import HTTPTransport

@Suite("The pool's state machine")
struct HTTPClientPoolStateMachineTests {
    typealias Machine = HTTPClientPool.StateMachine

    @Test("start dials the minimum, and ready connections take requests")
    func startDialsMinimum() throws {
        var world = MockPoolWorld(minimum: 2, maximum: 4, streams: 1)
        world.start()
        #expect(world.connecting.count == 2)
        world.becomeReady()
        world.becomeReady()
        #expect(world.machine.readyCount == 2)
        world.execute(1)
        world.execute(2)
        #expect(Set(world.sent.values.map(\.connection)).count == 2)
    }

    @Test("requests wait in order and leave in order as streams free up")
    func queueIsFirstInFirstOut() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 1)
        world.start()
        for token in 1...4 { world.execute(UInt64(token)) }
        #expect(world.sent.isEmpty)
        world.becomeReady()
        #expect(world.sentOrder == [1])
        for token in 1...3 { world.respond(to: UInt64(token)) }
        #expect(world.sentOrder == [1, 2, 3, 4])
    }

    @Test("a newcomer does not overtake those who wait")
    func noOvertaking() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 2)
        world.start()
        world.execute(1)
        world.execute(2)
        world.execute(3)
        world.becomeReady()
        world.execute(4)
        #expect(world.sentOrder == [1, 2])
        world.respond(to: 2)
        #expect(world.sentOrder == [1, 2, 3])
    }

    @Test("the queue is bounded, and what exceeds it is refused at once")
    func queueFull() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 1, maxQueued: 2)
        world.start()
        world.execute(1)
        world.execute(2)
        world.execute(3)
        #expect(world.failures == [3: .queueFull])
        #expect(world.machine.requests.queuedCount == 2)
    }

    @Test("a waiting request dials one more connection at a time, up to the maximum")
    func growsWhileQueued() {
        var world = MockPoolWorld(minimum: 1, maximum: 3, streams: 1)
        world.start()
        world.becomeReady()
        for token in 1...5 { world.execute(UInt64(token)) }
        #expect(world.connecting.count == 1)
        world.becomeReady()
        #expect(world.connecting.count == 1)
        world.becomeReady()
        #expect(world.connecting.isEmpty)
        #expect(world.machine.readyCount == 3)
        #expect(world.sentOrder == [1, 2, 3])
    }

    @Test("the least loaded connection is chosen, and ties go round")
    func leastLoaded() {
        var world = MockPoolWorld(minimum: 3, maximum: 3, streams: 10)
        world.start()
        for _ in 0..<3 { world.becomeReady() }
        for token in 1...6 { world.execute(UInt64(token)) }
        #expect(world.loads == [2, 2, 2])
        world.respond(to: 1)
        let freed = world.lastConnection(of: 1)
        world.execute(7)
        #expect(world.lastConnection(of: 7) == freed)
    }

    @Test("round robin goes from one connection to the next whatever their load")
    func roundRobin() {
        var world = MockPoolWorld(minimum: 3, maximum: 3, streams: 10, spreading: .roundRobin)
        world.start()
        for _ in 0..<3 { world.becomeReady() }
        for token in 1...3 { world.execute(UInt64(token)) }
        world.respond(to: 2)
        world.execute(4)
        #expect(world.lastConnection(of: 4) == world.lastConnection(of: 1))
    }

    @Test("filling stays with a connection until it has no free stream, and goes on to the next")
    func filling() {
        var world = MockPoolWorld(minimum: 3, maximum: 3, streams: 4, spreading: .filling)
        world.start()
        for _ in 0..<3 { world.becomeReady() }
        for token in 1...9 { world.execute(UInt64(token)) }
        let connections = (1...9).map { world.lastConnection(of: UInt64($0)) }
        #expect(Set(connections[0..<4]).count == 1 && Set(connections[4..<8]).count == 1)
        #expect(Set(connections).count == 3)
        // Streams that became free behind it do not call it back.
        for token in 1...4 { world.respond(to: UInt64(token)) }
        world.execute(10)
        #expect(world.lastConnection(of: 10) == connections[8])
    }

    @Test("an unwritable connection gets nothing until it is writable again")
    func writability() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 10)
        world.start()
        let id = world.becomeReady()
        world.apply { $0.writabilityChanged(id, isWritable: false) }
        world.execute(1)
        #expect(world.sent.isEmpty)
        world.apply { $0.writabilityChanged(id, isWritable: true) }
        #expect(world.sentOrder == [1])
    }

    @Test("a smaller MAX_CONCURRENT_STREAMS holds back, a larger one lets go")
    func capacityChanges() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 10)
        world.start()
        let id = world.becomeReady(capacity: 2)
        for token in 1...4 { world.execute(UInt64(token)) }
        #expect(world.sentOrder == [1, 2])
        world.apply { $0.capacityChanged(id, to: 1) }
        world.respond(to: 1)
        #expect(world.sentOrder == [1, 2])
        world.apply { $0.capacityChanged(id, to: 3) }
        #expect(world.sentOrder == [1, 2, 3, 4])
    }

    @Test("failed dials back off, double up to the maximum, and never stop")
    func backoff() {
        var world = MockPoolWorld(minimum: 2, maximum: 2, streams: 1)
        world.start()
        var previousCeiling: Int64 = 0
        for round in 1...12 {
            while !world.connecting.isEmpty { world.failDial() }
            let delay = world.backoff!.nanoseconds
            let ceiling = min(Int64(50) << Int64(round - 1), 5_000) * 1_000_000
            #expect(delay <= ceiling && delay >= ceiling / 2, "round \(round)")
            #expect(ceiling >= previousCeiling)
            previousCeiling = ceiling
            world.elapseBackoff()
            #expect(world.connecting.count == 1, "a failing target is tried by one connection")
        }
        world.becomeReady()
        #expect(world.connecting.count == 1, "the rest follow once one is made")
    }

    @Test("waiting requests fail at once when the target proves unreachable, and wait again when it is back")
    func failFast() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 1)
        world.start()
        world.execute(1)
        for round in 1...3 {
            #expect(world.failures.isEmpty)
            world.failDial()
            if round < 3 { world.elapseBackoff() }
        }
        #expect(world.failures == [1: .connectFailed])
        world.execute(2)
        #expect(world.failures[2] == .connectFailed)
        world.elapseBackoff()
        world.becomeReady()
        world.execute(3)
        #expect(world.sentOrder == [3])
        world.execute(4)
        #expect(world.machine.requests.queuedCount == 1)
    }

    @Test("a connection that ends without having served counts as a failure, one that served does not")
    func uselessConnectionsBackOff() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 1)
        world.start()
        let first = world.becomeReady()
        world.close(first)
        #expect(world.backoff != nil)
        world.elapseBackoff()
        let second = world.becomeReady()
        world.execute(1)
        world.respond(to: 1)
        world.close(second)
        #expect(world.backoff == nil)
        #expect(world.connecting.count == 1)
    }

    @Test("GOAWAY: a replacement is dialled at once, the old one closes when its last stream ends")
    func goAwayReplaces() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 2)
        world.start()
        let old = world.becomeReady()
        world.execute(1)
        world.respond(to: 1)
        world.execute(2)
        world.apply { $0.connectionMustDrain(old, now: .uptimeNanoseconds(0)) }
        #expect(world.connecting.count == 1)
        world.execute(3)
        #expect(world.sentOrder == [1, 2])
        world.becomeReady()
        #expect(world.lastConnection(of: 3) != old)
        #expect(world.closing.isEmpty)
        world.respond(to: 2)
        #expect(world.closing == [old])
    }

    @Test("an old connection is used until its successor is ready, then retired")
    func ageReplacement() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 4)
        world.start()
        let old = world.becomeReady()
        world.execute(1)
        world.apply { $0.connectionAged(old) }
        #expect(world.connecting.count == 1)
        world.execute(2)
        #expect(world.lastConnection(of: 2) == old)
        world.becomeReady()
        world.execute(3)
        #expect(world.lastConnection(of: 3) != old)
        #expect(world.closing.isEmpty)
        world.respond(to: 1)
        world.respond(to: 2)
        #expect(world.closing == [old])
    }

    @Test("an old connection beyond the minimum is retired without a successor")
    func ageOfExtraConnection() {
        var world = MockPoolWorld(minimum: 1, maximum: 2, streams: 1)
        world.start()
        world.becomeReady()
        world.execute(1)
        world.execute(2)
        let extra = world.becomeReady()
        world.respond(to: 1)
        world.respond(to: 2)
        world.apply { $0.connectionAged(extra) }
        #expect(world.closing == [extra])
        #expect(world.connecting.isEmpty)
    }

    @Test("a successor that cannot be made leaves the old connection in use")
    func ageWithUnreachableTarget() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 4)
        world.start()
        let old = world.becomeReady()
        world.apply { $0.connectionAged(old) }
        for _ in 0..<5 {
            world.failDial()
            world.elapseBackoff()
        }
        world.execute(1)
        #expect(world.lastConnection(of: 1) == old)
    }

    @Test("jitters depend on the seed and stay within a tenth of the age")
    func ageJitter() {
        var ages: Set<Int64> = []
        for seed in 1...20 {
            var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 1, seed: UInt64(seed))
            world.start()
            let id = world.becomeReady()
            ages.insert(world.ageTimers[id]!.nanoseconds)
        }
        let limit = TimeAmount.minutes(30).nanoseconds
        #expect(ages.count > 15)
        #expect(ages.allSatisfy { $0 <= limit && $0 >= limit / 10 * 9 })
    }

    @Test("a deadline finds a request wherever it is, and nothing where it was")
    func deadlines() throws {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 1)
        world.start()
        world.becomeReady()
        world.execute(1)
        world.execute(2)
        let sent = world.sent[1]!
        #expect(
            world.machine.deadlinePassed(sent.request, generation: 0) == .cancel(sent.connection, stream: sent.stream)
        )
        let queued = try #require(world.machine.requests.oldestQueued(of: 0))
        #expect(world.machine.deadlinePassed(queued, generation: 0) == .failQueued)
        world.respond(to: 1)
        #expect(world.machine.deadlinePassed(sent.request, generation: 0) == .none)
    }

    @Test("a caller with a full share waits although streams are free, and others go on")
    func share() {
        let sharing = HTTPClientConfiguration.Sharing(callers: 2, maxInFlight: 4, maxInFlightPerCaller: 3)
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 8, maxQueued: 2, sharing: sharing)
        world.start()
        world.becomeReady()
        for token in 0..<6 as Range<UInt64> { world.execute(token, caller: 0) }
        #expect(world.inFlight == [0, 1, 2])
        #expect(world.failures == [5: .queueFull])
        // Its full queue is its own.
        for token in 10..<13 as Range<UInt64> { world.execute(token, caller: 1) }
        #expect(world.inFlight == [0, 1, 2, 10])
        #expect(world.machine.requests.queuedCount == 4)
        // The place of one that ended goes to the caller whose turn it is.
        world.respond(to: 0)
        #expect(world.inFlight == [1, 2, 10, 11])
        world.respond(to: 1)
        #expect(world.inFlight == [2, 3, 10, 11])
        world.respond(to: 10)
        world.respond(to: 11)
        #expect(world.inFlight == [2, 3, 4, 12])
    }

    @Test("a place that is free without a stream's end is given to who waits")
    func sendWaiting() {
        let sharing = HTTPClientConfiguration.Sharing(callers: 1, maxInFlight: 1)
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 8, sharing: sharing)
        world.start()
        world.becomeReady()
        world.execute(1)
        world.execute(2)
        #expect(world.inFlight == [1])
        // The stream went first, and the request's result comes after it.
        let sent = world.sent[1]!
        let released = world.machine.streamReleased(sent.connection, served: true)
        #expect(released == .none)
        let token = world.machine.requestCompleted(sent.request)
        #expect(token == 1)
        let actions = world.machine.sendWaiting()
        #expect(actions.count == 1)
        #expect(world.machine.requests.queuedCount == 0 && world.machine.requests.inFlightCount == 1)
    }

    @Test("what a caller withdraws was not sent; what was sent and what others wait for goes on")
    func withdraw() {
        let sharing = HTTPClientConfiguration.Sharing(callers: 2)
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 1, sharing: sharing)
        world.start()
        world.becomeReady()
        world.execute(1, caller: 0)
        world.execute(2, caller: 0)
        world.execute(3, caller: 1)
        world.execute(4, caller: 0)
        world.apply { $0.withdraw(0) }
        #expect(world.failures == [2: .withdrawn, 4: .withdrawn])
        #expect(world.inFlight == [1])
        world.respond(to: 1)
        #expect(world.inFlight == [3])
    }

    @Test("shutdown fails those who wait, lets those in flight end, then closes everything once")
    func shutdown() {
        var world = MockPoolWorld(minimum: 2, maximum: 2, streams: 1)
        world.start()
        let used = world.becomeReady()
        world.execute(1)
        world.execute(2)
        world.apply { $0.shutdown() }
        #expect(world.failures == [2: .shutdown])
        #expect(!world.isShutDown)
        world.execute(3)
        #expect(world.failures[3] == .shutdown)
        for id in world.closing { world.close(id) }
        world.respond(to: 1)
        #expect(world.closing == [used])
        world.close(used)
        #expect(world.isShutDown)
        let again = world.machine.shutdown()
        #expect(again.isEmpty)
    }

    @Test("shutdown during a backoff stops it")
    func shutdownDuringBackoff() {
        var world = MockPoolWorld(minimum: 1, maximum: 1, streams: 1)
        world.start()
        world.failDial()
        world.apply { $0.shutdown() }
        #expect(world.backoff == nil)
        #expect(world.isShutDown)
    }

    @Test("a long random life keeps every invariant that the mock checks", arguments: 1...20)
    func randomLife(seed: Int) {
        var random = SeededGenerator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        var world = MockPoolWorld(
            minimum: 2,
            maximum: 4,
            streams: 3,
            maxQueued: 8,
            spreading: [.leastLoaded, .roundRobin, .filling][Int(seed % 3)]
        )
        world.start()
        var token: UInt64 = 0
        for _ in 0..<2_000 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0...7:
                token += 1
                world.execute(token)
            case 8...12:
                if let token = world.inFlight.randomElement(using: &random) { world.respond(to: token) }
            case 13: world.becomeReadyIfAny(capacity: Int.random(in: 1...3, using: &random))
            case 14: world.becomeReadyIfAny(capacity: 3)
            case 15: if !world.connecting.isEmpty { world.failDial() }
            case 16: if world.backoff != nil { world.elapseBackoff() }
            case 17: if let id = world.open.randomElement(using: &random) { world.close(id) }
            case 18:
                if let id = world.open.randomElement(using: &random) {
                    world.apply { $0.connectionMustDrain(id, now: .uptimeNanoseconds(1)) }
                }
            default: if let id = world.open.randomElement(using: &random) { world.apply { $0.connectionAged(id) } }
            }
            world.closeRetired()
        }
        world.apply { $0.shutdown() }
        for token in world.inFlight { world.respond(to: token) }
        while let id = world.closing.first { world.close(id) }
        #expect(world.isShutDown)
        #expect(world.answered + world.failures.count == Int(token), "every request has exactly one result")
    }
}

struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    }
}
