import NIOCore
import Testing

@testable import LoadTest

@Suite struct KeyGroupTests {
    private let body = ByteBuffer(string: "{}")

    @Test func `one execution and identical replays are fine, in any order`() {
        var group = KeyGroup()
        #expect(group.note(status: 201, isReplay: true, body: body) == .fine)
        #expect(group.note(status: 201, isReplay: false, body: body) == .fine)
        #expect(group.note(status: 201, isReplay: true, body: body) == .fine)
    }

    @Test func `two executions are found`() {
        var group = KeyGroup()
        #expect(group.note(status: 201, isReplay: false, body: body) == .fine)
        #expect(group.note(status: 201, isReplay: false, body: body) == .executedTwice)
    }

    @Test func `other bytes or another status are found`() {
        var group = KeyGroup()
        #expect(group.note(status: 201, isReplay: false, body: body) == .fine)
        #expect(group.note(status: 201, isReplay: true, body: ByteBuffer(string: "{ }")) == .differs)
        #expect(group.note(status: 200, isReplay: true, body: body) == .differs)
    }

    @Test func `a group is reused after its last member left, without a memory`() {
        var groups = KeyGroups()
        let first = groups.open()
        groups.join(first)
        groups.join(first)
        _ = groups.note(first, status: 201, isReplay: false, body: body)
        groups.leave(first)
        #expect(groups.count == 1)
        groups.leave(first)
        #expect(groups.count == 0)
        let second = groups.open()
        #expect(second == first)
        #expect(groups.note(second, status: 402, isReplay: false, body: ByteBuffer(string: "x")) == .fine)
    }
}
