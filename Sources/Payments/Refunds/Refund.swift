package import Time

/// One refund of a payment.
@usableFromInline package struct Refund: Sendable {
    package let id: RefundID
    package let payment: PaymentID
    package let amountMinor: Int64
    package internal(set) var status: RefundStatus = .pending
    package internal(set) var declineCode: DeclineCode?
    package internal(set) var declineCategory: DeclineClass?
    package internal(set) var failure: FailureReason?
    /// The PSP refunded another amount or currency than asked: it stays pending until an operator
    /// decides.
    package internal(set) var isConflicted = false
    /// The time of the last transition.
    package internal(set) var updatedAt: Timestamp

    package init(id: RefundID, payment: PaymentID, amountMinor: Int64, requestedAt: Timestamp) {
        precondition(amountMinor > 0, "a refund moves a positive amount")
        self.id = id
        self.payment = payment
        self.amountMinor = amountMinor
        self.updatedAt = requestedAt
    }
}

extension Refund {
    package mutating func finished(_ result: OperationResult, at time: Timestamp) {
        precondition(status == .pending && !isConflicted, "a refund finished twice")
        updatedAt = time
        switch result {
        case .succeeded:
            status = .succeeded
        case .declined(let category, let code):
            status = .failed
            declineCategory = category
            declineCode = code
        case .notExecuted(let reason):
            status = .failed
            failure = reason
        case .conflicted:
            isConflicted = true
        case .actionRequired:
            preconditionFailure("no refund waits for a shopper")
        }
    }

    /// An operator decided about a refund that was executed for another amount than asked for.
    package mutating func decided(succeeded: Bool, at time: Timestamp) {
        precondition(status == .pending && isConflicted, "only a refund in conflict is decided about")
        isConflicted = false
        status = succeeded ? .succeeded : .failed
        updatedAt = time
    }

    package mutating func bounced(at time: Timestamp) {
        precondition(status == .succeeded, "only a refund that had succeeded can bounce")
        status = .failed
        updatedAt = time
    }
}
