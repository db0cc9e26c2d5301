/// The posting rule that made a transfer (docs/posting-rules.md); the raw value is journaled and
/// never reused.
package enum PostingRule: UInt8, Sendable, CaseIterable {
    /// P1: an authorization is held.
    case hold = 1
    /// P2: a hold, or a part of it, ends (capture, cancel, expiry).
    case release = 2
    /// P3: a capture with the platform's fee.
    case capture = 3
    /// P5a: a refund leaves the merchant's balance.
    case refundRequested = 4
    /// P5b: the provider confirms a refund.
    case refundConfirmed = 5
    /// The reverse of P5a: a requested refund was not executed.
    case refundFailed = 6
    /// P6: a confirmed refund comes back.
    case refundBounced = 7
    /// P4: the provider has paid; what was pending becomes available.
    case settlement = 8
    /// The reverse of P3: a capture failed after it had succeeded.
    case captureReversed = 9
    /// P7: a chargeback with its fee.
    case chargeback = 10
    /// P7r: set aside because a chargeback may come.
    case disputeReserved = 11
    /// The reverse of P7r.
    case disputeReserveReleased = 12
    /// P8: a chargeback was won.
    case chargebackWon = 13
    /// P12: provider money that nobody can explain yet.
    case unexplained = 14
    /// P12, later: it goes to its right account.
    case reclassified = 15
    /// P13: the platform bears what a merchant owes.
    case writtenOff = 16
    /// P9: a pay-out leaves an available balance.
    case payoutRequested = 20
    /// P9: the bank has paid.
    case payoutPaid = 21
    /// P9f: a pay-out was not paid.
    case payoutFailed = 22
    /// P9f: a pay-out came back after it was paid.
    case payoutReturned = 23
    /// An authorization holds a wallet's money.
    case walletHeld = 24
    /// The rest of a wallet's hold is free again.
    case walletReleased = 25
    /// P11: a wallet pays a merchant.
    case walletPaid = 26
    /// P11: a provider's capture fills a wallet.
    case walletToppedUp = 27
    /// P10: one currency for another.
    case exchange = 28
    /// Sellers' shares of settled captures become available.
    case sellersSettled = 29
}

/// A balanced set of postings: their sum is zero in every currency. Immutable, at most 8 postings,
/// no heap.
package struct Transfer: Sendable {
    /// The most postings that a posting rule needs (P10 has four, P4 four; splits may take more).
    package static let maximumPostings = 8

    package let rule: PostingRule
    /// 2...8
    package let count: Int
    private let storage: [8 of Posting]

    package subscript(_ index: Int) -> Posting {
        precondition(index >= 0 && index < count)
        return storage[index]
    }

    /// Only posting rules and the decoder build transfers.
    init(_ rule: PostingRule, of first: Posting, and second: Posting, and third: Posting? = nil) {
        self.rule = rule
        self.count = third == nil ? 2 : 3
        var postings = [8 of Posting](repeating: first)
        postings[1] = second
        if let third { postings[2] = third }
        self.storage = postings
        precondition(isBalanced, "the postings of a transfer sum to zero in every currency")
    }

    /// A transfer of many postings, debits positive; those of zero are left out.
    /// - Precondition: two to eight are left, balanced.
    init(_ rule: PostingRule, lines: [(account: Account, amountMinor: Int64)]) {
        let postings = lines.filter { $0.amountMinor != 0 }.map {
            Posting(account: $0.account, amountMinor: $0.amountMinor)
        }
        precondition(postings.count >= 2 && postings.count <= Self.maximumPostings, "a transfer has 2 to 8 postings")
        var storage = [8 of Posting](repeating: postings[0])
        for index in 1..<postings.count { storage[index] = postings[index] }
        self.rule = rule
        self.count = postings.count
        self.storage = storage
        precondition(isBalanced, "the postings of a transfer sum to zero in every currency")
    }

    init?(_ rule: PostingRule, count: Int, storage: [8 of Posting]) {
        self.rule = rule
        self.count = count
        self.storage = storage
        guard count >= 2, count <= Self.maximumPostings, isBalanced else { return nil }
    }

    /// Whether every currency of the transfer sums to zero, in 128 bits.
    private var isBalanced: Bool {
        // One currency, as in nearly all.
        let currency = storage[0].account.currency
        var sum: Int128 = 0
        var index = 0
        while index < count, storage[index].account.currency == currency {
            sum += Int128(storage[index].amountMinor)
            index += 1
        }
        return index == count ? sum == 0 : isBalancedByCurrency
    }

    private var isBalancedByCurrency: Bool {
        for index in 0..<count {
            let currency = storage[index].account.currency
            var sum: Int128 = 0
            for other in 0..<count where storage[other].account.currency == currency {
                sum += Int128(storage[other].amountMinor)
            }
            guard sum == 0 else { return false }
        }
        return true
    }
}

extension Transfer: Equatable {
    package static func == (left: Transfer, right: Transfer) -> Bool {
        guard left.rule == right.rule, left.count == right.count else { return false }
        for index in 0..<left.count where left.storage[index] != right.storage[index] { return false }
        return true
    }
}
