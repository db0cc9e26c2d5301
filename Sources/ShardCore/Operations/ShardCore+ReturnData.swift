import Payments
import ShardState

// What shoppers bring back from a provider's page. It is in the confirmation's intent and in the
// payment's notes, until the confirmation ends.
extension ShardCore {
    /// What the running confirmation of the payment carries; empty for nothing.
    func returnData(of payment: Payment) -> String {
        payments.withNotes(of: payment.index) { PaymentDetails.returnData(in: $0) }
    }

    /// The confirmation has ended: nothing may show or send what it carried again.
    mutating func dropReturnData(_ index: Index<Payment>) {
        let notes = payments.withNotes(of: index) { PaymentDetails.withoutReturnData(in: $0) }
        if let notes { payments.setNotes(notes.bytes.span, of: index) }
    }
}
