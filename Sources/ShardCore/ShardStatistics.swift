/// Plain counters of one shard, since the process started.
package struct ShardStatistics: Sendable {
    package internal(set) var paymentsCreated = 0
    package internal(set) var succeeded = 0
    package internal(set) var declined = 0
    package internal(set) var notExecuted = 0
    package internal(set) var conflicted = 0
    package internal(set) var becameUnknown = 0
    /// Times an operation kept its slot among the calls because the table of waiting operations had
    /// no room for its merchant.
    package internal(set) var waitingTableFull = 0
    package internal(set) var resolved = 0
    /// Milliseconds from the intent to the definite answer, summed over `resolved`: mean time to
    /// reconcile.
    package internal(set) var resolutionMilliseconds: Int64 = 0
    package internal(set) var providerRetries = 0
    /// Attempts of authorizations that ended, and after which the next connector tried.
    package internal(set) var failovers = 0
    /// Authorizations that ran out.
    package internal(set) var expired = 0
    /// Authorizations given up because they stayed unknown.
    package internal(set) var abandoned = 0
    /// Operations that no merchant asked for: voids and refunds of operations that were too late or
    /// for too little.
    package internal(set) var begunByGateway = 0
    /// Events of providers and operators that were taken, and of those the ones that reported
    /// nothing new.
    package internal(set) var eventsApplied = 0
    package internal(set) var eventsKnown = 0
    /// Events that a payment's state did not take.
    package internal(set) var eventsRefused = 0
    /// Operations that a PSP executed after the payment had ended: an operator must look.
    package internal(set) var lateSuccesses = 0
    /// Reversals of late operations, and voids, that the PSP refused or that could not be begun.
    /// Each is tried again, later each time. An operator must look.
    package internal(set) var reversalsFailed = 0
    /// Provider money that nobody could explain: an operator must look.
    package internal(set) var unexplained = 0
    /// Payments that an earlier connector of their route reported as executed, although it had
    /// definitely refused them.
    package internal(set) var doubleExecutions = 0
    /// Disputes that were lost because no evidence came in time.
    package internal(set) var disputesOverdue = 0
    package internal(set) var replays = 0
    package internal(set) var keyConflicts = 0
    package internal(set) var keysInUse = 0
    package internal(set) var refusals = 0
    /// Payments, pay-outs and wallets that came back from the disk.
    package internal(set) var coldLoads = 0
    package internal(set) var coldLoadsFailed = 0
    /// Keys that a filter could not rule out and that were looked up on the disk. The next two
    /// count those that no run held, and those that could not be read.
    package internal(set) var keyLookUps = 0
    package internal(set) var keyFalsePositives = 0
    package internal(set) var keyLookUpsFailed = 0
    /// Payments that left memory.
    package internal(set) var paymentsReleased = 0
    /// The same of pay-outs and wallets.
    package internal(set) var payoutsReleased = 0
    package internal(set) var walletsReleased = 0
    package internal(set) var risk = RiskStatistics()

    package init() {}
}
