import Testing

@testable import Gateway

@Suite struct DescriptorBudgetTests {
    private func budget(
        limit: Int,
        loops: Int = 2,
        shards: Int = 2,
        wanted: Int = 10_000
    ) throws -> DescriptorBudget {
        try DescriptorBudget(
            limit: limit,
            loops: loops,
            shards: shards,
            logs: 2,
            callsPerLoop: 64,
            adminConnections: 64,
            wantedPerLoop: wanted
        )
    }

    @Test func `Connections get what is left, the same on each loop`() throws {
        let budget = try budget(limit: 1_024)
        #expect(budget.reserved == 128 + 2 * 32 + 2 * 48 + 2 * 64 + 64 + 3 * 8)
        #expect(budget.connectionsPerLoop == (1_024 - budget.reserved) / 2)
        #expect(budget.isShort)
    }

    @Test func `A high limit gives what is configured`() throws {
        let budget = try budget(limit: 1 << 20)
        #expect(budget.connectionsPerLoop == 10_000)
        #expect(!budget.isShort)
    }

    @Test func `More shards leave less for connections`() throws {
        #expect(try budget(limit: 4_096, shards: 16).connectionsPerLoop < budget(limit: 4_096).connectionsPerLoop)
    }

    @Test func `Too few connections are refused, with the limit that would do`() throws {
        let error = #expect(throws: ConfigurationError.self) { try budget(limit: 256) }
        let enough = 504 + 2 * DescriptorBudget.leastConnectionsPerLoop
        #expect(error?.problem.contains("to \(enough) at least") == true)
        #expect(try budget(limit: enough).connectionsPerLoop == DescriptorBudget.leastConnectionsPerLoop)
        #expect(throws: ConfigurationError.self) { try budget(limit: enough - 1) }
    }

    @Test func `Few connections that were asked for are enough`() throws {
        #expect(try budget(limit: 514, wanted: 5).connectionsPerLoop == 5)
    }

    @Test func `The soft limit is raised to the hard one, and stays`() {
        let limit = DescriptorBudget.raiseLimit()
        #expect(limit >= 256)
        #expect(DescriptorBudget.raiseLimit() == limit)
    }
}
