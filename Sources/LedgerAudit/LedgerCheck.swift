package import Journal
package import Ledger
import Money
import Payments
package import ShardRecords

/// Checks the ledger from the journal alone, record by record. Every transfer must be balanced, and
/// be the one that the reference prescribes for that step. No counter and no account may leave its
/// bounds. Operations must begin and end once and in order. At the end all balances must be what
/// the payments' counters say. One shard at a time; never stops at a problem.
package struct LedgerCheck {
    /// Something that is wrong in the journal.
    package struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// The record, 0 for a finding about the whole.
        package var position: RecordPosition
        package var text: String
        package var description: String { position == 0 ? text : "record \(position): \(text)" }
    }

    /// The most problems that are kept; all are counted.
    package static let maximumKept = 100

    package private(set) var problems: [Problem] = []
    package private(set) var problemCount = 0
    package private(set) var records = 0
    package private(set) var transfers = 0
    /// Payments accepted, and operations whose end is not in the journal yet.
    package var paymentCount: Int { payments.count }
    package var openOperations: Int { openKeys.count }
    /// Debits and credits of every account.
    package private(set) var totals: [Account: AccountTotals] = [:]

    /// Of the first record; every other must have the same.
    private var shard: UInt16?
    var payments: [AuditedPayment] = []
    private var treasury = AuditedTreasury()
    /// Keys that were reserved and whose operation has not ended, by operation.
    var openKeys: [OpenOperation: KeyDigest?] = [:]
    private var paymentVersions: [UInt64: UInt32] = [:]
    private var lastRecords: [UInt64: RecordPosition] = [:]
    var reservedKeys: Set<KeyDigest> = []
    /// Events that did something, by provider and identifier.
    private var appliedEvents: Set<String> = []
    private var chains = AuditedChains()
    /// Balance marks that were compared.
    package var markCount: Int { chains.markCount }
    private var refunds: [OpenOperation: (amount: Int64, succeeded: Bool)] = [:]

    struct OpenOperation: Hashable {
        var sequence: UInt64
        var operation: ProviderOperation
        var ordinal: UInt16
    }

    package init() {}

    // MARK: Records

    /// Takes the next record in, with the link of its merchant's ledger.
    package mutating func examine(_ linked: LinkedRecord, at position: RecordPosition) {
        checkHeader(linked.header, position)
        examine(linked.record, at: position)
        if case .balanceMark(let mark) = linked.record {
            for problem in chains.examine(mark, own(mark.merchant), at: position) { note(position, problem) }
        } else if let problem = chains.examine(linked, of: merchant(of: linked.record), at: position) {
            note(position, problem)
        }
    }

    /// The sums of a merchant's own accounts.
    private func own(_ merchant: MerchantID) -> [Account: AccountTotals] {
        var own: [Account: AccountTotals] = [:]
        for currency in Currency.all {
            for kind in AccountKind.ofMerchants {
                let account = Account(kind, owner: merchant.rawValue, currency: currency)
                if let sums = totals[account] { own[account] = sums }
            }
        }
        return own
    }

    private func merchant(of record: ShardRecord) -> UInt64? {
        if let merchant = record.merchant { return merchant.rawValue }
        guard let sequence = record.payment?.sequence, sequence >= 1, sequence <= UInt64(payments.count) else {
            return nil
        }
        return payments[Int(sequence) - 1].merchant
    }

    /// Takes the next record in.
    package mutating func examine(_ record: ShardRecord, at position: RecordPosition) {
        records += 1
        switch record {
        case .paymentCreated(let created): examine(created, position)
        case .operationStarted(let started): examine(started, position)
        case .operationFinished(let finished):
            checkCleared(finished.payment, position)
            examine(finished, position)
        case .operationUnresolved(let record):
            checkCleared(record.payment, position)
            examine(unfinished: record.payment, record.operation, ordinal: record.ordinal, position: position)
            noteUnknown(record, position)
        case .operationAttempted(let record):
            checkCleared(record.payment, position)
            examine(unfinished: record.payment, record.operation, ordinal: record.ordinal, position: position)
        case .attemptEnded(let record):
            checkCleared(record.payment, position)
            examine(record, position)
        case .refundBounced(let bounced): examine(bounced, position)
        case .balanceMark: break
        case .paymentChanged(let changed): examine(changed, position)
        case .riskDecided(let decided): examine(decided, position)
        case .payoutChanged(let record):
            settle(
                treasury.examine(record),
                booked: record.transfers,
                key: record.key,
                shard: record.id.shard,
                at: position
            )
        case .walletOpened(let record):
            settle(
                treasury.examine(record),
                booked: Transfers(),
                key: record.key,
                shard: record.id.shard,
                at: position
            )
        case .exchangeQuoted(let record):
            settle(
                treasury.examine(record),
                booked: Transfers(),
                key: record.key,
                shard: record.id.shard,
                at: position
            )
        case .exchangeConverted(let record):
            settle(
                treasury.examine(record),
                booked: record.transfers,
                key: record.key,
                shard: record.id.shard,
                at: position
            )
        case .eventApplied(let event): examine(event, position)
        }
    }

    /// A record that could not be decoded.
    package mutating func examine(undecodable error: RecordDecodingError, at position: RecordPosition) {
        records += 1
        note(position, "cannot be decoded: \(error)")
    }

    /// A payment's records form a list and are counted from 1 without gaps. Their headers name the
    /// payment's merchant.
    private mutating func checkHeader(_ header: RecordHeader, _ position: RecordPosition) {
        guard header.kind.isAboutPayment else { return }
        let sequence = header.payment.sequence
        let version = (paymentVersions[sequence] ?? 0) + 1
        paymentVersions[sequence] = header.paymentVersion
        if header.paymentVersion != version {
            note(position, "is version \(header.paymentVersion) of \(header.payment), where \(version) is due")
        }
        let last = lastRecords.updateValue(position, forKey: sequence) ?? 0
        if header.previous != last {
            note(position, "names record \(header.previous) as the one before, but that is \(last)")
        }
        guard sequence >= 1, sequence <= UInt64(payments.count) else { return }
        let merchant = payments[Int(sequence) - 1].merchant
        if header.merchant.rawValue != merchant { note(position, "names another merchant than its payment") }
    }

    private mutating func examine(_ record: PaymentCreated, _ position: RecordPosition) {
        let owner = shard ?? record.id.shard
        shard = owner
        guard record.id.sequence == UInt64(payments.count) + 1, record.id.shard == owner else {
            return note(position, "\(record.id) is not payment \(payments.count + 1) of shard \(owner)")
        }
        guard record.amountMinor > 0, record.feeBasisPoints <= BasisPoints.whole else {
            return note(position, "\(record.id) has amount \(record.amountMinor), fee \(record.feeBasisPoints)")
        }
        var payment = AuditedPayment(record)
        if let problem = treasury.begin(&payment, record) { note(position, problem) }
        payments.append(payment)
        guard !record.flags.contains(.heldBack) else { return }
        reserve(record.key, payment: record.id, operation: .authorize, ordinal: 1, position: position)
    }

    private mutating func examine(_ record: OperationStarted, _ position: RecordPosition) {
        guard let index = payment(record.payment, position) else { return }
        guard record.amountMinor > 0 || record.operation == .cancel else {
            return note(position, "\(record.operation.name) of \(record.amountMinor)")
        }
        treasury.begin(&payments[index], record)
        let result = change(index) { $0.begin(record) }
        settle(result, booked: record.transfers, payment: index, at: position)
        reserve(
            record.key,
            payment: record.payment,
            operation: record.operation,
            ordinal: record.ordinal,
            position: position
        )
        guard record.operation == .refund else { return }
        refunds[open(record.payment, operation: .refund, ordinal: record.ordinal)] = (record.amountMinor, false)
    }

    private mutating func examine(_ record: OperationFinished, _ position: RecordPosition) {
        guard let index = payment(record.payment, position) else { return }
        let operation = open(record.payment, operation: record.operation, ordinal: record.ordinal)
        guard let digest = openKeys.removeValue(forKey: operation) else {
            return note(
                position,
                "\(record.operation.name) \(record.ordinal) of \(record.payment) ends, but is not open"
            )
        }
        if let digest { reservedKeys.remove(digest) }
        if record.operation == .refund, let refund = refunds[operation], refund.amount != record.amountMinor {
            note(position, "a refund of \(refund.amount) ends as one of \(record.amountMinor)")
        }
        if !payments[index].isOwn(record) {
            note(
                position,
                "\(record.operation.name) \(record.ordinal) of \(record.payment) ends as attempt \(record.attempt) "
                    + "at \(record.connector)"
            )
        }
        if record.result == .succeeded {
            checkExecution(record, payment: payments[index], position: position)
            if record.operation == .refund { refunds[operation]?.succeeded = true }
        }
        let result = change(index) { $0.finish(record) }
        settle(result, booked: record.transfers, payment: index, at: position)
    }

    private mutating func checkExecution(
        _ record: OperationFinished,
        payment: AuditedPayment,
        position: RecordPosition
    ) {
        let currency = payment.currency
        if record.operation != .cancel,
            record.executedMinor != record.amountMinor && !payment.isPartialApproval(record)
                || record.executedCurrency != currency
        {
            note(
                position,
                "\(record.amountMinor) \(currency) asked for, \(record.executedMinor) \(record.executedCurrency) executed"
            )
        }
        if record.providerReference.isEmpty, record.operation == .authorize {
            note(position, "the provider's reference of \(record.payment) is missing")
        }
    }

    private mutating func examine(
        unfinished id: PaymentID,
        _ operation: ProviderOperation,
        ordinal: UInt16,
        position: RecordPosition
    ) {
        guard payment(id, position) != nil, openKeys[open(id, operation: operation, ordinal: ordinal)] == nil else {
            return
        }
        note(position, "\(operation.name) \(ordinal) of \(id) is tried, but is not open")
    }

    private mutating func noteUnknown(_ record: OperationUnresolved, _ position: RecordPosition) {
        guard record.operation == .authorize, let index = payment(record.payment, position) else { return }
        payments[index].isUnknown = true
    }

    private mutating func examine(_ record: AttemptEnded, _ position: RecordPosition) {
        guard let index = payment(record.payment, position) else { return }
        if openKeys[open(record.payment, operation: .authorize, ordinal: record.ordinal)] == nil {
            note(position, "an attempt of \(record.payment) ends, but its authorization is not open")
        }
        settle(payments[index].endAttempt(record), booked: Transfers(), payment: index, at: position)
    }

    private mutating func examine(_ record: PaymentChanged, _ position: RecordPosition) {
        guard let index = payment(record.payment, position) else { return }
        settle(payments[index].change(record), booked: record.transfers, payment: index, at: position)
    }

    private mutating func examine(_ record: EventApplied, _ position: RecordPosition) {
        guard let index = payment(record.payment, position) else { return }
        if record.fact.effect != .none, !record.eventID.isEmpty {
            // A payment remembers its last 256 events, even when the table of keys has forgotten
            // them.
            if !appliedEvents.insert("\(record.provider)\n\(record.eventID)").inserted {
                note(position, "event \(record.eventID) of \(record.provider) is applied again")
            }
        }
        if let key = record.key, reservedKeys.contains(key.digest) {
            note(position, "an event's key belongs to an open operation")
        }
        let operation = open(record.payment, operation: .refund, ordinal: record.refund)
        if record.fact.effect == .refundConfirmed || record.fact.effect == .refundReversed {
            guard let refund = refunds[operation], !refund.succeeded, refund.amount == record.fact.amountMinor else {
                return note(
                    position,
                    "a refund of \(record.fact.amountMinor) is decided about that was not in conflict"
                )
            }
            refunds[operation]?.succeeded = record.fact.effect == .refundConfirmed
        }
        if record.fact.effect == .refundBounced {
            guard let refund = refunds[operation], refund.succeeded, refund.amount == record.fact.amountMinor else {
                return note(position, "a refund comes back that had not succeeded for \(record.fact.amountMinor)")
            }
            refunds[operation]?.succeeded = false
        }
        settle(change(index) { $0.take(record) }, booked: record.transfers, payment: index, at: position)
    }

    private mutating func examine(_ record: RefundBounced, _ position: RecordPosition) {
        guard let index = payment(record.payment, position) else { return }
        let operation = open(record.payment, operation: .refund, ordinal: record.refund.ordinal)
        guard let refund = refunds[operation], refund.succeeded, refund.amount == record.amountMinor else {
            return note(position, "a refund comes back that had not succeeded for \(record.amountMinor)")
        }
        refunds[operation]?.succeeded = false
        settle(
            .success(change(index) { $0.bounce(record.amountMinor) }),
            booked: record.transfers,
            payment: index,
            at: position
        )
    }

    /// Changes a payment, the wallet that pays it or that it fills, and the numbers of its sellers.
    private mutating func change<Result>(_ index: Int, _ body: (inout AuditedPayment) -> Result) -> Result {
        treasury.lendWallet(to: &payments[index], totals)
        let before = payments[index].unsettledOfTopUp
        if !payments[index].plan.isEmpty {
            payments[index].numbers = treasury.sellers
            treasury.sellers = AuditedSellers()
        }
        defer {
            treasury.keepWallet(of: payments[index], unsettledBefore: before)
            if let numbers = payments[index].numbers.take() { treasury.sellers = numbers }
        }
        return body(&payments[index])
    }

    // MARK: Books

    /// Compares what a record booked with what it had to book, and books it.
    private mutating func settle(
        _ expected: Result<ExpectedPostings, Violation>,
        booked: Transfers,
        payment index: Int,
        at position: RecordPosition
    ) {
        compare(expected, booked: booked, at: position)
        if let broken = payments[index].brokenInvariant { note(position, broken) }
    }

    /// The same for a record that is about no payment, and ends as it begins.
    private mutating func settle(
        _ expected: Result<AuditedTreasury.Step, Violation>,
        booked: Transfers,
        key: RequestKey?,
        shard owner: UInt16,
        at position: RecordPosition
    ) {
        if owner != shard ?? owner {
            note(position, "a record of shard \(owner) in the journal of shard \(shard ?? owner)")
        }
        shard = owner
        if let key, reservedKeys.contains(key.digest) {
            note(position, "an idempotency key is used again while its first request is open")
        }
        compare(expected.map(\.postings), booked: booked, at: position)
        guard case .success(let step) = expected, let source = step.mayNotOwe, let left = totals[source] else { return }
        if left.balance > 0 { note(position, "\(source.path()) is overdrawn by \(left.balance) \(source.currency)") }
    }

    private mutating func compare(
        _ expected: Result<ExpectedPostings, Violation>,
        booked: Transfers,
        at position: RecordPosition
    ) {
        var sums: ExpectedPostings = [:]
        for transfer in [booked.first, booked.second].compactMap({ $0 }) {
            transfers += 1
            for posting in transfer.postings { sums[posting.account, default: 0] += Int128(posting.amountMinor) }
            book(transfer, position)
            treasury.sellers.booked(transfer, totals)
        }
        switch expected {
        case .failure(let violation): note(position, violation.text)
        case .success(let expected):
            // A release before a capture may leave an account at the sum it had. So the comparison
            // leaves out sums of zero.
            if sums.filter({ $0.value != 0 }) != expected.filter({ $0.value != 0 }) {
                note(position, "books \(Self.text(sums)) where \(Self.text(expected)) is due")
            }
        }
    }

    private mutating func book(_ transfer: Transfer, _ position: RecordPosition) {
        for posting in transfer.postings {
            if posting.amountMinor > 0 {
                totals[posting.account, default: AccountTotals()].debits += Int128(posting.amountMinor)
            } else {
                totals[posting.account, default: AccountTotals()].credits -= Int128(posting.amountMinor)
            }
        }
        for posting in transfer.postings {
            let balance = totals[posting.account]?.balance ?? 0
            guard !posting.account.kind.confinement.allows(balance) else { continue }
            note(position, "\(posting.account.path()) leaves its side: \(balance) \(posting.account.currency)")
        }
    }

    /// The findings that need every record: call once, after the last.
    package mutating func finish() {
        var expected: ExpectedPostings = [:]
        for payment in payments { payment.contribution(to: &expected) }
        treasury.contribution(to: &expected)
        for account in Set(totals.keys).union(expected.keys) {
            let booked = totals[account]?.balance ?? 0
            let due = expected[account] ?? 0
            guard booked != due else { continue }
            note(0, "\(account.path()): \(booked) \(account.currency) booked, \(due) by the payments' counters")
        }
        var sums: [Currency: Int128] = [:]
        for (account, totals) in totals { sums[account.currency, default: 0] += totals.balance }
        for (currency, sum) in sums where sum != 0 { note(0, "\(currency) does not sum to zero, but to \(sum)") }
    }

    // MARK: Keys and helpers

    private mutating func reserve(
        _ key: RequestKey?,
        payment: PaymentID,
        operation: ProviderOperation,
        ordinal: UInt16,
        position: RecordPosition
    ) {
        openKeys[open(payment, operation: operation, ordinal: ordinal)] = .some(key?.digest)
        guard let key else { return }
        if !reservedKeys.insert(key.digest).inserted {
            note(position, "an idempotency key is reserved again while its first request is open")
        }
    }

    func open(_ payment: PaymentID, operation: ProviderOperation, ordinal: UInt16) -> OpenOperation {
        OpenOperation(sequence: payment.sequence, operation: operation, ordinal: ordinal)
    }

    mutating func payment(_ id: PaymentID, _ position: RecordPosition) -> Int? {
        guard id.shard == shard, id.sequence >= 1, id.sequence <= UInt64(payments.count) else {
            note(position, "\(id) has not been created")
            return nil
        }
        return Int(id.sequence) - 1
    }

    mutating func note(_ position: RecordPosition, _ text: String) {
        problemCount += 1
        if problems.count < Self.maximumKept { problems.append(Problem(position: position, text: text)) }
    }

    private static func text(_ postings: ExpectedPostings) -> String {
        let parts = postings.filter { $0.value != 0 }
            .map { "\($0.key.path()) \($0.value) \($0.key.currency)" }
            .sorted()
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }
}
