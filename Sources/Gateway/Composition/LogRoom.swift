import ShardCore

extension GatewayConfiguration {
    /// The least that a segment holds for each shard of its log, in bytes. Before a shard takes a
    /// command, it keeps this much room for the command and for its operations, resolutions and
    /// events.
    static let segmentBytesPerShard = 1 << 20

    /// Throws when a segment is so small that the shards of a log would refuse new payments. Each
    /// would then lack the room that the others keep.
    func checkRoom(shards: Int, logs: Int) throws(ConfigurationError) {
        let shardsPerLog = (shards + logs - 1) / logs
        let least = shardsPerLog * Self.segmentBytesPerShard
        guard journal.segmentBytes < least else { return }
        throw ConfigurationError(
            place: "journal.segment_bytes",
            "must be at least \(least >> 20)MiB: \(shardsPerLog) shards share a log, and 1MiB of a segment is kept for each"
        )
    }
}
