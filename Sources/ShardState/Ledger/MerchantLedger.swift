package import Journal
package import Ledger
package import Money
package import Payments
package import ShardRecords

/// A shard's ledger: the sums of every account, and how much of the room for accounts each merchant
/// holds. It also has the end of each merchant's chain of entries and marks.
///
/// `post` is the only way to the balances. Every record that carries transfers posts them once when
/// it is applied, live and on replay.
package struct MerchantLedger: Sendable {
    private var balances = Balances()
    /// What merchants hold of the room for wallets' and sellers' accounts.
    private var shares = AccountShares()
    private var chains: EntryChains

    /// - Parameter recordsPerMark: after so many records of a merchant its next balance mark is
    ///   due.
    package init(recordsPerMark: Int) { chains = EntryChains(recordsPerMark: recordsPerMark) }

    // MARK: Posting

    /// Books the transfers of a record, and makes it the newest of its merchant's chain.
    /// - Returns: the merchant's record before this one, which the record names. nil for a record
    ///   that books nothing.
    package mutating func post(
        _ transfers: Transfers,
        for merchant: MerchantID,
        at position: RecordPosition
    ) -> RecordPosition? {
        guard let first = transfers.first else { return nil }
        let closable = balances.closableCount
        balances.apply(first)
        if let second = transfers.second { balances.apply(second) }
        if balances.closableCount != closable { shares.add(balances.closableCount - closable, of: merchant) }
        return chains.link(merchant.rawValue, at: position)
    }

    // MARK: Balances

    /// Debits less credits of an account, in minor units.
    package func balance(of account: Account) -> Int128 { balances.balance(of: account) }

    /// What the platform owes the account's owner, in minor units; negative when the owner owes.
    package func owed(_ account: Account) -> Int64 { Int64(clamping: -balances.balance(of: account)) }

    /// The sums of all accounts of the merchant's own that anything was booked on. It looks up
    /// every currency: some hundred probes, which take a few microseconds. So no table of
    /// merchants' accounts is needed.
    package func lines(of merchant: MerchantID) -> [BalanceMark.Line] {
        var lines: [BalanceMark.Line] = []
        for currency in Currency.all {
            for kind in AccountKind.ofMerchants {
                let account = Account(kind, owner: merchant.rawValue, currency: currency)
                let totals = balances.totals(of: account)
                guard totals != AccountTotals() else { continue }
                lines.append(BalanceMark.Line(account: account, totals: totals))
            }
        }
        return lines
    }

    /// The sums of the ledger, which must be zero for each currency.
    package func trialBalance() -> TrialBalance { balances.trialBalance() }

    /// The currencies in which any seller ever had money here.
    package var sellerCurrencies: Set<Currency> { balances.sellerCurrencies }

    // MARK: Accounts

    /// The number of open accounts.
    package var accountCount: Int { balances.count }

    /// Accounts of merchants, wallets and sellers that are open, or that admitted work may open.
    package var expectedAccounts: Int {
        balances.merchantCount * Balances.accountsOfMerchant + shares.total * Balances.accountsOfClosable
    }

    /// Whether the merchant has an account in the currency.
    package func hasMerchant(_ merchant: MerchantID, _ currency: Currency) -> Bool {
        balances.hasMerchant(merchant.rawValue, currency)
    }

    /// A payment was admitted that may open the merchant's accounts in the currency.
    package mutating func openMerchant(_ merchant: MerchantID, _ currency: Currency) {
        balances.openMerchant(merchant.rawValue, currency)
    }

    /// Whether the account, or the other one of the same wallet, or of the same seller and
    /// currency, is open.
    package func hasClosable(_ account: Account) -> Bool { balances.hasClosable(account) }

    /// Wallets, and sellers by currency, with accounts, and those that operations without an end
    /// may still open: of all merchants.
    package var closableCount: Int { shares.total }

    /// The same of one merchant.
    package func closableCount(of merchant: MerchantID) -> Int { shares.count(of: merchant) }

    /// An operation has begun that may open accounts of so many wallets and sellers.
    package mutating func claim(_ count: Int, of merchant: MerchantID) { shares.add(count, of: merchant) }

    /// The operation ends: what it opens is counted by `post`.
    package mutating func release(_ count: Int, of merchant: MerchantID) { shares.add(-count, of: merchant) }

    // MARK: Chains

    /// Where the merchant's chain of entries ends; nil without any.
    package func chain(of merchant: MerchantID) -> EntryChain? { chains[merchant.rawValue] }

    /// The merchant whose balance mark is to be written now, if there is one.
    package var chainWithDueMark: EntryChain? { chains.chainWithDueMark }

    /// Makes `position` the merchant's newest mark.
    /// - Returns: false, and nothing is changed, when the mark does not follow from the chain.
    package mutating func mark(_ mark: BalanceMark, at position: RecordPosition) -> Bool {
        chains.mark(mark, at: position)
    }

    // MARK: Snapshots

    /// Visits all open accounts, in the same order on every replay.
    package func forEachAccount(_ body: (Account, AccountTotals) -> Void) { balances.forEach(body) }

    /// The chains of all merchants.
    package var allChains: [EntryChain] { chains.chains }

    /// A digest of all chains.
    package var chainDigest: UInt64 { chains.digest }

    /// Opens an account with the sums that a snapshot holds.
    /// - Returns: false when it is open already, or should have been closed.
    package mutating func restore(_ account: Account, _ totals: AccountTotals) -> Bool {
        balances.restore(account, totals)
    }

    /// Takes in what a snapshot holds of a merchant's chain.
    /// - Returns: false when the merchant is there already.
    package mutating func restore(_ chain: EntryChain) -> Bool { chains.restore(chain) }

    /// Counts the restored accounts of wallets and sellers for the merchants that own them.
    /// - Returns: how many sellers have accounts. nil when an account has no known owner.
    package mutating func countRestored(owner: (Account) -> MerchantID?) -> Int? {
        var owners: [Account: MerchantID] = [:]
        var sellers: Set<UInt64> = []
        var isKnown = true
        balances.forEach { account, _ in
            guard account.isClosable else { return }
            guard let merchant = owner(account) else { return isKnown = false }
            let isSeller = account.kind.owner == .seller
            if isSeller { sellers.insert(account.owner) }
            let first = Account(isSeller ? .sellerPending : .wallet, owner: account.owner, currency: account.currency)
            owners[first] = merchant
        }
        for (_, merchant) in owners { shares.add(1, of: merchant) }
        return isKnown ? sellers.count : nil
    }
}
