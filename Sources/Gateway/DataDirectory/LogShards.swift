package import Journal

/// What the shards of a log have beside it.
package enum LogShards {
    /// The directories of a log's shards, which are in the same data directory. Empty for a log
    /// that is in none. Blocks.
    ///
    /// Throws `damaged` and `io` as `DataDirectory.open` does.
    package static func find(beside log: String) throws(DataDirectoryError) -> [StreamNumber: String] {
        let data = FilePaths.directory(of: log)
        guard DataDirectory.exists(at: data) else { return [:] }
        let meta = try DataDirectoryMeta(readingFrom: FilePaths.join(data, "meta.yaml"))
        let name = FilePaths.name(of: log)
        let number = (0..<meta.logs).first { FilePaths.name(of: DataDirectory.logDirectory(in: data, log: $0)) == name }
        guard let number else { return [:] }
        var found: [StreamNumber: String] = [:]
        for shard in meta.shards(of: number) {
            let directory = DataDirectory.shardDirectory(in: data, shard: shard)
            if Files.isDirectory(directory) { found[StreamNumber(shard)] = directory }
        }
        return found
    }
}
