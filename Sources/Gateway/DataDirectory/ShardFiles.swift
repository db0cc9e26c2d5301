package import Journal
import ShardStorage

/// What a shard has beside its log: snapshots, what left memory, runs of idempotency keys. Read
/// offline, without a gateway.
package enum ShardFiles {
    package struct Found: Sendable {
        package var files = 0
        package var bytes: UInt64 = 0
        /// An index that a start or a running gateway makes anew.
        package var wrongIndexes: [String] = []
        /// Files are encrypted and no keys were given: they were not opened.
        package var isSealed = false
    }

    /// Reads every file of a shard whole, but for the runs of keys (`KeyRunVerifier`). Changes
    /// nothing. Blocks. Throws `corrupt`, `format`, `key` or `io` with the file's name.
    /// - Parameter ring: opens encrypted files; nil leaves them closed.
    package static func verify(
        directory: String,
        shard: StreamNumber,
        ring: MasterKeyRing?
    ) throws(JournalError) -> Found {
        let storage = ShardStorage(directory: directory, journalID: UInt64(shard), keys: ring.map(JournalKeys.init))
        do throws(JournalError) {
            let report = try storage.verify()
            return Found(files: report.files, bytes: report.bytes, wrongIndexes: report.wrongIndexes)
        } catch {
            guard error.code == .key, ring == nil else { throw error }
            return Found(isSealed: true)
        }
    }
}
