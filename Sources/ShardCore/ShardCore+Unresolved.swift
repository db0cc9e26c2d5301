import Money
package import Payments
import ShardState

/// An operation whose outcome is not known yet, as operators see it.
package struct UnresolvedOperation: Sendable, Equatable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    /// Which one of its kind, from 1.
    package var ordinal: UInt16
    /// Minor units.
    package var amountMinor: Int64
    package var currencyCode: String
    /// Milliseconds since 1970 when it was journaled.
    package var since: Int64
    /// The PSP has it and will tell (an asynchronous payment method); otherwise nobody knows whether it was executed.
    package var isKnownToProvider: Bool
    /// Given up for the shopper: whatever comes of it is taken back.
    package var isAbandoned: Bool
    /// Unknown for longer than `ResolutionPolicy.attentionAfter`: people must look.
    package var needsAttention: Bool
}

extension ShardCore {
    /// Payments that time alone will change soon: their shoppers or people are waited for, evidence is due, or what came too late is
    /// being taken back. Goes through all payments in memory: for the end of simulations, not for payments.
    package var awaitingTime: [Payment] {
        (0..<payments.chunkTotal).flatMap { chunk in
            payments.indices(inChunk: chunk) { index, payment in
                payment.needsReversal || payment.phase == .requiresAction || payment.phase == .review
                    || evidenceDueAt(index) != nil
            }.map { payments[$0] }
        }
    }

    /// Operations in doubt for so long that people must look. Goes through all that are running: for metrics, not for payments.
    /// - Parameter now: milliseconds since 1970.
    package func attentionCount(at now: Int64) -> Int {
        let limit = now - configuration.resolution.attentionAfter
        return operations.occupiedSlots.count { operations[$0].isUncertain && operations[$0].startedAt <= limit }
    }

    /// What is in doubt, oldest first, at most `limit`; and how many there are in all.
    /// - Parameter now: milliseconds since 1970.
    package func unresolved(limit: Int, at now: Int64) -> (oldest: [UnresolvedOperation], total: Int) {
        let slots = operations.occupiedSlots.filter { operations[$0].isUncertain }
            .sorted { operations[$0].startedAt < operations[$1].startedAt }
        let attention = now - configuration.resolution.attentionAfter
        let oldest = slots.prefix(limit).map { slot in
            let operation = operations[slot]
            let payment = payments[operation.payment]
            return UnresolvedOperation(
                payment: payment.id,
                operation: operation.operation,
                ordinal: operation.ordinal,
                amountMinor: operation.amountMinor,
                currencyCode: "\(payment.currency.code)",
                since: operation.startedAt,
                isKnownToProvider: operation.isKnownToProvider,
                isAbandoned: payment.failure == .reversal(.abandoned),
                needsAttention: operation.startedAt <= attention
            )
        }
        return (oldest, slots.count)
    }
}
