import Testing

@testable import Money

@Suite struct BasisPointsTests {
    @Test(
        arguments: [
            (10_000, 290, 290), (4_999, 500, 250), (1, 1, 0), (50, 100, 0), (150, 100, 2), (250, 100, 2), (350, 100, 4),
            (0, 290, 0), (99_999_999, 10_000, 99_999_999), (Int64.max, 10_000, Int64.max),
            (Int64.max, 1, 922_337_203_685_478),
            (Int64.max, 0, 0), (51, 100, 1), (49, 100, 0),
        ] as [(Int64, UInt16, Int64)]
    )
    func `fees are rounded half to even`(amount: Int64, basisPoints: UInt16, fee: Int64) {
        #expect(BasisPoints.fee(of: amount, basisPoints: basisPoints) == fee)
    }

    @Test func `a fee is within half a unit of the exact one, within the amount, and grows with both`() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let amount = Int64.random(in: 0...(Int64.max >> Int64.random(in: 0...62)), using: &random)
            let basisPoints = UInt16.random(in: 0...10_000, using: &random)
            let fee = BasisPoints.fee(of: amount, basisPoints: basisPoints)
            let exact = Int128(amount) * Int128(basisPoints)
            #expect(fee >= 0 && fee <= amount)
            #expect((Int128(fee) * 10_000 - exact).magnitude <= 5_000)
            if basisPoints < 10_000 { #expect(BasisPoints.fee(of: amount, basisPoints: basisPoints + 1) >= fee) }
            if amount < .max { #expect(BasisPoints.fee(of: amount + 1, basisPoints: basisPoints) >= fee) }
        }
    }

    @Test func `a fee above the amount stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = BasisPoints.fee(of: 100, basisPoints: 10_001) }
    }

    @Test func `a fee on a negative amount stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = BasisPoints.fee(of: -1, basisPoints: 1) }
    }
}

/// SplitMix64: the same sequence on every machine.
struct SeededGenerator: RandomNumberGenerator {
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
