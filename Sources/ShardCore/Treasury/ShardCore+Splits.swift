import Ledger
import Money
import Payments
import ShardRecords
import ShardState

// Captures that are shared with sellers. What is asked for travels as a plan in the payment's notes until the capture ends; then
// the notes say what each seller has.
extension ShardCore {
    /// Why a plan cannot be followed.
    func planRefusal(
        _ plan: [SplitRequest],
        _ captureMinor: Int64,
        _ feeMinor: Int64,
        besides earlier: [SellerName],
        _ merchant: MerchantID
    ) -> Refusal? {
        let sellers = Set(plan.map(\.seller))
        guard sellers.union(earlier).count <= SplitAllocation.maximumSellers else { return .tooManySellers }
        guard SplitAllocation(plan, captureMinor: captureMinor, feeMinor: feeMinor) != nil else {
            return .splitsExceedCapture
        }
        let new = sellers.filter { money.sellers.number(of: $0, merchant: merchant) == nil }.count
        let ofMerchant = money.sellers.numbers(of: merchant).count
        guard new > 0 else { return nil }
        guard ofMerchant + new <= configuration.money.sellersOfMerchant else { return .sellerLimitReached }
        guard money.sellers.count + new <= configuration.money.sellers else { return .sellerTableFull }
        return nil
    }

    /// Notes the instructions of a capture.
    mutating func addInstructions(_ instructions: [UInt8], to index: Int) {
        let notes = arena.withBytes(payments[index].notes) { bytes in
            bytes.withUnsafeBufferPointer { Array($0) } + instructions
        }
        payments[index].notes = arena.append(notes.span)
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
        openSellers(instructions.span, payments[index].merchant)
    }

    /// Numbers the sellers of a plan that nobody named before, in its order.
    mutating func openSellers(_ details: Span<UInt8>, _ merchant: MerchantID) {
        for request in PaymentDetails.plan(in: details) { _ = money.sellers.open(request.seller, merchant: merchant) }
    }

    /// The operation, which captures or may, follows the plan in the payment's notes if there is one.
    mutating func followPlan(_ slot: Int) {
        let notes = payments[operations[slot].payment].notes
        operations[slot].hasSplitPlan = arena.withBytes(notes) { !PaymentDetails.plan(in: $0).isEmpty }
    }

    /// What the running capture gives sellers when it succeeds; nil without a plan, and for a sale that was given up: all of it is
    /// reversed.
    func sellerShares(_ operation: RunningOperation, _ payment: Payment, captureMinor: Int64) -> SellerShares? {
        guard operation.hasSplitPlan, payment.failure == nil else { return nil }
        guard let allocation = allocation(payment, captureMinor: captureMinor) else {
            return SellerShares(parts: [], residueMinor: 0)
        }
        let parts = allocation.parts.map {
            SellerPart(owner: owner(of: $0.seller, payment.merchant), amountMinor: $0.amountMinor)
        }
        return SellerShares(parts: parts, residueMinor: allocation.residueMinor)
    }

    private func allocation(_ payment: Payment, captureMinor: Int64) -> SplitAllocation? {
        let plan = arena.withBytes(payment.notes) { PaymentDetails.plan(in: $0) }
        let fee = payment.fee(ofCapture: captureMinor)
        return SplitAllocation(plan, captureMinor: captureMinor, feeMinor: fee, clamps: true)
    }

    private func owner(of seller: SellerName, _ merchant: MerchantID) -> UInt64 {
        guard let owner = sellerOwner(seller, of: merchant) else { preconditionFailure("a plan numbers its sellers") }
        return owner
    }

    /// The capture with a plan has ended: the plan goes, and what the sellers got comes.
    mutating func applySplits(_ record: OperationFinished, payment index: Int) {
        let payment = payments[index]
        var splits = arena.withBytes(payment.notes) { PaymentDetails.splits(in: $0) }
        if record.result == .succeeded, payment.failure == nil,
            let allocation = allocation(payment, captureMinor: record.effectiveMinor)
        {
            for part in allocation.parts {
                add(part.amountMinor, part.seller, owner(of: part.seller, payment.merchant), to: &splits)
            }
            if allocation.residueMinor > 0 { add(allocation.residueMinor, nil, 0, to: &splits) }
        }
        let notes = arena.withBytes(payment.notes) { PaymentDetails.endingPlan(in: $0, splits: splits) }
        payments[index].notes = arena.append(notes.bytes.span)
    }

    private func add(_ amount: Int64, _ seller: SellerName?, _ owner: UInt64, to splits: inout [PaymentSplit]) {
        if let known = splits.firstIndex(where: { $0.owner == owner }) {
            splits[known].amountMinor += amount
        } else {
            splits.append(PaymentSplit(seller: seller, owner: owner, amountMinor: amount))
        }
    }
}

extension ShardCore {
    /// What a merchant's sellers have. Only currencies are looked up in which some
    /// seller of the shard ever had money.
    func sellerLines(of merchant: MerchantID) -> [BalanceView.SellerLine] {
        let numbers = money.sellers.numbers(of: merchant)
        guard !numbers.isEmpty else { return [] }
        let currencies = Currency.all.filter(balances.sellerCurrencies.contains)
        var lines: [BalanceView.SellerLine] = []
        for number in numbers {
            let owner = SellerTable.accountOwner(number, shard: configuration.shard)
            for currency in currencies {
                let pending = owed(Account(.sellerPending, owner: owner, currency: currency))
                let available = owed(Account(.sellerAvailable, owner: owner, currency: currency))
                guard pending != 0 || available != 0 else { continue }
                lines.append(
                    BalanceView.SellerLine(
                        seller: money.sellers.name(number),
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
    /// What a settlement of `amountMinor` moves to the payment's sellers' available balances; nil for nothing.
    func sellersSettled(_ payment: Payment, amountMinor: Int64) -> Transfer? {
        guard payment.traits.contains(.split) else { return nil }
        let splits = arena.withBytes(payment.notes) { PaymentDetails.splits(in: $0) }
        let outstanding = payment.capturedMinor - payment.settledMinor
        let settled = PaymentSplit.settle(splits, amountMinor: amountMinor, outstandingMinor: outstanding)
        return settled.parts.isEmpty ? nil : PostingRules.sellersSettled(payment.currency, parts: settled.parts)
    }

    /// The payment's `settledMinor` has just grown by `amountMinor`: its sellers' follow.
    mutating func applySellersSettled(_ amountMinor: Int64, payment index: Int) {
        let payment = payments[index]
        guard payment.traits.contains(.split) else { return }
        let splits = arena.withBytes(payment.notes) { PaymentDetails.splits(in: $0) }
        let outstanding = payment.capturedMinor - payment.settledMinor + amountMinor
        let settled = PaymentSplit.settle(splits, amountMinor: amountMinor, outstandingMinor: outstanding)
        guard !settled.parts.isEmpty else { return }
        let notes = arena.withBytes(payment.notes) { PaymentDetails.replacing(in: $0, splits: settled.splits) }
        payments[index].notes = arena.append(notes.bytes.span)
    }
}
