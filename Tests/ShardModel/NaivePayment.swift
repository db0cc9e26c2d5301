import Money
import Payments

/// The accounts of docs/posting-rules.md, by the names that reports use.
enum NaiveAccount: String, CaseIterable {
    case receivable = "psp:receivable"
    case pending = "merchant:pending"
    case available = "merchant:available"
    case reserve = "merchant:reserve"
    case cash = "bank:cash"
    case providerFees = "psp:fees"
    case losses = "platform:losses"
    case fees = "platform:fees"
    case clearing = "refund:clearing"
    case suspense = "suspense"
    case heldAtPSP = "memo:auth:psp"
    case heldForMerchant = "memo:auth:merchant"

    /// Of a payment of this merchant at this connector; there is one bank.
    func owner(_ merchant: UInt64, connector: UInt16) -> UInt64 {
        switch self {
        case .pending, .available, .reserve, .heldForMerchant: merchant
        case .receivable, .heldAtPSP, .suspense, .providerFees: UInt64(connector)
        case .cash: 1
        case .fees, .losses, .clearing: 0
        }
    }
}

/// One side of a booking: positive for debit.
struct NaivePosting: Hashable, Comparable {
    var account: String
    var owner: UInt64
    var amount: Int64

    static func < (left: NaivePosting, right: NaivePosting) -> Bool {
        (left.account, left.owner, left.amount) < (right.account, right.owner, right.amount)
    }
}

/// A payment as docs/payments.md describes it, in the plainest way that works. Shares nothing with
/// the payments of the gateway but the names of operations.
struct NaivePayment {
    enum Phase: String {
        case created, review, requiresAction, authorized, partiallyCaptured, captured, voided, failed, expired,
            conflicted
    }

    struct Operation {
        var kind: ProviderOperation
        var ordinal: Int
        var amount: Int64
        /// A capture that leaves the rest held.
        var open = false
        /// What sellers get of a capture.
        var splits: [SplitRequest] = []
        var startedAt: Int64
        var sentAt: Int64
        var tries = 0
        /// Something was sent whose fate is not known.
        var uncertain = false
        /// The PSP has said that it has it.
        var known = false
        /// Behind the fraud hook: nothing was sent.
        var heldBack = false
        /// An authorization that people have let go.
        var isApproved = false
        /// A merchant asked for it; otherwise the gateway did.
        var asked: Bool
        var waitsForReply: Bool
        var key = ""
        /// Of an authorization: which connector of the route tries it, from 1.
        var attempt = 1

        var decidesAuthorization: Bool { kind == .authorize || kind == .confirm }
    }

    struct Refund {
        var amount: Int64
        var status = "pending"
    }

    var number: Int
    var merchant: UInt64
    /// The connectors that may try, by number, in order; and which of them has the payment, from 0.
    var route: [UInt16] = [1]
    var place = 0
    /// What earlier connectors reported against their own no, by number: 1 a hold, 2 money.
    var reported: [UInt16: Int] = [:]
    var currency: Currency
    var fee: UInt16
    var isSale: Bool
    var acceptsPartial: Bool
    var overCapture: Int64
    var amount: Int64
    var authorized: Int64 = 0
    var captured: Int64 = 0
    var refunded: Int64 = 0
    var refundPending: Int64 = 0
    var phase = Phase.created
    var failure: String?
    var deadline: Int64 = 0
    /// The one operation that is not a refund.
    var running: Operation?
    var refunds: [Refund] = []
    /// Refunds under way, by ordinal.
    var refunding: [Int: Operation] = [:]
    var counts: [ProviderOperation: Int] = [:]
    var disputes: [NaiveDispute] = []
    /// Of what was captured.
    var settled: Int64 = 0
    /// What the payment has put on the merchant's pending balance and not taken from it, and the
    /// fees taken of it.
    var onPending: Int64 = 0
    var fees: Int64 = 0
    /// What sellers are to get of a sale, and what each has of the payment that is not settled, in
    /// the order in which they came.
    var splits: [SplitRequest] = []
    var parts: [(seller: String, pending: Int64)] = []
    /// Sellers have something of it, or a capture was asked for that gives them something.
    var isShared = false
    /// What pays, or is filled; nil for a card and the merchant.
    var funding: Step.Creation.Funding?
    /// What the fraud rules said of it.
    var score = 0
    var reasons: [String] = []

    var connector: UInt16 { route[place] }
    var isOpen: Bool { phase == .authorized || phase == .partiallyCaptured }
    var capturable: Int64 { isOpen ? max(0, authorized - captured) : 0 }
    var refundable: Int64 { max(0, captured - refunded - refundPending - disputed) }

    var needsReversal: Bool {
        if failure == "conflict" { return isOpen }
        guard failure == "abandoned" || failure == "partialAuthorization" || failure == "lateSuccess" else {
            return false
        }
        return phase == .authorized || (phase == .captured && refundable > 0)
    }

    var status: String {
        if running != nil { return "processing" }
        switch phase {
        case .created: return "processing"
        case .requiresAction: return "requires_action"
        case .authorized: return failure == nil ? "authorized" : "failed"
        case .partiallyCaptured: return "partially_captured"
        case .captured: return refunded == 0 ? "captured" : refunded == captured ? "refunded" : "partially_refunded"
        case .voided: return failure == nil ? "cancelled" : "failed"
        case .expired: return failure == nil ? "expired" : "failed"
        case .failed, .conflicted, .review: return phase.rawValue
        }
    }

    /// As `WorkloadRenderer` writes it.
    var text: String {
        "\(status) \(amount) \(authorized) \(capturable) \(captured) \(refunded) \(refundPending) \(deadline)"
            + " \(disputed) \(settled)"
    }

    // MARK: What a merchant may ask (the table's left side)

    /// Why a request is refused, as the shard names it; nil and the amount where it is not.
    func refusal(_ step: Step) -> (refusal: String?, amount: Int64, open: Bool) {
        if running != nil { return ("operationInProgress", 0, false) }
        switch step {
        case .capture(_, let wanted, let isFinal, let splits):
            guard isOpen, failure == nil else { return ("unexpectedState", 0, false) }
            let amount = wanted ?? capturable
            guard amount <= authorized + authorized * overCapture / 10_000 - captured else {
                return ("amountExceedsCapturable", 0, false)
            }
            if let refusal = refusal(splits, of: amount) { return (refusal, 0, false) }
            return (nil, amount, !isFinal && amount < capturable)
        case .cancel:
            guard isOpen || phase == .requiresAction else { return ("unexpectedState", 0, false) }
            return (nil, phase == .requiresAction ? amount : capturable, false)
        case .increment(_, let total):
            guard phase == .authorized, failure == nil else { return ("unexpectedState", 0, false) }
            guard total > authorized else { return ("amountNotAboveAuthorized", 0, false) }
            return (nil, total, false)
        case .confirm:
            guard phase == .requiresAction else { return ("unexpectedState", 0, false) }
            return (nil, amount, false)
        case .refund(_, let wanted):
            guard phase == .captured else { return ("unexpectedState", 0, false) }
            if isDisputed { return ("disputed", 0, false) }
            guard refundable > 0 else {
                return (refundPending > 0 ? "operationInProgress" : "unexpectedState", 0, false)
            }
            guard (wanted ?? refundable) <= refundable else { return ("amountExceedsRefundable", 0, false) }
            return (nil, wanted ?? refundable, false)
        case .approve, .reject: return (phase == .review ? nil : "notInReview", amount, false)
        case .create, .score, .read, .event, .evidence, .accept, .dispute, .treasury, .again, .provider, .wait,
            .restart, .restore, .snapshot:
            return ("no request", 0, false)
        }
    }

    mutating func start(_ operation: Operation) -> [NaivePosting] {
        counts[operation.kind, default: 0] += 1
        if phase == .review {
            phase = .created
            deadline = 0
        }
        guard operation.kind == .refund else {
            isShared = isShared || !operation.splits.isEmpty
            running = operation
            return []
        }
        refunds.append(Refund(amount: operation.amount))
        refunding[operation.ordinal] = operation
        refundPending += operation.amount
        return takeBack(operation.amount)
    }

    // MARK: What comes of it (the table's right side)

    enum Result: Equatable {
        case succeeded(Int64, expiresAt: Int64)
        case declined(String)
        case notExecuted(String)
        case conflicted
        case action(deadline: Int64)
    }

    /// Ends an operation.
    mutating func finish(_ operation: Operation, _ result: Result) -> [NaivePosting] {
        if operation.kind == .refund { return finishRefund(operation, result) }
        running = nil
        var postings: [NaivePosting] = []
        switch (operation.kind, result) {
        case (.authorize, .succeeded(let amount, let expiresAt)), (.confirm, .succeeded(let amount, let expiresAt)):
            authorized = amount
            phase = isSale ? .captured : .authorized
            if isSale { captured = amount }
            deadline = expiresAt
            if amount < self.amount, !acceptsPartial, failure == nil { failure = "partialAuthorization" }
            // Of what is reversed sellers get nothing.
            postings = isSale ? capture(amount, failure == nil ? splits : []) : hold(amount)
        case (.authorize, .declined), (.confirm, .declined): phase = .failed
        case (.authorize, .notExecuted(let reason)):
            phase = .failed
            if failure == nil { failure = reason }
        case (.confirm, .notExecuted("abandoned")): phase = .failed
        case (.authorize, .action(let end)):
            phase = .requiresAction
            deadline = end
        case (_, .conflicted): phase = .conflicted
        case (.increment, .succeeded(let amount, let expiresAt)):
            postings = hold(amount - authorized)
            authorized = amount
            self.amount = max(self.amount, amount)
            if expiresAt != 0 { deadline = expiresAt }
        case (.capture, .succeeded(let amount, _)):
            postings = release(operation.open ? amount : capturable) + capture(amount, operation.splits)
            captured += amount
            phase = operation.open ? .partiallyCaptured : .captured
        case (.capture, .declined("authorization_expired")):
            postings = release(capturable)
            phase = captured > 0 ? .captured : .expired
        case (.cancel, .succeeded):
            postings = release(capturable)
            phase = captured > 0 ? .captured : phase == .requiresAction && failure != nil ? .failed : .voided
        case (.cancel, .declined("already_captured")) where isOpen && failure != "conflict":
            postings = release(capturable) + capture(capturable, [])
            captured = max(captured, authorized)
            phase = .captured
        default: break  // Everything stays as it was before the operation.
        }
        if !isOpen, phase != .requiresAction { deadline = 0 }
        return postings
    }

    private mutating func finishRefund(_ operation: Operation, _ result: Result) -> [NaivePosting] {
        refunding[operation.ordinal] = nil
        if result == .conflicted { return [] }
        refundPending -= operation.amount
        if case .succeeded = result {
            refunds[operation.ordinal - 1].status = "succeeded"
            refunded += operation.amount
            return move(.clearing, .receivable, amount: operation.amount)
        }
        refunds[operation.ordinal - 1].status = "failed"
        return move(.clearing, share, amount: operation.amount)
    }

    /// The authorization's time is over.
    mutating func expire() -> [NaivePosting] {
        let postings = release(capturable)
        phase = captured > 0 ? .captured : .expired
        deadline = 0
        return postings
    }

    // MARK: Posting rules (docs/posting-rules.md)

    /// P5a: of a card first what the payment has pending, and then what the merchant has available.
    /// What a wallet or a top-up gives back, `Auditor` knows.
    private func takeBack(_ amount: Int64) -> [NaivePosting] {
        guard funding == nil else { return move(share, .clearing, amount: amount) }
        let waiting = min(amount, max(0, onPending))
        return entry([(.pending, waiting), (.available, amount - waiting), (.clearing, -amount)])
    }

    func hold(_ amount: Int64) -> [NaivePosting] { move(.heldAtPSP, .heldForMerchant, amount: amount) }
    func release(_ amount: Int64) -> [NaivePosting] { move(.heldForMerchant, .heldAtPSP, amount: amount) }

    func move(
        _ debit: NaiveAccount,
        _ credit: NaiveAccount,
        amount: Int64,
        at earlier: UInt16?
    ) -> [NaivePosting] {
        entry([(debit, amount), (credit, -amount)], at: earlier)
    }

    func move(_ debit: NaiveAccount, _ credit: NaiveAccount, amount: Int64) -> [NaivePosting] {
        move(debit, credit, amount: amount, at: nil)
    }

    /// Debits positive.
    func entry(_ lines: [(account: NaiveAccount, amount: Int64)], at earlier: UInt16? = nil) -> [NaivePosting] {
        lines.filter { $0.amount != 0 }.map { line in
            NaivePosting(
                account: line.account.rawValue,
                owner: line.account.owner(merchant, connector: earlier ?? connector),
                amount: line.amount
            )
        }
    }
}
