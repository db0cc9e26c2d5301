import Money
import NIOCore
import NIOHPACK
import Payments
import Time

@testable import HTTPTransport
@testable import Providers

/// Calls about one payment.
enum Calls {
    static let payment = PaymentID(createdAt: 1_700_000_000_000, shard: 3, sequence: 42)

    static func make(
        _ operation: ProviderOperation,
        mode: ProviderCall.Mode = .execute,
        payment: PaymentID = Calls.payment,
        ordinal: UInt16 = 1,
        attempt: UInt16 = 1,
        amount: Int64 = 1_000,
        captures: Bool = false,
        method: String = "tok_visa",
        reference: String = "ch_1"
    ) -> ProviderCall {
        ProviderCall(
            mode: mode,
            operation: operation,
            connector: .first,
            payment: payment,
            ordinal: ordinal,
            attempt: attempt,
            amountMinor: amount,
            currency: .eur,
            capturesAutomatically: captures,
            paymentMethod: operation == .authorize ? method : "",
            providerReference: operation == .authorize ? "" : reference
        )
    }
}
