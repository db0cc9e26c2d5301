import Testing

@testable import ShardHost

@Suite("The order of snapshots")
struct SnapshotTurnsTests {
    @Test("one at a time, the first that asked first")
    func oneAtATime() {
        let turns = SnapshotTurns()
        let tickets = (0..<4).map { _ in turns.enter(isUrgent: false) }
        #expect(!turns.begin(tickets[1]))
        #expect(turns.begin(tickets[0]))
        #expect(!turns.begin(tickets[0]) && !turns.begin(tickets[1]))
        turns.leave(tickets[0])
        #expect(!turns.begin(tickets[2]))
        #expect(turns.begin(tickets[1]))
        #expect(turns.counts == (waiting: 2, running: 1))
    }

    @Test("who gives its place up holds nobody up")
    func left() {
        let turns = SnapshotTurns()
        let (first, second) = (turns.enter(isUrgent: false), turns.enter(isUrgent: false))
        turns.leave(first)
        #expect(turns.begin(second))
        turns.leave(second)
        #expect(turns.counts == (waiting: 0, running: 0))
    }

    @Test("who is urgent goes before who is not, behind the urgent ones before it")
    func urgent() {
        let turns = SnapshotTurns()
        let calm = turns.enter(isUrgent: false)
        let (first, second) = (turns.enter(isUrgent: true), turns.enter(isUrgent: true))
        #expect(!turns.begin(calm) && !turns.begin(second))
        #expect(turns.begin(first))
        turns.leave(first)
        #expect(turns.begin(second))
        turns.leave(second)
        #expect(turns.begin(calm))
    }

    @Test("as many at once as are allowed")
    func several() {
        let turns = SnapshotTurns(atOnce: 2)
        let tickets = (0..<3).map { _ in turns.enter(isUrgent: false) }
        #expect(turns.begin(tickets[1]) && turns.begin(tickets[0]))
        #expect(!turns.begin(tickets[2]))
        turns.leave(tickets[1])
        #expect(turns.begin(tickets[2]))
    }
}
