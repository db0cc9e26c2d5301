package import Money
package import Payments

/// Commands about pay-outs, wallets and exchange.
package enum TreasuryCommand: Sendable {
    case createPayout(CreatePayout)
    /// What the bank says of a pay-out, with its reason (at most `Payout.maximumTextBytes`). An
    /// operator's (`Command.operatorShard`).
    case payoutEvent(PayoutID, PayoutEvent, reason: String)
    case createWallet(CreateWallet)
    case quote(QuoteRequest)
    case convert(QuoteID)
}

/// A pay-out as a merchant asks for it.
package struct CreatePayout: Sendable {
    /// nil: all that is available.
    package var amountMinor: Int64?
    package var currency: Currency
    /// The seller whose balance pays; nil for the merchant's own.
    package var seller: SellerName?
    /// The merchant's reference of the bank account, at most `Payout.maximumTextBytes`.
    package var destination: String
    /// The least amount of a pay-out, from the configuration at the time of the request.
    package var minimumMinor: Int64
    /// Whether the configuration holds the merchant's pay-outs back.
    package var isHeld: Bool

    package init(
        amountMinor: Int64?,
        currency: Currency,
        seller: SellerName? = nil,
        destination: String,
        minimumMinor: Int64 = 1,
        isHeld: Bool = false
    ) {
        self.amountMinor = amountMinor
        self.currency = currency
        self.seller = seller
        self.destination = destination
        self.minimumMinor = minimumMinor
        self.isHeld = isHeld
    }
}

package struct CreateWallet: Sendable {
    package var currency: Currency
    /// At most `Payout.maximumTextBytes`; may be empty.
    package var reference: String

    package init(currency: Currency, reference: String) {
        self.currency = currency
        self.reference = reference
    }
}

/// An exchange to quote, with rate and spread from the configuration at the time of the request.
package struct QuoteRequest: Sendable {
    package var sold: Currency
    package var soldMinor: Int64
    package var bought: Currency
    package var rate: ExchangeRate
    package var spreadBasisPoints: UInt16
    /// How long the quote holds, in milliseconds.
    package var validMilliseconds: Int64

    package init(
        sold: Currency,
        soldMinor: Int64,
        bought: Currency,
        rate: ExchangeRate,
        spreadBasisPoints: UInt16,
        validMilliseconds: Int64
    ) {
        self.sold = sold
        self.soldMinor = soldMinor
        self.bought = bought
        self.rate = rate
        self.spreadBasisPoints = spreadBasisPoints
        self.validMilliseconds = validMilliseconds
    }

    var terms: ExchangeTerms? {
        ExchangeTerms(
            sold: sold,
            soldMinor: soldMinor,
            bought: bought,
            rate: rate,
            spreadBasisPoints: spreadBasisPoints
        )
    }
}

/// What pays for a payment.
package enum PaymentFunding: Sendable, Equatable {
    /// A provider, by the payment method's token.
    case provider
    /// The wallet that the payment method names.
    case wallet(WalletID)
    /// A provider, to fill a wallet that the details name.
    case topUp(WalletID)
}

/// What a capture does beside capturing.
package struct CaptureInstructions: Sendable {
    package var splits: [SplitRequest] = []
    /// No provider is asked: it was captured already, this way and for this reason.
    package var manual: (method: ManualMethod, reason: String)?

    package init() {}

    package var isEmpty: Bool { splits.isEmpty && manual == nil }

    /// As they are added to the payment's details.
    var packed: PaymentDetails {
        var details = PaymentDetails(minimumCapacity: 64)
        if let manual { details.append(manual: manual.method, reason: manual.reason) }
        if !splits.isEmpty { details.append(plan: splits) }
        return details
    }
}
