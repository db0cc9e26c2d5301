import ShardState

/// What other shards of the process leave to this one. Its own limits are in its configuration; the least of both counts. Replay
/// looks at neither: what was accepted once is never dropped.
package struct ProcessShare: Sendable, Equatable {
    /// The most payments in memory.
    package var payments: Int
    /// The most idempotency keys of requests in memory.
    package var keys: Int
    /// The most accounts of merchants, wallets and sellers that are open or may come to be.
    package var accounts: Int
    /// Whether keys should go to a run soon, so that the process's keys leave memory.
    package var areKeysDue: Bool

    package init(payments: Int = .max, keys: Int = .max, accounts: Int = .max, areKeysDue: Bool = false) {
        self.payments = payments
        self.keys = keys
        self.accounts = accounts
        self.areKeysDue = areKeysDue
    }
}

extension ShardCore {
    /// Whether one payment more may be in memory.
    var hasPaymentRoom: Bool { payments.presentCount < min(configuration.paymentCapacity, share.payments) }

    /// Whether the key of one request more fits. Operators' commands have places of their own.
    func hasKeyRoom(for caller: Caller) -> Bool {
        if caller.isOperator { return !idempotency.isFull }
        return idempotency.count < share.keys && idempotency.hasRoom(for: caller.merchant)
    }
}
