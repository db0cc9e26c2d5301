import ShardRecords
import Testing
import Time

@testable import ShardCore

@Suite("What the next record is written with")
struct RecordContextTests {
    @Test func `records follow one another, and the latest time stays`() {
        var context = RecordContext(configurationVersion: 3)
        #expect(context.lastPosition == 0 && context.nextPosition == 1 && context.lastTime == .none)
        context.advance(to: context.nextPosition)
        context.see(2_000)
        context.see(1_000)
        #expect(context.lastPosition == 1 && context.nextPosition == 2 && context.lastTime == 2_000)
    }

    @Test func `a link is one record's`() {
        var context = RecordContext(configurationVersion: 3)
        #expect(context.entryLink == EntryLink.none)
        context.link(to: 7)
        #expect(context.entryLink == 7)
        context.unlink()
        context.link(to: 9)
        #expect(context.entryLink == 9)
    }
}
