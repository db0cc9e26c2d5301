import Testing

@testable import Journal

@Suite struct OwnerTableTests {
    private func claim(_ holder: String, at now: UInt64, for nanoseconds: UInt64 = 100) -> JournalClaim {
        JournalClaim(holder: holder, now: now, nanoseconds: nanoseconds)
    }

    @Test func `nobody owns a journal between a grant and its taking effect`() {
        var table = OwnerTable(lastEpoch: 6)
        #expect(table.epoch == nil)
        let claimed1 = table.claim(claim("a", at: 0))
        #expect(claimed1 == .granted(epoch: 7))
        #expect(table.epoch == nil && table.lastEpoch == 7)
        let claimed2 = table.claim(claim("a", at: 0))
        #expect(claimed2 == .acquiring(by: "a"))
        let renewed3 = table.renew(epoch: 7, at: 1)
        #expect(renewed3 == .lost)
        table.take()
        #expect(table.epoch == 7)
    }

    @Test func `lease ends exactly at its end, and a renewal moves it`() {
        var table = OwnerTable(lastEpoch: 0)
        let claimed4 = table.claim(claim("a", at: 0))
        #expect(claimed4 == .granted(epoch: 1))
        table.take()
        let claimed5 = table.claim(claim("b", at: 99))
        #expect(claimed5 == .held(by: "a", nanoseconds: 1))
        let renewed6 = table.renew(epoch: 1, at: 99)
        #expect(renewed6 == .renewed(end: 199))
        let claimed7 = table.claim(claim("b", at: 198))
        #expect(claimed7 == .held(by: "a", nanoseconds: 1))
        let claimed8 = table.claim(claim("b", at: 199))
        #expect(claimed8 == .granted(epoch: 2))
        let renewed9 = table.renew(epoch: 1, at: 199)
        #expect(renewed9 == .lost && table.epoch == nil)
        table.take()
        let renewed10 = table.renew(epoch: 1, at: 200)
        #expect(table.epoch == 2 && renewed10 == .lost)
    }

    @Test func `time that goes back counts as the latest`() {
        var table = OwnerTable(lastEpoch: 0)
        _ = table.claim(claim("a", at: 1_000))
        table.take()
        let renewed11 = table.renew(epoch: 1, at: 5)
        #expect(renewed11 == .renewed(end: 1_100))
        let claimed12 = table.claim(claim("b", at: 5))
        #expect(claimed12 == .held(by: "a", nanoseconds: 100))
    }

    @Test func `a lease without an end is given up only by its owner`() {
        var table = OwnerTable(lastEpoch: 0)
        _ = table.claim(claim("a", at: 1, for: .max))
        table.take()
        let claimed13 = table.claim(claim("b", at: .max - 1))
        #expect(claimed13 == .held(by: "a", nanoseconds: 1))
        let released14 = table.release(epoch: 2)
        #expect(!released14)
        let released15 = table.release(epoch: 1)
        #expect(released15 && table.epoch == nil)
        let claimed16 = table.claim(claim("b", at: 1))
        #expect(claimed16 == .releasing(by: "a"))
        table.released()
        let claimed17 = table.claim(claim("b", at: 1))
        #expect(claimed17 == .granted(epoch: 2))
    }

    @Test func `the last epoch is not given twice`() {
        var table = OwnerTable(lastEpoch: .max)
        let claimed18 = table.claim(claim("a", at: 0))
        #expect(claimed18 == .exhausted)
        #expect(OwnerTable.refusal(.exhausted)?.code == .corrupt)
        #expect(OwnerTable.refusal(.granted(epoch: 1)) == nil)
    }
}
