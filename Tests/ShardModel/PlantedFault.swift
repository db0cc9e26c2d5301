import Payments
import ShardCore
import ShardRecords

/// Mistakes that a run plants between the shard and the oracle, to see that they are found and
/// shrunk.
package enum PlantedFault: String, CaseIterable, Sendable {
    /// One minor unit too much for the platform, now and then.
    case wrongFee
    /// The hold of a part that is captured is not released.
    case forgottenRelease
    case doubleRefund
    /// A repeated request gets another request's answer.
    case wrongReplay
    /// An operation is sent again under another PSP key.
    case secondKey
    /// What expired still shows as authorized.
    case staleStatus
    /// What was set aside for a warning stays there.
    case forgottenReserve
    /// A settlement counts twice.
    case settledTwice
    /// A second chargeback takes no fee.
    case forgottenChargebackFee
    /// A refund that came back still counts as refunded.
    case forgottenBounce
    /// Evidence leaves a dispute as it was.
    case lostEvidence
    /// What the second connector holds is booked at the first.
    case wrongConnector
    /// What ought to wait for people has failed.
    case reviewBlocks
    /// The money of a pay-out that failed stays in transit.
    case forgottenReturn
    /// A pay-out takes what no provider has settled.
    case pendingPaidOut
    /// The platform's rounding of a split goes to the first seller.
    case roundingToSeller
    /// A settlement leaves sellers' parts pending.
    case forgottenSellers
    /// What a wallet pays of unsettled money is available at once.
    case unsettledAvailable
    /// The hold of a wallet's payment stays when it ends.
    case forgottenWalletHold
    /// The platform keeps a unit less of an exchange than its spread.
    case shortSpread
}

extension Auditor {
    /// What a record books, as a mistake would have it.
    func plant(_ seen: inout [NaivePosting], by record: ShardRecord, of payment: NaivePayment) {
        guard !faults.isEmpty else { return }
        if faults.contains(.wrongFee), let fee = seen.firstIndex(where: { $0.account == "platform:fees" }) {
            seen[fee].amount -= seen[fee].amount % 7 == 0 ? 1 : 0
        }
        if faults.contains(.forgottenRelease), payment.phase == .partiallyCaptured {
            seen.removeAll { $0.account.hasPrefix("memo:auth") && record.transfers.count == 2 }
        }
        if faults.contains(.wrongConnector), payment.place > 0 {
            for index in seen.indices where seen[index].account.hasPrefix("psp") {
                seen[index].owner = UInt64(payment.route[0])
            }
        }
        if faults.contains(.roundingToSeller), case .operationFinished = record,
            let seller = seen.firstIndex(where: { $0.account == "seller:pending" }),
            let fee = seen.firstIndex(where: { $0.account == "platform:fees" })
        {
            seen[seller].amount -= 1
            seen[fee].amount += 1
        }
        if case .wallet = payment.funding { plant(wallet: &seen) }
        guard case .eventApplied(let applied) = record else { return }
        if faults.contains(.forgottenSellers) { seen.removeAll { $0.account.hasPrefix("seller:") } }
        if faults.contains(.forgottenReserve), applied.fact.effect == .disputeWarningClosed { seen = [] }
        if faults.contains(.forgottenChargebackFee), applied.fact.effect == .disputeOpened,
            payment.disputes[Int(applied.dispute) - 1].chargebacks == 2
        {
            for index in seen.indices.suffix(2) {
                seen[index].amount += seen[index].amount > 0 ? -applied.fact.feeMinor : applied.fact.feeMinor
            }
        }
    }

    private func plant(wallet seen: inout [NaivePosting]) {
        for index in seen.indices {
            if faults.contains(.unsettledAvailable), seen[index].amount < 0, seen[index].account == "merchant:pending" {
                seen[index].account = "merchant:available"
            }
        }
        if faults.contains(.forgottenWalletHold), let held = seen.firstIndex(where: { $0.account == "wallet:held" }),
            seen[held].amount > 0
        {
            seen[held].amount = 0
        }
    }

    /// What a record about no payment books, as a mistake would have it.
    func plant(_ seen: inout [NaivePosting], treasury record: ShardRecord) {
        guard !faults.isEmpty else { return }
        switch record {
        case .payoutChanged(let changed):
            if faults.contains(.forgottenReturn), changed.event == .failed { seen = [] }
            guard faults.contains(.pendingPaidOut), changed.event == nil else { return }
            for index in seen.indices {
                seen[index].account = seen[index].account.replacing("merchant:available", with: "merchant:pending")
            }
        case .exchangeConverted where faults.contains(.shortSpread):
            // The last two: what the merchant gets, and the platform.
            seen[seen.count - 1].amount += 1
            seen[seen.count - 2].amount -= 1
        default: break
        }
    }

    /// A payment, as a mistake would show it.
    func plant(_ view: inout PaymentView, _ payment: NaivePayment) {
        guard !faults.isEmpty else { return }
        if faults.contains(.doubleRefund), view.refundedMinor > 0, view.refundedMinor * 2 < view.capturedMinor {
            view.refundedMinor *= 2
        }
        if faults.contains(.staleStatus), view.status == .expired { view.status = .authorized }
        if faults.contains(.settledTwice), view.settledMinor > 0, view.settledMinor * 2 <= view.capturedMinor {
            view.settledMinor *= 2
        }
        if faults.contains(.forgottenBounce), payment.phase == .captured, view.refundedMinor == 0,
            let refund = payment.refunds.last, refund.status == "bounced"
        {
            view.refundedMinor = refund.amount
        }
    }
}
