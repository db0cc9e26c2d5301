package import Journal
package import Payments
package import Risk
package import ShardCore
package import ShardStorage

/// What a shard's host needs of the process around it. All calls come on the shard's event loop,
/// and only for effects whose position is durable.
package protocol ShardPorts: AnyObject {
    /// Calls the PSP; the outcome comes back through `ShardHost.providerCompleted` with the token.
    /// - Parameter timeout: milliseconds from now.
    func callProvider(_ call: ProviderCall, token: UInt64, timeout: Int64, for host: ShardHost)
    /// Asks the external scorer; the answer comes back through `ShardHost.scored` with the token.
    /// - Parameter timeout: milliseconds from now.
    func score(_ question: ScoreRequest, token: UInt64, timeout: Int64, for host: ShardHost)
    /// Sends an answer to the edge.
    func respond(_ response: Response)
    /// Effects that became due together have been handed over: flush what was batched.
    func effectsReleased()
    /// Whether new work is refused because the journal's room is kept for operations in flight (a
    /// full disk). Told at every tick.
    func journalRoom(isShort: Bool, shard: UInt16)
    /// A snapshot was written and verified. The journal's owner may retire what it makes unneeded.
    func snapshotWritten(_ written: WrittenSnapshot, for host: ShardHost)
    /// A snapshot could not be written. Nothing is lost; the next one is tried later.
    func snapshotFailed(_ error: JournalError, shard: UInt16)
    /// The journal has failed: this shard accepts nothing any more, and what it had not
    /// acknowledged is not acknowledged.
    func journalFailed(_ error: JournalError, shard: UInt16)
    /// The journal has another owner: this host has released the shard.
    func journalLost(_ error: JournalError, shard: UInt16)
}

extension ShardPorts {
    /// For a process without a scorer: the policy for its failure decides.
    package func score(_ question: ScoreRequest, token: UInt64, timeout: Int64, for host: ShardHost) {
        host.scored(token, .failed(.unreachable))
        host.scoresDelivered()
    }

    /// For a process that has no other way to serve the shard again than to start again.
    package func journalLost(_ error: JournalError, shard: UInt16) { journalFailed(error, shard: shard) }

    package func snapshotWritten(_ written: WrittenSnapshot, for host: ShardHost) {}
    package func snapshotFailed(_ error: JournalError, shard: UInt16) {}
}
