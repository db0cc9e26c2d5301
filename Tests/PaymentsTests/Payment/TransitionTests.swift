import Money
import Payments
import Testing
import Time

/// The rows of the table of transitions (docs/payments.md) that an operation's end causes.
@Suite("Transitions by an operation's end")
struct TransitionTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let before: Payment
        let operation: ProviderOperation
        let result: OperationResult
        var amount: Int64 = 1_000
        var staysOpen = false
        let phase: PaymentPhase
        let status: PaymentStatus
        var authorized: Int64 = 0
        var captured: Int64 = 0
        /// Whether the operation runs already in `before`.
        var isRunning = false
    }

    private static let decline = OperationResult.declined(.hard, .lostCard)

    static let authorizations: [Row] = [
        Row(
            testDescription: "authorized, manual capture",
            before: Samples.created(),
            operation: .authorize,
            result: .succeeded,
            phase: .authorized,
            status: .authorized,
            authorized: 1_000,
            isRunning: true
        ),
        Row(
            testDescription: "sale succeeded",
            before: Samples.created(isSale: true),
            operation: .authorize,
            result: .succeeded,
            phase: .captured,
            status: .captured,
            authorized: 1_000,
            captured: 1_000,
            isRunning: true
        ),
        Row(
            testDescription: "authorized for less, accepted",
            before: Samples.created(flags: .acceptsPartialAuthorization),
            operation: .authorize,
            result: .succeeded,
            amount: 600,
            phase: .authorized,
            status: .authorized,
            authorized: 600,
            isRunning: true
        ),
        Row(
            testDescription: "authorized for less, not accepted",
            before: Samples.created(),
            operation: .authorize,
            result: .succeeded,
            amount: 600,
            phase: .authorized,
            status: .failed,
            authorized: 600,
            isRunning: true
        ),
        Row(
            testDescription: "action needed",
            before: Samples.created(),
            operation: .authorize,
            result: .actionRequired,
            phase: .requiresAction,
            status: .requiresAction,
            isRunning: true
        ),
        Row(
            testDescription: "declined",
            before: Samples.created(),
            operation: .authorize,
            result: decline,
            phase: .failed,
            status: .failed,
            isRunning: true
        ),
        Row(
            testDescription: "not executed",
            before: Samples.created(),
            operation: .authorize,
            result: .notExecuted(.call(.overloaded)),
            phase: .failed,
            status: .failed,
            isRunning: true
        ),
        Row(
            testDescription: "another amount",
            before: Samples.created(),
            operation: .authorize,
            result: .conflicted,
            phase: .conflicted,
            status: .conflicted,
            isRunning: true
        ),
        Row(
            testDescription: "shopper done",
            before: Samples.requiresAction(),
            operation: .confirm,
            result: .succeeded,
            phase: .authorized,
            status: .authorized,
            authorized: 1_000
        ),
        Row(
            testDescription: "shopper done, sale",
            before: Samples.requiresAction(isSale: true),
            operation: .confirm,
            result: .succeeded,
            phase: .captured,
            status: .captured,
            authorized: 1_000,
            captured: 1_000
        ),
        Row(
            testDescription: "shopper failed",
            before: Samples.requiresAction(),
            operation: .confirm,
            result: decline,
            phase: .failed,
            status: .failed
        ),
        Row(
            testDescription: "shopper not done yet",
            before: Samples.requiresAction(),
            operation: .confirm,
            result: .actionRequired,
            phase: .requiresAction,
            status: .requiresAction
        ),
        Row(
            testDescription: "confirmation not executed",
            before: Samples.requiresAction(),
            operation: .confirm,
            result: .notExecuted(.call(.timeout)),
            phase: .requiresAction,
            status: .requiresAction
        ),
        Row(
            testDescription: "abandoned, voided by reference",
            before: Samples.requiresAction(),
            operation: .confirm,
            result: .notExecuted(.reversal(.abandoned)),
            phase: .failed,
            status: .failed
        ),
    ]

    static let captures: [Row] = [
        Row(
            testDescription: "captured in full",
            before: Samples.authorized(),
            operation: .capture,
            result: .succeeded,
            phase: .captured,
            status: .captured,
            authorized: 1_000,
            captured: 1_000
        ),
        Row(
            testDescription: "captured for less, final",
            before: Samples.authorized(),
            operation: .capture,
            result: .succeeded,
            amount: 300,
            phase: .captured,
            status: .captured,
            authorized: 1_000,
            captured: 300
        ),
        Row(
            testDescription: "captured for less, open",
            before: Samples.authorized(),
            operation: .capture,
            result: .succeeded,
            amount: 300,
            staysOpen: true,
            phase: .partiallyCaptured,
            status: .partiallyCaptured,
            authorized: 1_000,
            captured: 300
        ),
        Row(
            testDescription: "captured the rest",
            before: Samples.partiallyCaptured(),
            operation: .capture,
            result: .succeeded,
            amount: 600,
            phase: .captured,
            status: .captured,
            authorized: 1_000,
            captured: 1_000
        ),
        Row(
            testDescription: "captured for more",
            before: Samples.authorized(overCapture: 2_000),
            operation: .capture,
            result: .succeeded,
            amount: 1_200,
            phase: .captured,
            status: .captured,
            authorized: 1_000,
            captured: 1_200
        ),
        Row(
            testDescription: "capture refused, still open",
            before: Samples.authorized(),
            operation: .capture,
            result: decline,
            phase: .authorized,
            status: .authorized,
            authorized: 1_000
        ),
        Row(
            testDescription: "capture refused, expired",
            before: Samples.authorized(),
            operation: .capture,
            result: .declined(.hard, .authorizationExpired),
            phase: .expired,
            status: .expired,
            authorized: 1_000
        ),
        Row(
            testDescription: "second capture refused, expired",
            before: Samples.partiallyCaptured(),
            operation: .capture,
            result: .declined(.hard, .authorizationExpired),
            phase: .captured,
            status: .captured,
            authorized: 1_000,
            captured: 400
        ),
        Row(
            testDescription: "capture for another amount",
            before: Samples.authorized(),
            operation: .capture,
            result: .conflicted,
            phase: .conflicted,
            status: .conflicted,
            authorized: 1_000
        ),
    ]

    static let others: [Row] = [
        Row(
            testDescription: "cancelled",
            before: Samples.authorized(),
            operation: .cancel,
            result: .succeeded,
            phase: .voided,
            status: .cancelled,
            authorized: 1_000
        ),
        Row(
            testDescription: "rest cancelled",
            before: Samples.partiallyCaptured(),
            operation: .cancel,
            result: .succeeded,
            phase: .captured,
            status: .captured,
            authorized: 1_000,
            captured: 400
        ),
        Row(
            testDescription: "cancelled before the action",
            before: Samples.requiresAction(),
            operation: .cancel,
            result: .succeeded,
            phase: .voided,
            status: .cancelled
        ),
        Row(
            testDescription: "cancel finds it captured",
            before: Samples.authorized(),
            operation: .cancel,
            result: .declined(.hard, .alreadyCaptured),
            phase: .captured,
            status: .captured,
            authorized: 1_000,
            captured: 1_000
        ),
        Row(
            testDescription: "cancel refused",
            before: Samples.authorized(),
            operation: .cancel,
            result: decline,
            phase: .authorized,
            status: .authorized,
            authorized: 1_000
        ),
        Row(
            testDescription: "incremented",
            before: Samples.authorized(),
            operation: .increment,
            result: .succeeded,
            amount: 1_500,
            phase: .authorized,
            status: .authorized,
            authorized: 1_500
        ),
        Row(
            testDescription: "increment refused",
            before: Samples.authorized(),
            operation: .increment,
            result: decline,
            amount: 1_500,
            phase: .authorized,
            status: .authorized,
            authorized: 1_000
        ),
        Row(
            testDescription: "increment for another amount",
            before: Samples.authorized(),
            operation: .increment,
            result: .conflicted,
            amount: 1_500,
            phase: .conflicted,
            status: .conflicted,
            authorized: 1_000
        ),
    ]

    @Test("Each row: phase, status and counters", arguments: authorizations + captures + others)
    func row(row: Row) {
        var payment = row.before
        if !row.isRunning {
            payment.operationStarted(row.operation, at: 50)
            #expect(payment.status == .processing && payment.running == row.operation)
        }
        payment.operationFinished(
            row.operation,
            row.result,
            amountMinor: row.amount,
            staysOpen: row.staysOpen,
            deadline: 900,
            at: 60
        )
        #expect(payment.phase == row.phase && payment.status == row.status)
        #expect(payment.authorizedMinor == row.authorized && payment.capturedMinor == row.captured)
        #expect(payment.running == nil && payment.updatedAt == 60)
        let timed: Set<PaymentPhase> = [.authorized, .partiallyCaptured, .requiresAction, .review]
        if !timed.contains(row.phase) { #expect(payment.deadline == 0) }
    }

    @Test("A reversal is due for what came late, was abandoned, or was less than accepted; and only then")
    func reversals() {
        var less = Samples.created()
        less.operationFinished(.authorize, .succeeded, amountMinor: 600, at: 2)
        #expect(less.needsReversal && less.failure == .reversal(.partialAuthorization) && !less.isSettled)
        var abandoned = Samples.created(isSale: true)
        abandoned.changed(.abandoned, amountMinor: 0, deadline: 0, at: 2)
        #expect(!abandoned.needsReversal, "nothing was executed yet")
        abandoned.operationFinished(.authorize, .succeeded, amountMinor: 1_000, at: 3)
        #expect(abandoned.needsReversal && abandoned.phase == .captured)
        abandoned.refundStarted(amountMinor: 1_000, at: 4)
        #expect(!abandoned.needsReversal)
        for (phase, payment) in Samples.ofEachPhase { #expect(!payment.needsReversal, "\(phase)") }
    }

    @Test("An operation starts only in the phases that allow it", arguments: ProviderOperation.allCases)
    func permitted(operation: ProviderOperation) {
        let all = PaymentCapabilities()
        for (phase, payment) in Samples.ofEachPhase {
            let permitted = payment.permittedOperations(all)
            let expected: Bool
            switch operation {
            case .authorize: continue
            case .capture: expected = phase == .authorized || phase == .partiallyCaptured
            case .cancel: expected = [.authorized, .partiallyCaptured, .requiresAction].contains(phase)
            case .increment: expected = phase == .authorized
            case .confirm: expected = phase == .requiresAction
            case .refund: expected = phase == .captured
            }
            let bit: PermittedOperations =
                switch operation {
                case .capture, .authorize: .capture
                case .cancel: .cancel
                case .increment: .increment
                case .confirm: .confirm
                case .refund: .refund
                }
            #expect(permitted.contains(bit) == expected, "\(operation) in \(phase)")
            #expect(permitted.contains(.approve) == (phase == .review))
            #expect(permitted.contains(.reject) == (phase == .review))
        }
    }

    @Test("A payment has settled when nothing runs and nothing is open")
    func settled() {
        for (phase, payment) in Samples.ofEachPhase {
            #expect(payment.isSettled == [.captured, .voided, .failed, .expired].contains(phase), "\(phase)")
        }
        var refunding = Samples.captured()
        refunding.refundStarted(amountMinor: 1, at: 3)
        #expect(!refunding.isSettled)
    }

    @Test("A blocked payment failed by risk, before anything was sent")
    func blocked() {
        var payment = Samples.created()
        payment.blocked(at: 2)
        #expect(payment.status == .failed && payment.failure == .risk(.blocked))
        #expect(payment.declineCode == .suspectedFraud && payment.declineCategory == .hard && !payment.needsReversal)
    }
}
