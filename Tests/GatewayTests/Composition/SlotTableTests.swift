import NIOCore
import Testing

@testable import Gateway

@Suite struct SlotTableTests {
    @Test("each shard has one place, and no loop has two shards more than another", arguments: [1, 2, 3, 4, 7])
    func places(loops: Int) {
        for shards in loops...17 {
            let table = SlotTable(shards: shards, loops: loops)
            let lists = (0..<loops).map { table.shards(of: $0) }
            #expect(lists.flatMap(\.self).sorted() == Array(0..<shards))
            for (loop, list) in lists.enumerated() {
                for (slot, shard) in list.enumerated() {
                    #expect(table.place(of: UInt16(shard)) == .init(loop: loop, slot: slot))
                }
            }
            let counts = lists.map(\.count)
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
        }
    }

    @Test("readiness names the shards that other hosts own, and ends when they own all")
    func readiness() {
        let roles = ShardRoles(shards: 3)
        #expect(AdminRoutes.ready(.ready, roles).status == 503)
        roles.set(0, isOwned: true)
        roles.set(2, isOwned: true)
        #expect(roles.missing == [1])
        let partly = AdminRoutes.ready(.ready, roles)
        #expect(partly.status == 200 && text(partly) == "ready, without the shards that other hosts own: 1\n")
        roles.set(1, isOwned: true)
        #expect(text(AdminRoutes.ready(.ready, roles)) == "ready\n")
        #expect(AdminRoutes.ready(.journalFailed, roles).status == 503)
        // While all of them refuse new payments, balancers must send these elsewhere.
        for shard: UInt16 in 0..<2 { roles.set(shard, isRoomShort: true) }
        let short = AdminRoutes.ready(.ready, roles)
        #expect(short.status == 200)
        #expect(text(short) == "ready, without room for new payments of the shards: 0, 1\n")
        roles.set(2, isRoomShort: true)
        #expect(AdminRoutes.ready(.ready, roles).status == 503)
        #expect(text(AdminRoutes.ready(.ready, roles)).contains("\"code\":\"journal_room_short\""))
        for shard: UInt16 in 0..<3 { roles.set(shard, isRoomShort: false) }
        #expect(text(AdminRoutes.ready(.ready, roles)) == "ready\n")
        for shard in 0..<3 { roles.set(UInt16(shard), isOwned: false) }
        #expect(text(AdminRoutes.ready(.ready, roles)).contains("\"code\":\"no_shard_owned\""))
    }

    private func text(_ response: AdminResponse) -> String {
        guard case .bytes(let bytes) = response.body else { return "" }
        return String(buffer: bytes)
    }
}
