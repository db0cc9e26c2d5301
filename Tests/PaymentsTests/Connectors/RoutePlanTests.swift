import Payments
import Testing

@Suite("Route plan")
struct RoutePlanTests {
    private func connector(_ number: UInt16) throws -> ConnectorID { try #require(ConnectorID(rawValue: number)) }

    @Test("Holds one to four different connectors in order, and packs to 8 bytes")
    func order() throws {
        let numbers: [UInt16] = [7, 65_535, 1, 300]
        for count in 1...4 {
            let connectors = try numbers.prefix(count).map(connector)
            let plan = try #require(RoutePlan(connectors))
            #expect(plan.count == count && plan.connectors == connectors)
            for (position, connector) in connectors.enumerated() { #expect(plan[position] == connector) }
            #expect(plan[count] == nil && plan[4] == nil && plan[1_000] == nil)
            #expect(RoutePlan(packed: plan.packed) == plan)
        }
        #expect(MemoryLayout<RoutePlan>.size == 8)
        #expect(RoutePlan(try connector(7)) == RoutePlan([try connector(7)]))
    }

    @Test("Refuses none, five, and one connector twice")
    func refusals() throws {
        #expect(RoutePlan([]) == nil)
        #expect(RoutePlan(try (1...5).map(connector)) == nil)
        #expect(RoutePlan([try connector(3), try connector(3)]) == nil)
        #expect(RoutePlan([try connector(3), try connector(4), try connector(3)]) == nil)
    }

    @Test("Reads back only what it packs: no empty plan, no gap, no connector twice")
    func packed() throws {
        #expect(RoutePlan(packed: 0) == nil)
        #expect(RoutePlan(packed: 1 << 16) == nil)
        #expect(RoutePlan(packed: 1 | 2 << 32) == nil)
        #expect(RoutePlan(packed: 5 | 5 << 16) == nil)
        #expect(RoutePlan(packed: 5 | 6 << 16 | 7 << 32 | 8 << 48)?.count == 4)
    }

    @Test("The order of the connectors is a part of the plan")
    func identity() throws {
        let one = try connector(1)
        let two = try connector(2)
        #expect(RoutePlan([one, two]) != RoutePlan([two, one]))
        #expect(RoutePlan([one, two])?.description == "route 1, 2")
    }
}
