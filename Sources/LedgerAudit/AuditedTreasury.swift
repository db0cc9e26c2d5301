import Ledger
import Money
import Payments
import ShardRecords

/// Pay-outs, wallets, quotes and sellers as the check follows them: written from the reference's
/// tables, not from the shard's code.
struct AuditedTreasury {
    private struct AuditedPayout {
        var record: PayoutChanged
        var source: Account
        /// Where the money of one that failed or came back is.
        var target: Account?
        var state: PayoutState
    }

    private struct AuditedQuote {
        var record: ExchangeQuoted
        var isUsed = false
    }

    private var payouts: [PayoutID: AuditedPayout] = [:]
    private(set) var wallets: [WalletID: WalletOpened] = [:]
    private var quotes: [QuoteID: AuditedQuote] = [:]
    var sellers = AuditedSellers()
    /// By the owner of a wallet's accounts.
    var walletSums: [UInt64: AuditedWallet] = [:]

    /// What a step must book, and the account that it may not overdraw.
    struct Step {
        var postings: ExpectedPostings = [:]
        var mayNotOwe: Account?
    }

    // MARK: Pay-outs

    mutating func examine(_ record: PayoutChanged) -> Result<Step, Violation> {
        guard let event = record.event else { return request(record) }
        guard var payout = payouts[record.id] else { return .failure("\(record.id) was never requested") }
        guard payout.record.amountMinor == record.amountMinor, payout.record.currency == record.currency,
            payout.record.merchant == record.merchant
        else { return .failure("\(record.id) was requested for another amount or merchant") }
        let amount = Int128(record.amountMinor)
        let transit = Account(.payoutInTransit, currency: record.currency)
        let bank = Account(.bankCash, owner: 1, currency: record.currency)
        var step = Step()
        switch (payout.state, event) {
        case (.requested, .sent): payout.state = .inTransit
        case (.requested, .paid), (.inTransit, .paid):
            payout.state = .paid
            step.postings = [transit: amount, bank: -amount]
        case (.requested, .failed), (.inTransit, .failed):
            payout.state = .failed
            step.postings = [transit: amount, target(of: &payout): -amount]
        case (.paid, .returned):
            payout.state = .returned
            step.postings = [bank: amount, target(of: &payout): -amount]
        case (let state, let event): return .failure("\(record.id) is \(state.name), and \(event)")
        }
        payouts[record.id] = payout
        return .success(step)
    }

    /// A pay-out that comes back goes to its seller's number at that time, which may be a new one.
    private mutating func target(of payout: inout AuditedPayout) -> Account {
        var target = payout.source
        if let name = payout.record.seller {
            let owner = sellers.owner(name, payout.record.merchant.rawValue)
            target = Account(.sellerAvailable, owner: owner, currency: payout.record.currency)
        }
        payout.target = target
        return target
    }

    private mutating func request(_ record: PayoutChanged) -> Result<Step, Violation> {
        guard payouts[record.id] == nil, record.id.sequence == UInt64(payouts.count) + 1 else {
            return .failure("\(record.id) is not pay-out \(payouts.count + 1)")
        }
        var source = Account(.merchantAvailable, owner: record.merchant.rawValue, currency: record.currency)
        if let name = record.seller {
            guard let owner = sellers.knownOwner(name, record.merchant.rawValue) else {
                return .failure("seller \(name) has no money")
            }
            source = Account(.sellerAvailable, owner: owner, currency: record.currency)
        }
        payouts[record.id] = AuditedPayout(record: record, source: source, state: .requested)
        let amount = Int128(record.amountMinor)
        let transit = Account(.payoutInTransit, currency: record.currency)
        return .success(Step(postings: [source: amount, transit: -amount], mayNotOwe: source))
    }

    // MARK: Wallets

    mutating func examine(_ record: WalletOpened) -> Result<Step, Violation> {
        guard wallets[record.id] == nil, record.id.sequence == UInt64(wallets.count) + 1 else {
            return .failure("\(record.id) is not wallet \(wallets.count + 1)")
        }
        wallets[record.id] = record
        return .success(Step())
    }

    // MARK: Exchange

    mutating func examine(_ record: ExchangeQuoted) -> Result<Step, Violation> {
        guard quotes[record.id] == nil, record.id.sequence == UInt64(quotes.count) + 1 else {
            return .failure("\(record.id) is not quote \(quotes.count + 1)")
        }
        quotes[record.id] = AuditedQuote(record: record)
        // Never more than the rate gives: bought * 10^scale * 10^sold's digits <= sold * mantissa *
        // 10^bought's digits.
        let terms = record.terms
        let shift = Int(terms.rate.scale) + terms.sold.exponent - terms.bought.exponent
        let given = Int128(terms.grossMinor).multipliedReportingOverflow(by: Self.power(max(0, shift)))
        let owed = (Int128(terms.soldMinor) * Int128(terms.rate.mantissa))
            .multipliedReportingOverflow(by: Self.power(max(0, -shift)))
        if given.overflow || owed.overflow || given.partialValue > owed.partialValue {
            return .failure("\(record.id) gives more than its rate")
        }
        return .success(Step())
    }

    mutating func examine(_ record: ExchangeConverted) -> Result<Step, Violation> {
        guard let quote = quotes[record.id] else { return .failure("\(record.id) was never made") }
        guard !quote.isUsed else { return .failure("\(record.id) is used twice") }
        guard record.time < quote.record.expiresAt, record.merchant == quote.record.merchant else {
            return .failure("\(record.id) has expired, or is another merchant's")
        }
        quotes[record.id]?.isUsed = true
        let source = Account(.merchantAvailable, owner: record.merchant.rawValue, currency: quote.record.terms.sold)
        return .success(Step(postings: Self.exchange(quote.record), mayNotOwe: source))
    }

    private static func exchange(_ quote: ExchangeQuoted) -> ExpectedPostings {
        let terms = quote.terms
        let owner = quote.merchant.rawValue
        return [
            Account(.merchantAvailable, owner: owner, currency: terms.sold): Int128(terms.soldMinor),
            Account(.fxPosition, currency: terms.sold): -Int128(terms.soldMinor),
            Account(.fxPosition, currency: terms.bought): Int128(terms.grossMinor),
            Account(.merchantAvailable, owner: owner, currency: terms.bought): Int128(terms.spreadMinor)
                - Int128(
                    terms.grossMinor
                ),
            Account(.platformFXSpread, currency: terms.bought): -Int128(terms.spreadMinor),
        ]
    }

    private static func power(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { value, _ in value * 10 } }

    // MARK: The whole

    /// What all of this together has left on the accounts.
    func contribution(to balances: inout ExpectedPostings) {
        for payout in payouts.values {
            let amount = Int128(payout.record.amountMinor)
            switch payout.state {
            case .requested, .inTransit:
                balances[payout.source, default: 0] += amount
                balances[Account(.payoutInTransit, currency: payout.record.currency), default: 0] -= amount
            case .paid:
                balances[payout.source, default: 0] += amount
                balances[Account(.bankCash, owner: 1, currency: payout.record.currency), default: 0] -= amount
            case .failed, .returned:
                balances[payout.source, default: 0] += amount
                balances[payout.target ?? payout.source, default: 0] -= amount
            }
        }
        for quote in quotes.values where quote.isUsed {
            for (account, amount) in Self.exchange(quote.record) { balances[account, default: 0] += amount }
        }
    }
}

extension AuditedTreasury {
    /// Takes in what is special about a payment's money when it is created; a text when it cannot
    /// be.
    mutating func begin(_ payment: inout AuditedPayment, _ record: PaymentCreated) -> String? {
        let isTopUp = record.traits.contains(.topUp)
        if isTopUp || record.traits.contains(.wallet) {
            let field: PaymentDetails.Field = isTopUp ? .wallet : .paymentMethod
            guard let id = PaymentDetails.wallet(in: record.details.span, field: field), let wallet = wallets[id],
                wallet.merchant == record.merchant, wallet.currency == record.currency
            else { return "\(record.id) names no wallet of its merchant and currency" }
            payment.funding = isTopUp ? .topUp(id.accountOwner) : .wallet(id.accountOwner)
        }
        follow(record.details.span, id: record.id, into: &payment)
        return nil
    }

    /// Takes in the instructions of a capture.
    mutating func begin(_ payment: inout AuditedPayment, _ record: OperationStarted) {
        guard !record.instructions.isEmpty else { return }
        if PaymentDetails.manual(in: record.instructions.span)?.method == .cash { payment.funding = .cash }
        follow(record.instructions.span, id: record.payment, into: &payment)
    }

    private mutating func follow(
        _ details: Span<UInt8>,
        id: PaymentID,
        into payment: inout AuditedPayment
    ) {
        sellers.shard = id.shard
        for request in PaymentDetails.plan(in: details) { payment.plan.append((request.seller, request.share)) }
    }
}
