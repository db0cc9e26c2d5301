package import Payments

/// What a shard journals: one record for each step of a payment. The records are complete: they
/// suffice to rebuild the shard and to audit the ledger without any other source. The `apply`
/// functions of `ShardCore` are the only way from a record to state, live and on replay.
package enum ShardRecord: Sendable {
    /// The raw value is journaled.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case paymentCreated = 1
        case operationStarted = 2
        case operationFinished = 3
        case operationUnresolved = 4
        case refundBounced = 5
        case operationAttempted = 6
        case paymentChanged = 7
        case eventApplied = 8
        case payoutChanged = 10
        case walletOpened = 11
        case exchangeQuoted = 12
        case exchangeConverted = 13
        case riskDecided = 14
        case balanceMark = 15
        case attemptEnded = 16
    }

    /// A payment was accepted, its key reserved, its authorization is about to be sent.
    case paymentCreated(PaymentCreated)
    /// A capture, cancel or refund was accepted, its key reserved, the call is about to be sent.
    case operationStarted(OperationStarted)
    /// An operation came to its end; holds the answer that its key replays from now on.
    case operationFinished(OperationFinished)
    /// An operation's outcome is unknown or pending at the PSP: it is being resolved from now on.
    case operationUnresolved(OperationUnresolved)
    /// A succeeded refund came back.
    case refundBounced(RefundBounced)
    /// A try of an operation, or a question about it, that did not end it.
    case operationAttempted(OperationAttempted)
    /// An attempt of an authorization ended, and the next connector of the route tries.
    case attemptEnded(AttemptEnded)
    /// The sums of a merchant's accounts.
    case balanceMark(BalanceMark)
    /// A transition that is not the end of an operation at the PSP. Time, an operator, or the PSP
    /// by itself caused it.
    case paymentChanged(PaymentChanged)
    /// The fraud hook's verdict on a payment that it had held back.
    case riskDecided(RiskDecided)
    /// A pay-out was requested, or something was reported of it.
    case payoutChanged(PayoutChanged)
    case walletOpened(WalletOpened)
    case exchangeQuoted(ExchangeQuoted)
    case exchangeConverted(ExchangeConverted)
    /// Something that no operation of the gateway asked for: a provider's event, a settlement line,
    /// a dispute.
    case eventApplied(EventApplied)

    /// What the record books.
    package var transfers: Transfers {
        switch self {
        case .paymentCreated, .operationUnresolved, .operationAttempted, .attemptEnded, .balanceMark, .riskDecided,
            .walletOpened, .exchangeQuoted:
            Transfers()
        case .operationStarted(let record): record.transfers
        case .operationFinished(let record): record.transfers
        case .refundBounced(let record): record.transfers
        case .paymentChanged(let record): record.transfers
        case .payoutChanged(let record): record.transfers
        case .exchangeConverted(let record): record.transfers
        case .eventApplied(let record): record.transfers
        }
    }
}
