import Payments
import ShardState

/// What other shards of the process leave to this one. Its own limits are in its configuration; the
/// lower of both counts. Replay checks neither: a command that was accepted is never dropped.
package struct ProcessShare: Sendable, Equatable {
    /// The most payments in memory.
    package var payments: Int
    /// The most idempotency keys of requests in memory.
    package var keys: Int
    /// The most accounts of merchants, wallets and sellers that are open or that admitted work may
    /// open.
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

// A merchant's share of a table is a part of what may be in it. That is the lower of the shard's
// limit and of what other shards leave. No share refuses the gateway's own reversals, operators or
// events, because these make room again.
extension ShardCore {
    /// The most payments that may be in memory.
    var paymentLimit: Int { min(configuration.paymentCapacity, share.payments) }

    /// The most accounts.
    var accountLimit: Int { min(configuration.treasury.accounts, share.accounts) }

    /// Why one payment more of `merchant` may not be in memory; nil where it may.
    func paymentRoomRefusal(of merchant: MerchantID) -> Refusal? {
        let most = paymentLimit
        guard payments.presentCount < most else { return .paymentTableFull }
        let share = configuration.merchantShare.of(most)
        // No merchant has more than all together.
        guard payments.presentCount >= share else { return nil }
        return payments.paymentCount(of: merchant) < share ? nil : .merchantLimitReached
    }

    /// Why one refund more that `merchant` asks for may not be in memory; nil where it may.
    func refundRoomRefusal(of merchant: MerchantID) -> Refusal? {
        guard !isFullOfRefunds else { return .paymentTableFull }
        let share = configuration.merchantShare.of(configuration.paymentCapacity)
        guard payments.presentRefundCount >= share else { return nil }
        return payments.refundCount(of: merchant) < share ? nil : .merchantLimitReached
    }

    /// Whether no refund more fits, whoever asks. Refunds are linked in 32 bits.
    var isFullOfRefunds: Bool {
        payments.presentRefundCount >= configuration.paymentCapacity
            || payments.refundCount >= OptionalIndex<Refund>.maximumCount
    }

    /// How full the tables of payments, refunds and disputes are.
    package var paymentOccupancy: PaymentOccupancy { PaymentOccupancy(payments) }

    /// Whether the key of one request more fits. Operators' commands have places of their own.
    func hasKeyRoom(for caller: Caller) -> Bool {
        if caller.isOperator { return !keys.isFull(.requests) }
        return keys.hasRoom(for: caller.merchant, in: .requests, of: share.keys)
    }
}
