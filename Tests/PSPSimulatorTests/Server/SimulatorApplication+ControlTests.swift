import Testing

@testable import PSPSimulator

@Suite struct SimulatorApplicationControlTests {
    @Test func `an epoch is another than the one before, and ends with a letter`() {
        var previous: UInt32?
        for _ in 0..<1_000 {
            let epoch = SimulatorApplication.freshEpoch(after: previous)
            #expect(epoch != previous && epoch & 0xf >= 0xa)
            previous = epoch
        }
    }
}
