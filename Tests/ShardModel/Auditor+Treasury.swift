import Ledger
import Money
import Payments
import ShardCore
import ShardRecords

// Pay-outs, wallets and exchange (docs/payouts-wallets-fx.md).
extension Auditor {
    mutating func expectTreasury(_ step: Step.Treasury, at now: Int64) {
        switch step {
        case .readPayout, .readWallet, .balance: break
        case .payout, .bank, .wallet, .quote, .convert: last = (.treasury(step), .unused, now)
        }
        switch step {
        case .payout(let number, let request): expectPayout(number, request)
        case .bank(let number, let event, let reason): expectPayoutEvent(number, event, reason: reason)
        case .readPayout(let number, let merchant):
            guard let payout = payouts[number], merchant ?? payout.merchant == payout.merchant else {
                return refuse("notFound")
            }
            answers.append((200, payout.text))
        case .wallet(let number, let request):
            expectation = .wallet(number, NaiveWallet(merchant: request.merchant, currency: request.currency))
        case .readWallet(let number, let merchant):
            guard let wallet = wallets[number], merchant ?? wallet.merchant == wallet.merchant else {
                return refuse("notFound")
            }
            answers.append((200, text(number, wallet)))
        case .quote(let number, let terms):
            guard let quote = NaiveQuote(terms, at: now) else { return refuse("exchangeAmountTooSmall") }
            expectation = .quote(number, quote)
        case .convert(let number, let merchant): expectConversion(number, merchant, at: now)
        case .balance(let merchant): answers.append((200, balanceText(merchant)))
        }
    }

    private mutating func refuse(_ refusal: String) { answers.append((Self.status(refusal), "refused \(refusal)")) }

    // MARK: Requests

    private mutating func expectPayout(_ number: Int, _ request: Step.PayoutRequest) {
        if request.isHeld { return refuse("payoutsOnHold") }
        let available = owed(source(request.merchant, request.seller), request.currency)
        let amount = request.amount ?? available
        guard amount > 0, amount <= available else { return refuse("balanceInsufficient") }
        guard amount >= request.minimum else { return refuse("payoutBelowMinimum") }
        expectation = .payout(
            number,
            NaivePayout(merchant: request.merchant, amount: amount, currency: request.currency, seller: request.seller)
        )
    }

    private mutating func expectPayoutEvent(_ number: Int, _ event: PayoutEvent, reason: String) {
        guard let payout = payouts[number] else { return refuse("notFound") }
        guard let next = payout.next(event) else { return refuse("payoutUnexpectedState") }
        expectation = .payoutEvent(number, event, to: next, reason: reason)
    }

    private mutating func expectConversion(_ number: Int, _ merchant: UInt64?, at now: Int64) {
        guard let quote = quotes[number], merchant ?? quote.merchant == quote.merchant else {
            return refuse("notFound")
        }
        // It is remembered for an hour at least.
        if now >= quote.expiresAt + 3_600_000 { forgettable = number }
        guard !quote.isUsed else { return refuse("quoteUsed") }
        guard now < quote.expiresAt else { return refuse("quoteExpired") }
        guard owed(source(quote.merchant), quote.sold) >= quote.soldAmount else { return refuse("balanceInsufficient") }
        expectation = .conversion(number)
    }

    // MARK: Records

    /// A record that is about no payment.
    mutating func hear(
        treasury record: ShardRecord,
        _ driver: borrowing ShardDriver,
        at now: Int64
    ) throws(Mismatch) {
        var expected: [NaivePosting] = []
        switch (record, expectation) {
        case (.balanceMark, _): return
        case (.payoutChanged(let changed), .payout(let number, let payout)):
            guard changed.event == nil, changed.amountMinor == payout.amount, changed.currency == payout.currency,
                changed.merchant.rawValue == payout.merchant, changed.seller?.text == payout.seller
            else { throw Mismatch(description: "requested \(changed.amountMinor), not \(payout.text)") }
            expected = payout.postings(nil, source: source(payout.merchant, payout.seller))
            payouts[number] = payout
            try stored(changed.responseStatus, answer: (201, payout.text))
        case (.payoutChanged(let changed), .payoutEvent(let number, let event, let state, let reason)):
            guard var payout = payouts[number], changed.event == event, changed.amountMinor == payout.amount,
                changed.id == driver.payouts[number]?.id
            else { throw Mismatch(description: "o\(number) heard \(changed)") }
            payout.state = state
            payout.reason = reason
            payouts[number] = payout
            expected = payout.postings(event, source: source(payout.merchant, payout.seller))
            try stored(changed.responseStatus, answer: (200, payout.text))
        case (.walletOpened(let opened), .wallet(let number, var wallet)):
            guard opened.merchant.rawValue == wallet.merchant, opened.currency == wallet.currency else {
                throw Mismatch(description: "opened \(opened)")
            }
            wallet.owner = UInt64(configuration.shard) << 48 | opened.id.low
            wallets[number] = wallet
            try stored(opened.responseStatus, answer: (201, text(number, wallet)))
        case (.exchangeQuoted(let quoted), .quote(let number, let quote)):
            quotes[number] = quote
            try stored(quoted.responseStatus, answer: (201, "quote " + quote.text))
        case (.exchangeConverted(let converted), .conversion(let number)):
            guard let quote = quotes[number], converted.id == driver.quotes[number]?.id else {
                throw Mismatch(description: "converted \(converted)")
            }
            quotes[number]?.isUsed = true
            expected = quote.postings
            try stored(converted.responseStatus, answer: (201, "conversion " + quote.text))
        default: throw Mismatch(description: "a record that is not expected: \(record)")
        }
        expectation = .nothing
        last?.key = .done(record: records)
        let merchant = record.merchant
        expected = numbered(expected, of: merchant)
        try compare(expected, treasury: record)
        keepSellers(expected, of: merchant)
    }

    private mutating func stored(_ status: UInt16, answer: (status: UInt16, body: String)) throws(Mismatch) {
        guard status == answer.status else { throw Mismatch(description: "stored \(status), not \(answer.status)") }
        answers.append(answer)
    }

    private mutating func compare(_ expected: [NaivePosting], treasury record: ShardRecord) throws(Mismatch) {
        var seen: [NaivePosting] = []
        for index in 0..<record.transfers.count {
            let transfer = record.transfers[index]
            for place in 0..<transfer.count {
                let account = transfer[place].account
                let posting = NaivePosting(account: "\(account.kind.name)", owner: account.owner, amount: 0)
                seen.append(posting.debited(transfer[place].amountMinor, account.currency))
            }
        }
        plant(&seen, treasury: record)
        let wanted = Self.merged(expected)
        guard Self.merged(seen) == wanted else { throw Mismatch(description: "booked \(seen), not \(wanted)") }
        for posting in expected { book(posting) }
        checks += 1
    }

    // MARK: Balances

    /// The account that pays a pay-out or an exchange: what is available, and nothing that is not
    /// settled. A seller's has a number while it has money.
    private func source(_ merchant: UInt64, _ seller: String? = nil) -> NaivePosting {
        if let seller {
            let owner = sellers[NaiveSeller.Key(merchant: merchant, name: seller)]?.owner ?? 0
            return NaivePosting(account: "seller:available/\(seller)", owner: owner, amount: 0)
        }
        return NaivePosting(account: NaiveAccount.available.rawValue, owner: merchant, amount: 0)
    }

    /// Credits less debits.
    func owed(_ account: NaivePosting, _ currency: Currency) -> Int64 {
        var account = account.debited(0, currency)
        if let slash = account.account.firstIndex(of: "/") {
            account.account = "\(account.account[..<slash]) \(currency)"
        }
        let sums = totals[account]
        return (sums?.credits ?? 0) - (sums?.debits ?? 0)
    }

    /// As `WorkloadRenderer` writes it.
    private func balanceText(_ merchant: UInt64) -> String {
        let currencies = Set(payments.values.filter { $0.merchant == merchant }.map(\.currency))
            .union(quotes.values.filter { $0.merchant == merchant }.map(\.bought))
            .union([.gbp, .eur, .usd])
        let accounts: [NaiveAccount] = [.pending, .available, .reserve]
        let lines = currencies.map { currency in
            let sums = accounts.map {
                "\(owed(NaivePosting(account: $0.rawValue, owner: merchant, amount: 0), currency))"
            }
            return "\(currency) " + sums.joined(separator: " ")
        }
        return "balance "
            + (lines.filter { !$0.hasSuffix(" 0 0 0") } + sellerLines(merchant)).sorted().joined(separator: "; ")
    }

    private func sellerLines(_ merchant: UInt64) -> [String] {
        sellers.filter { $0.key.merchant == merchant }.flatMap { key, seller in
            [Currency.eur, .usd, .jpy].map { currency in
                let sums = ["seller:pending", "seller:available"].map { seller.sums["\($0) \(currency)"] ?? 0 }
                return sums == [0, 0] ? "" : "\(key.name) \(currency) \(sums[0]) \(sums[1])"
            }
        }.filter { !$0.isEmpty }
    }
}

extension ShardRecord {
    /// Of a record about no payment.
    fileprivate var merchant: UInt64 {
        switch self {
        case .payoutChanged(let changed): changed.merchant.rawValue
        case .walletOpened(let opened): opened.merchant.rawValue
        case .exchangeQuoted(let quoted): quoted.merchant.rawValue
        case .exchangeConverted(let converted): converted.merchant.rawValue
        default: 0
        }
    }
}
