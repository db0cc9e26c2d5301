package import Money

/// The postings of an account: two sums that only grow. A sum of 128 bits holds 2^64 postings of
/// the largest amount, so it cannot overflow in practice. If it ever did, the process would trap,
/// and no balance would wrap.
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

/// The balances of one partition's accounts. An open-addressing table (linear probing, at most half
/// full) holds indices into dense arrays. So growth rehashes four bytes an account, and visits come
/// in the same order on every replay.
///
/// Accounts of wallets and sellers are closed when they are empty
/// (`AccountKind.isClosedWhenEmpty`). One whose balance becomes zero is closed at once. Its sums go
/// to the account of the same kind and currency with owner 0, so that the sums by kind stay. Other
/// accounts are never closed.
///
/// The table itself has no limit, so a transfer that was decided always finds its accounts. The
/// code that decides first checks how many accounts may be opened. A merchant has at most four in a
/// currency (`merchantCount`). A wallet has two, and so has a seller in a currency
/// (`closableCount`). Beside these there are at most eight accounts a currency, and four a currency
/// and connector.
package struct Balances: Sendable {
    /// What a merchant can have in one currency: one account of each of its kinds.
    package static let accountsOfMerchant = 4
    /// What a wallet can have, or a seller in one currency.
    package static let accountsOfClosable = 2

    /// How many pairs of a merchant and a currency have an account.
    package private(set) var merchantCount = 0
    /// How many wallets, and pairs of a seller and a currency, have an open account.
    package private(set) var closableCount = 0

    private var accounts: [Account] = []
    private var totals: [AccountTotals] = []
    /// The currencies in which any seller ever had money here, so that a merchant's balance need
    /// not look up all there are.
    package private(set) var sellerCurrencies: Set<Currency> = []
    /// Index into `accounts` plus one; 0 is free. The count is a power of two.
    private var slots: [UInt32]

    package init() {
        self.slots = [UInt32](repeating: 0, count: 64)
    }

    /// The number of open accounts.
    package var count: Int { accounts.count }

    /// Whether the merchant has an account in the currency.
    package func hasMerchant(_ merchant: UInt64, _ currency: Currency) -> Bool {
        // Nearly always one probe is enough: the first payment of a merchant opens this account.
        AccountKind.ofMerchants.contains { isOpen(Account($0, owner: merchant, currency: currency)) }
    }

    /// Opens the merchant's pending account in the currency, because a payment was admitted that
    /// may open all four. From now on `merchantCount` counts them, also after a start from a
    /// snapshot.
    package mutating func openMerchant(_ merchant: UInt64, _ currency: Currency) {
        _ = openAccount(Account(.merchantPending, owner: merchant, currency: currency))
    }

    /// Whether the account is open, or the other one of the same wallet, or of the same seller and
    /// currency.
    /// - Precondition: the account is a wallet's or a seller's.
    package func hasClosable(_ account: Account) -> Bool { isOpen(account) || isSiblingOpen(account) }

    /// Whether the other account of the same wallet, or of the same seller and currency, is open.
    private func isSiblingOpen(_ account: Account) -> Bool {
        guard let sibling = account.sibling else { return false }
        return isOpen(sibling)
    }

    private func isOpen(_ account: Account) -> Bool { slots[slot(of: account)] != 0 }

    /// Books every posting of a transfer, which is balanced by construction, and opens accounts as
    /// needed. Closes accounts of wallets and sellers that it leaves empty. Does not allocate
    /// unless it opens an account beyond the arrays' capacity.
    /// - Precondition: no confined account (`AccountKind.confinement`) leaves its side. If more
    ///   were released than was held, or more refunds confirmed than requested, the ledger would
    ///   create money.
    package mutating func apply(_ transfer: Transfer) {
        for index in 0..<transfer.count { book(transfer[index]) }
        for index in 0..<transfer.count { checkConfinement(of: transfer[index].account) }
        for index in 0..<transfer.count where transfer[index].account.isClosable {
            closeIfEmpty(transfer[index].account)
        }
    }

    /// Whether `apply` would keep every confined account on its side; for callers that must refuse
    /// rather than stop.
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

    /// The sums of an account; zeros for one that nothing was booked on, or that was closed.
    package func totals(of account: Account) -> AccountTotals {
        let slot = slot(of: account)
        return slots[slot] == 0 ? AccountTotals() : totals[Int(slots[slot]) - 1]
    }

    /// Debits less credits of an account, in minor units.
    package func balance(of account: Account) -> Int128 { totals(of: account).balance }

    /// Visits all open accounts, in the same order on every replay.
    package func forEach(_ body: (Account, AccountTotals) -> Void) {
        for index in accounts.indices { body(accounts[index], totals[index]) }
    }

    /// Opens an account with the sums that a snapshot holds.
    /// - Returns: false when it is open already, or should have been closed.
    package mutating func restore(_ account: Account, _ sums: AccountTotals) -> Bool {
        guard !isOpen(account), !account.isClosable || sums.balance != 0 else { return false }
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
        // Two billion accounts are 112 GB: memory ends first.
        precondition(count < Int(UInt32.max) / 2, "the ledger's table of accounts cannot grow")
        noteOpening(account)
        accounts.append(account)
        totals.append(AccountTotals())
        slots[slot] = UInt32(accounts.count)
        if accounts.count * 2 > slots.count { growSlots() }
        return accounts.count - 1
    }

    private mutating func noteOpening(_ account: Account) {
        if account.kind == .sellerPending { sellerCurrencies.insert(account.currency) }
        if account.kind.owner == .merchant {
            if !hasMerchant(account.owner, account.currency) { merchantCount += 1 }
        } else if account.isClosable, !isSiblingOpen(account) {
            closableCount += 1
        }
    }

    /// Closes a wallet's or seller's account that nothing is left on. The last account of the array
    /// takes its place.
    private mutating func closeIfEmpty(_ account: Account) {
        let place = slot(of: account)
        guard slots[place] != 0 else { return }
        let index = Int(slots[place]) - 1
        let sums = totals[index]
        guard sums.balance == 0 else { return }
        free(place)
        let last = accounts.count - 1
        if index != last {
            slots[slot(of: accounts[last])] = UInt32(index + 1)
            accounts[index] = accounts[last]
            totals[index] = totals[last]
        }
        accounts.removeLast()
        totals.removeLast()
        if !isSiblingOpen(account) { closableCount -= 1 }
        totals[openAccount(Account(account.kind, currency: account.currency))].add(sums)
    }

    /// Frees a slot, and moves the later entries that belong nearer to their home because of it.
    private mutating func free(_ place: Int) {
        let mask = slots.count - 1
        var hole = place
        var next = (hole + 1) & mask
        while slots[next] != 0 {
            let home = Int(truncatingIfNeeded: accounts[Int(slots[next]) - 1].mixedHash) & mask
            if (next &- home) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
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
    /// Whether the account is closed when nothing is left on it. The account that keeps the sums of
    /// closed accounts is not.
    package var isClosable: Bool { kind.isClosedWhenEmpty && owner != 0 }

    /// The other account of the same wallet, or of the same seller and currency. nil for an account
    /// of another kind.
    fileprivate var sibling: Account? {
        guard let sibling = kind.sibling else { return nil }
        return Account(sibling, owner: owner, currency: currency)
    }

    /// A folded multiply over all fields. Unseeded, so that replays are the same everywhere: owners
    /// come from the gateway's own configuration (digests of merchant names), not from requests.
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
