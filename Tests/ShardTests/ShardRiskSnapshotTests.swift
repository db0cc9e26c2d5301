import Journal
import Payments
import Risk
import ShardCore
import ShardModel
import ShardStorage
import Testing

/// Counters of a snapshot under another configuration than the one that wrote it.
@Suite struct ShardRiskSnapshotTests {
    let disk = MemoryDisk()

    private func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }

    private static func configuration(counters: Int, limit: UInt64 = 2, share: Int = 75) -> ShardConfiguration {
        var configuration = ShardRiskTests.configuration(
            rules: [RiskRule(name: "often", score: 50, condition: .count(.customer, window: 7_000, limit: limit))],
            counters: counters
        )
        configuration.merchantShare = .init(percent: share)
        return configuration
    }

    /// Two payments of each of ten customers, and a snapshot behind them.
    private func world() throws -> ShardWorld {
        var world = ShardWorld(configuration: Self.configuration(counters: 64))
        world.storage = storage()
        for customer in 0..<10 {
            for number in 0..<2 {
                world.send(ShardRiskTests.create(customer: "c\(customer)"), key: "\(customer).\(number)")
            }
        }
        try world.snapshot()
        return world
    }

    @Test(arguments: [64, 16, 5_000])
    func `counters go into a table of another size`(_ capacity: Int) throws {
        let world = try world()
        var next = try ShardWorld(
            from: storage(),
            journal: world.journal,
            configuration: Self.configuration(counters: capacity),
            at: world.now
        )
        #expect(next.core.riskOccupancy.counters == 10 && next.core.riskOccupancy.capacity == capacity)
        _ = next.resume()
        for customer in 0..<10 { next.send(ShardRiskTests.create(customer: "c\(customer)"), key: "new\(customer)") }
        #expect(next.responses.map(\.status) == Array(repeating: 202, count: 10))
    }

    @Test(arguments: [(100, 4), (75, 3)])
    func `of a smaller table what fits into the merchant's share is kept`(_ share: Int, _ kept: Int) throws {
        let world = try world()
        let next = try ShardWorld(
            from: storage(),
            journal: world.journal,
            configuration: Self.configuration(counters: 4, share: share),
            at: world.now
        )
        #expect(next.core.riskOccupancy.counters == kept && next.core.riskOccupancy.largestMerchant == kept)
    }

    @Test func `another limit goes on with what was counted, other rules begin anew`() throws {
        let world = try world()
        var same = try ShardWorld(
            from: storage(),
            journal: world.journal,
            configuration: Self.configuration(counters: 64, limit: 3),
            at: world.now
        )
        _ = same.resume()
        for number in 0..<2 { same.send(ShardRiskTests.create(customer: "c1"), key: "s\(number)") }
        #expect(same.responses.map(\.status) == [202] && same.calls.count == 1)
        let none = try ShardWorld(from: storage(), journal: world.journal, at: world.now)
        #expect(none.core.riskOccupancy.counters == 0 && none.core.paymentCount == 20)
    }
}
