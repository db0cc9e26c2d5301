import Money
import Payments
import ShardCore

// Disputes: mostly what may come next, sometimes anything.
extension WorkloadRandom {
    mutating func dispute(_ payment: Int, view: PaymentView, in driver: borrowing ShardDriver) -> Step {
        let known = driver.disputes(payment)
        guard !known.isEmpty, chance(75) else {
            let number = chance(70) ? 1 : 1 + below(3)
            return told(payment, anyType(), reference: number == 1 ? nil : "dp_\(number)", view: view)
        }
        let dispute = known[below(known.count)]
        let number = dispute.id.ordinal
        switch below(100) {
        case ..<18: return .evidence(payment, dispute: number)
        case ..<22: return .accept(payment, dispute: number)
        case ..<26: return .dispute(payment, number)
        default: break
        }
        let reference = dispute.providerReference == "dp_1" ? nil : dispute.providerReference
        return told(payment, nextType(dispute.status), reference: reference, view: view)
    }

    private mutating func anyType() -> PaymentEventType {
        switch below(20) {
        case ..<7: .disputeWarning
        case ..<15: .disputeOpened
        case 15: .disputeWarningClosed
        case 16: .disputeUnderReview
        case 17: .disputeWon
        default: .disputeLost
        }
    }

    private mutating func nextType(_ status: DisputeStatus) -> PaymentEventType {
        if chance(15) { return anyType() }
        switch status {
        case .warning: return chance(40) ? .disputeWarningClosed : .disputeOpened
        case .open, .underReview: return chance(15) ? .disputeUnderReview : chance(65) ? .disputeWon : .disputeLost
        case .won: return chance(70) ? .disputeOpened : .disputeLost
        case .lost: return chance(50) ? .disputeWon : anyType()
        case .warningClosed: return anyType()
        }
    }

    private mutating func told(
        _ payment: Int,
        _ type: PaymentEventType,
        reference: String?,
        view: PaymentView
    ) -> Step {
        let free = max(0, view.capturedMinor - view.refundedMinor - view.refundPendingMinor - view.disputedMinor)
        var event = Step.Event(type, amount: type.needsAmount ? part(of: free) : nil)
        event.reference = reference
        switch type {
        case .disputeWarning, .disputeOpened:
            if chance(50) { event.dueIn = Int64(1 + below(48)) * 1_800_000 }
            if chance(10) { event.flags.insert(.includesRefunded) }
            if type == .disputeOpened, chance(40) { event.flags.insert(.isChargeRefundable) }
        case .disputeWon:
            if chance(5) { event.amount = 1 + Int64(below(1_000)) }
            if chance(40) { event.flags.insert(.isFeeReturned) }
        case .disputeLost: if chance(30) { event.amount = part(of: free) }
        default: break
        }
        if chance(30) { event.fee = Int64(below(3_000)) }
        if chance(2) { event.currency = .gbp }
        if type.needsAmount, chance(60) { disputed = payment }
        return .event(payment, event)
    }
}
