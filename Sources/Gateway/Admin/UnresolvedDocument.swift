import NIOCore
import Payments
import ShardCore
import ShardHost
import Time

/// `GET /unresolved?limit=N`: operations whose outcome is not known, oldest first over all shards.
/// It is the manual queue: the resolver no longer settles those with `needs_attention` by itself.
enum UnresolvedDocument {
    /// Operations in one answer.
    static let maximumLimit = 1_000
    static let defaultLimit = 100

    /// Nil for a limit that is no number from 1 to `maximumLimit`.
    static func limit(_ text: String?) -> Int? {
        guard let text else { return defaultLimit }
        guard let limit = Int(text), (1...maximumLimit).contains(limit) else { return nil }
        return limit
    }

    static func make(from parts: GatewayParts, limit: Int) async throws -> ByteBuffer {
        let now = Timestamp(milliseconds: parts.clock.milliseconds())
        var all: [UnresolvedOperation] = []
        var total = 0
        var attention = 0
        for number in 0..<parts.shardCount {
            let (oldest, count, waiting) = try await parts.onShardInTurn(number) { shard in
                let found = shard.host.core.unresolved(limit: limit, at: now)
                return (found.oldest, found.total, shard.host.core.attentionCount(at: now))
            }
            all += oldest
            total += count
            attention += waiting
        }
        let lines = all.sorted { $0.since < $1.since }.prefix(limit).map { line($0, at: now) }
        return ByteBuffer(
            string: "{\"data\":[\(lines.joined(separator: ","))],\"total\":\(total),\"needing_attention\":\(attention),"
                + "\"has_more\":\(total > lines.count)}\n"
        )
    }

    private static func line(_ operation: UnresolvedOperation, at now: Timestamp) -> String {
        let state = operation.isKnownToProvider ? "pending_at_provider" : "unknown"
        return "{\"payment\":\"\(operation.payment)\",\"operation\":\"\(operation.operation.name)\","
            + "\"ordinal\":\(operation.ordinal),\"amount\":\(operation.amountMinor),\"currency\":\"\(operation.currencyCode)\","
            + "\"state\":\"\(state)\",\"since\":\(operation.since),\"age_ms\":\(max(0, now.milliseconds(since: operation.since))),"
            + "\"given_up\":\(operation.isAbandoned),\"needs_attention\":\(operation.needsAttention)}"
    }
}
