import Ledger
import Money
import Payments
import ShardCore

/// A plain recount of everybody's money. It uses the answers that were given, in the order in which
/// the journal has them, and what each payment shows in the end. It knows nothing of the ledger. Of
/// the gateway's arithmetic it knows only what `docs` says.
struct Recount {
    static let feeBasisPoints: UInt16 = 250

    /// The amounts of one payment, as its answers show them.
    struct PaymentLine {
        /// As the last answer showed it.
        var captured: Int64 = 0
        var fee: Int64 = 0
        /// What went to sellers, and what rounding their parts left over.
        var shared: Int64 = 0
        var reversed: Int64 = 0
        var bounced: Int64 = 0
    }

    struct PayoutLine {
        var id: PayoutID
        var request: CreatePayout
        var merchant: UInt64
        var amount: Int64
        var state: PayoutState
    }

    private(set) var problem: String?
    /// By merchant, then by currency: all that is owed, apart from payments.
    private(set) var others: [UInt64: [UInt16: Int64]] = [:]
    private(set) var sellers: [UInt64: [String: Int64]] = [:]
    private(set) var payments: [UInt64: PaymentLine] = [:]
    private(set) var payouts: [UInt64: PayoutLine] = [:]
    private var disputeFees: [DisputeID: Int64] = [:]
    private var convertedQuotes: Set<UInt64> = []

    /// Takes in the answer to a request.
    /// - Parameters:
    ///   - splits: how what the request captures is shared.
    ///   - isSale: whether the payment captures as it is authorized.
    mutating func take(_ answer: SimAnswer, of request: Request, splits: [SplitRequest], isSale: Bool) {
        switch answer.kind {
        // Sellers get nothing of what is reversed.
        case .payment:
            capture(
                upTo: answer.captured,
                of: answer.payment,
                merchant: request.merchant,
                splits: answer.isGivenUp ? [] : splits
            )
        case .event: take(event: answer, request, isSale: isSale)
        case .payout: take(payout: answer, request)
        case .conversion: take(conversion: answer, request)
        case .refund, .refusal, .dispute, .wallet, .quote: break
        }
    }

    private mutating func note(_ text: String) { problem = problem ?? text }

    private mutating func add(_ amount: Int64, to merchant: UInt64, in currency: Currency) {
        others[merchant, default: [:]][currency.numericCode, default: 0] += amount
    }

    // MARK: Captures

    /// 2.5 %, rounded half to even.
    private static func fee(_ amount: Int64) -> Int64 {
        let product = amount * Int64(feeBasisPoints)
        let (fee, rest) = product.quotientAndRemainder(dividingBy: 10_000)
        return rest > 5_000 || rest == 5_000 && fee % 2 == 1 ? fee + 1 : fee
    }

    private mutating func capture(
        upTo captured: Int64,
        of id: PaymentID?,
        merchant: UInt64,
        splits: [SplitRequest]
    ) {
        guard let id else { return }
        var line = payments[id.sequence] ?? PaymentLine()
        let amount = captured - line.captured
        defer { payments[id.sequence] = line }
        guard amount > 0 else { return }
        line.captured = captured
        line.fee += Self.fee(amount)
        share(amount - Self.fee(amount), by: splits, of: merchant, into: &line)
    }

    /// Shares what remains after the fee: amounts and shares are rounded down, and are never more
    /// than what remains. The platform gets what rounding the shares leaves over.
    private mutating func share(
        _ base: Int64,
        by splits: [SplitRequest],
        of merchant: UInt64,
        into line: inout PaymentLine
    ) {
        var left = base
        var points: Int64 = 0
        var rounded: Int64 = 0
        for split in splits {
            var part: Int64
            switch split.share {
            case .amount(let amount): part = amount
            case .basisPoints(let share):
                part = base * Int64(share) / 10_000
                points += Int64(share)
                rounded += part
            }
            part = min(part, left)
            left -= part
            sellers[merchant, default: [:]][SimBalance.key(split.seller, .eur), default: 0] += part
        }
        left -= min(left, base * points / 10_000 - rounded)
        line.shared += base - left
    }

    /// Takes in what was captured without an answer that shows it. The gateway captures so itself
    /// before it reverses a payment.
    mutating func captureUnseen(upTo captured: Int64, _ id: PaymentID, _ merchant: UInt64) {
        capture(upTo: captured, of: id, merchant: merchant, splits: [])
    }

    // MARK: Events

    private mutating func take(event answer: SimAnswer, _ request: Request, isSale: Bool) {
        guard let effect = answer.effect, let payment = answer.payment, case .event(let event) = request.nonPayment
        else {
            return note("an event's answer without an effect")
        }
        let dispute = DisputeID(high: answer.subject.high, low: answer.subject.low)
        switch effect {
        case .capturedLate: capture(upTo: answer.amount, of: payment, merchant: request.merchant, splits: [])
        case .authorized where isSale, .authorizedLate where isSale:
            capture(upTo: answer.amount, of: payment, merchant: request.merchant, splits: [])
        case .captureReversed: reverse(answer.amount, payment.sequence)
        case .refundBounced: payments[payment.sequence, default: PaymentLine()].bounced += answer.amount
        case .disputeOpened, .disputeLostAfterAll:
            add(-(event.feeMinor ?? 0), to: request.merchant, in: .eur)
            disputeFees[dispute, default: 0] += event.feeMinor ?? 0
        case .disputeWon, .disputeWonAfterAll:
            guard event.isFeeReturned else { return }
            add(disputeFees.removeValue(forKey: dispute) ?? 0, to: request.merchant, in: .eur)
        case .reclassified: if event.target == .merchantAvailable { add(answer.amount, to: request.merchant, in: .eur) }
        case .writtenOff: add(answer.amount, to: request.merchant, in: .eur)
        case .none, .settled, .authorizationExpired, .authorized, .authorizedLate, .authorizationFailed, .conflicted,
            .disputeWarned, .disputeUnderReview, .disputeLost, .disputeWarningClosed, .unexplained, .disputeOverdue,
            .refundConfirmed, .refundReversed, .conflictResolved, .incremented:
            break
        }
    }

    /// The platform gives its fee back. When all that is left is reversed, it gives back all of the
    /// fee.
    private mutating func reverse(_ amount: Int64, _ sequence: UInt64) {
        var line = payments[sequence] ?? PaymentLine()
        line.captured -= amount
        line.reversed += amount
        line.fee -= line.captured == 0 ? min(amount, line.fee) : min(line.fee, Self.fee(amount))
        payments[sequence] = line
    }

    // MARK: Pay-outs and exchange

    private mutating func take(payout answer: SimAnswer, _ request: Request) {
        let number = answer.subject.low
        guard let state = answer.payoutState else { return note("a pay-out in no state") }
        switch request.nonPayment {
        case .payout(let asked):
            if payouts[number] != nil { note("pay-out \(number) was made twice") }
            if let amount = asked.amountMinor, answer.amount != amount, answer.amount != amount + 5 {
                note("a pay-out of \(amount) is one of \(answer.amount)")
            }
            payouts[number] = PayoutLine(
                id: PayoutID(answer.subject),
                request: asked,
                merchant: request.merchant,
                amount: answer.amount,
                state: state
            )
            move(-answer.amount, number)
        case .payoutEvent(_, let event):
            guard let line = payouts[number] else { return note("pay-out \(number) moves and was never asked for") }
            switch (line.state, event) {
            case (.requested, .sent), (.requested, .paid), (.inTransit, .paid): break
            case (.requested, .failed), (.inTransit, .failed), (.paid, .returned): move(line.amount, number)
            default: note("pay-out \(number) was \(line.state), and \(event) is acknowledged")
            }
            payouts[number]?.state = state
        default: note("a pay-out that nobody asked for")
        }
    }

    private mutating func move(_ amount: Int64, _ number: UInt64) {
        guard let line = payouts[number] else { return }
        if let seller = line.request.seller {
            let key = SimBalance.key(seller, line.request.currency)
            sellers[line.merchant, default: [:]][key, default: 0] += amount
        } else {
            add(amount, to: line.merchant, in: line.request.currency)
        }
    }

    private mutating func take(conversion answer: SimAnswer, _ request: Request) {
        guard case .convert(let id) = request.nonPayment, id.low == answer.subject.low else {
            return note("a conversion of another quote")
        }
        if !convertedQuotes.insert(id.low).inserted { note("quote \(id) was used twice") }
        guard let terms = quotes[id.low] else { return note("quote \(id) was never given") }
        add(-terms.sold, to: request.merchant, in: terms.from)
        add(terms.bought, to: request.merchant, in: terms.to)
    }

    /// What was promised, by quote.
    private var quotes: [UInt64: (from: Currency, sold: Int64, to: Currency, bought: Int64)] = [:]

    mutating func take(quote answer: SimAnswer, _ request: QuoteRequest) {
        quotes[answer.subject.low] = (request.sold, answer.amount, request.bought, answer.bought)
    }
}
