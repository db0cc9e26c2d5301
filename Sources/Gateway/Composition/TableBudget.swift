import ShardCore
import Synchronization

/// What the shards of a process may hold in memory together. A shard has its own limits, which are
/// as high as one busy merchant needs. Only few of many shards are that full, and this budget
/// bounds their sum.
///
/// Once a tick each loop reports what its shards hold, and receives the sum. So the shards may
/// exceed the budget by what comes in one tick.
final class TableBudget: Sendable {
    struct Held: Sendable, Equatable {
        /// Payments in memory.
        var payments = 0
        /// Idempotency keys of requests in memory.
        var keys = 0
        /// Accounts of merchants, wallets and sellers that are open or that work in flight may
        /// open.
        var accounts = 0
        /// Of the keys, those that leave memory with the next snapshot.
        var completedKeys = 0

        static func + (left: Held, right: Held) -> Held {
            Held(
                payments: left.payments + right.payments,
                keys: left.keys + right.keys,
                accounts: left.accounts + right.accounts,
                completedKeys: left.completedKeys + right.completedKeys
            )
        }
    }

    /// The most payments in memory.
    let payments: Int
    /// The most idempotency keys of requests in memory.
    let keys: Int
    /// The most accounts.
    let accounts: Int
    private let shards: Int
    /// By loop.
    private let held: Mutex<[Held]>

    init(payments: Int, keys: Int, accounts: Int, shards: Int, loops: Int) {
        self.payments = payments
        self.keys = keys
        self.accounts = accounts
        self.shards = shards
        held = Mutex([Held](repeating: Held(), count: loops))
    }

    /// Takes note of what the shards of a loop hold.
    /// - Returns: what all shards hold.
    func note(_ now: Held, loop: Int) -> Held {
        held.withLock { held in
            held[loop] = now
            return held.reduce(Held(), +)
        }
    }

    /// What one shard may hold while all hold `sum`: what it has, and what is left. A shard takes a
    /// snapshot so that keys leave memory. It does so when half of the keys that may be held wait
    /// for one, and it holds at least an equal part of them.
    func share(of shard: Held, in sum: Held) -> ProcessShare {
        ProcessShare(
            payments: shard.payments + max(0, payments - sum.payments),
            keys: shard.keys + max(0, keys - sum.keys),
            accounts: shard.accounts + max(0, accounts - sum.accounts),
            areKeysDue: sum.completedKeys >= max(1, keys / 2) && shard.completedKeys * shards >= sum.completedKeys
        )
    }
}
