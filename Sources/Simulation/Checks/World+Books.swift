import Ledger
import Money
import NIOCore
import Payments
import ShardCore
import ShardHost
import ShardState

/// The end: what the journal holds, what was acknowledged and what everybody has must be the same.
extension World {
    /// Compares every acknowledged answer with the journal, and recounts.
    func recount(of shard: Int) -> Recount {
        var recount = Recount()
        if let problem = journalLogs[shard].books.final { fail(problem) }
        var found: [(position: UInt64, request: Int, answer: SimAnswer)] = []
        for number in requests.indices where self.shard(of: requests[number].merchant) == shard {
            let stored = stored(of: number)
            check(number, stored)
            if let stored, let answer = stored.answer { found.append((stored.position, number, answer)) }
        }
        for (_, number, answer) in found.sorted(by: { $0.position < $1.position }) {
            let request = requests[number]
            let intent = request.intent >= 0 ? intents[request.intent] : nil
            if case .quote(let quote) = request.nonPayment { recount.take(quote: answer, quote) }
            let splits = request.kind == .capture ? request.splits : intent?.splits ?? []
            recount.take(answer, of: request, splits: splits, isSale: intent?.captures ?? false)
        }
        if let problem = recount.problem { fail("recounting: \(problem)") }
        checkSuspenseOfEarlier()
        return recount
    }

    /// An acknowledged answer is in the journal once, and byte for byte. `JournalBooks` checks that
    /// it is there only once.
    private func check(_ number: Int, _ stored: JournalBooks.Stored?) {
        guard let final = requests[number].final else { return }
        guard let stored else { return fail("request \(number) was acknowledged and is not in the journal") }
        if stored.status != final.status || stored.hash != final.hash {
            fail("request \(number) was answered \(final), and the journal holds \(stored)")
        }
    }

    /// What the journal holds under the key of a request.
    func stored(of number: Int) -> JournalBooks.Stored? {
        let key = key(number)
        let books = books(of: number)
        return requests[number].keyOf == nil ? books.stored(key) : books.storedAnew(key)
    }

    /// The books of the shard that a request goes to.
    func books(of number: Int) -> JournalBooks { journalLogs[shard(of: requests[number].merchant)].books }

    // MARK: Balances

    func compareBalances(_ recount: Recount, _ views: [PaymentView], of shard: SimShard) {
        var recount = recount
        var owed = recount.others
        var available: [WalletID: Int64] = [:]
        var held: [WalletID: Int64] = [:]
        for view in views {
            let intent = intents[Intent.intent(of: view.amountMinor)]
            let seen = recount.payments[view.id.sequence]?.captured ?? 0
            if view.capturedMinor > seen {
                recount.captureUnseen(upTo: view.capturedMinor, view.id, intent.merchant)
            }
            let line = recount.payments[view.id.sequence] ?? Recount.PaymentLine()
            if line.captured != view.capturedMinor { fail("\(view.id): answers tell of \(line), it shows \(view)") }
            var merchant = view.capturedMinor - line.fee - line.shared - view.refundedMinor - view.disputedMinor
            switch intent.funding {
            case .provider: break
            case .topUp(let wallet):
                merchant = -view.disputedMinor
                available[wallet, default: 0] += view.capturedMinor - view.refundedMinor
            case .wallet(let wallet):
                available[wallet, default: 0] -= view.capturedMinor - view.refundedMinor + view.capturableMinor
                held[wallet, default: 0] += view.capturableMinor
            }
            owed[intent.merchant, default: [:]][Currency.eur.numericCode, default: 0] += merchant
        }
        for (wallet, merchant) in wallets.flatMap({ entry in entry.value.map { ($0, entry.key) } })
        where self.shard(of: merchant) == shard.number {
            compare(wallet, of: merchant, available: available[wallet] ?? 0, held: held[wallet] ?? 0, at: shard)
        }
        let merchants = Set(owed.keys).union(recount.sellers.keys)
        for merchant in merchants.sorted() {
            compare(
                merchant: merchant,
                owed: owed[merchant] ?? [:],
                sellers: recount.sellers[merchant] ?? [:],
                at: shard
            )
        }
        for (number, payout) in recount.payouts.sorted(by: { $0.key < $1.key }) {
            compare(payout: number, payout, at: shard)
        }
    }

    private func compare(
        merchant: UInt64,
        owed: [UInt16: Int64],
        sellers: [String: Int64],
        at shard: SimShard
    ) {
        guard let response = ask(.query(.balance), as: merchant, at: shard), let balance = SimBalance(response.body)
        else {
            return fail("merchant \(merchant) is not told its balance")
        }
        if balance.merchant.filter({ $0.value != 0 }) != owed.filter({ $0.value != 0 }) {
            fail("merchant \(merchant) has \(balance.merchant), and by the answers \(owed)")
        }
        if balance.sellers.filter({ $0.value != 0 }) != sellers.filter({ $0.value != 0 }) {
            fail("merchant \(merchant)'s sellers have \(balance.sellers), and by the answers \(sellers)")
        }
        if let seller = balance.sellers.first(where: { $0.value < 0 }) { fail("seller \(seller) of \(merchant) owes") }
    }

    private func compare(
        _ wallet: WalletID,
        of merchant: UInt64,
        available: Int64,
        held: Int64,
        at shard: SimShard
    ) {
        guard let response = ask(.query(.wallet(wallet)), as: merchant, at: shard), response.status == 200,
            let answer = SimAnswer(response.body)
        else { return fail("\(wallet) was acknowledged and cannot be read") }
        if answer.amount < 0 || answer.held < 0 { fail("\(wallet) is overdrawn: \(answer)") }
        if answer.amount != available || answer.held != held {
            fail("\(wallet) has \(answer.amount) and \(answer.held) held, by the answers \(available) and \(held)")
        }
    }

    private func compare(payout number: UInt64, _ payout: Recount.PayoutLine, at shard: SimShard) {
        guard let response = ask(.query(.payout(payout.id)), as: payout.merchant, at: shard),
            let answer = SimAnswer(response.body), answer.payoutState == payout.state, answer.amount == payout.amount
        else { return fail("pay-out \(number) is not as the answers tell: \(payout)") }
    }

    /// Looks at something without time passing.
    private func ask(_ kind: Command.Kind, as merchant: UInt64, at shard: SimShard) -> Response? {
        attempts.append(Attempt(request: -1, variant: .audit))
        audited = nil
        let reply = ReplyToken(loop: 0, connection: 0, generation: 0, stream: UInt32(attempts.count - 1))
        let command = Command(
            kind: kind,
            merchant: MerchantID(rawValue: merchant),
            requestID: RequestID(high: 1, low: UInt64(attempts.count)),
            key: nil,
            fingerprint: nil,
            reply: reply
        )
        shard.host?.process([command])
        // What left memory is read back first; while the world is audited that takes no time.
        while audited == nil, let serving = shard.serving, !serving.reads.waiting.isEmpty {
            for job in serving.reads.takeAll() { job() }
            serving.loop.run()
        }
        return audited
    }
}
