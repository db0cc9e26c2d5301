import Ledger
import Money
package import Payments
import ShardState

// Payments that are not paid by a provider, or not to the merchant: wallets, top-ups, cash.
extension ShardCore {
    /// Why a command is refused, as an error.
    struct Refused: Error { var refusal: Refusal }

    /// What pays for the payment and where its captures go.
    func rail(of payment: Payment) -> PaymentRail {
        // The traits are checked one by one: a set made of a list takes four allocations, for every
        // payment.
        let traits = payment.traits
        if traits.contains(.cash) { return .cash }
        let isTopUp = traits.contains(.topUp)
        guard isTopUp || traits.contains(.wallet) else { return .provider }
        let funds = funds(of: wallet(of: payment), in: payment.currency)
        return isTopUp ? .topUp(funds) : .wallet(funds)
    }

    /// What a top-up's refund of an amount must find in its wallet.
    private func permitsRefund(of amount: Int64, _ payment: Payment) -> Bool {
        let wallet = wallet(of: payment)
        let unsettled = payment.unsettledMinor() - payment.unsettledMinor(refunding: amount)
        return owed(wallet.account(in: payment.currency)) >= amount
            && funds(of: wallet, in: payment.currency).permitsWithdrawal(of: amount, unsettledPart: unsettled)
    }

    /// Whether a top-up can be reversed now: its wallet still has the money. True for other
    /// payments.
    package func canReverse(_ payment: Payment) -> Bool {
        guard payment.traits.contains(.topUp) else { return true }
        return permitsRefund(of: payment.refundableMinor, payment)
    }

    /// Where the wallet's money is. The wallet itself need not be in memory: without money all sums
    /// are zero.
    private func funds(of wallet: WalletID, in currency: Currency) -> WalletFunds {
        let sums = treasury.sums(ofWallet: Int(wallet.sequence) - 1)
        return WalletFunds(
            owner: wallet.accountOwner,
            balanceMinor: owed(wallet.account(in: currency)) + owed(wallet.heldAccount(in: currency)),
            unsettledMinor: sums.unsettledMinor,
            pendingMinor: sums.pendingMinor
        )
    }

    /// A record of a payment from a wallet, or of a top-up, books these: the wallet follows what
    /// they do to the merchant's pending balance.
    mutating func keepWalletFunds(_ transfers: Transfers, of index: Index<Payment>) {
        let payment = payments[index]
        var pending: Int64 = 0
        for number in 0..<transfers.count {
            let transfer = transfers[number]
            for place in 0..<transfer.count where transfer[place].account.kind == .merchantPending {
                pending -= transfer[place].amountMinor
            }
        }
        treasury.addSums(
            ofWallet: Int(wallet(of: payment).sequence) - 1,
            pending: pending,
            merchant: payment.merchant,
            currency: payment.currency
        )
    }

    /// A record of a top-up was applied: its wallet follows what of it is unsettled now. Of other
    /// payments nothing.
    mutating func keepUnsettled(_ index: Index<Payment>) {
        let payment = payments[index]
        guard payment.traits.contains(.topUp) else { return }
        let unsettled = payment.unsettledMinor()
        guard unsettled != payment.pendingFundsMinor else { return }
        treasury.addSums(
            ofWallet: Int(wallet(of: payment).sequence) - 1,
            unsettled: unsettled - payment.pendingFundsMinor,
            merchant: payment.merchant,
            currency: payment.currency
        )
        payments[index].setUnsettled(unsettled)
    }

    /// The wallet that pays for the payment, or that it fills. It is the payment's merchant's: that
    /// was checked at its creation.
    /// - Precondition: the payment's traits say that there is one.
    func wallet(of payment: Payment) -> WalletID {
        let field: PaymentDetails.Field = payment.traits.contains(.topUp) ? .wallet : .paymentMethod
        let id = payments.withDetails(of: payment.index) { PaymentDetails.wallet(in: $0, field: field) }
        guard let id, index(of: id, count: treasury.wallets.count) != nil else {
            preconditionFailure("a wallet's payment names no wallet")
        }
        return id
    }

    /// The traits of a payment to be created, or why it cannot be created.
    func traits(of request: CreatePayment, _ merchant: MerchantID) -> Result<PaymentTraits, Refused> {
        if request.hasSplits { return splitTraits(of: request, merchant) }
        let id: WalletID
        let traits: PaymentTraits
        switch request.funding {
        case .provider: return .success([])
        case .wallet(let wallet): (id, traits) = (wallet, .wallet)
        case .topUp(let wallet): (id, traits) = (wallet, .topUp)
        }
        guard let wallet = wallet(id, of: merchant) else {
            return .failure(Refused(refusal: traits == .topUp ? .notFound : .walletUnknown))
        }
        guard wallet.currency == request.currency else { return .failure(Refused(refusal: .walletCurrencyMismatch)) }
        // A wallet that pays has accounts, or not enough money.
        if traits == .topUp, let refusal = accountRefusal(id, of: merchant, in: wallet.currency) {
            return .failure(Refused(refusal: refusal))
        }
        return .success(traits)
    }

    private func splitTraits(of request: CreatePayment, _ merchant: MerchantID) -> Result<PaymentTraits, Refused> {
        guard request.funding == .provider, request.capturesAutomatically else {
            return .failure(Refused(refusal: .splitsNotPossible))
        }
        let plan = PaymentDetails.plan(in: request.details.bytes.span)
        let fee = BasisPoints.fee(of: request.amountMinor, basisPoints: request.feeBasisPoints)
        if let refusal = planRefusal(plan, captureMinor: request.amountMinor, feeMinor: fee, besides: [], of: merchant)
            ?? accountRefusal(plan, of: merchant, in: request.currency)
        {
            return .failure(Refused(refusal: refusal))
        }
        return .success(.split)
    }

    /// Why an operation that the payment's state allows is refused for its money.
    func treasuryRefusal(_ operation: PaymentOperation, of payment: Payment, amountMinor: Int64) -> Refusal? {
        switch operation {
        case .capture(_, let isFinal, let instructions?):
            if instructions.manual != nil { return manualRefusal(instructions, isFinal: isFinal, of: payment) }
            return splitRefusal(instructions.splits, amountMinor, of: payment)
        case .refund: return refundRefusal(of: payment, amountMinor: amountMinor)
        case .capture, .cancel, .increment, .confirm: return nil
        }
    }

    /// Why a refund is refused for its money: what it would take from a wallet is not there.
    func refundRefusal(of payment: Payment, amountMinor: Int64) -> Refusal? {
        guard payment.traits.contains(.topUp) else { return nil }
        return permitsRefund(of: amountMinor, payment) ? nil : .walletFundsInsufficient
    }

    private func manualRefusal(
        _ instructions: CaptureInstructions,
        isFinal: Bool,
        of payment: Payment
    ) -> Refusal? {
        guard isFinal, payment.capturedMinor == 0, payment.traits.isDisjoint(with: [.wallet, .topUp]) else {
            return .manualCaptureNotPossible
        }
        return instructions.splits.isEmpty ? nil : .splitsNotPossible
    }

    private func splitRefusal(_ splits: [SplitRequest], _ amount: Int64, of payment: Payment) -> Refusal? {
        guard payment.traits.isDisjoint(with: [.wallet, .topUp, .cash]) else { return .splitsNotPossible }
        let earlier = payments.withNotes(of: payment.index) { PaymentDetails.splits(in: $0) }.compactMap(\.seller)
        return planRefusal(
            splits,
            captureMinor: amount,
            feeMinor: payment.fee(ofCapture: amount),
            besides: earlier,
            of: payment.merchant
        ) ?? accountRefusal(splits, of: payment.merchant, in: payment.currency)
    }

    // MARK: Execution

    /// Whether an operation is executed here and not by a provider.
    func isInternal(_ slot: Int) -> Bool {
        let operation = operations[slot]
        if operation.isManual { return true }
        let traits = payments[operation.payment].traits
        if traits.isEmpty { return false }
        return traits.contains(.wallet) || traits.contains(.cash) && operation.operation == .refund
    }

    /// Executes an operation of a wallet, of cash, or by hand: it succeeds at once, but for a
    /// wallet that does not hold enough. After a restart an operation that had no end was certainly
    /// not executed, and is executed now.
    mutating func executeHere(_ slot: Int, in turn: inout Turn) {
        let operation = operations[slot]
        let payment = payments[operation.payment]
        var reference = ""
        if operation.operation == .authorize || operation.operation == .increment {
            let wallet = wallet(of: payment)
            // An increment names what is to be held in all.
            guard owed(wallet.account(in: payment.currency)) >= operation.amountMinor - payment.authorizedMinor else {
                statistics.declined += 1
                let result = OperationResult.declined(.softLater, .insufficientFunds)
                return finish(slot, result, declineCode: "insufficient_funds", in: &turn)
            }
            reference = wallet.description
        }
        statistics.succeeded += 1
        let executed = (amountMinor: operation.amountMinor, currency: payment.currency)
        finish(slot, .succeeded, executed: executed, providerReference: reference, in: &turn)
    }
}
