package import Ledger
package import Money

extension Payment {
    /// Where the merchant's share of the payment is: pending until the provider has settled all
    /// that was captured.
    package var funds: MerchantFunds { settledMinor > 0 && settledMinor >= capturedMinor ? .available : .pending }
}

extension Postings {
    /// What an event books. `payment` and `dispute` are as they are before it.
    package static func of(
        _ fact: PaymentFact,
        on payment: Payment,
        dispute: Dispute?,
        rail: PaymentRail
    ) -> Transfers {
        var parties = payment.parties(in: fact.currency)
        if let earlier = fact.earlierConnector { parties.connector = earlier.rawValue }
        let amount = fact.amountMinor
        switch fact.effect {
        case .none, .authorizationFailed, .disputeUnderReview, .disputeLost, .disputeOverdue, .conflictResolved:
            return Transfers()
        case .incremented: return finished(.increment, .succeeded, amountMinor: amount, of: payment, rail: rail)
        case .settled: return settled(fact, payment, rail: rail)
        case .refundBounced: return bounced(amount, payment, rail: rail)
        case .captureReversed: return captureReversed(amount, payment)
        case .authorizationExpired: return changed(.expired, payment, rail: rail)
        case .authorized, .authorizedLate:
            return finished(.authorize, .succeeded, amountMinor: amount, of: payment, rail: rail)
        case .capturedLate:
            let fee = payment.fee(ofCapture: amount)
            return Transfers(PostingRules.capture(payment.parties(rail), amountMinor: amount, feeMinor: fee))
        case .conflicted, .unexplained:
            return amount == 0 ? Transfers() : Transfers(PostingRules.unexplained(parties, amountMinor: amount))
        case .disputeWarned:
            guard fact.reservedMinor > 0 else { return Transfers() }
            return Transfers(PostingRules.disputeReserved(parties, amountMinor: fact.reservedMinor))
        case .disputeOpened:
            let chargeback = PostingRules.chargeback(parties, amountMinor: amount, feeMinor: fact.feeMinor)
            guard let release = reserveReleased(dispute, parties) else { return Transfers(chargeback) }
            return Transfers(release, chargeback)
        case .disputeLostAfterAll:
            return Transfers(PostingRules.chargeback(parties, amountMinor: amount, feeMinor: fact.feeMinor))
        case .refundConfirmed: return finished(.refund, .succeeded, amountMinor: amount, of: payment, rail: rail)
        case .refundReversed:
            return Transfers(PostingRules.refundFailed(payment.parties(rail), amountMinor: amount, to: payment.funds))
        case .disputeWon, .disputeWonAfterAll:
            return Transfers(PostingRules.chargebackWon(parties, amountMinor: amount + fact.feeMinor))
        case .disputeWarningClosed: return Transfers(reserveReleased(dispute, parties))
        case .reclassified:
            guard let target = fact.target else { preconditionFailure("explained money goes somewhere") }
            return Transfers(PostingRules.reclassified(parties, amountMinor: amount, to: target))
        case .writtenOff: return Transfers(PostingRules.writtenOff(parties, amountMinor: amount))
        }
    }

    /// P12 for an operation that the PSP executed for another amount or currency than asked, where
    /// money moved.
    package static func conflicted(
        _ operation: ProviderOperation,
        executedMinor: Int64,
        in currency: Currency,
        of payment: Payment
    ) -> Transfers {
        let parties = payment.parties(in: currency)
        guard executedMinor > 0 else { return Transfers() }
        switch operation {
        case .authorize, .confirm:
            guard payment.capturesAutomatically else { return Transfers() }
            return Transfers(PostingRules.unexplained(parties, amountMinor: executedMinor))
        case .capture: return Transfers(PostingRules.unexplained(parties, amountMinor: executedMinor))
        case .refund: return Transfers(PostingRules.unexplained(parties, amountMinor: -executedMinor))
        case .cancel, .increment: return Transfers()
        }
    }

    private static func reserveReleased(_ dispute: Dispute?, _ parties: Parties) -> Transfer? {
        guard let reserved = dispute?.reservedMinor, reserved > 0 else { return nil }
        return PostingRules.disputeReserveReleased(parties, amountMinor: reserved)
    }

    /// P4. A part of what the payment has pending becomes available: the settled part of the amount
    /// that was not settled yet, rounded down. So the last settlement leaves nothing pending.
    private static func settled(_ fact: PaymentFact, _ payment: Payment, rail: PaymentRail) -> Transfers {
        Transfers(
            PostingRules.settlement(
                payment.parties,
                amountMinor: fact.amountMinor,
                providerFeeMinor: fact.feeMinor,
                releasedMinor: released(fact, payment, rail: rail)
            )
        )
    }

    /// For a top-up: what its wallet has paid the merchant and need not stay pending any more.
    private static func released(_ fact: PaymentFact, _ payment: Payment, rail: PaymentRail) -> Int64 {
        if case .topUp(let funds) = rail {
            let settled = payment.unsettledMinor() - payment.unsettledMinor(settling: fact.amountMinor)
            return funds.released(settling: settled)
        }
        let outstanding = payment.capturedMinor - payment.settledMinor
        let pending = payment.pendingFundsMinor
        let share = Int64(Int128(pending) * Int128(fact.amountMinor) / Int128(outstanding))
        return fact.amountMinor == outstanding ? pending : max(0, share)
    }

    /// The reverse of P3: what the payment has pending is taken first. When all that is left was
    /// settled, nothing stays pending.
    private static func captureReversed(_ amount: Int64, _ payment: Payment) -> Transfers {
        let left = payment.capturedMinor - amount
        let fee =
            left == 0
            ? min(amount, payment.feeMinor)
            : min(payment.feeMinor, BasisPoints.fee(of: amount, basisPoints: payment.feeBasisPoints))
        let share = amount - fee
        let pending =
            payment.settledMinor >= left
            ? payment.pendingFundsMinor : min(share, max(0, payment.pendingFundsMinor))
        return Transfers(
            PostingRules.captureReversed(
                payment.parties,
                amountMinor: amount,
                feeMinor: fee,
                pendingMinor: pending,
                availableMinor: share - pending
            )
        )
    }
}
