import Synchronization

/// Which shards this host owns at the moment; read by `/readyz` from any thread.
final class ShardRoles: Sendable {
    private let owned: Mutex<[Bool]>

    init(shards: Int) { owned = Mutex([Bool](repeating: false, count: shards)) }

    func set(_ shard: UInt16, isOwned: Bool) { owned.withLock { $0[Int(shard)] = isOwned } }

    /// The shards whose commands are refused as `shard_unavailable`.
    var missing: [Int] { owned.withLock { owned in owned.indices.filter { !owned[$0] } } }

    var count: Int { owned.withLock(\.count) }
}

/// A shard has no owner in this process at the moment. A retry helps when it has one again.
struct ShardNotOwned: Error, CustomStringConvertible {
    let shard: Int

    var description: String { "this host does not own shard \(shard) at the moment" }
}
