import Ledger
import Money
import Payments
import ShardRecords
import Time

/// A payment as the check follows it. This code follows the reference's tables (transitions,
/// posting rules), not the shard's code. So a mistake in one of them shows as a difference. Amounts
/// are in minor units.
struct AuditedPayment {
    enum Phase {
        case created, requiresAction, review, authorized, partiallyCaptured, captured, voided, expired, failed,
            conflicted
    }

    let created: Timestamp
    let merchant: UInt64
    let route: RoutePlan
    /// The connector that has the payment, its place in the route, and the number of the
    /// authorization's attempt.
    var connector: ConnectorID
    var routePosition: UInt8 = 0
    var attempt: UInt16 = 1
    /// The authorization's outcome was recorded as unknown.
    var isUnknown = false
    let currency: Currency
    var amount: Int64
    let overCaptureBasisPoints: UInt16
    let feeBasisPoints: UInt16
    let capturesAutomatically: Bool
    let acceptsPartialAuthorization: Bool
    var phase = Phase.created
    /// The operation other than a refund whose end has not been recorded.
    var running: ProviderOperation?
    /// The authorization was given up while its outcome was unknown.
    var isAbandoned = false
    /// An operator ended a conflict: what the PSP captured is in suspense.
    var isOfConflict = false
    /// The band of the fraud rules, while their verdict is not recorded. Nothing can have been sent
    /// until then.
    var awaitedBand: UInt8?
    /// Numbers of operations asked for.
    var authorizations: UInt16
    var captures: UInt16 = 0
    var cancels: UInt16 = 0
    var increments: UInt16 = 0
    var confirmations: UInt16 = 0
    var refunds: UInt16 = 0
    var held: Int64 = 0
    var authorized: Int64 = 0
    var captured: Int64 = 0
    var fee: Int64 = 0
    var refunded: Int64 = 0
    var refundPending: Int64 = 0
    var funding = Funding.provider
    /// What the running capture is to give sellers.
    var plan: [(seller: SellerName, share: SplitRequest.Share)] = []
    /// The sellers' numbers before the record that is examined, where it may give some.
    var numbers: AuditedSellers?
    /// What sellers have, by the owner of their accounts, and what rounding left to the platform.
    var sellers: [UInt64: Int64] = [:]
    var residue: Int64 = 0
    /// Of what sellers have, what the provider has settled.
    var sellersSettled: [UInt64: Int64] = [:]

    /// What pays the payment, or what its money fills.
    enum Funding {
        case provider
        case wallet(UInt64)
        case topUp(UInt64)
        case cash
    }
    /// The wallet that pays or is filled, as it was before the record that is examined.
    var wallet = AuditedWallet()
    /// Of the captured amount, what the provider has settled.
    var settled: Int64 = 0
    /// What the payment has left on its merchant's balances, without chargebacks.
    var pending: Int64 = 0
    var available: Int64 = 0
    /// What open and lost disputes have taken.
    var disputed: Int64 = 0
    var disputeLost: Int64 = 0
    var disputes: [AuditedDispute] = []
    var lastDispute = 0
    /// What was booked beside the counters: settlements, suspense, losses.
    var others: ExpectedPostings = [:]

    init(_ record: PaymentCreated) {
        created = record.time
        merchant = record.merchant.rawValue
        route = record.route
        connector = record.route.first
        currency = record.currency
        amount = record.amountMinor
        feeBasisPoints = record.feeBasisPoints
        capturesAutomatically = record.capturesAutomatically
        acceptsPartialAuthorization = record.flags.contains(.acceptsPartialAuthorization)
        overCaptureBasisPoints = record.overCaptureBasisPoints
        let isSent = !record.flags.contains(.heldBack)
        running = isSent ? .authorize : nil
        authorizations = isSent ? 1 : 0
        awaitedBand = Self.awaitedBand(record.details)
    }

    func account(_ kind: AccountKind) -> Account {
        // A payment by wallet books on the wallet where others book on the provider and its hold. A
        // top-up fills a wallet where others fill the merchant's balance. Cash is with the bank and
        // available at once (docs/posting-rules.md, P11).
        switch (funding, kind) {
        case (.wallet(let owner), .providerReceivable), (.wallet(let owner), .memoAuthorizationProvider):
            return Account(.wallet, owner: owner, currency: currency)
        case (.wallet(let owner), .memoAuthorizationMerchant):
            return Account(.walletHeld, owner: owner, currency: currency)
        case (.topUp(let owner), .merchantPending), (.topUp(let owner), .merchantAvailable):
            return Account(.wallet, owner: owner, currency: currency)
        case (.cash, .merchantPending):
            return Account(.merchantAvailable, owner: merchant, currency: currency)
        case (.cash, .providerReceivable): return Account(.bankCash, owner: 1, currency: currency)
        case (.provider, _), (.wallet, _), (.topUp, _), (.cash, _): break
        }
        return switch kind.owner {
        case .merchant: Account(kind, owner: merchant, currency: currency)
        case .provider: Account(kind, owner: UInt64(connector.rawValue), currency: currency)
        case .none, .bank, .wallet, .seller: Account(kind, currency: currency)
        }
    }

    /// What must hold after every record.
    var brokenInvariant: String? {
        let limit = authorized + authorized * Int64(overCaptureBasisPoints) / 10_000
        if captured < 0 || captured > limit { return "captured \(captured) of \(authorized) authorized" }
        if authorized > amount { return "authorized \(authorized) of \(amount) asked for" }
        if refunded < 0 || refundPending < 0 { return "refunded \(refunded), pending \(refundPending)" }
        if refunded + refundPending > captured {
            return "refunded \(refunded) and pending \(refundPending) of \(captured) captured"
        }
        if disputed < 0 || disputeLost < 0 || disputed + disputeLost > captured {
            return "disputed \(disputed), lost \(disputeLost) of \(captured) captured"
        }
        if settled < 0 || settled > captured { return "settled \(settled) of \(captured) captured" }
        if case .provider = funding, pending < 0 { return "\(pending) pending of a payment by card" }
        if let excess = pendingBeyondUnsettled { return excess }
        if case .provider = funding, settled > 0, settled == captured, pending != 0 {
            return "all settled, and \(pending) pending"
        }
        if held < 0 || held > authorized { return "\(held) held of \(authorized) authorized" }
        return nil
    }
}

/// The sums that a record must book, by account, debits positive.
typealias ExpectedPostings = [Account: Int128]

extension AuditedPayment {
    /// Takes the beginning of an operation in; returns what it must have booked, or why it cannot
    /// begin.
    mutating func begin(_ record: OperationStarted) -> Result<ExpectedPostings, Violation> {
        switch record.operation {
        case .authorize:
            authorizations += 1
            guard authorizations == 1 else { return .failure("a payment is authorized again") }
            return begin(record, number: authorizations, from: phase == .review || phase == .created)
        case .capture:
            captures += 1
            return begin(record, number: captures, from: isOpen)
        case .cancel:
            cancels += 1
            if phase == .requiresAction, record.cause == .abandoned { isAbandoned = true }
            return begin(record, number: cancels, from: isOpen || phase == .requiresAction)
        case .increment:
            increments += 1
            guard record.amountMinor > authorized else { return .failure("an increment to \(record.amountMinor)") }
            return begin(record, number: increments, from: phase == .authorized)
        case .confirm:
            confirmations += 1
            return begin(record, number: confirmations, from: phase == .requiresAction)
        case .refund:
            guard phase == .captured, running == nil else { return .failure("a refund begins in \(phase)") }
            refunds += 1
            guard record.ordinal == refunds else { return .failure("refund \(record.ordinal) follows \(refunds - 1)") }
            return requestRefund(record.amountMinor)
        }
    }

    /// P5a.
    private mutating func requestRefund(_ amount: Int64) -> Result<ExpectedPostings, Violation> {
        let before = unsettledOfTopUp
        refundPending += amount
        switch funding {
        case .provider: return .success(cardRefund(amount))
        case .wallet: return .success(walletRefund(amount))
        case .cash: return .success(pair(debit: give(-amount), credit: .refundClearing, amount))
        case .topUp:
            let taken = before - unsettledOfTopUp
            guard amount - taken <= wallet.settledInside else {
                return .failure("a refund of a top-up takes what other top-ups brought and nobody settled")
            }
            var postings = pair(debit: give(-amount), credit: .refundClearing, amount)
            postings.merge(walletReleases(byRefunding: taken)) { $0 + $1 }
            return .success(postings)
        }
    }

    /// Of a card: what the payment has pending goes first, and available money for the rest.
    private mutating func cardRefund(_ amount: Int64) -> ExpectedPostings {
        let waiting = max(0, min(amount, pending))
        pending -= waiting
        available -= amount - waiting
        return [
            account(.merchantPending): Int128(waiting), account(.merchantAvailable): Int128(amount - waiting),
            Account(.refundClearing, currency: currency): -Int128(amount),
        ]
    }

    var isOpen: Bool { phase == .authorized || phase == .partiallyCaptured }

    private mutating func begin(
        _ record: OperationStarted,
        number: UInt16,
        from isAllowed: Bool
    ) -> Result<ExpectedPostings, Violation> {
        guard isAllowed, running == nil else {
            return .failure("a \(record.operation.name) begins in \(phase)")
        }
        guard record.ordinal == number else {
            return .failure("\(record.operation.name) \(record.ordinal) follows \(number - 1)")
        }
        running = record.operation
        if phase == .review { phase = .created }
        return .success([:])
    }

    /// Takes the end of an operation in.
    mutating func finish(_ record: OperationFinished) -> Result<ExpectedPostings, Violation> {
        if record.operation == .refund { return finishRefund(record) }
        guard running == record.operation else {
            return .failure(
                "\(record.operation.name) ends, but \(running.map { "\($0.name)" } ?? "nothing") is running"
            )
        }
        running = nil
        // The plan stays while a shopper is still awaited. It does not count for a sale that was
        // given up, because that is reversed.
        if isAbandoned { plan = [] }
        defer { if phase != .requiresAction { plan = [] } }
        switch (record.operation, record.result) {
        case (let operation, .conflicted):
            phase = .conflicted
            let moved =
                operation == .capture || capturesAutomatically && (operation == .authorize || operation == .confirm)
            guard moved, record.executedMinor > 0 else { return .success([:]) }
            return .success(unexplained(record.executedMinor, record.executedCurrency))
        case (.authorize, .succeeded), (.confirm, .succeeded):
            return .success(authorized(isPartialApproval(record) ? record.executedMinor : record.amountMinor))
        case (.authorize, .declined), (.authorize, .notExecuted), (.confirm, .declined):
            phase = .failed
            return .success([:])
        case (.authorize, .actionRequired):
            phase = .requiresAction
            return .success([:])
        case (.increment, .succeeded): return .success(incremented(to: record.amountMinor))
        case (.capture, .succeeded): return .success(captured(record.amountMinor, staysOpen: record.staysOpen))
        case (.capture, .declined(_, .authorizationExpired)): return .success(expire())
        case (.cancel, .succeeded):
            phase = captured > 0 ? .captured : phase == .requiresAction && isAbandoned ? .failed : .voided
            return .success(release(held))
        case (.cancel, .declined(_, .alreadyCaptured)) where isOpen && !isOfConflict:
            return .success(held > 0 ? captured(held, staysOpen: false) : [:])
        case (.capture, _), (.cancel, _), (.refund, _), (.increment, _), (.confirm, _): return .success([:])
        }
    }

    /// A PSP may approve less of an authorization than was asked for. It may do so for a sale only
    /// where the merchant accepts that.
    func isPartialApproval(_ record: OperationFinished) -> Bool {
        (record.operation == .authorize || record.operation == .confirm)
            && record.executedMinor > 0 && record.executedMinor < record.amountMinor
            && (!capturesAutomatically || acceptsPartialAuthorization)
    }

    /// Takes in a change that is no operation's end.
    mutating func change(_ record: PaymentChanged) -> Result<ExpectedPostings, Violation> {
        switch record.change {
        case .expired:
            guard isOpen, running == nil else { return .failure("an authorization runs out in \(phase)") }
            return .success(expire())
        case .reviewRejected, .reviewTimedOut:
            guard phase == .review, running == nil else { return .failure("a review ends in \(phase)") }
            phase = .failed
            return .success([:])
        case .abandoned:
            guard running == .authorize || running == .confirm else { return .failure("given up in \(phase)") }
            isAbandoned = true
            return .success([:])
        }
    }

    mutating func expire() -> ExpectedPostings {
        phase = captured > 0 ? .captured : .expired
        return release(held)
    }

    mutating func incremented(to total: Int64) -> ExpectedPostings {
        let difference = total - authorized
        authorized = total
        amount = max(amount, total)
        held += difference
        return pair(debit: .memoAuthorizationProvider, credit: .memoAuthorizationMerchant, difference)
    }

    mutating func authorized(_ amount: Int64) -> ExpectedPostings {
        authorized = amount
        if capturesAutomatically { return captured(amount, staysOpen: false) }
        phase = .authorized
        held = amount
        return pair(debit: .memoAuthorizationProvider, credit: .memoAuthorizationMerchant, amount)
    }

    mutating func captured(_ amount: Int64, staysOpen: Bool) -> ExpectedPostings {
        phase = staysOpen ? .partiallyCaptured : .captured
        captured += amount
        let share = BasisPoints.fee(of: amount, basisPoints: feeBasisPoints)
        fee += share
        var postings = release(staysOpen ? amount : held)
        let shares = sharePlan(amount - share)
        let rest = amount - share - shares.parts
        postings[account(.providerReceivable), default: 0] += Int128(amount)
        if case .wallet = funding {
            postings.merge(walletPays(amount, share: rest)) { $0 + $1 }
        } else {
            pending += rest
            postings[account(.merchantPending), default: 0] -= Int128(rest)
        }
        postings[account(.platformFees), default: 0] -= Int128(share + shares.residue)
        for (owner, part) in shares.bySeller {
            postings[Account(.sellerPending, owner: owner, currency: currency), default: 0] -= Int128(part)
        }
        return postings
    }

    /// Shares what remains of a capture after the fee, by the rules of docs/payouts-wallets-fx.md.
    /// - Returns: the sellers' parts, their sum, and what rounding leaves to the platform.
    private mutating func sharePlan(_ rest: Int64) -> (bySeller: [(UInt64, Int64)], parts: Int64, residue: Int64) {
        var bySeller: [(UInt64, Int64)] = []
        var points: Int64 = 0
        var rounded: Int64 = 0
        var left = rest
        for (seller, share) in plan {
            var part: Int64
            switch share {
            case .amount(let minor): part = minor
            case .basisPoints(let value):
                part = Int64(Int128(rest) * Int128(value) / 10_000)
                points += Int64(value)
                rounded += part
            }
            part = min(part, left)
            left -= part
            guard part > 0, let owner = numbers?.owner(seller, merchant) else { continue }
            bySeller.append((owner, part))
            sellers[owner, default: 0] += part
        }
        let dust = min(left, Int64(Int128(rest) * Int128(points) / 10_000) - rounded)
        plan = []
        residue += dust
        return (bySeller, rest - left + dust, dust)
    }

    private mutating func release(_ amount: Int64) -> ExpectedPostings {
        held -= amount
        return pair(debit: .memoAuthorizationMerchant, credit: .memoAuthorizationProvider, amount)
    }

    private mutating func finishRefund(_ record: OperationFinished) -> Result<ExpectedPostings, Violation> {
        // A refund of another amount than asked for stays pending until an operator decides.
        if record.result == .conflicted {
            guard record.executedMinor > 0 else { return .success([:]) }
            return .success(unexplained(-record.executedMinor, record.executedCurrency))
        }
        return .success(endRefund(record.amountMinor, succeeded: record.result == .succeeded))
    }

    /// P5b, or P5a backwards.
    mutating func endRefund(_ amount: Int64, succeeded: Bool) -> ExpectedPostings {
        refundPending -= amount
        if case .wallet = funding, !succeeded {
            var postings = walletPays(0, share: amount)
            postings[Account(.refundClearing, currency: currency), default: 0] += Int128(amount)
            return postings
        }
        guard succeeded else { return pair(debit: .refundClearing, credit: give(amount), amount) }
        refunded += amount
        return pair(debit: .refundClearing, credit: .providerReceivable, amount)
    }

    /// Takes a refund that came back in.
    mutating func bounce(_ amount: Int64) -> ExpectedPostings {
        refunded -= amount
        return pair(debit: .providerReceivable, credit: give(amount), amount)
    }

    /// Gives the merchant an amount back (takes it, if negative, of cash and top-ups): pending
    /// until all that was captured is settled.
    private mutating func give(_ amount: Int64) -> AccountKind {
        if settled > 0, settled >= captured {
            available += amount
            return .merchantAvailable
        }
        pending += amount
        return .merchantPending
    }

    private func pair(debit: AccountKind, credit: AccountKind, _ amount: Int64) -> ExpectedPostings {
        [account(debit): Int128(amount), account(credit): -Int128(amount)]
    }

    /// What all records of this payment together have left on the accounts.
    func contribution(to balances: inout ExpectedPostings) {
        balances[account(.memoAuthorizationProvider), default: 0] += Int128(held)
        balances[account(.memoAuthorizationMerchant), default: 0] -= Int128(held)
        balances[account(.platformFees), default: 0] -= Int128(fee + residue)
        for (owner, amount) in sellers {
            let available = sellersSettled[owner] ?? 0
            balances[Account(.sellerPending, owner: owner, currency: currency), default: 0] -= Int128(
                amount - available
            )
            balances[Account(.sellerAvailable, owner: owner, currency: currency), default: 0] -= Int128(available)
        }
        balances[account(.providerReceivable), default: 0] += Int128(captured - refunded)
        balances[account(.merchantPending), default: 0] -= Int128(pending)
        balances[account(.merchantAvailable), default: 0] -= Int128(available)
        balances[account(.refundClearing), default: 0] -= Int128(refundPending)
        for (account, amount) in others { balances[account, default: 0] += amount }
    }
}

/// Why a record cannot follow the ones before it.
struct Violation: Error, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    var text: String
    init(stringLiteral text: String) { self.text = text }
}
