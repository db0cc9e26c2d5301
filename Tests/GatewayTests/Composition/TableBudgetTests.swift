import ShardCore
import Testing

@testable import Gateway

@Suite struct TableBudgetTests {
    typealias Held = TableBudget.Held

    private let budget = TableBudget(payments: 1_000, keys: 400, accounts: 50, shards: 4, loops: 2)

    @Test func `A shard may have what all others leave`() {
        let sum = Held(payments: 700, keys: 100, accounts: 20, completedKeys: 50)
        let share = budget.share(of: Held(payments: 200, keys: 90, accounts: 8, completedKeys: 50), in: sum)
        #expect(share == ProcessShare(payments: 500, keys: 390, accounts: 38, areKeysDue: false))
    }

    @Test func `Beyond the sum nobody gets more, and nobody loses what it has`() {
        let sum = Held(payments: 1_200, keys: 500)
        let share = budget.share(of: Held(payments: 300, keys: 70), in: sum)
        #expect(share.payments == 300 && share.keys == 70)
    }

    @Test func `The sum is that of the newest figures of all loops`() {
        _ = budget.note(Held(payments: 5, keys: 1, completedKeys: 1), loop: 0)
        _ = budget.note(Held(payments: 7, keys: 2, completedKeys: 1), loop: 1)
        #expect(
            budget.note(Held(payments: 6, keys: 3, completedKeys: 2), loop: 0)
                == Held(payments: 13, keys: 5, completedKeys: 3)
        )
    }

    @Test func `At half of the keys, a shard with no less than the others is due, and an empty one is not`() {
        let half = Held(payments: 0, keys: 300, completedKeys: 200)
        #expect(budget.share(of: Held(completedKeys: 50), in: half).areKeysDue)
        #expect(!budget.share(of: Held(completedKeys: 49), in: half).areKeysDue)
        let less = Held(payments: 0, keys: 300, completedKeys: 199)
        #expect(!budget.share(of: Held(completedKeys: 199), in: less).areKeysDue)
    }
}
