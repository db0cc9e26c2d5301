import Testing

@testable import Gateway

@Suite struct WorkShareTests {
    @Test("pieces, however many and long, take an eighth of the time at most")
    func share() {
        var share = WorkShare()
        var now: UInt64 = 0
        var worked: UInt64 = 0
        for piece: UInt64 in [10, 1_000, 1, 250_000, 30_000] {
            now += share.wait(at: now)
            now += piece
            worked += piece
            share.spent(piece, at: now)
        }
        now += share.wait(at: now)
        #expect(worked * 8 == now)
    }

    @Test("pieces that ran side by side are waited for one after another")
    func sideBySide() {
        var share = WorkShare()
        for _ in 0..<16 { share.spent(100, at: 1_000) }
        #expect(share.wait(at: 1_000) == 16 * 700)
        #expect(share.wait(at: 1_000_000) == 0)
    }

    @Test("time that nobody used is not saved up")
    func idle() {
        var share = WorkShare()
        share.spent(100, at: 1_000_000)
        #expect(share.wait(at: 1_000_000) == 700)
    }
}
