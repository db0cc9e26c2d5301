import Payments
import ShardState

// What shoppers bring back from a provider's page: it travels with the confirmation's intent, in the payment's details, until the
// confirmation ends.
extension ShardCore {
    /// What the running confirmation of the payment carries; empty for nothing.
    func returnData(of payment: Payment) -> String {
        arena.withBytes(payment.details) { PaymentDetails.returnData(in: $0) }
    }

    /// The confirmation has ended: nothing may show or send what it carried again.
    mutating func dropReturnData(_ index: Int) {
        let details = arena.withBytes(payments[index].details) { PaymentDetails.withoutReturnData(in: $0) }
        if let details { payments[index].details = arena.append(details.bytes.span) }
    }
}
