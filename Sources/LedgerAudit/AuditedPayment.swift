import Ledger
import Money
import Payments
import Shard

/// A payment as the check follows it: written from the reference's tables (transitions, recipes), not from the shard's code, so
/// that a mistake in one of them shows as a difference. Amounts in minor units.
struct AuditedPayment {
    enum Phase { case created, authorized, partiallyCaptured, captured, voided, failed, conflicted }

    let created: Int64
    let merchant: UInt64
    let provider: UInt8
    let currency: Currency
    let amount: Int64
    let feeBasisPoints: UInt16
    let capturesAutomatically: Bool
    var phase = Phase.created
    /// The authorization, capture or cancel whose end has not been recorded.
    var running: ProviderOperation? = .authorize
    /// Numbers of captures, cancels and refunds asked for.
    var captures: UInt16 = 0
    var cancels: UInt16 = 0
    var refunds: UInt16 = 0
    var held: Int64 = 0
    var authorized: Int64 = 0
    var captured: Int64 = 0
    var fee: Int64 = 0
    var refunded: Int64 = 0
    var refundPending: Int64 = 0

    init(_ record: PaymentCreated) {
        created = record.time
        merchant = record.merchant.rawValue
        provider = record.provider
        currency = record.currency
        amount = record.amountMinor
        feeBasisPoints = record.feeBasisPoints
        capturesAutomatically = record.capturesAutomatically
    }

    func account(_ kind: AccountKind) -> Account {
        switch kind.owner {
        case .merchant: Account(kind, owner: merchant, currency: currency)
        case .provider: Account(kind, owner: UInt64(provider), currency: currency)
        case .none, .bank, .wallet: Account(kind, currency: currency)
        }
    }

    /// What must hold after every record.
    var brokenInvariant: String? {
        if captured < 0 || captured > authorized { return "captured \(captured) of \(authorized) authorized" }
        if authorized > amount { return "authorized \(authorized) of \(amount) asked for" }
        if refunded < 0 || refundPending < 0 { return "refunded \(refunded), pending \(refundPending)" }
        if refunded + refundPending > captured {
            return "refunded \(refunded) and pending \(refundPending) of \(captured) captured"
        }
        if held < 0 || held > authorized { return "\(held) held of \(authorized) authorized" }
        return nil
    }
}

/// The sums that a record must book, by account, debits positive.
typealias ExpectedPostings = [Account: Int128]

extension AuditedPayment {
    /// Takes the beginning of an operation in; returns what it must have booked, or why it cannot begin.
    mutating func begin(_ record: OperationStarted) -> Result<ExpectedPostings, Violation> {
        switch record.operation {
        case .authorize: return .failure("an authorization begins with its payment")
        case .capture:
            captures += 1
            return begin(record, number: captures)
        case .cancel:
            cancels += 1
            return begin(record, number: cancels)
        case .refund:
            guard phase == .captured, running == nil else { return .failure("a refund begins in \(phase)") }
            refunds += 1
            guard record.ordinal == refunds else { return .failure("refund \(record.ordinal) follows \(refunds - 1)") }
            refundPending += record.amountMinor
            return .success(pair(debit: .merchantPending, credit: .refundClearing, record.amountMinor))
        }
    }

    private mutating func begin(_ record: OperationStarted, number: UInt16) -> Result<ExpectedPostings, Violation> {
        guard phase == .authorized || phase == .partiallyCaptured, running == nil else {
            return .failure("a \(record.operation.name) begins in \(phase)")
        }
        guard record.ordinal == number else {
            return .failure("\(record.operation.name) \(record.ordinal) follows \(number - 1)")
        }
        running = record.operation
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
        switch (record.operation, record.result) {
        case (_, .conflicted):
            phase = .conflicted
            return .success([:])
        case (.authorize, .succeeded): return .success(authorized(record.amountMinor))
        case (.authorize, .declined), (.authorize, .notExecuted):
            phase = .failed
            return .success([:])
        case (.capture, .succeeded): return .success(captured(record.amountMinor, staysOpen: record.staysOpen))
        case (.cancel, .succeeded):
            phase = captured > 0 ? .captured : .voided
            return .success(release(held))
        case (.capture, _), (.cancel, _), (.refund, _): return .success([:])
        }
    }

    private mutating func authorized(_ amount: Int64) -> ExpectedPostings {
        authorized = amount
        if capturesAutomatically { return captured(amount, staysOpen: false) }
        phase = .authorized
        held = amount
        return pair(debit: .memoAuthorizationProvider, credit: .memoAuthorizationMerchant, amount)
    }

    private mutating func captured(_ amount: Int64, staysOpen: Bool) -> ExpectedPostings {
        phase = staysOpen ? .partiallyCaptured : .captured
        captured += amount
        let share = BasisPoints.fee(of: amount, basisPoints: feeBasisPoints)
        fee += share
        var postings = release(staysOpen ? amount : held)
        postings[account(.providerReceivable), default: 0] += Int128(amount)
        postings[account(.merchantPending), default: 0] -= Int128(amount - share)
        postings[account(.platformFees), default: 0] -= Int128(share)
        return postings
    }

    private mutating func release(_ amount: Int64) -> ExpectedPostings {
        held -= amount
        return pair(debit: .memoAuthorizationMerchant, credit: .memoAuthorizationProvider, amount)
    }

    private mutating func finishRefund(_ record: OperationFinished) -> Result<ExpectedPostings, Violation> {
        // One of another amount than asked for stays pending until people decide.
        if record.result == .conflicted { return .success([:]) }
        refundPending -= record.amountMinor
        guard record.result == .succeeded else {
            return .success(pair(debit: .refundClearing, credit: .merchantPending, record.amountMinor))
        }
        refunded += record.amountMinor
        return .success(pair(debit: .refundClearing, credit: .providerReceivable, record.amountMinor))
    }

    /// Takes a refund that came back in.
    mutating func bounce(_ amount: Int64) -> ExpectedPostings {
        refunded -= amount
        return pair(debit: .providerReceivable, credit: .merchantPending, amount)
    }

    private func pair(debit: AccountKind, credit: AccountKind, _ amount: Int64) -> ExpectedPostings {
        [account(debit): Int128(amount), account(credit): -Int128(amount)]
    }

    /// What all records of this payment together have left on the accounts.
    func contribution(to balances: inout ExpectedPostings) {
        balances[account(.memoAuthorizationProvider), default: 0] += Int128(held)
        balances[account(.memoAuthorizationMerchant), default: 0] -= Int128(held)
        balances[account(.providerReceivable), default: 0] += Int128(captured - refunded)
        balances[account(.merchantPending), default: 0] -= Int128(captured - fee - refunded - refundPending)
        balances[account(.platformFees), default: 0] -= Int128(fee)
        balances[account(.refundClearing), default: 0] -= Int128(refundPending)
    }
}

/// Why a record cannot follow the ones before it.
struct Violation: Error, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    var text: String
    init(stringLiteral text: String) { self.text = text }
}
