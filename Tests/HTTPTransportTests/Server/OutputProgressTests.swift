import NIOCore
import Testing

@testable import HTTPTransport

@Suite struct OutputProgressTests {
    private static let limits = OutputProgress.Limits(window: .seconds(30), leastBytes: 1_000)
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func verdicts(_ steps: [(seconds: Int64, taken: Int, isWaiting: Bool)]) -> [OutputProgress.Verdict] {
        var progress = OutputProgress(limits: Self.limits)
        return steps.map {
            progress.check(now: Self.start + .seconds($0.seconds), bytesTaken: $0.taken, isWaiting: $0.isWaiting)
        }
    }

    @Test func `A peer that takes nothing for a window is too slow`() {
        #expect(verdicts([(0, 5_000, true), (29, 5_000, true), (30, 5_000, true)]) == [.goOn, .goOn, .tooSlow])
    }

    @Test func `A peer that takes one byte less than the least is too slow`() {
        #expect(verdicts([(0, 0, true), (30, 999, true)]) == [.goOn, .tooSlow])
        #expect(verdicts([(0, 0, true), (30, 1_000, true), (59, 1_000, true)]) == [.goOn, .goOn, .goOn])
    }

    @Test func `Each window counts by itself`() {
        let steps: [(seconds: Int64, taken: Int, isWaiting: Bool)] = [
            (0, 0, true), (30, 50_000, true), (60, 50_999, true),
        ]
        #expect(verdicts(steps) == [.goOn, .goOn, .tooSlow])
    }

    @Test func `A peer that has taken everything begins anew`() {
        #expect(verdicts([(0, 0, true), (29, 10, false), (31, 10, true), (60, 10, true)]).allSatisfy { $0 == .goOn })
    }
}
