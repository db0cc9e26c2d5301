package import Journal

/// What the shards of a log have beside it.
package enum LogShards {
    /// The directories of a log's shards, which are in the same data directory. Empty for a log that is in none. Blocks.
    ///
    /// Throws `damaged` and `io` as `DataDirectory.open` does.
    package static func find(beside log: String) throws(DataDirectoryError) -> [StreamNumber: String] {
        let data = FilePaths.directory(of: log)
        guard DataDirectory.exists(at: data), let number = Int(FilePaths.name(of: log).split(separator: "-").last ?? "")
        else { return [:] }
        let meta = try DataDirectoryMeta(readingFrom: FilePaths.join(data, "meta.yaml"))
        var found: [StreamNumber: String] = [:]
        for shard in stride(from: number, to: meta.shards, by: meta.logs) {
            let directory = DataDirectory.shardDirectory(in: data, shard: shard)
            if Files.isDirectory(directory) { found[StreamNumber(shard)] = directory }
        }
        return found
    }
}
