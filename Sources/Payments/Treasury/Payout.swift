package import Ledger
package import Money
package import Time

/// How far a pay-out has come; the raw value is journaled.
package enum PayoutState: UInt8, Sendable, CaseIterable {
    /// Taken from the balance. Nothing was sent to the bank yet.
    case requested = 1
    /// The bank has it.
    case inTransit = 2
    case paid = 3
    /// The bank refused it; the money is back.
    case failed = 4
    /// It came back after it was paid (account closed, unknown owner); the money is back.
    case returned = 5

    /// The name in answers.
    package var name: StaticString {
        switch self {
        case .requested: "requested"
        case .inTransit: "in_transit"
        case .paid: "paid"
        case .failed: "failed"
        case .returned: "returned"
        }
    }
}

/// What a bank or an operator reports about a pay-out. The raw value is journaled.
package enum PayoutEvent: UInt8, Sendable, CaseIterable {
    case sent = 1
    case paid = 2
    case failed = 3
    case returned = 4

    /// The name in requests.
    package var name: StaticString {
        switch self {
        case .sent: "sent"
        case .paid: "paid"
        case .failed: "failed"
        case .returned: "returned"
        }
    }
}

/// One pay-out: money that leaves a merchant's or a seller's available balance for a bank account.
package struct Payout: Sendable {
    /// The longest destination reference, seller name and reason, in bytes.
    package static let maximumTextBytes = 128

    package let id: PayoutID
    package let merchant: MerchantID
    /// Minor units, above zero.
    package let amountMinor: Int64
    package let currency: Currency
    /// The seller whose balance pays; nil for the merchant's own.
    package let seller: SellerName?
    /// The merchant's reference of the bank account. Never an account number: the party that pays
    /// out keeps those.
    package let destination: String
    package private(set) var state: PayoutState = .requested
    /// Why it failed or came back, as the bank said.
    package private(set) var reason = ""
    /// The time of the last transition.
    package private(set) var updatedAt: Timestamp
    /// The journal position of its last record.
    package private(set) var lastRecord: UInt64 = 0
    /// Whether a cold file holds it as it is; in memory only.
    package var isStored = false

    /// Whether nothing more is expected of it. It can leave memory until a command asks for it, or
    /// a bank returns it.
    package var isClosed: Bool {
        switch state {
        case .requested, .inTransit: false
        case .paid, .failed, .returned: true
        }
    }

    package init(
        id: PayoutID,
        merchant: MerchantID,
        amountMinor: Int64,
        currency: Currency,
        seller: SellerName?,
        destination: String,
        requestedAt: Timestamp
    ) {
        precondition(amountMinor > 0, "a pay-out moves a positive amount")
        self.id = id
        self.merchant = merchant
        self.amountMinor = amountMinor
        self.currency = currency
        self.seller = seller
        self.destination = destination
        self.updatedAt = requestedAt
    }

    /// A pay-out as a snapshot holds it.
    package init(_ requested: Payout, state: PayoutState, reason: String, updatedAt: Timestamp, lastRecord: UInt64) {
        self = requested
        self.state = state
        self.reason = reason
        self.updatedAt = updatedAt
        self.lastRecord = lastRecord
    }

    /// The state that an event leads to; nil when it is not allowed now.
    package func state(after event: PayoutEvent) -> PayoutState? {
        switch (state, event) {
        case (.requested, .sent): .inTransit
        case (.requested, .paid), (.inTransit, .paid): .paid
        case (.requested, .failed), (.inTransit, .failed): .failed
        case (.paid, .returned): .returned
        case (.inTransit, .sent), (.requested, .returned), (.inTransit, .returned): nil
        case (.paid, .sent), (.paid, .paid), (.paid, .failed): nil
        case (.failed, _), (.returned, _): nil
        }
    }

    /// - Precondition: the event is allowed.
    package mutating func apply(_ event: PayoutEvent, reason: String, at time: Timestamp) {
        guard let next = state(after: event) else { preconditionFailure("a pay-out that is \(state) was \(event)") }
        state = next
        self.reason = reason
        updatedAt = time
    }

    /// A record of it is at `position`.
    package mutating func recorded(at position: UInt64) {
        lastRecord = position
        isStored = false
    }

    /// The account that pays and that gets the money back.
    package func source(seller owner: UInt64?) -> Account {
        if let owner { return Account(.sellerAvailable, owner: owner, currency: currency) }
        return Account(.merchantAvailable, owner: merchant.rawValue, currency: currency)
    }

    /// What an event books (P9, P9f); `requested` is nil for the request itself.
    package func postings(_ event: PayoutEvent?, source: Account) -> Transfers {
        switch event {
        case nil: Transfers(PostingRules.payoutRequested(from: source, amountMinor: amountMinor))
        case .sent: Transfers()
        case .paid: Transfers(PostingRules.payoutPaid(currency, amountMinor: amountMinor))
        case .failed: Transfers(PostingRules.payoutFailed(to: source, amountMinor: amountMinor))
        case .returned: Transfers(PostingRules.payoutReturned(to: source, amountMinor: amountMinor))
        }
    }
}
