import Money
import Payments

// What an event does to a payment, and what it books (docs/payments.md and docs/posting-rules.md).
extension NaivePayment {
    mutating func take(_ fact: NaiveFact, _ reference: String, at now: Int64) -> [NaivePosting] {
        var postings: [NaivePosting] = []
        switch fact.effect {
        case "none": return []
        case "settled": return settle(fact.amount, fee: fact.fee)
        case "refund_bounced":
            refunds[fact.refund - 1].status = "bounced"
            refunded -= fact.amount
            return move(.receivable, share, amount: fact.amount)
        case "refund_confirmed", "refund_reversed":
            let isConfirmed = fact.effect == "refund_confirmed"
            refunds[fact.refund - 1].status = isConfirmed ? "succeeded" : "failed"
            refundPending -= fact.amount
            refunded += isConfirmed ? fact.amount : 0
            return move(.clearing, isConfirmed ? .receivable : share, amount: fact.amount)
        case "capture_reversed": postings = reverse(fact.amount)
        case "authorization_expired": postings = expire()
        case "authorized": postings = authorize(fact)
        case "authorized_late", "captured_late": postings = succeedLate(fact)
        case "authorization_failed": phase = .failed
        case "conflicted":
            // The hold of a payment that had ended was released then.
            if !isOpen, captured < authorized { authorized = captured }
            phase = .conflicted
            postings = move(.receivable, .suspense, amount: fact.amount)
        case "conflict_resolved":
            failure = "conflict"
            deadline = fact.deadline
            if captured > 0 {
                phase = captured < authorized ? .partiallyCaptured : .captured
            } else {
                // Of a sale nothing is held: it was captured, and that is in suspense.
                phase = isSale && authorized == 0 ? .failed : .authorized
            }
        case "incremented":
            postings = hold(fact.amount - authorized)
            authorized = fact.amount
            amount = max(amount, fact.amount)
        case "unexplained": return move(.receivable, .suspense, amount: fact.amount, at: fact.earlier)
        case "reclassified": return reclassify(fact)
        case "written_off": return move(.losses, .available, amount: fact.amount)
        default: return takeDispute(fact, reference, at: now)
        }
        if !isOpen, phase != .requiresAction, phase != .review { deadline = 0 }
        return postings
    }

    /// Where a refund that failed gives the merchant's money back: pending until all is settled.
    var share: NaiveAccount { captured > 0 && settled == captured ? .available : .pending }

    /// P4.
    private mutating func settle(_ amount: Int64, fee: Int64) -> [NaivePosting] {
        let left = captured - settled
        settled += amount
        var freed = onPending
        if amount < left {
            // Rounded down.
            freed = Int64(Int128(onPending) * Int128(amount) / Int128(left))
        }
        return entry([(.cash, amount - fee), (.providerFees, fee), (.receivable, -amount)])
            + move(.pending, .available, amount: freed) + settleParts(amount, of: left)
    }

    /// The reverse of P3, first from what the payment has pending. Where all that is left was
    /// settled, nothing stays pending. The last reversal gives back what is left of the fees.
    private mutating func reverse(_ amount: Int64) -> [NaivePosting] {
        let left = captured - amount
        let part = min(left == 0 ? amount : Self.fee(amount, fee), fees)
        let fromPending = settled >= left ? onPending : min(amount - part, max(0, onPending))
        captured = left
        settled = min(settled, left)
        if phase == .partiallyCaptured {
            authorized -= amount
            if left == 0 { phase = .authorized }
        } else if left == 0 {
            phase = .failed
            failure = "captureFailed"
        }
        return entry([
            (.pending, fromPending), (.available, amount - part - fromPending), (.fees, part), (.receivable, -amount),
        ])
    }

    private mutating func authorize(_ fact: NaiveFact) -> [NaivePosting] {
        authorized = fact.amount
        captured = isSale ? fact.amount : 0
        phase = isSale ? .captured : .authorized
        deadline = fact.deadline
        if fact.amount < amount, !acceptsPartial, failure == nil { failure = "partialAuthorization" }
        return isSale ? capture(fact.amount, splits) : hold(fact.amount)
    }

    private mutating func succeedLate(_ fact: NaiveFact) -> [NaivePosting] {
        failure = "lateSuccess"
        deadline = fact.deadline
        guard isSale || fact.effect == "captured_late" else {
            authorized = fact.amount
            phase = .authorized
            return hold(fact.amount)
        }
        authorized = max(authorized, fact.amount)
        captured = fact.amount
        phase = .captured
        // It is reversed: sellers get nothing.
        return capture(fact.amount, [])
    }

    /// P12: what a PSP moved otherwise than asked waits in suspense.
    func unexplained(_ operation: Operation, executed: Int64) -> [NaivePosting] {
        switch operation.kind {
        case .authorize where isSale, .confirm where isSale, .capture: move(.receivable, .suspense, amount: executed)
        case .refund: move(.suspense, .receivable, amount: executed)
        default: []
        }
    }

    private func reclassify(_ fact: NaiveFact) -> [NaivePosting] {
        guard let target = NaiveAccount.allCases.first(where: { $0.rawValue == fact.target }) else { return [] }
        return move(.suspense, target, amount: fact.amount, at: fact.earlier)
    }

    /// Keeps what is booked of what the payment has pending, and of its fees. Where explained money
    /// goes is not the payment's.
    mutating func keep(_ postings: [NaivePosting], isExplained: Bool) {
        guard !isExplained else { return }
        for posting in postings {
            if posting.account == NaiveAccount.pending.rawValue { onPending -= posting.amount }
            if posting.account == NaiveAccount.fees.rawValue { fees -= posting.amount }
        }
    }

    /// Half to even.
    static func fee(_ amount: Int64, _ basisPoints: UInt16) -> Int64 {
        let share = Int128(amount) * Int128(basisPoints)
        let part = Int64(share / 10_000)
        let rest = share % 10_000
        return rest > 5_000 || (rest == 5_000 && part % 2 == 1) ? part + 1 : part
    }
}
