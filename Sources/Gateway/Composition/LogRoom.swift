import Journal
import ShardCore

extension GatewayConfiguration {
    /// The least that a segment holds for each shard of its log, in bytes. Before a shard takes a
    /// command, it keeps this much room for the command and for its operations, resolutions and
    /// events.
    static let segmentBytesPerShard = 1 << 20

    /// Throws when a segment is so small that the shards of a log would refuse new payments. Each
    /// would then lack the room that the others keep. Throws also when more may wait for the disk
    /// than a shard's share of its log.
    func checkRoom(shards: Int, logs: Int) throws(ConfigurationError) {
        let shardsPerLog = (shards + logs - 1) / logs
        let least = shardsPerLog * Self.segmentBytesPerShard
        if journal.segmentBytes < least {
            throw ConfigurationError(
                place: "journal.segment_bytes",
                "must be at least \(least >> 20)MiB: \(shardsPerLog) shards share a log, and 1MiB of a segment is kept for each"
            )
        }
        let most = StreamLimits.shareBytes(streams: shardsPerLog)
        guard journal.maxUnflushedBytes > most else { return }
        throw ConfigurationError(
            place: "journal.max_unflushed_bytes",
            "must be at most \(most >> 20)MiB, a shard's share of its log: \(shardsPerLog) shards share a log"
        )
    }
}
