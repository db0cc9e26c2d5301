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

/// What each transition books (docs/payments.md, "Transitions", by the rules of
/// docs/posting-rules.md).
package enum Postings {
    /// The transfers of an accepted operation: P5a for a refund, nothing for the others.
    package static func started(
        _ operation: ProviderOperation,
        amountMinor: Int64,
        of payment: Payment,
        rail: PaymentRail
    ) -> Transfers {
        switch operation {
        case .refund: Transfers(refundRequested(amountMinor, of: payment, rail: rail))
        case .authorize, .capture, .cancel, .increment, .confirm: Transfers()
        }
    }

    /// P5a. What a payment has pending is taken first. So no debt hides in the pending balance
    /// while available money is paid out.
    private static func refundRequested(_ amountMinor: Int64, of payment: Payment, rail: PaymentRail) -> Transfer {
        let parties = payment.parties(rail)
        switch rail {
        case .wallet(let funds):
            return PostingRules.walletRefundRequested(parties, funds, amountMinor: amountMinor)
        case .topUp(let funds):
            let unsettled = payment.unsettledMinor() - payment.unsettledMinor(refunding: amountMinor)
            return PostingRules.topUpRefundRequested(
                parties,
                amountMinor: amountMinor,
                releasedMinor: funds.released(refunding: unsettled)
            )
        case .provider, .cash:
            let pending = max(0, payment.pendingFundsMinor)
            return PostingRules.refundRequested(
                parties,
                amountMinor: amountMinor,
                pendingMinor: min(amountMinor, pending)
            )
        }
    }

    /// The transfers of a finished operation. `payment` is the state before it is applied,
    /// `staysOpen` as in `Payment.operationFinished`.
    package static func finished(
        _ operation: ProviderOperation,
        _ result: OperationResult,
        amountMinor: Int64,
        staysOpen: Bool = false,
        of payment: Payment,
        rail: PaymentRail,
        sellers: SellerShares? = nil
    ) -> Transfers {
        switch result {
        case .succeeded:
            return succeeded(
                operation,
                amountMinor: amountMinor,
                staysOpen: staysOpen,
                of: payment,
                between: payment.parties(rail),
                sellers: sellers
            )
        case .declined(_, let code) where operation != .refund:
            return declined(operation, code, of: payment, between: payment.parties(rail))
        case .declined, .notExecuted:
            guard operation == .refund else { return Transfers() }
            return Transfers(
                PostingRules.refundFailed(payment.parties(rail), amountMinor: amountMinor, to: payment.funds)
            )
        case .conflicted, .actionRequired:
            return Transfers()
        }
    }

    /// A refusal that reports an end of the authorization which was not known here.
    private static func declined(
        _ operation: ProviderOperation,
        _ code: DeclineCode,
        of payment: Payment,
        between parties: Parties
    ) -> Transfers {
        guard payment.capturableMinor > 0 else { return Transfers() }
        let release = PostingRules.release(parties, amountMinor: payment.capturableMinor)
        if operation == .capture, code == .authorizationExpired { return Transfers(release) }
        if operation == .cancel, code == .alreadyCaptured, payment.failure != .reversal(.conflict) {
            return Transfers(release, capture(payment.capturableMinor, of: payment, between: parties, sellers: nil))
        }
        return Transfers()
    }

    /// The transfers of a change (`PaymentChange`): P2 for the rest of an authorization that ran
    /// out.
    package static func changed(_ change: PaymentChange, _ payment: Payment, rail: PaymentRail) -> Transfers {
        switch change {
        case .expired:
            payment.capturableMinor == 0
                ? Transfers()
                : Transfers(PostingRules.release(payment.parties(rail), amountMinor: payment.capturableMinor))
        case .abandoned, .reviewRejected, .reviewTimedOut: Transfers()
        }
    }

    private static func succeeded(
        _ operation: ProviderOperation,
        amountMinor: Int64,
        staysOpen: Bool,
        of payment: Payment,
        between parties: Parties,
        sellers: SellerShares?
    ) -> Transfers {
        switch operation {
        case .authorize, .confirm:
            return payment.capturesAutomatically
                ? Transfers(capture(amountMinor, of: payment, between: parties, sellers: sellers))
                : Transfers(PostingRules.hold(parties, amountMinor: amountMinor))
        case .capture:
            // What was captured is owed. A final capture ends the authorization: the rest of the
            // hold goes, too.
            let released = staysOpen ? amountMinor : payment.capturableMinor
            let captured = capture(amountMinor, of: payment, between: parties, sellers: sellers)
            guard released > 0 else { return Transfers(captured) }
            return Transfers(PostingRules.release(parties, amountMinor: released), captured)
        case .increment:
            return Transfers(PostingRules.hold(parties, amountMinor: amountMinor - payment.authorizedMinor))
        case .cancel:
            // Nothing is held while a PSP waits for the shopper.
            guard payment.capturableMinor > 0 else { return Transfers() }
            return Transfers(PostingRules.release(parties, amountMinor: payment.capturableMinor))
        case .refund:
            return Transfers(PostingRules.refundConfirmed(parties, amountMinor: amountMinor))
        }
    }

    private static func capture(
        _ amountMinor: Int64,
        of payment: Payment,
        between parties: Parties,
        sellers: SellerShares?
    ) -> Transfer {
        let fee = payment.fee(ofCapture: amountMinor)
        guard let sellers else { return PostingRules.capture(parties, amountMinor: amountMinor, feeMinor: fee) }
        return PostingRules.capture(
            parties,
            amountMinor: amountMinor,
            feeMinor: fee + sellers.residueMinor,
            parts: sellers.parts
        )
    }

    /// The transfer of a refund that came back (P6).
    package static func bounced(
        _ amountMinor: Int64,
        _ payment: Payment,
        rail: PaymentRail
    ) -> Transfers {
        Transfers(PostingRules.refundBounced(payment.parties(rail), amountMinor: amountMinor, to: payment.funds))
    }
}

extension Payment {
    func parties(_ rail: PaymentRail) -> Parties {
        Parties(merchant: merchant.rawValue, connector: connector.rawValue, currency: currency, rail: rail)
    }

    var parties: Parties { parties(.provider) }

    /// The same for money in another currency than the payment's own.
    func parties(in currency: Currency) -> Parties {
        Parties(merchant: merchant.rawValue, connector: connector.rawValue, currency: currency)
    }

    /// The platform's fee on a capture.
    package func fee(ofCapture amountMinor: Int64) -> Int64 {
        BasisPoints.fee(of: amountMinor, basisPoints: feeBasisPoints)
    }
}

/// What a capture gives sellers, ready to book.
package struct SellerShares: Sendable {
    package var parts: [SellerPart]
    /// What rounding leaves to the platform.
    package var residueMinor: Int64

    package init(parts: [SellerPart], residueMinor: Int64) {
        self.parts = parts
        self.residueMinor = residueMinor
    }
}
