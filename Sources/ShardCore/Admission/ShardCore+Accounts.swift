import Ledger
import Money
import Payments
import ShardRecords
import ShardState

// Room for the ledger's accounts (docs/capacity.md, "Accounts"). A command is admitted only if all
// accounts fit that it may open. So a decided transfer always finds its accounts, and no event is
// refused for lack of room.
extension ShardCore {
    /// The most wallets, and sellers by currency, that have accounts: they take three quarters of
    /// the accounts, and two each. The rest is for merchants, whatever wallets and sellers do.
    private var closableCapacity: Int { (accountLimit - accountLimit / 4) / Balances.accountsOfClosable }

    /// Accounts of merchants, wallets and sellers that are open, or that admitted work may open.
    package var expectedAccounts: Int { ledger.expectedAccounts }

    /// Why a merchant gets no accounts in a currency; nil where there are some already, or room for
    /// them.
    func accountRefusal(_ merchant: MerchantID, _ currency: Currency) -> Refusal? {
        if ledger.hasMerchant(merchant, currency) { return nil }
        let expected = ledger.expectedAccounts + Balances.accountsOfMerchant
        return expected <= accountLimit ? nil : .accountTableFull
    }

    /// Why a merchant's operation is refused that may open accounts of so many wallets or sellers
    /// which have none.
    private func closableRefusal(_ count: Int, of merchant: MerchantID) -> Refusal? {
        guard count > 0 else { return nil }
        let share = configuration.merchantShare.of(closableCapacity)
        guard ledger.closableCount(of: merchant) + count <= share else { return .merchantLimitReached }
        let expected = ledger.expectedAccounts + count * Balances.accountsOfClosable
        let hasRoom = ledger.closableCount + count <= closableCapacity && expected <= accountLimit
        return hasRoom ? nil : .accountTableFull
    }

    /// Why a payment of a wallet, or a top-up, finds no room for the wallet's accounts.
    func accountRefusal(_ wallet: WalletID, of merchant: MerchantID, in currency: Currency) -> Refusal? {
        closableRefusal(ledger.hasClosable(wallet.account(in: currency)) ? 0 : 1, of: merchant)
    }

    /// Why a plan finds no room for its sellers' accounts.
    func accountRefusal(_ plan: [SplitRequest], of merchant: MerchantID, in currency: Currency) -> Refusal? {
        var new = 0
        for seller in Set(plan.map(\.seller)) {
            let owner = sellerOwner(seller, of: merchant)
            let isOpen = owner.map { ledger.hasClosable(Account(.sellerPending, owner: $0, currency: currency)) }
            if isOpen != true { new += 1 }
        }
        return closableRefusal(new, of: merchant)
    }

    /// Why an operation on a payment finds no room for the accounts that it may open. What only
    /// closes some is never refused.
    func accountRefusal(_ operation: ProviderOperation, _ payment: Payment) -> Refusal? {
        guard !payment.traits.isEmpty else { return nil }
        switch operation {
        case .cancel, .increment: return nil
        case .authorize, .confirm, .capture, .refund: break
        }
        if !payment.traits.isDisjoint(with: .ofWallets) {
            // A wallet that pays has accounts, or not enough money.
            if payment.traits.contains(.wallet), operation != .refund { return nil }
            return accountRefusal(wallet(of: payment), of: payment.merchant, in: payment.currency)
        }
        guard operation.mayFollowPlan else { return nil }
        let plan = payments.withNotes(of: payment.index) { PaymentDetails.plan(in: $0) }
        return sellerRefusal(plan, of: payment.merchant)
            ?? accountRefusal(plan, of: payment.merchant, in: payment.currency)
    }

    /// What an operation may open accounts of until it ends: the same from its begin to its end.
    private enum AccountClaim {
        case none
        case wallet(MerchantID)
        case sellers([SplitRequest], MerchantID)
    }

    private func accountClaim(_ operation: RunningOperation) -> AccountClaim {
        let payment = payments[operation.payment]
        if payment.traits.isEmpty { return .none }
        if !payment.traits.isDisjoint(with: .ofWallets) { return .wallet(payment.merchant) }
        guard operation.hasSplitPlan else { return .none }
        return .sellers(payments.withNotes(of: payment.index) { PaymentDetails.plan(in: $0) }, payment.merchant)
    }

    /// An operation has begun: the sellers that it names, and what accounts it may open, are
    /// counted until it ends.
    mutating func claimAccounts(_ operation: RunningOperation) {
        switch accountClaim(operation) {
        case .none: break
        case .wallet(let merchant): ledger.claim(1, of: merchant)
        case .sellers(let plan, let merchant):
            ledger.claim(plan.count, of: merchant)
            for request in plan { treasury.claim(request.seller, of: merchant) }
        }
    }

    /// The operation ends: what it opened was counted.
    mutating func releaseAccounts(_ operation: RunningOperation) {
        switch accountClaim(operation) {
        case .none: break
        case .wallet(let merchant): ledger.release(1, of: merchant)
        case .sellers(let plan, let merchant):
            ledger.release(plan.count, of: merchant)
            for request in plan { treasury.releaseClaim(of: request.seller, of: merchant) }
        }
    }

    /// The merchant whose wallet or seller owns an account.
    func merchant(of account: Account) -> MerchantID? {
        let number = Int(account.owner & (1 << 48 - 1))
        guard account.owner >> 48 == UInt64(configuration.shard), number >= 1 else { return nil }
        if account.kind.owner == .seller {
            return treasury.sellers.seller(number)?.merchant
        }
        return treasury.sums.contains(number - 1) ? treasury.sums[number - 1].merchant : nil
    }
}
