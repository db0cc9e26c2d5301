package import Money
package import Payments

/// One thing that happens to a shard, written as one line of a scenario
/// (`Tests/ShardTests/Scenarios/README.md`). The same steps are what the random workload is made
/// of, so that a shrunk failure can be kept as a scenario.
///
/// Payments are named by the number of their creation (`p1`): a step about one that was never
/// created does nothing, so that any part of a list of steps is a list of steps, too.
package enum Step: Hashable, Sendable {
    case create(Int, Creation)
    /// `amount` nil: all.
    case capture(Int, amount: Int64?, isFinal: Bool, splits: [SplitRequest] = [])
    case cancel(Int)
    case increment(Int, Int64)
    case confirm(Int)
    case refund(Int, amount: Int64?)
    /// People send, or end, a payment that was held for them.
    case approve(Int)
    case reject(Int)
    /// The external scorer answers the oldest question; nil: it fails.
    case score(UInt8?)
    case read(Int)
    /// A provider or an operator tells of it.
    case event(Int, Event)
    /// The merchant sends evidence for the payment's dispute of this number, from 1; gives it up;
    /// reads it.
    case evidence(Int, dispute: UInt16)
    case accept(Int, dispute: UInt16)
    case dispute(Int, UInt16)
    /// Pay-outs, wallets and exchange.
    case treasury(Treasury)
    /// The last request once more, under the same key.
    case again
    /// The PSP answers the payment's oldest call that waits for an answer.
    case provider(Int, Reply)
    /// Milliseconds, in ticks.
    case wait(Int64)
    /// The process ends; another reads the whole journal.
    case restart
    /// The process ends; another reads the newest snapshot and the journal behind it.
    case restore
    /// A snapshot is written; what it says is settled leaves memory.
    case snapshot

    package struct Creation: Hashable, Sendable {
        package var amount: Int64
        package var currency: Currency
        package var captures: Bool
        package var acceptsPartial = false
        package var fee: UInt16 = 250
        package var merchant: UInt64 = 7
        /// The connectors that may try, by number, in order.
        package var route: [UInt16] = [1]
        /// What sellers get of a sale.
        package var splits: [SplitRequest] = []
        /// nil: a provider pays, for the merchant.
        package var funding: Funding?
        /// `Prefer: respond-async`.
        package var async = false

        /// A wallet that pays, or that a sale at a provider fills, by number.
        package enum Funding: Hashable, Sendable {
            case wallet(Int)
            case topUp(Int)
        }

        package init(amount: Int64, currency: Currency, captures: Bool) {
            self.amount = amount
            self.currency = currency
            self.captures = captures
        }

        /// Creations that need fewer steps for the same: an amount that no increment has to raise,
        /// and a sale of it.
        var simpler: [Creation] {
            var large = self
            large.amount = max(amount, 100_000)
            var sale = large
            sale.captures = true
            return [large, sale]
        }
    }

    /// What a PSP says. Amounts nil: what was asked for.
    package enum Reply: Hashable, Sendable {
        case ok(amount: Int64?, currency: Currency?, expiresIn: Int64)
        case declined(DeclineCode)
        case action
        case pending
        case unknown(CallFailure)
        case notExecuted(CallFailure)
        case notFound
    }

    /// The payment that it is about.
    package var payment: Int? {
        switch self {
        case .create(let payment, _), .capture(let payment, _, _, _), .cancel(let payment), .increment(let payment, _),
            .confirm(let payment), .refund(let payment, _), .approve(let payment), .reject(let payment),
            .read(let payment), .event(let payment, _), .evidence(let payment, _), .accept(let payment, _),
            .dispute(let payment, _), .provider(let payment, _):
            payment
        case .treasury, .score, .again, .wait, .restart, .restore, .snapshot: nil
        }
    }
}
