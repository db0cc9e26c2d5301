import ShardCore

extension GatewayConfiguration {
    /// The least that a segment holds for each shard of its log: what a shard keeps of the room for
    /// its operations, resolutions and events, and for a command, before it takes any.
    static let segmentBytesPerShard = 1 << 20

    /// Throws when a segment is so small that the shards of a log would refuse new payments for
    /// want of room, each for what the others keep.
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
