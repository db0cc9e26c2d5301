package import Money
package import Payments
package import Risk

/// The limits and policies of one shard. Fixed while the process runs.
package struct ShardConfiguration: Sendable {
    /// This shard's number, part of every identifier it makes.
    package var shard: UInt16
    /// Which configuration this is; every record names it, until a reload of the fraud rules raises
    /// the number.
    package var version: UInt32
    /// The most idempotency keys in memory: those of running requests, and those completed since
    /// the last snapshot or while it is written. Full: 503.
    package var idempotencyCapacity: Int
    /// How long a key is remembered after its request, in seconds: 24 hours to 31 days.
    package var idempotencySeconds: UInt32
    /// The most payments held in memory, and the most refunds. Full: 503.
    package var paymentCapacity: Int
    /// The most commands that wait for payments to be read back from the disk. More: 503. A
    /// thirty-second of the places is for operators and for events, which operators post.
    package var parkedCapacity: Int
    /// Of these, the most of one merchant; operators' count for no merchant. More: 503 for
    /// that merchant alone.
    package var parkedPerMerchant: Int
    /// The most commands that wait for their keys to be looked up on the disk. More: 503. Operators
    /// and events have the same part of the places for themselves.
    package var parkedKeyCapacity: Int
    /// Of these, the most of one merchant; operators' count for no merchant. More: 503 for
    /// that merchant alone.
    package var parkedKeysPerMerchant: Int
    /// The most calls at once of operations that were admitted. Full: 503. An operation whose
    /// outcome is not known leaves them.
    package var operationCapacity: Int
    /// The most operations that wait for their outcome. One more keeps its place among the calls.
    package var waitingCapacity: Int
    /// The most calls at once that resolve waiting operations. More wait for their turn.
    package var resolutionCapacity: Int
    /// The most keys of providers' events in memory. Full: 503 for events alone.
    package var eventCapacity: Int
    /// What one merchant may hold of the tables in memory and of the journal's reserve. The tables
    /// are those of payments, refunds, calls, resolutions, waiting operations, velocity counters,
    /// pay-outs, wallets, quotes and accounts.
    package var merchantShare: MerchantShare
    /// After so many records that book something for a merchant, the shard journals the sums of the
    /// merchant's accounts (`BalanceMark`).
    package var recordsPerMark: Int
    /// The connectors that payments may be at, with what can be asked of each, and how.
    package var connectors: ConnectorTable
    /// How many recovered operations are resolved in each tick of 8 ms: a restart with thousands of
    /// operations in flight must not flood the PSPs.
    package var recoveryBatch: Int
    /// How long a shopper has for the action that the PSP waits for, in milliseconds.
    package var actionLifetime: Int64
    /// The fraud hook's rules at start; nil for none.
    package var risk: RiskPolicy?
    /// The most pay-outs, wallets, quotes and sellers.
    package var treasury: TreasuryLimits

    package init(
        shard: UInt16,
        connectors: ConnectorTable,
        version: UInt32 = 1,
        idempotencyCapacity: Int = 1 << 20,
        idempotencySeconds: UInt32 = 86_400,
        paymentCapacity: Int = 10_000_000,
        parkedCapacity: Int = 1_024,
        parkedPerMerchant: Int = 128,
        parkedKeyCapacity: Int = 1_024,
        parkedKeysPerMerchant: Int = 128,
        operationCapacity: Int = 16_384,
        waitingCapacity: Int = 1 << 18,
        resolutionCapacity: Int = 1_024,
        eventCapacity: Int = 1 << 17,
        merchantShare: MerchantShare = MerchantShare(percent: 75),
        recordsPerMark: Int = 512,
        recoveryBatch: Int = 32,
        actionLifetime: Int64 = 1_800_000,
        risk: RiskPolicy? = nil,
        treasury: TreasuryLimits = TreasuryLimits()
    ) {
        precondition(recoveryBatch > 0)
        self.shard = shard
        self.connectors = connectors
        self.version = version
        self.idempotencyCapacity = idempotencyCapacity
        self.idempotencySeconds = idempotencySeconds
        self.paymentCapacity = paymentCapacity
        self.parkedCapacity = parkedCapacity
        self.parkedPerMerchant = parkedPerMerchant
        self.parkedKeyCapacity = parkedKeyCapacity
        self.parkedKeysPerMerchant = parkedKeysPerMerchant
        self.operationCapacity = operationCapacity
        self.waitingCapacity = waitingCapacity
        self.resolutionCapacity = resolutionCapacity
        self.eventCapacity = eventCapacity
        self.merchantShare = merchantShare
        self.recordsPerMark = recordsPerMark
        self.recoveryBatch = recoveryBatch
        self.actionLifetime = actionLifetime
        self.risk = risk
        self.treasury = treasury
    }
}

/// The fees of disputes for a merchant.
package struct DisputePolicy: Sendable, Equatable {
    /// The provider's fee for a chargeback by currency, in minor units, where its event does not
    /// say; 0 for other currencies.
    package var fees: [Currency: Int64]
    /// Whether a warning sets the disputed amount aside (P7r).
    package var reservesOnWarning: Bool

    package init(fees: [Currency: Int64] = [:], reservesOnWarning: Bool = false) {
        precondition(fees.values.allSatisfy { $0 >= 0 }, "fees are not negative")
        self.fees = fees
        self.reservesOnWarning = reservesOnWarning
    }
}

/// The most of what a shard keeps beside payments. Full: 503, and 422 for one merchant's sellers.
/// Pay-outs, wallets and sellers that are idle leave memory (docs/capacity.md); quotes stay for an
/// hour after they expired.
package struct TreasuryLimits: Sendable {
    package var payouts = 1 << 20
    /// A merchant may have `merchantShare` of them. More: 503.
    package var wallets = 1 << 20
    /// The most accounts of merchants, wallets and sellers (`ShardCore+Accounts`). Full: 503 for
    /// what might open one.
    package var accounts: Int
    package var quotes = 1 << 16
    package var sellers = 1 << 16
    /// Of one merchant: its balance lists them all.
    package var sellersOfMerchant = 1_000

    /// - Parameter accounts: at least 16.
    package init(accounts: Int = 1 << 20) {
        precondition(accounts >= 16, "a merchant and a wallet have room")
        self.accounts = accounts
    }
}
