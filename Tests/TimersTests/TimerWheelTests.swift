import Testing

@testable import Timers

@Suite struct TimerWheelTests {
    private func expired(_ wheel: inout TimerWheel, at tick: UInt64) -> [UInt64] {
        var payloads: [UInt64] = []
        wheel.advance(to: tick, into: &payloads)
        return payloads
    }

    private func insert(_ wheel: inout TimerWheel, at deadline: UInt64, payload: UInt64) -> TimerWheel.Handle? {
        wheel.insert(deadline: deadline, payload: payload)
    }

    private func cancel(_ wheel: inout TimerWheel, _ handle: TimerWheel.Handle) -> Bool { wheel.cancel(handle) }

    @Test(arguments: [1, 2, 255, 256, 257, 65_535, 65_536, 1 << 24, 1 << 32, (1 << 32) + 1, 1 << 40] as [UInt64])
    func `a timer expires at its deadline and not a tick before`(deadline: UInt64) {
        for start in [0, 1, 200, 255, 65_535, 1 << 32 - 1, 123_456_789_012] as [UInt64] {
            var wheel = TimerWheel(currentTick: start)
            #expect(insert(&wheel, at: start + deadline, payload: 7) != nil)
            #expect(expired(&wheel, at: start + deadline - 1) == [])
            #expect(wheel.count == 1)
            #expect(expired(&wheel, at: start + deadline) == [7])
            #expect(wheel.count == 0 && wheel.currentTick == start + deadline)
        }
    }

    @Test func `timers of one tick expire in order of insertion, on whatever level they began`() {
        var wheel = TimerWheel()
        _ = insert(&wheel, at: 70_000, payload: 1)
        _ = insert(&wheel, at: 70_000, payload: 2)
        #expect(expired(&wheel, at: 69_000) == [])
        _ = insert(&wheel, at: 70_000, payload: 3)
        #expect(expired(&wheel, at: 69_990) == [])
        _ = insert(&wheel, at: 70_000, payload: 4)
        #expect(expired(&wheel, at: 80_000) == [1, 2, 3, 4])
    }

    @Test func `a deadline that has passed expires by the next advance, even to the same tick, before others`() {
        var wheel = TimerWheel(currentTick: 100)
        _ = insert(&wheel, at: 101, payload: 1)
        _ = insert(&wheel, at: 100, payload: 2)
        _ = insert(&wheel, at: 0, payload: 3)
        #expect(wheel.nextDeadlineHint == 100)
        #expect(expired(&wheel, at: 100) == [2, 3])
        #expect(expired(&wheel, at: 101) == [1])
    }

    @Test func `time does not go back`() {
        var wheel = TimerWheel(currentTick: 100)
        #expect(expired(&wheel, at: 50) == [])
        #expect(wheel.currentTick == 100)
    }

    @Test func `a cancelled timer does not expire, and its handle names nothing afterwards`() throws {
        var wheel = TimerWheel()
        let first = try #require(insert(&wheel, at: 10, payload: 1))
        let second = try #require(insert(&wheel, at: 10, payload: 2))
        #expect(wheel.isPending(first))
        #expect(cancel(&wheel, first))
        #expect(!cancel(&wheel, first) && !wheel.isPending(first))
        let reused = try #require(insert(&wheel, at: 10, payload: 3))
        #expect(reused.index == first.index && reused != first)
        #expect(!cancel(&wheel, first))
        #expect(expired(&wheel, at: 10) == [2, 3])
        #expect(!cancel(&wheel, second) && !cancel(&wheel, reused))
        var other = TimerWheel()
        #expect(!cancel(&other, second))
    }

    @Test func `a full wheel refuses, and takes timers again after one left`() throws {
        var wheel = TimerWheel(maximumTimers: 5_000)
        var handles: [TimerWheel.Handle] = []
        for payload in 0..<5_000 as Range<UInt64> {
            handles.append(try #require(insert(&wheel, at: 1 + payload % 900, payload: payload)))
        }
        #expect(wheel.isFull && insert(&wheel, at: 1, payload: 0) == nil)
        #expect(cancel(&wheel, handles[4_321]))
        #expect(insert(&wheel, at: 1, payload: 0) != nil)
        #expect(insert(&wheel, at: 1, payload: 0) == nil)
        #expect(expired(&wheel, at: 1_000).count == 5_000)
    }

    @Test func `the hint is never late, and an empty wheel has none`() {
        var random = SeededGenerator(seed: 1)
        var wheel = TimerWheel()
        #expect(wheel.nextDeadlineHint == nil)
        for _ in 0..<300 {
            let deadline =
                wheel.currentTick + UInt64.random(in: 1...(UInt64(1) << UInt64.random(in: 0...36)), using: &random)
            _ = insert(&wheel, at: deadline, payload: deadline)
            let hint = wheel.nextDeadlineHint ?? .max
            #expect(hint <= deadline)
            #expect(expired(&wheel, at: hint - 1) == [])
            // Following the hints alone reaches every deadline exactly.
            if Bool.random(using: &random) {
                while let next = wheel.nextDeadlineHint {
                    for payload in expired(&wheel, at: next) { #expect(payload == next) }
                }
                #expect(wheel.count == 0)
            }
        }
    }

    @Test func `the last tick of all can be a deadline`() {
        var wheel = TimerWheel(currentTick: .max - 5)
        _ = insert(&wheel, at: .max, payload: 1)
        #expect(expired(&wheel, at: .max - 1) == [])
        #expect(expired(&wheel, at: .max) == [1])
        var far = TimerWheel()
        _ = insert(&far, at: .max, payload: 2)
        #expect(expired(&far, at: .max - 1) == [])
        #expect(expired(&far, at: .max) == [2])
    }

    @Test func `a cancelled distant timer leaves no trace for those that come later`() throws {
        var wheel = TimerWheel()
        let handle = try #require(insert(&wheel, at: 1 << 40, payload: 1))
        #expect(cancel(&wheel, handle))
        #expect(wheel.nextDeadlineHint == nil)
        #expect(expired(&wheel, at: 1 << 50) == [])
        _ = insert(&wheel, at: 1 << 60, payload: 2)
        _ = insert(&wheel, at: 1 << 61, payload: 3)
        #expect(expired(&wheel, at: 1 << 60 - 1) == [])
        #expect(expired(&wheel, at: .max) == [2, 3])
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `random use agrees with a sorted list`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let start = UInt64.random(in: 0...(1 << 34), using: &random)
        let reach = UInt64(1) << UInt64.random(in: 2...36, using: &random)
        var wheel = TimerWheel(currentTick: start, maximumTimers: 400)
        var model = TimerModel(currentTick: start)
        for step in 0..<6_000 as Range<UInt64> {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let deadline = wheel.currentTick &+ UInt64.random(in: 0...reach, using: &random) &- min(2, start)
                let handle = insert(&wheel, at: deadline, payload: step)
                #expect((handle == nil) == (model.timers.count == 400))
                if let handle { model.insert(deadline: deadline, payload: step, handle: handle) }
            case 5..<7:
                guard let victim = model.timers.randomElement(using: &random) else { continue }
                #expect(cancel(&wheel, victim.handle))
                model.cancel(victim.handle)
            default:
                let tick =
                    wheel.currentTick
                    + UInt64.random(in: 0...(reach >> UInt64.random(in: 0...8, using: &random)), using: &random)
                let (actual, wanted) = (expired(&wheel, at: tick), model.advance(to: tick))
                if actual != wanted { Issue.record("step \(step): \(actual), not \(wanted)") }
            }
            if wheel.count != model.timers.count { Issue.record("step \(step): \(wheel.count) timers") }
        }
        #expect(expired(&wheel, at: .max) == model.advance(to: .max))
        #expect(wheel.count == 0)
    }
}

/// The plainest possible timers: a list, sorted when asked.
private struct TimerModel {
    struct Timer {
        var deadline: UInt64
        var sequence: Int
        var payload: UInt64
        var handle: TimerWheel.Handle
    }

    var currentTick: UInt64
    var timers: [Timer] = []
    private var sequence = 0

    init(currentTick: UInt64) { self.currentTick = currentTick }

    mutating func insert(deadline: UInt64, payload: UInt64, handle: TimerWheel.Handle) {
        sequence += 1
        // A deadline in the past comes before all others, in order of insertion.
        let effective = deadline <= currentTick ? 0 : deadline
        timers.append(Timer(deadline: effective, sequence: sequence, payload: payload, handle: handle))
    }

    mutating func cancel(_ handle: TimerWheel.Handle) { timers.removeAll { $0.handle == handle } }

    mutating func advance(to tick: UInt64) -> [UInt64] {
        currentTick = max(tick, currentTick)
        let due = timers.filter { $0.deadline <= currentTick }
        timers.removeAll { $0.deadline <= currentTick }
        return due.sorted { ($0.deadline, $0.sequence) < ($1.deadline, $1.sequence) }.map(\.payload)
    }
}

/// SplitMix64: the same sequence on every machine.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
