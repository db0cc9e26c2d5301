import Payments
import ShardCore
import ShardHost
import ShardModel
import Testing

/// The figures of docs/faults.md, "The reserve".
@Suite("The journal's reserve")
struct JournalReserveTests {
    @Test("A segment of 64 MiB has room for 8,000 calls: 5,300 payments a second at a provider that takes 1.5 s")
    func callsOfASegment() {
        var configuration = ShardConfiguration.test
        configuration.idempotencyCapacity = 1 << 15
        configuration.operationCapacity = 1 << 15
        let harness = HostHarness(core: ShardCore(configuration: configuration, renderer: TestRenderer()))
        harness.journal.roomBytes = 64 << 20
        var sent: UInt64 = 0
        // Of eight merchants: each has a share of the room.
        while harness.responses.isEmpty, sent < 1 << 14 {
            sent += 1
            harness.send(key: sent, merchant: 1 + sent % 8)
            harness.flush()
        }
        #expect(harness.responses.count == 1 && harness.body(0) == "refused journalRoomShort")
        let calls = harness.calls.count
        #expect(calls == Int(sent) - 1 && calls >= 8_000 && calls * 2 / 3 >= 5_300)
        // Each call keeps two frames of 4 KiB, beside what is kept for resolutions, for events and
        // for the next command.
        #expect(calls <= (64 << 20) / 8_192 - 3 * (256 << 10) / 8_192 + 1)
        #expect(harness.host.occupancy.outcomeReserveBytes == calls * 8_192 + 2 * (256 << 10))
        // One that ends makes room for the next.
        harness.succeed(0)
        harness.flush()
        harness.send(key: sent, merchant: 1 + sent % 8)
        harness.flush()
        #expect(harness.calls.count == calls + 1)
    }
}
