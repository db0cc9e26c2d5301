import Testing

@testable import Gateway

@Suite struct LogRoomTests {
    private func configuration(segmentBytes: Int) -> GatewayConfiguration {
        var configuration = GatewayConfiguration(loops: 2, dataDirectory: "/data")
        configuration.journal.segmentBytes = segmentBytes
        return configuration
    }

    @Test(
        "a segment has room for what each shard of its log keeps",
        arguments: [(16, 2, 8), (1, 1, 1), (17, 2, 9), (128, 1, 128)]
    )
    func least(shards: Int, logs: Int, mebibytes: Int) throws {
        try configuration(segmentBytes: mebibytes << 20).checkRoom(shards: shards, logs: logs)
        let error = #expect(throws: ConfigurationError.self) {
            try configuration(segmentBytes: (mebibytes << 20) - 4_096).checkRoom(shards: shards, logs: logs)
        }
        #expect(error?.place == "journal.segment_bytes")
        #expect(error?.problem.contains("at least \(mebibytes)MiB") == true)
    }

    @Test(
        "no more may wait for the disk than a shard's share of its log",
        arguments: [(16, 2, 102), (1, 1, 819), (128, 1, 6)]
    )
    func share(shards: Int, logs: Int, mebibytes: Int) throws {
        var configuration = configuration(segmentBytes: 128 << 20)
        configuration.journal.maxUnflushedBytes = mebibytes << 20
        try configuration.checkRoom(shards: shards, logs: logs)
        configuration.journal.maxUnflushedBytes = (mebibytes + 1) << 20
        let error = #expect(throws: ConfigurationError.self) {
            try configuration.checkRoom(shards: shards, logs: logs)
        }
        #expect(error?.place == "journal.max_unflushed_bytes")
        #expect(error?.problem.contains("at most \(mebibytes)MiB") == true)
    }

    @Test("the default segments take the default shards at one loop")
    func defaults() throws {
        let configuration = GatewayConfiguration(loops: 1, dataDirectory: "/data")
        try configuration.checkRoom(shards: configuration.shardsOfNewDirectory, logs: configuration.logsOfNewDirectory)
    }
}
