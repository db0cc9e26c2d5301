import Ledger
import Money
import Payments
import ShardRecords
import ShardState

// Captures that are shared with sellers. The requested plan is in the payment's notes until the
// capture ends. Then the notes say what each seller has.
extension ShardCore {
    /// Why a plan cannot be followed.
    func planRefusal(
        _ plan: [SplitRequest],
        captureMinor: Int64,
        feeMinor: Int64,
        besides earlier: [SellerName],
        of merchant: MerchantID
    ) -> Refusal? {
        let sellers = Set(plan.map(\.seller))
        guard sellers.union(earlier).count <= SplitAllocation.maximumSellers else { return .tooManySellers }
        guard SplitAllocation(plan, captureMinor: captureMinor, feeMinor: feeMinor) != nil else {
            return .splitsExceedCapture
        }
        return sellerRefusal(plan, of: merchant)
    }

    /// Why there is no room for a plan's sellers, beside those that have money and those that
    /// captures under way name.
    func sellerRefusal(_ plan: [SplitRequest], of merchant: MerchantID) -> Refusal? {
        let new = Set(plan.map(\.seller)).filter { !treasury.sellers.contains($0, merchant: merchant) }.count
        guard new > 0 else { return nil }
        let most = configuration.treasury.sellersOfMerchant
        guard treasury.sellers.count(of: merchant) + new <= most else { return .sellerLimitReached }
        guard treasury.sellers.count + new <= configuration.treasury.sellers else { return .sellerTableFull }
        return nil
    }

    /// Notes the instructions of a capture.
    mutating func addInstructions(_ instructions: [UInt8], to index: Index<Payment>) {
        let notes = payments.withNotes(of: index) { bytes in
            bytes.withUnsafeBufferPointer { Array($0) } + instructions
        }
        payments.setNotes(notes.span, of: index)
    }

    /// Notes on the operation, and on its payment, its instructions.
    mutating func follow(_ instructions: [UInt8], _ slot: Int) {
        let index = operations[slot].payment
        if let manual = PaymentDetails.manual(in: instructions.span) {
            operations[slot].isManual = true
            if manual.method == .cash { payments[index].mark(.cash) }
        }
        guard !PaymentDetails.plan(in: instructions.span).isEmpty else { return }
        payments[index].mark(.split)
    }

    /// The operation, which captures or may, follows the plan in the payment's notes if there is
    /// one.
    mutating func followPlan(_ slot: Int) {
        let hasPlan = payments.withNotes(of: operations[slot].payment) { !PaymentDetails.plan(in: $0).isEmpty }
        operations[slot].hasSplitPlan = hasPlan
    }

    /// What the running capture gives sellers when it succeeds. It is nil without a plan, and for a
    /// sale that was given up, because all of that is reversed.
    func sellerShares(_ operation: RunningOperation, _ payment: Payment, captureMinor: Int64) -> SellerShares? {
        guard operation.hasSplitPlan, payment.failure == nil else { return nil }
        guard let allocation = allocation(payment, captureMinor: captureMinor) else {
            return SellerShares(parts: [], residueMinor: 0)
        }
        let numbers = treasury.sellers.numbers(of: allocation.parts.map(\.seller), merchant: payment.merchant)
        let parts = zip(allocation.parts, numbers).map { part, number in
            let owner = SellerTable.accountOwner(number, shard: configuration.shard)
            return SellerPart(owner: owner, amountMinor: part.amountMinor)
        }
        return SellerShares(parts: parts, residueMinor: allocation.residueMinor)
    }

    private func allocation(_ payment: Payment, captureMinor: Int64) -> SplitAllocation? {
        let plan = payments.withNotes(of: payment.index) { PaymentDetails.plan(in: $0) }
        let fee = payment.fee(ofCapture: captureMinor)
        return SplitAllocation(plan, captureMinor: captureMinor, feeMinor: fee, clamps: true)
    }

    /// The running capture with a plan ends by a record: the sellers that it books to, and that had
    /// no account, get numbers.
    mutating func numberSellers(_ record: OperationFinished, _ operation: RunningOperation) {
        let payment = payments[operation.payment]
        guard record.result == .succeeded, payment.failure == nil,
            let allocation = allocation(payment, captureMinor: record.effectiveMinor)
        else { return }
        for part in allocation.parts { _ = treasury.number(part.seller, of: payment.merchant) }
    }

    private func owner(of seller: SellerName, _ merchant: MerchantID) -> UInt64 {
        guard let owner = sellerOwner(seller, of: merchant) else {
            preconditionFailure("a capture numbers the sellers that it books to")
        }
        return owner
    }

    /// A record has booked these: sellers that it left without an account are forgotten.
    mutating func forgetSellers(_ transfers: Transfers) {
        for number in 0..<transfers.count {
            let transfer = transfers[number]
            for place in 0..<transfer.count where transfer[place].account.kind.owner == .seller {
                let owner = transfer[place].account.owner
                let seller = Int(owner & (1 << 48 - 1))
                guard treasury.sellers.seller(seller) != nil, !hasAccounts(ofSeller: owner) else { continue }
                treasury.forgetSeller(seller)
            }
        }
    }

    private func hasAccounts(ofSeller owner: UInt64) -> Bool {
        ledger.sellerCurrencies.contains {
            ledger.hasClosable(Account(.sellerPending, owner: owner, currency: $0))
        }
    }

    /// The capture with a plan has ended: the notes lose the plan, and get the sellers' parts.
    mutating func applySplits(_ record: OperationFinished, payment index: Index<Payment>) {
        let payment = payments[index]
        var splits = payments.withNotes(of: payment.index) { PaymentDetails.splits(in: $0) }
        if record.result == .succeeded, payment.failure == nil,
            let allocation = allocation(payment, captureMinor: record.effectiveMinor)
        {
            for part in allocation.parts {
                add(part.amountMinor, seller: part.seller, owner: owner(of: part.seller, payment.merchant), to: &splits)
            }
            if allocation.residueMinor > 0 { add(allocation.residueMinor, seller: nil, owner: 0, to: &splits) }
        }
        let notes = payments.withNotes(of: payment.index) { PaymentDetails.endingPlan(in: $0, splits: splits) }
        payments.setNotes(notes.bytes.span, of: index)
    }

    private func add(_ amount: Int64, seller: SellerName?, owner: UInt64, to splits: inout [PaymentSplit]) {
        if let known = splits.firstIndex(where: { $0.seller == seller }) {
            // A seller that was forgotten since has nothing pending: what it gets now is on the
            // accounts of its new number.
            splits[known].owner = owner
            splits[known].amountMinor += amount
        } else {
            splits.append(PaymentSplit(seller: seller, owner: owner, amountMinor: amount))
        }
    }
}

extension ShardCore {
    /// What a merchant's sellers have. It looks up only currencies in which some seller of the
    /// shard ever had money.
    func sellerLines(of merchant: MerchantID) -> [BalanceView.SellerLine] {
        let numbers = treasury.sellers.numbers(of: merchant)
        guard !numbers.isEmpty else { return [] }
        let currencies = Currency.all.filter(ledger.sellerCurrencies.contains)
        var lines: [BalanceView.SellerLine] = []
        for number in numbers {
            guard let seller = treasury.sellers.seller(number) else { continue }
            let owner = SellerTable.accountOwner(number, shard: configuration.shard)
            for currency in currencies {
                let pending = owed(Account(.sellerPending, owner: owner, currency: currency))
                let available = owed(Account(.sellerAvailable, owner: owner, currency: currency))
                guard pending != 0 || available != 0 else { continue }
                lines.append(
                    BalanceView.SellerLine(
                        seller: seller.name,
                        currency: currency,
                        pendingMinor: pending,
                        availableMinor: available
                    )
                )
            }
        }
        return lines
    }
}

extension ProviderOperation {
    /// Whether it can capture.
    var mayFollowPlan: Bool {
        switch self {
        case .authorize, .confirm, .capture: true
        case .cancel, .refund, .increment: false
        }
    }
}

// Settlement of payments with sellers: part of the record that settles them.
extension ShardCore {
    /// What a settlement of `amountMinor` moves to the payment's sellers' available balances; nil
    /// for nothing.
    func sellersSettled(_ payment: Payment, amountMinor: Int64) -> Transfer? {
        guard payment.traits.contains(.split) else { return nil }
        let splits = payments.withNotes(of: payment.index) { PaymentDetails.splits(in: $0) }
        let outstanding = payment.capturedMinor - payment.settledMinor
        let settled = PaymentSplit.settle(splits, amountMinor: amountMinor, outstandingMinor: outstanding)
        return settled.parts.isEmpty ? nil : PostingRules.sellersSettled(payment.currency, parts: settled.parts)
    }

    /// The payment's `settledMinor` has just grown by `amountMinor`: its sellers' follow.
    mutating func applySellersSettled(_ amountMinor: Int64, payment index: Index<Payment>) {
        let payment = payments[index]
        guard payment.traits.contains(.split) else { return }
        let splits = payments.withNotes(of: payment.index) { PaymentDetails.splits(in: $0) }
        let outstanding = payment.capturedMinor - payment.settledMinor + amountMinor
        let settled = PaymentSplit.settle(splits, amountMinor: amountMinor, outstandingMinor: outstanding)
        guard !settled.parts.isEmpty else { return }
        let notes = payments.withNotes(of: payment.index) { PaymentDetails.replacing(in: $0, splits: settled.splits) }
        payments.setNotes(notes.bytes.span, of: index)
    }
}
