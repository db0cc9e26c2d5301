import Synchronization

/// Which shards this host owns at the moment, and which of them take new work; read by `/readyz`
/// from any thread.
final class ShardRoles: Sendable {
    private struct Role {
        var isOwned = false
        /// New work is refused as `journal_room_short`.
        var isRoomShort = false
    }

    private let roles: Mutex<[Role]>

    init(shards: Int) { roles = Mutex([Role](repeating: Role(), count: shards)) }

    func set(_ shard: UInt16, isOwned: Bool) { roles.withLock { $0[Int(shard)].isOwned = isOwned } }

    func set(_ shard: UInt16, isRoomShort: Bool) { roles.withLock { $0[Int(shard)].isRoomShort = isRoomShort } }

    /// The shards whose commands are refused as `shard_unavailable`.
    var missing: [Int] { indices { !$0.isOwned } }

    /// The shards of this host whose new work is refused as `journal_room_short`.
    var short: [Int] { indices { $0.isOwned && $0.isRoomShort } }

    var count: Int { roles.withLock(\.count) }

    private func indices(where holds: (Role) -> Bool) -> [Int] {
        roles.withLock { roles in roles.indices.filter { holds(roles[$0]) } }
    }
}

/// A shard has no owner in this process at the moment. A retry helps when it has one again.
struct ShardNotOwned: Error, CustomStringConvertible {
    let shard: Int

    var description: String { "this host does not own shard \(shard) at the moment" }
}
