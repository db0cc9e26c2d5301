import Payments
import ShardState

// What shoppers bring back from a provider's page: it travels with the confirmation's intent, in the payment's notes, until the
// confirmation ends.
extension ShardCore {
    /// What the running confirmation of the payment carries; empty for nothing.
    func returnData(of payment: Payment) -> String {
        arena.withBytes(payment.notes) { PaymentDetails.returnData(in: $0) }
    }

    /// The confirmation has ended: nothing may show or send what it carried again.
    mutating func dropReturnData(_ index: Int) {
        let notes = arena.withBytes(payments[index].notes) { PaymentDetails.withoutReturnData(in: $0) }
        if let notes { payments[index].notes = arena.append(notes.bytes.span) }
    }
}
