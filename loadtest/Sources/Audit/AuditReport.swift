/// What an audit found wrong. Any finding fails it.
struct AuditFinding: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        /// Acknowledged to the client, and the gateway does not know it.
        case paymentMissing = "acknowledged payment missing"
        /// The gateway lists an identifier twice.
        case paymentTwice = "payment listed twice"
        /// Two keys were answered with the same payment.
        case paymentShared = "payment shared by two keys"
        /// The gateway made a payment that no request explains: one key made two, for instance.
        case paymentUnexplained = "payment that no request explains"
        case wrongAmount = "wrong amount or currency"
        /// Captured or refunded sums outside of what was acknowledged.
        case wrongMovement = "wrong captured or refunded sum"
        case wrongStatus = "wrong status"
        /// Still `processing` after the time allowed.
        case unsettled = "not settled"
        /// The provider executed an operation more than once.
        case executedTwice = "executed more than once at the provider"
        /// The provider moved money and the gateway has no payment for it.
        case orphanCharge = "charge without payment"
        /// The gateway says that money moved and the provider did not move it.
        case chargeMissing = "charge missing at the provider"
        case wrongCharge = "wrong amount at the provider"
        case ledgerUnbalanced = "ledger does not sum to zero"
        /// Something happened that the harness does not know: what it means is not checked.
        case unreadable = "line that cannot be read"
    }

    var kind: Kind
    var detail: String
}

struct AuditReport: Sendable {
    /// Findings of one kind that are kept; all are counted.
    static let maximumKeptPerKind = 20

    private(set) var findings: [AuditFinding] = []
    private(set) var counts: [AuditFinding.Kind: Int] = [:]
    /// What was looked at.
    var acknowledged = 0
    var unanswered = 0
    var gatewayPayments = 0
    var oracleCharges = 0
    var currencies = 0

    var passed: Bool { counts.isEmpty }

    mutating func add(_ kind: AuditFinding.Kind, _ detail: @autoclosure () -> String) {
        counts[kind, default: 0] += 1
        if counts[kind, default: 0] <= Self.maximumKeptPerKind {
            findings.append(AuditFinding(kind: kind, detail: detail()))
        }
    }

    /// One line a finding, most telling first.
    var lines: [String] {
        let head =
            "audit: \(acknowledged) acknowledged and \(unanswered) unanswered requests, \(gatewayPayments) payments, "
            + "\(oracleCharges) executed operations, \(currencies) ledger currencies"
        guard !passed else { return [head, "audit: passed: exactly once everywhere, ledger balanced"] }
        let summary = AuditFinding.Kind.allCases.compactMap { kind in
            counts[kind].map { "audit: FAILED: \($0) × \(kind.rawValue)" }
        }
        return [head] + summary + findings.map { "  \($0.kind.rawValue): \($0.detail)" }
    }
}
