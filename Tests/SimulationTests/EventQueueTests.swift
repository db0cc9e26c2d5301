import Testing

@testable import Simulation

@Suite struct EventQueueTests {
    @Test func eventsComeInTheOrderOfTheirTimesAndThenOfTheirMaking() {
        var queue = EventQueue()
        var random = SimRandom(seed: 1, .scenario)
        var expected: [(time: Int64, number: Int)] = []
        for number in 0..<2_000 {
            let time = random.between(0, 50)
            queue.schedule(.send(request: number), at: time)
            expected.append((time, number))
        }
        expected.sort { ($0.time, $0.number) < ($1.time, $1.number) }
        for entry in expected {
            guard let (time, event) = queue.next(), case .send(let number) = event else {
                Issue.record("the queue ends too early")
                return
            }
            #expect(time == entry.time && number == entry.number)
        }
        #expect(queue.isEmpty)
    }

    @Test func streamsOfChanceAreIndependentAndRepeatable() {
        var first = SimRandom(seed: 5, .disk)
        var same = SimRandom(seed: 5, .disk)
        var other = SimRandom(seed: 5, .network)
        let drawn = (0..<100).map { _ in first.next() }
        #expect(drawn == (0..<100).map { _ in same.next() })
        #expect(drawn != (0..<100).map { _ in other.next() })
    }
}
