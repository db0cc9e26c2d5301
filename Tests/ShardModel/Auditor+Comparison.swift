import Ledger
import Money
import Payments
import ShardCore
import ShardRecords

// What the shard shows, against what the model has.
extension Auditor {
    mutating func compare(_ expected: [NaivePosting], with record: ShardRecord, of number: Int) throws(Mismatch) {
        guard let payment = payments[number] else { return }
        var isExplained = false
        // What a PSP executed in another currency is booked in that one, and so is what an event
        // tells of.
        var currency = payment.currency
        if case .operationFinished(let ended) = record, ended.result == .conflicted {
            currency = ended.executedCurrency
        }
        if case .eventApplied(let applied) = record {
            currency = applied.fact.currency
            isExplained = applied.fact.effect == .reclassified
        }
        var seen = try postings(record, in: currency)
        plant(&seen, by: record, of: payment)
        let wanted = Self.merged(expected)
        guard Self.merged(seen) == wanted else { throw Mismatch(description: "booked \(seen), not \(wanted)") }
        for posting in expected { book(posting, currency) }
        keepSellers(expected.map { $0.debited($0.amount, currency) }, of: payment.merchant)
        // What top-ups and payments from wallets have pending is the wallet's to tell.
        if payment.funding == nil { payments[number]?.keep(expected, isExplained: isExplained) }
        checks += 1
    }

    private func postings(_ record: ShardRecord, in currency: Currency) throws(Mismatch) -> [NaivePosting] {
        var seen: [NaivePosting] = []
        for index in 0..<record.transfers.count {
            let transfer = record.transfers[index]
            for place in 0..<transfer.count {
                let posting = transfer[place]
                guard posting.account.currency == currency else {
                    throw Mismatch(description: "booked in \(posting.account.currency)")
                }
                seen.append(
                    NaivePosting(
                        account: "\(posting.account.kind.name)",
                        owner: posting.account.owner,
                        amount: posting.amountMinor
                    )
                )
            }
        }
        return seen
    }

    /// One posting for each account.
    static func merged(_ postings: [NaivePosting]) -> [NaivePosting] {
        var sums: [NaivePosting] = []
        for posting in postings {
            if let place = sums.firstIndex(where: { $0.account == posting.account && $0.owner == posting.owner }) {
                sums[place].amount += posting.amount
            } else {
                sums.append(posting)
            }
        }
        return sums.filter { $0.amount != 0 }.sorted()
    }

    mutating func book(_ posting: NaivePosting, _ currency: Currency) {
        book(posting.debited(posting.amount, currency))
    }

    /// On an account that names its currency.
    mutating func book(_ posting: NaivePosting) {
        guard posting.amount != 0 else { return }
        let account = NaivePosting(account: posting.account, owner: posting.owner, amount: 0)
        var sums = totals[account] ?? (0, 0)
        if posting.amount > 0 { sums.debits += posting.amount } else { sums.credits -= posting.amount }
        totals[account] = sums
    }

    mutating func compare(_ number: Int, _ driver: borrowing ShardDriver) throws(Mismatch) {
        guard let payment = payments[number] else { return }
        let found: PaymentView?
        do { found = try driver.view(number) } catch {
            throw Mismatch(description: "p\(number) cannot be read: \(error)")
        }
        guard var view = found else { throw Mismatch(description: "p\(number) is lost") }
        plant(&view, payment)
        let failure = view.failure.map { "\($0)" }
        guard WorkloadRenderer.text(view) == payment.text, failure == payment.failure else {
            throw Mismatch(
                description:
                    "p\(number) is \(WorkloadRenderer.text(view)) \(failure ?? ""), not \(payment.text) \(payment.failure ?? "")"
            )
        }
        // What is read of a payment that is not in memory leaves its attempts out.
        let attempts = driver.glance(number)?.endedAttempts.count ?? payment.place
        guard view.connector.rawValue == payment.connector, attempts == payment.place else {
            throw Mismatch(
                description: "p\(number) is at \(view.connector) after \(attempts) attempts, not \(payment.connector)"
            )
        }
        try compareDisputes(payment, driver)
        checks += 1
    }

    /// Of a payment in memory; answers show those of others.
    private func compareDisputes(_ payment: NaivePayment, _ driver: borrowing ShardDriver) throws(Mismatch) {
        guard let id = driver.payments[payment.number]?.id, let found = driver.core.disputes(ofPayment: id.sequence)
        else { return }
        guard found.count == payment.disputes.count else {
            throw Mismatch(description: "p\(payment.number) has \(found.count) disputes")
        }
        for (index, dispute) in payment.disputes.enumerated() {
            var seen = found[index]
            if faults.contains(.lostEvidence), seen.status == .underReview { seen.status = .open }
            let (text, wanted) = (WorkloadRenderer.text(seen), dispute.text(index + 1, payment.currency))
            guard text == wanted else { throw Mismatch(description: "p\(payment.number): \(text), not \(wanted)") }
        }
    }

    /// All payments and all sums.
    package mutating func compareAll(_ driver: borrowing ShardDriver) throws(Mismatch) {
        for number in payments.keys.sorted() { try compare(number, driver) }
        var kinds: [NaivePosting: (Int128, Int128)] = [:]
        for (account, sums) in totals {
            let kind = NaivePosting(account: account.account, owner: 0, amount: 0)
            let before = kinds[kind] ?? (0, 0)
            kinds[kind] = (before.0 + Int128(sums.debits), before.1 + Int128(sums.credits))
        }
        let balance = driver.core.trialBalance()
        guard balance.isBalanced else { throw Mismatch(description: "the ledger is not balanced") }
        for line in balance.kinds {
            let kind = NaivePosting(account: "\(line.kind.name) \(line.currency)", owner: 0, amount: 0)
            let sums = kinds.removeValue(forKey: kind) ?? (0, 0)
            guard line.totals.debits == sums.0, line.totals.credits == sums.1 else {
                throw Mismatch(description: "\(kind.account): \(line.totals), not \(sums)")
            }
        }
        for (account, sums) in totals { try compareBalance(account, with: sums, in: driver) }
        guard kinds.isEmpty else { throw Mismatch(description: "not in the ledger: \(kinds.keys)") }
        checks += balance.kinds.count + totals.count
    }

    private func compareBalance(
        _ account: NaivePosting,
        with sums: (debits: Int64, credits: Int64),
        in driver: borrowing ShardDriver
    ) throws(Mismatch) {
        let words = account.account.split(separator: " ").map(String.init)
        guard let kind = AccountKind(name: words[0]), let currency = Currency(code: words[1]) else {
            throw Mismatch(description: "no account \(account.account)")
        }
        let balance = driver.core.balance(of: Account(kind, owner: account.owner, currency: currency))
        guard balance == Int128(sums.debits - sums.credits) else {
            throw Mismatch(description: "\(account.account) of \(account.owner): \(balance), not \(sums)")
        }
    }

    /// Nothing is left that time ought to have ended.
    package func expectNothingOverdue(at now: Int64) throws(Mismatch) {
        for (number, payment) in payments.sorted(by: { $0.key < $1.key }) {
            guard payment.running == nil, payment.refunding.isEmpty else {
                // Where a PSP cannot be asked, what it never answers is for people.
                let resolution = configuration[payment.connector].resolution
                let kinds = [payment.running?.kind, payment.refunding.isEmpty ? nil : .refund].compactMap(\.self)
                guard kinds.allSatisfy({ resolution[$0].canQuery }) else { continue }
                throw Mismatch(description: "p\(number) is still under way: \(payment.text)")
            }
            let open = payment.disputes.filter { $0.isOpen }
            guard !open.contains(where: { $0.status == .open && $0.due != 0 && $0.due + 3_600_000 < now }) else {
                throw Mismatch(description: "p\(number) has a dispute that is overdue")
            }
            // What was filled into a wallet and spent cannot be taken back.
            if payment.needsReversal, !canRefund(payment, payment.refundable) { continue }
            // What a dispute holds is taken back when that has ended.
            guard !payment.needsReversal || !open.isEmpty, payment.deadline == 0 || payment.deadline > now else {
                throw Mismatch(description: "p\(number) is overdue: \(payment.text)")
            }
        }
    }
}
