import Payments

extension NaivePayment.Operation {
    /// Whatever was sent has an unknown fate, and whoever asked is gone.
    mutating func afterRestart(at now: Int64) {
        uncertain = !heldBack
        sentAt = now
        waitsForReply = false
    }
}

extension NaivePayment.Result {
    var name: String {
        switch self {
        case .succeeded: "succeeded"
        case .declined: "declined"
        case .notExecuted: "notExecuted"
        case .conflicted: "conflicted"
        case .action: "actionRequired"
        }
    }
}

extension OperationResult {
    var name: String {
        switch self {
        case .succeeded: "succeeded"
        case .declined: "declined"
        case .notExecuted: "notExecuted"
        case .conflicted: "conflicted"
        case .actionRequired: "actionRequired"
        }
    }
}

extension Step {
    var operation: ProviderOperation? {
        switch self {
        case .capture: .capture
        case .cancel: .cancel
        case .increment: .increment
        case .confirm: .confirm
        case .refund: .refund
        case .approve: .authorize
        case .create, .reject, .score, .read, .event, .evidence, .accept, .dispute, .treasury, .again, .provider,
            .wait, .restart, .restore, .snapshot:
            nil
        }
    }
}

extension NaivePayment {
    /// The amount of what the gateway begins by itself, where it may.
    func ownOperation(_ kind: ProviderOperation, at now: Int64) throws(Mismatch) -> Int64 {
        guard running == nil else { throw Mismatch(description: "begun beside another operation") }
        switch kind {
        case .cancel where isOpen && needsReversal: return capturable
        case .cancel where phase == .requiresAction && deadline <= now: return amount
        // What a dispute holds waits until that has ended.
        case .refund where phase == .captured && needsReversal && !disputes.contains { $0.isOpen }: return refundable
        case .confirm where phase == .requiresAction && failure == "abandoned": return amount
        default: throw Mismatch(description: "the gateway began a \(kind) of \(text) by itself")
        }
    }

    /// What the merchant is told when an operation ends.
    func answer(_ operation: Operation, _ result: Result) -> (status: UInt16, body: String) {
        if operation.kind == .refund {
            switch result {
            case .succeeded: return (201, "refund succeeded \(operation.amount)")
            case .declined: return (402, "refund failed \(operation.amount)")
            case .notExecuted: return (502, "refund failed \(operation.amount)")
            case .conflicted, .action: return (202, "refund pending \(operation.amount)")
            }
        }
        switch result {
        case .succeeded where failure == "partialAuthorization": return (402, "declined | \(text)")
        case .succeeded, .action: return (operation.kind == .authorize && !operation.isApproved ? 201 : 200, text)
        case .conflicted: return (202, text)
        case .declined: return (402, "declined | \(text)")
        case .notExecuted: return (502, "not executed | \(text)")
        }
    }
}
