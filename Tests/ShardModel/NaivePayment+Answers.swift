import Payments
import Shard

extension NaivePayment.Operation {
    /// Whatever was sent has an unknown fate, and whoever asked is gone.
    mutating func afterRestart(at now: Int64) {
        uncertain = true
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
        case .create, .approve, .reject, .score, .read, .event, .evidence, .accept, .dispute, .again, .provider, .wait,
            .restart, .restore, .snapshot:
            nil
        }
    }
}

extension NaivePayment {
    /// The amount of what the gateway begins by itself, where it may.
    func ownOperation(_ kind: ProviderOperation, at now: Int64) throws(Mismatch) -> Int64 {
        guard running == nil else { throw Mismatch(description: "begun beside another operation") }
        switch kind {
        case .cancel where phase == .authorized && mustBeTakenBack: return capturable
        case .cancel where phase == .requiresAction && deadline <= now: return amount
        case .refund where phase == .captured && mustBeTakenBack: return refundable
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
        case .succeeded, .action: return (operation.kind == .authorize ? 201 : 200, text)
        case .conflicted: return (202, text)
        case .declined: return (402, "declined | \(text)")
        case .notExecuted: return (502, "not executed | \(text)")
        }
    }
}

/// Mistakes that a run plants between the shard and the oracle, to see that they are found and shrunk.
package enum PlantedFault: String, CaseIterable, Sendable {
    /// One minor unit too much for the platform, now and then.
    case wrongFee
    /// The hold of a part that is captured is not released.
    case forgottenRelease
    case doubleRefund
    /// A repeated request gets another request's answer.
    case wrongReplay
    /// An operation is sent again under another PSP key.
    case secondKey
    /// What expired still shows as authorized.
    case staleStatus
}
