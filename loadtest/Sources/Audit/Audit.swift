/// Compares what clients were told with what the gateway holds, what the provider executed and what
/// the ledger says. Pure: evidence in, findings out.
///
/// 1. Every payment that was acknowledged is in the gateway, once, with the amounts and the state
///    that follow from the acknowledged operations; unanswered operations widen what is allowed,
///    and nothing else does.
/// 2. Every payment of the gateway is explained by a request.
/// 3. The provider executed every operation that the gateway tells of exactly once, for that
///    amount, and no other.
/// 4. The ledger sums to zero in every currency.
struct Audit {
    /// Identifiers carry their time of making; the gateway may have read its clock this much before
    /// the harness did.
    static let clockMarginMilliseconds: UInt64 = 50

    private var expected: ExpectedState
    private let startMilliseconds: UInt64
    private var report = AuditReport()

    static func check(_ evidence: AuditEvidence) -> AuditReport {
        var audit = Audit(evidence.runs)
        let payments = audit.index(evidence.gateway)
        audit.checkAcknowledged(payments)
        audit.checkUnexplained(evidence.gateway)
        audit.checkProvider(evidence.oracle, payments)
        audit.checkLedger(evidence.trialBalance)
        for line in evidence.unreadable { audit.report.add(.unreadable, line) }
        audit.report.gatewayPayments = evidence.gateway.count
        audit.report.oracleCharges = evidence.oracle.count
        audit.report.currencies = evidence.trialBalance.currencies.count
        return audit.report
    }

    private init(_ runs: [ExpectedRun]) {
        expected = ExpectedState(runs)
        let start = runs.map(\.startMilliseconds).min() ?? 0
        startMilliseconds = start - min(start, Self.clockMarginMilliseconds)
        report.acknowledged = expected.acknowledgedCount
        report.unanswered = expected.unansweredCount
        for id in expected.shared { report.add(.paymentShared, id.payment) }
    }

    private mutating func index(_ gateway: [GatewayPayment]) -> [EntityID: GatewayPayment] {
        var payments: [EntityID: GatewayPayment] = [:]
        payments.reserveCapacity(gateway.count)
        for payment in gateway {
            if payments.updateValue(payment, forKey: payment.id) != nil {
                report.add(.paymentTwice, payment.id.payment)
            }
            if payment.status == .processing {
                report.add(.unsettled, "\(payment.id.payment) is still processing")
            } else if !payment.hasStatusOfItsSums {
                report.add(.wrongStatus, "\(payment.summary) contradicts itself")
            }
        }
        return payments
    }

    // MARK: 1. What was acknowledged

    private mutating func checkAcknowledged(_ payments: [EntityID: GatewayPayment]) {
        for (id, expectation) in expected.payments {
            guard let payment = payments[id] else {
                report.add(.paymentMissing, "\(id.payment) of request \(expectation.sequence)")
                continue
            }
            check(payment, expectation)
        }
    }

    private mutating func check(_ payment: GatewayPayment, _ expectation: ExpectedPayment) {
        if payment.amount != expectation.amount || payment.currency != expectation.currency {
            let asked = "\(expectation.amount) \(expectation.currency)"
            return report.add(.wrongAmount, "\(payment.summary), asked for \(asked)")
        }
        // The provider did something else than asked, and the gateway noticed: nothing more can be
        // expected.
        guard payment.status != .conflicted, payment.status != .processing else { return }
        if expectation.isDeclined != (payment.status == .failed), expectation.isDeclined || expectation.isConfirmed {
            return report.add(.wrongStatus, "\(payment.summary), the client was told otherwise")
        }
        if !expectation.captured.contains(payment.captured) || !expectation.refunded.contains(payment.refunded) {
            let allowed = "captured \(expectation.captured), refunded \(expectation.refunded)"
            return report.add(.wrongMovement, "\(payment.summary), the client was told \(allowed)")
        }
        let isCancelled = payment.status == .cancelled
        if expectation.isCancelled && !isCancelled || isCancelled && !expectation.mayBeCancelled {
            report.add(.wrongStatus, "\(payment.summary), the client was told otherwise")
        }
    }

    // MARK: 2. What nobody asked for

    private mutating func checkUnexplained(_ gateway: [GatewayPayment]) {
        for payment in gateway where payment.id.milliseconds >= startMilliseconds {
            guard expected.payments[payment.id] == nil else { continue }
            if !expected.explain(amount: payment.amount, currency: payment.currency) {
                report.add(.paymentUnexplained, payment.summary)
            }
        }
    }

    // MARK: 3. The provider

    private struct Executed {
        var authorizations = 0
        var authorized: Int64 = 0
        /// The new total of the highest increment; 0 without one.
        var incremented: Int64 = 0
        var captured: Int64 = 0
        var refunded: Int64 = 0
        var cancellations = 0
        var currencyDiffers = false

        /// What was held in all.
        var total: Int64 { max(authorized, incremented) }
        /// Whether what was held was released and nothing was taken.
        var isVoided: Bool { cancellations == authorizations && captured == 0 && refunded == 0 }
    }

    private mutating func checkProvider(_ oracle: [OracleCharge], _ payments: [EntityID: GatewayPayment]) {
        var executed: [EntityID: Executed] = [:]
        for charge in oracle {
            guard let payment = payments[charge.payment] else {
                report.add(.orphanCharge, "\(charge.operation) of \(charge.amount) for \(charge.payment.payment)")
                continue
            }
            if charge.executions != 1 {
                report.add(.executedTwice, "\(charge.operation) of \(payment.summary): \(charge.executions) times")
            }
            Self.add(charge, of: payment, to: &executed[charge.payment, default: Executed()])
        }
        for payment in payments.values { compare(payment, executed[payment.id] ?? Executed()) }
    }

    private static func add(_ charge: OracleCharge, of payment: GatewayPayment, to sums: inout Executed) {
        if charge.currency != payment.currency { sums.currencyDiffers = true }
        switch charge.operation {
        case .authorize:
            sums.authorizations += 1
            sums.authorized += charge.amount
        case .capture: sums.captured += charge.amount
        case .refund: sums.refunded += charge.amount
        case .cancel: sums.cancellations += 1
        case .increment: sums.incremented = max(sums.incremented, charge.amount)
        }
    }

    private mutating func compare(_ payment: GatewayPayment, _ sums: Executed) {
        // A simulator that was started anew does not remember charges from before.
        let isOld = payment.id.milliseconds < startMilliseconds
        switch payment.status {
        case .processing, .conflicted:
            return
        case .requiresAction:
            // The provider may have executed it since the gateway last asked: once at most.
            if sums.authorizations > 1 { report.add(.executedTwice, "authorize of \(payment.summary)") }
            return
        case .failed, .review:
            // What was executed all the same has to have been voided.
            if !sums.isVoided { report.add(.wrongCharge, "\(payment.summary) was authorized all the same") }
            return
        case .cancelled where sums.authorizations == 0:
            // A payment that waited for its shopper held nothing.
            if !isOld, expected.payments[payment.id]?.isConfirmed == true {
                report.add(.chargeMissing, payment.summary)
            }
            return
        case .none, .authorized, .captured, .partiallyCaptured, .partiallyRefunded, .refunded, .cancelled, .expired,
            .pending, .succeeded, .other:
            break
        }
        if sums.authorizations == 0 {
            if !isOld { report.add(.chargeMissing, payment.summary) }
            return
        }
        if sums.authorizations > 1 { report.add(.executedTwice, "authorize of \(payment.summary)") }
        if sums.total != payment.authorized ?? payment.amount || sums.captured != payment.captured
            || sums.refunded != payment.refunded || sums.currencyDiffers
        {
            let moved = "authorized \(sums.total), captured \(sums.captured), refunded \(sums.refunded)"
            report.add(.wrongCharge, "\(payment.summary), the provider has \(moved)")
        }
        if !payment.permits(cancellations: sums.cancellations, ofHold: sums.total) {
            report.add(.wrongCharge, "\(payment.summary), the provider has \(sums.cancellations) cancellations")
        }
    }

    // MARK: 4. The ledger

    private mutating func checkLedger(_ trialBalance: TrialBalance) {
        for line in trialBalance.currencies where line.balance != "0" || line.debits != line.credits {
            let sums = "debits \(line.debits), credits \(line.credits)"
            report.add(.ledgerUnbalanced, "\(line.currency): \(sums), balance \(line.balance)")
        }
        if !trialBalance.balanced { report.add(.ledgerUnbalanced, "the gateway itself says that it does not balance") }
    }
}

extension GatewayPayment {
    /// Whether the status follows from the sums.
    fileprivate var hasStatusOfItsSums: Bool {
        switch status {
        case .authorized, .cancelled, .failed, .expired, .requiresAction, .review: captured == 0 && refunded == 0
        case .captured: captured > 0 && refunded == 0
        case .partiallyCaptured: captured > 0 && refunded < captured
        case .partiallyRefunded: refunded > 0 && refunded < captured
        case .refunded: captured > 0 && refunded == captured
        case .conflicted, .processing: true
        case .none, .pending, .succeeded, .other: false
        }
    }

    /// Whether the provider may have released a hold so many times.
    fileprivate func permits(cancellations: Int, ofHold hold: Int64) -> Bool {
        switch status {
        case .cancelled: cancellations == 1
        case .expired: cancellations <= 1
        // The rest of a hold of which a part was captured.
        case .captured, .partiallyRefunded, .refunded: cancellations <= (captured < hold ? 1 : 0)
        default: cancellations == 0
        }
    }

    fileprivate var summary: String {
        "\(id.payment) (\(status.name), \(amount) \(currency), captured \(captured), refunded \(refunded))"
    }
}
