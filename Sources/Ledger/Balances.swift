package import Money

/// What an account has seen: two sums that only grow. 128 bits hold 2^64 postings of the largest amount, so they cannot
/// overflow in practice; if they ever did, the process would trap and no balance would wrap.
package struct AccountTotals: Equatable, Sendable {
    /// The sum of all debits, in minor units; never negative.
    package var debits: Int128
    /// The sum of all credits, in minor units; never negative.
    package var credits: Int128

    package init(debits: Int128 = 0, credits: Int128 = 0) {
        self.debits = debits
        self.credits = credits
    }

    /// Debits less credits: positive for what we own or spent, negative for what we owe or earned.
    package var balance: Int128 { debits - credits }

    package mutating func add(_ other: AccountTotals) {
        debits += other.debits
        credits += other.credits
    }
}

/// The balances of one partition's accounts: an open-addressing table (linear probing, at most half full) of indices
/// into dense arrays, so that growth rehashes four bytes an account and visits come in the order of first use, the same
/// on every replay.
///
/// Accounts are never removed: there are as many as merchants times currencies times a few kinds.
package struct Balances: Sendable {
    /// The default of `maximumAccounts`: a million accounts take about 56 MB.
    package static let defaultMaximumAccounts = 1 << 20

    /// The most accounts this table opens. Ask `hasRoom` before deciding: a full table means refusing new merchants
    /// (503), not failing in the middle of a decision.
    package let maximumAccounts: Int

    private var accounts: [Account] = []
    private var totals: [AccountTotals] = []
    /// The currencies in which any seller ever had money here, so that a merchant's balance need not look up all there are.
    package private(set) var sellerCurrencies: Set<Currency> = []
    /// Index into `accounts` plus one; 0 is free. The count is a power of two.
    private var slots: [UInt32]

    package init(maximumAccounts: Int = Balances.defaultMaximumAccounts) {
        precondition(maximumAccounts >= Transfer.maximumPostings && maximumAccounts < Int(UInt32.max) / 2)
        self.maximumAccounts = maximumAccounts
        self.slots = [UInt32](repeating: 0, count: 64)
    }

    /// The number of accounts opened.
    package var count: Int { accounts.count }

    /// Whether the accounts that any one transfer may open still fit.
    package var hasRoom: Bool { count + Transfer.maximumPostings <= maximumAccounts }

    /// Books every posting of a transfer (which is balanced by construction), opening accounts as needed.
    /// Does not allocate unless it opens an account beyond the arrays' capacity.
    /// - Precondition: the new accounts fit, and no confined account (`AccountKind.confinement`) leaves its side: more
    ///   released than was held, or more refunds confirmed than requested, would be money out of nothing.
    package mutating func apply(_ transfer: Transfer) {
        for index in 0..<transfer.count { book(transfer[index]) }
        for index in 0..<transfer.count { checkConfinement(of: transfer[index].account) }
    }

    /// Whether `apply` would keep every confined account on its side; for callers that must refuse rather than stop.
    package func permits(_ transfer: Transfer) -> Bool {
        for index in 0..<transfer.count {
            let account = transfer[index].account
            var balance = balance(of: account)
            for other in 0..<transfer.count where transfer[other].account == account {
                balance += Int128(transfer[other].amountMinor)
            }
            guard account.kind.confinement.allows(balance) else { return false }
        }
        return true
    }

    /// The sums of an account; zeros for one that nothing was booked on.
    package func totals(of account: Account) -> AccountTotals {
        let slot = slot(of: account)
        return slots[slot] == 0 ? AccountTotals() : totals[Int(slots[slot]) - 1]
    }

    /// Debits less credits of an account, in minor units.
    package func balance(of account: Account) -> Int128 { totals(of: account).balance }

    /// Visits all accounts in the order in which they were opened.
    package func forEach(_ body: (Account, AccountTotals) -> Void) {
        for index in accounts.indices { body(accounts[index], totals[index]) }
    }

    /// Opens an account with the sums that a snapshot holds.
    /// - Returns: false when it is open already, or the table is full.
    package mutating func restore(_ account: Account, _ sums: AccountTotals) -> Bool {
        guard slots[slot(of: account)] == 0, count < maximumAccounts else { return false }
        totals[openAccount(account)] = sums
        return true
    }

    private mutating func book(_ posting: Posting) {
        let index = openAccount(posting.account)
        if posting.amountMinor > 0 {
            totals[index].debits += Int128(posting.amountMinor)
        } else {
            totals[index].credits -= Int128(posting.amountMinor)
        }
    }

    private func checkConfinement(of account: Account) {
        switch account.kind.confinement {
        case .free: return
        case .neverCredit: precondition(balance(of: account) >= 0, "an account left its side: more released than held")
        case .neverDebit: precondition(balance(of: account) <= 0, "an account left its side: more cleared than owed")
        }
    }

    /// The index of the account's totals; opens the account if need be.
    private mutating func openAccount(_ account: Account) -> Int {
        let slot = slot(of: account)
        if slots[slot] != 0 { return Int(slots[slot]) - 1 }
        precondition(count < maximumAccounts, "the ledger's table of accounts is full; ask hasRoom first")
        accounts.append(account)
        totals.append(AccountTotals())
        if account.kind == .sellerPending { sellerCurrencies.insert(account.currency) }
        slots[slot] = UInt32(accounts.count)
        if accounts.count * 2 > slots.count { growSlots() }
        return accounts.count - 1
    }

    /// The slot that holds the account, or the free slot where it belongs.
    private func slot(of account: Account) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: account.mixedHash) & mask
        while slots[slot] != 0, accounts[Int(slots[slot]) - 1] != account { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func growSlots() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for index in accounts.indices { slots[slot(of: accounts[index])] = UInt32(index + 1) }
    }
}

extension Account {
    /// A folded multiply over all fields. Unseeded, so that replays are the same everywhere: owners come from our own
    /// configuration (digests of merchant names), not from requests.
    fileprivate var mixedHash: UInt64 {
        let rest = UInt64(currency.numericCode) << 8 | UInt64(kind.rawValue)
        let product = (owner ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: (rest &+ 1) &* 0xD6E8_FEB8_6659_FD93)
        let folded = product.high ^ product.low
        return folded ^ folded >> 32
    }
}

extension BalanceConfinement {
    /// Whether a balance (debits less credits) keeps its side.
    package func allows(_ balance: Int128) -> Bool {
        switch self {
        case .free: true
        case .neverCredit: balance >= 0
        case .neverDebit: balance <= 0
        }
    }
}
