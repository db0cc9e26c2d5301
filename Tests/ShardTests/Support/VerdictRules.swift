import Payments
import Risk
import ShardRecords

extension ShardWorld {
    /// Whether the journal lets the payment go to the PSP: a verdict that allows it, or an
    /// approval, which begins it anew.
    func isCleared(_ id: PaymentID?) -> Bool {
        journal.contains { bytes in
            switch try? ShardRecord(decoding: bytes.span) {
            case .riskDecided(let decided): decided.payment == id && decided.band == .allow
            case .operationStarted(let started): started.payment == id && started.operation == .authorize
            case .paymentCreated, .operationFinished, .operationUnresolved, .operationAttempted, .attemptEnded,
                .refundBounced, .paymentChanged, .balanceMark,
                .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted, nil,
                .eventApplied:
                false
            }
        }
    }
}

/// What every journal of a shard with a scorer must show, record by record: nothing comes of an
/// authorization before its verdict, and no payment has two.
struct VerdictRules {
    private var awaiting: Set<PaymentID> = []
    private(set) var problems: [String] = []
    private(set) var verdicts = 0

    mutating func take(_ record: ShardRecord) {
        switch record {
        case .paymentCreated(let created): awaiting.insert(created.id)
        case .riskDecided(let decided):
            verdicts += 1
            if awaiting.remove(decided.payment) == nil { problems.append("two verdicts on \(decided.payment)") }
        case .operationFinished, .operationUnresolved, .operationAttempted, .attemptEnded, .operationStarted,
            .paymentChanged, .eventApplied:
            guard let payment = record.payment, awaiting.contains(payment) else { return }
            problems.append("\(payment) went on before its verdict")
        case .refundBounced, .balanceMark, .payoutChanged, .walletOpened, .exchangeQuoted, .exchangeConverted: break
        }
    }
}
