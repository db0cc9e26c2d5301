/// Plain counters of one shard's runs, since the process started.
package struct KeyRunStatistics: Sendable, Equatable {
    package internal(set) var merges = 0
    /// Keys read by merges.
    package internal(set) var mergedKeys: UInt64 = 0
    package internal(set) var mergeSeconds = 0.0
    /// Runs dropped because all their keys were forgotten.
    package internal(set) var droppedRuns = 0
    /// Files that could not be removed when they were to be; they are tried again.
    package internal(set) var failedRemovals = 0

    package init() {}
}
