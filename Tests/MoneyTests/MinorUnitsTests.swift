import Testing

@testable import Money

@Suite struct MinorUnitsTests {
    @Test func `sums and differences that fit are given`() {
        #expect(MinorUnits.adding(1, 2) == 3)
        #expect(MinorUnits.adding(.max, 0) == .max)
        #expect(MinorUnits.adding(.max, .min) == -1)
        #expect(MinorUnits.subtracting(1, 2) == -1)
        #expect(MinorUnits.subtracting(.min, 0) == .min)
    }

    @Test func `sums and differences that do not fit are nil`() {
        #expect(MinorUnits.adding(.max, 1) == nil)
        #expect(MinorUnits.adding(.min, -1) == nil)
        #expect(MinorUnits.subtracting(.min, 1) == nil)
        #expect(MinorUnits.subtracting(0, .min) == nil)
    }
}
