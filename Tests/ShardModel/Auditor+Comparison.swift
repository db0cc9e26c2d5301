import Ledger
import Money
import Payments
import Shard

// What the shard shows, against what the model has.
extension Auditor {
    mutating func compare(_ expected: [NaivePosting], _ record: ShardRecord, _ number: Int) throws(Mismatch) {
        guard let payment = payments[number] else { return }
        var seen: [NaivePosting] = []
        // What a PSP executed in another currency is booked in that one.
        var currency = payment.currency
        if case .operationFinished(let ended) = record, ended.result == .conflicted {
            currency = ended.executedCurrency
        }
        for index in 0..<record.transfers.count {
            let transfer = record.transfers[index]
            if faults.contains(.forgottenRelease), transfer.recipe == .release, payment.phase == .partiallyCaptured {
                continue
            }
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
        if faults.contains(.wrongFee), let fee = seen.firstIndex(where: { $0.account == "platform:fees" }) {
            seen[fee].amount -= seen[fee].amount % 7 == 0 ? 1 : 0
        }
        let wanted = Self.merged(expected)
        guard Self.merged(seen) == wanted else { throw Mismatch(description: "booked \(seen), not \(wanted)") }
        for posting in expected { book(posting, currency) }
        checks += 1
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
        let account = NaivePosting(account: posting.account + " \(currency)", owner: posting.owner, amount: 0)
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
        if faults.contains(.doubleRefund), view.refundedMinor > 0, view.refundedMinor * 2 < view.capturedMinor {
            view.refundedMinor *= 2
        }
        if faults.contains(.staleStatus), view.status == .expired { view.status = .authorized }
        let failure = view.failure.map { "\($0)" }
        guard WorkloadRenderer.text(view) == payment.text, failure == payment.failure else {
            throw Mismatch(
                description:
                    "p\(number) is \(WorkloadRenderer.text(view)) \(failure ?? ""), not \(payment.text) \(payment.failure ?? "")"
            )
        }
        checks += 1
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
        guard kinds.isEmpty else { throw Mismatch(description: "not in the ledger: \(kinds.keys)") }
        checks += balance.kinds.count
    }

    /// Nothing is left that time ought to have ended.
    package func expectNothingOverdue(at now: Int64) throws(Mismatch) {
        for (number, payment) in payments.sorted(by: { $0.key < $1.key }) {
            guard payment.running == nil, payment.refunding.isEmpty else {
                // Where a PSP cannot be asked, what it never answers is for people.
                guard configuration.resolution.canQuery else { continue }
                throw Mismatch(description: "p\(number) is still under way: \(payment.text)")
            }
            guard !payment.mustBeTakenBack, payment.deadline == 0 || payment.deadline > now else {
                throw Mismatch(description: "p\(number) is overdue: \(payment.text)")
            }
        }
    }
}
