package import Ledger
import Money

/// Up to two transfers without a heap object: no step of a payment books more.
package struct Transfers: Sendable, Equatable {
    package private(set) var first: Transfer?
    package private(set) var second: Transfer?

    package init(_ first: Transfer? = nil, _ second: Transfer? = nil) {
        precondition(first != nil || second == nil)
        self.first = first
        self.second = second
    }

    package var count: Int { (first == nil ? 0 : 1) + (second == nil ? 0 : 1) }

    /// In the order of booking.
    package subscript(index: Int) -> Transfer {
        guard let transfer = index == 0 ? first : index == 1 ? second : nil else {
            preconditionFailure("there are \(count) transfers")
        }
        return transfer
    }
}

/// What each transition books (payments.md, sections 4.2 and 4.4).
package enum Postings {
    /// The transfers of an accepted operation: P5a for a refund, nothing for the others.
    package static func started(_ operation: ProviderOperation, _ amountMinor: Int64, _ payment: Payment) -> Transfers {
        switch operation {
        case .refund:
            Transfers(Recipes.refundRequested(payment.parties, amountMinor: amountMinor, from: .pending))
        case .authorize, .capture, .cancel:
            Transfers()
        }
    }

    /// The transfers of a finished operation. `payment` is the state before it is applied, `staysOpen` as in `Payment.operationFinished`.
    package static func finished(
        _ operation: ProviderOperation,
        _ result: OperationResult,
        _ amountMinor: Int64,
        staysOpen: Bool = false,
        _ payment: Payment
    ) -> Transfers {
        switch result {
        case .succeeded:
            return succeeded(operation, amountMinor, staysOpen, payment)
        case .declined, .notExecuted:
            guard operation == .refund else { return Transfers() }
            return Transfers(Recipes.refundFailed(payment.parties, amountMinor: amountMinor, to: .pending))
        case .conflicted:
            return Transfers()
        }
    }

    private static func succeeded(
        _ operation: ProviderOperation,
        _ amountMinor: Int64,
        _ staysOpen: Bool,
        _ payment: Payment
    ) -> Transfers {
        let parties = payment.parties
        switch operation {
        case .authorize:
            return payment.capturesAutomatically
                ? Transfers(capture(amountMinor, payment))
                : Transfers(Recipes.hold(parties, amountMinor: amountMinor))
        case .capture:
            // What was captured is owed. A final capture ends the authorization: the rest of the hold goes, too.
            return Transfers(
                Recipes.release(parties, amountMinor: staysOpen ? amountMinor : payment.capturableMinor),
                capture(amountMinor, payment)
            )
        case .cancel:
            return Transfers(Recipes.release(parties, amountMinor: payment.capturableMinor))
        case .refund:
            return Transfers(Recipes.refundConfirmed(parties, amountMinor: amountMinor))
        }
    }

    private static func capture(_ amountMinor: Int64, _ payment: Payment) -> Transfer {
        let fee = BasisPoints.fee(of: amountMinor, basisPoints: payment.feeBasisPoints)
        return Recipes.capture(payment.parties, amountMinor: amountMinor, feeMinor: fee)
    }

    /// The transfer of a refund that came back (P6).
    package static func bounced(_ amountMinor: Int64, _ payment: Payment) -> Transfers {
        Transfers(Recipes.refundBounced(payment.parties, amountMinor: amountMinor, to: .pending))
    }
}

extension Payment {
    var parties: Parties { Parties(merchant: merchant.rawValue, provider: provider, currency: currency) }
}
