import Testing

@testable import LoadTest

/// Builds consistent evidence, lets a test damage it, and expects exactly the finding that the
/// damage deserves.
@Suite struct AuditTests {
    private static let start: UInt64 = 1_000_000

    private static func id(_ number: UInt64, at milliseconds: UInt64 = start) -> EntityID {
        EntityID(high: milliseconds << 16 | 1, low: number)
    }

    private static func expectation(
        _ sequence: UInt64,
        operation: Operation,
        payment: EntityID,
        amount: Int64 = 1_000,
        answer: UInt16 = 201,
        status: EntityStatus = .captured
    ) -> KeyExpectation {
        KeyExpectation(
            sequence: sequence,
            amount: amount,
            payment: payment,
            answer: answer,
            merchant: 0,
            operation: operation,
            currency: 0,
            status: status
        )
    }

    private static func charge(
        _ payment: EntityID,
        operation: OracleCharge.Operation,
        amount: Int64 = 1_000,
        executions: Int64 = 1
    ) -> OracleCharge {
        OracleCharge(payment: payment, operation: operation, amount: amount, currency: "EUR", executions: executions)
    }

    private static func payment(
        _ id: EntityID,
        _ status: EntityStatus,
        amount: Int64 = 1_000,
        captured: Int64 = 0,
        refunded: Int64 = 0
    ) -> GatewayPayment {
        GatewayPayment(id: id, amount: amount, captured: captured, refunded: refunded, currency: "EUR", status: status)
    }

    /// 1 a sale, 2 a decline, 3 authorized and half captured and partly refunded, 4 cancelled, 5
    /// authorized only, 6 a sale that nobody answered and the gateway executed, 7 one that it never
    /// saw.
    private static func sound() -> AuditEvidence {
        let expectations: [KeyExpectation] = [
            expectation(1, operation: .sale, payment: id(1)),
            expectation(2, operation: .sale, payment: id(2), answer: 402, status: .failed),
            expectation(3, operation: .authorize, payment: id(3), status: .authorized),
            expectation(4, operation: .authorize, payment: id(4), status: .authorized),
            expectation(5, operation: .authorize, payment: id(5), status: .authorized),
            expectation(6, operation: .sale, payment: .none, amount: 666, answer: 0, status: .none),
            expectation(7, operation: .sale, payment: .none, amount: 777, answer: 0, status: .none),
            expectation(8, operation: .capturePartial, payment: id(3), amount: 500, answer: 200),
            expectation(9, operation: .refundPartial, payment: id(3), amount: 250, status: .succeeded),
            expectation(10, operation: .cancel, payment: id(4), answer: 200, status: .cancelled),
        ]
        return AuditEvidence(
            runs: [ExpectedRun(startMilliseconds: start, currencies: ["EUR"], expectations: expectations)],
            gateway: [
                payment(id(1), .captured, captured: 1_000),
                payment(id(2), .failed),
                payment(id(3), .partiallyRefunded, captured: 500, refunded: 250),
                payment(id(4), .cancelled),
                payment(id(5), .authorized),
                payment(id(6), .captured, amount: 666, captured: 666),
            ],
            oracle: soundOracle(),
            trialBalance: TrialBalance(
                currencies: [.init(currency: "EUR", debits: "5000", credits: "5000", balance: "0")],
                balanced: true
            )
        )
    }

    private static func soundOracle() -> [OracleCharge] {
        let charges: [OracleCharge] = [
            charge(id(1), operation: .authorize), charge(id(1), operation: .capture),
            charge(id(3), operation: .authorize), charge(id(3), operation: .capture, amount: 500),
            charge(id(3), operation: .refund, amount: 250),
            charge(id(4), operation: .authorize), charge(id(4), operation: .cancel),
            charge(id(5), operation: .authorize),
            charge(id(6), operation: .authorize, amount: 666), charge(id(6), operation: .capture, amount: 666),
        ]
        return charges
    }

    @Test func `sound evidence passes`() {
        let report = Audit.check(Self.sound())
        #expect(report.passed, "\(report.lines)")
        #expect(report.acknowledged == 8 && report.unanswered == 2)
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var finding: AuditFinding.Kind
        var apply: @Sendable (inout AuditEvidence) -> Void

        init(_ name: String, _ finding: AuditFinding.Kind, apply: @escaping @Sendable (inout AuditEvidence) -> Void) {
            testDescription = name
            self.finding = finding
            self.apply = apply
        }
    }

    static let damages: [Damage] = [
        Damage("a sale executed twice", .executedTwice) { $0.oracle[0].executions = 2 },
        Damage("a second authorization under another key", .executedTwice) {
            $0.oracle.append(charge(id(5), operation: .authorize))
        },
        Damage("a capture executed twice", .wrongCharge) { $0.oracle.append(charge(id(1), operation: .capture)) },
        Damage("a refund executed twice", .wrongCharge) {
            $0.oracle.append(charge(id(3), operation: .refund, amount: 250))
        },
        Damage("an acknowledged payment missing", .paymentMissing) {
            $0.gateway.remove(at: 4)
            $0.oracle.remove(at: 7)
        },
        Damage("an acknowledged decline missing", .paymentMissing) { $0.gateway.remove(at: 1) },
        Damage("a payment listed twice", .paymentTwice) { $0.gateway.append($0.gateway[0]) },
        Damage("a wrong amount in the gateway", .wrongAmount) { $0.gateway[4].amount = 999 },
        Damage("a wrong currency in the gateway", .wrongAmount) { $0.gateway[4].currency = "USD" },
        Damage("a wrong amount at the provider", .wrongCharge) { $0.oracle[7].amount = 1_001 },
        Damage("a wrong currency at the provider", .wrongCharge) { $0.oracle[7].currency = "USD" },
        Damage("a charge without a payment", .orphanCharge) { $0.oracle.append(charge(id(50), operation: .authorize)) },
        Damage("a charge under a foreign reference", .orphanCharge) {
            $0.oracle.append(charge(.none, operation: .authorize))
        },
        Damage("a charge of a declined payment", .wrongCharge) {
            $0.oracle.append(charge(id(2), operation: .authorize))
        },
        Damage("an authorization missing at the provider", .chargeMissing) { $0.oracle.remove(at: 7) },
        Damage("a refund missing at the provider", .wrongCharge) { $0.oracle.remove(at: 4) },
        Damage("a cancellation missing at the provider", .wrongCharge) { $0.oracle.remove(at: 6) },
        Damage("an acknowledged capture lost", .wrongMovement) {
            $0.gateway[0].captured = 0
            $0.gateway[0].status = .authorized
            $0.oracle.remove(at: 1)
        },
        Damage("an acknowledged refund lost", .wrongMovement) {
            $0.gateway[2].refunded = 0
            $0.gateway[2].status = .captured
            $0.oracle.remove(at: 4)
        },
        Damage("a capture that nobody asked for", .wrongMovement) {
            $0.gateway[4].captured = 1_000
            $0.gateway[4].status = .captured
            $0.oracle.append(charge(id(5), operation: .capture))
        },
        Damage("an acknowledged cancellation lost", .wrongStatus) {
            $0.gateway[3].status = .authorized
            $0.oracle.remove(at: 6)
        },
        Damage("a cancellation that nobody asked for", .wrongStatus) {
            $0.gateway[4].status = .cancelled
            $0.oracle.append(charge(id(5), operation: .cancel))
        },
        Damage("an acknowledged sale that failed", .wrongStatus) {
            $0.gateway[0].status = .failed
            $0.gateway[0].captured = 0
            $0.oracle.removeSubrange(0...1)
        },
        Damage("a decline that was captured", .wrongStatus) {
            $0.gateway[1].status = .captured
            $0.gateway[1].captured = 1_000
            $0.oracle += [charge(id(2), operation: .authorize), charge(id(2), operation: .capture)]
        },
        Damage("a status that contradicts the sums", .wrongStatus) { $0.gateway[0].status = .refunded },
        Damage("a payment without an outcome", .unsettled) { $0.gateway[4].status = .processing },
        Damage("two payments for one unanswered key", .paymentUnexplained) {
            $0.gateway.append(payment(id(60), .captured, amount: 666, captured: 666))
            $0.oracle += [
                charge(id(60), operation: .authorize, amount: 666), charge(id(60), operation: .capture, amount: 666),
            ]
        },
        Damage("a payment of an amount that nobody asked for", .paymentUnexplained) {
            $0.gateway.append(payment(id(61), .authorized, amount: 31))
            $0.oracle.append(charge(id(61), operation: .authorize, amount: 31))
        },
        Damage("two keys answered with one payment", .paymentShared) {
            $0.runs[0].expectations.append(expectation(70, operation: .sale, payment: id(1)))
        },
        Damage("a ledger that does not sum to zero", .ledgerUnbalanced) {
            $0.trialBalance.currencies[0].credits = "4999"
            $0.trialBalance.currencies[0].balance = "1"
        },
        Damage("a ledger that says it does not balance", .ledgerUnbalanced) { $0.trialBalance.balanced = false },
        Damage("a line that nobody understands", .unreadable) { $0.unreadable = ["x"] },
        Damage("an increment that the gateway does not know", .wrongCharge) {
            $0.oracle.append(charge(id(5), operation: .increment, amount: 1_500))
        },
        Damage("a payment under review that was charged", .wrongCharge) {
            $0.gateway[4].status = .review
            $0.runs[0].expectations[4].status = .review
        },
        Damage("a waiting payment that was charged at both providers", .executedTwice) {
            $0.gateway[4].status = .requiresAction
            $0.runs[0].expectations[4].status = .requiresAction
            $0.oracle.append(charge(id(5), operation: .authorize))
        },
        Damage("a hold of a captured payment released although nothing is left of it", .wrongCharge) {
            $0.oracle.append(charge(id(1), operation: .cancel))
        },
        Damage("a failed payment whose hold was released and captured", .wrongCharge) {
            $0.oracle += [
                charge(id(2), operation: .authorize), charge(id(2), operation: .capture),
                charge(id(2), operation: .cancel),
            ]
        },
    ]

    @Test(arguments: damages) func `planted damage fails the audit`(damage: Damage) {
        var evidence = Self.sound()
        damage.apply(&evidence)
        let report = Audit.check(evidence)
        #expect(!report.passed)
        #expect(report.counts[damage.finding] != nil, "\(report.lines)")
        #expect(report.lines.contains { $0.contains("FAILED") })
    }

    /// What a client was told of one payment, what became of it, and what the provider executed.
    struct Life: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var operation = Operation.sale
        var told: EntityStatus
        var answer: UInt16 = 201
        var payment: GatewayPayment
        var executed: [OracleCharge]
    }

    private static let lives: [Life] = [
        Life(
            testDescription: "a shopper who has not come back",
            told: .requiresAction,
            payment: payment(id(90), .requiresAction),
            executed: []
        ),
        Life(
            testDescription: "a shopper who is done, and the gateway has not asked yet",
            told: .requiresAction,
            payment: payment(id(90), .requiresAction),
            executed: [charge(id(90), operation: .authorize), charge(id(90), operation: .capture)]
        ),
        Life(
            testDescription: "a shopper who paid after the answer",
            told: .requiresAction,
            payment: payment(id(90), .captured, captured: 1_000),
            executed: [charge(id(90), operation: .authorize), charge(id(90), operation: .capture)]
        ),
        Life(
            testDescription: "a shopper who failed after the answer",
            told: .requiresAction,
            payment: payment(id(90), .failed),
            executed: []
        ),
        Life(
            testDescription: "a payment under review",
            told: .review,
            answer: 200,
            payment: payment(id(90), .review),
            executed: []
        ),
        Life(
            testDescription: "a hold that ran out",
            operation: .authorize,
            told: .authorized,
            payment: payment(id(90), .expired),
            executed: [charge(id(90), operation: .authorize)]
        ),
        Life(
            testDescription: "a failed payment whose hold was released",
            operation: .authorize,
            told: .failed,
            answer: 402,
            payment: payment(id(90), .failed),
            executed: [
                charge(id(90), operation: .authorize, amount: 500), charge(id(90), operation: .cancel, amount: 500),
            ]
        ),
    ]

    @Test(arguments: lives) func `what a payment may become is no finding`(life: Life) {
        var evidence = Self.sound()
        evidence.runs[0].expectations.append(
            Self.expectation(
                90,
                operation: life.operation,
                payment: life.payment.id,
                answer: life.answer,
                status: life.told
            )
        )
        evidence.gateway.append(life.payment)
        evidence.oracle += life.executed
        let report = Audit.check(evidence)
        #expect(report.passed, "\(report.lines)")
    }

    @Test func `older payments that wait, were raised or were approved in part are no findings`() {
        var evidence = Self.sound()
        let old = (UInt64(82)...84).map { Self.id($0, at: Self.start - 5_000) }
        var raised = Self.payment(old[1], .authorized, amount: 1_800)
        raised.authorized = 1_800
        var half = Self.payment(old[2], .captured, captured: 500)
        half.authorized = 500
        evidence.gateway += [Self.payment(old[0], .requiresAction), raised, half]
        evidence.oracle += [
            Self.charge(old[1], operation: .authorize), Self.charge(old[1], operation: .increment, amount: 1_500),
            Self.charge(old[1], operation: .increment, amount: 1_800),
            Self.charge(old[2], operation: .authorize, amount: 500),
            Self.charge(old[2], operation: .capture, amount: 500),
        ]
        let report = Audit.check(evidence)
        #expect(report.passed, "\(report.lines)")
    }

    @Test func `every kind of finding is planted`() {
        #expect(Set(Self.damages.map(\.finding)) == Set(AuditFinding.Kind.allCases))
    }

    @Test func `payments from before the run need no explanation, and their charges may be forgotten`() {
        var evidence = Self.sound()
        evidence.gateway.append(Self.payment(Self.id(80, at: Self.start - 5_000), .captured, captured: 1_000))
        #expect(Audit.check(evidence).passed)
        evidence.gateway.append(Self.payment(Self.id(81), .captured, captured: 1_000))
        #expect(Audit.check(evidence).counts[.paymentUnexplained] == 1)
    }

    @Test func `an unanswered refund may have happened or not`() {
        var evidence = Self.sound()
        evidence.runs[0].expectations.append(
            Self.expectation(20, operation: .refund, payment: Self.id(1), answer: 0, status: .none)
        )
        #expect(Audit.check(evidence).passed)
        evidence.gateway[0].refunded = 1_000
        evidence.gateway[0].status = .refunded
        evidence.oracle.append(Self.charge(Self.id(1), operation: .refund))
        #expect(Audit.check(evidence).passed)
    }

    @Test func `a refused operation may not have happened`() {
        var evidence = Self.sound()
        evidence.runs[0].expectations.append(
            Self.expectation(20, operation: .refund, payment: Self.id(1), answer: 422, status: .none)
        )
        evidence.gateway[0].refunded = 1_000
        evidence.gateway[0].status = .refunded
        evidence.oracle.append(Self.charge(Self.id(1), operation: .refund))
        #expect(Audit.check(evidence).counts == [.wrongMovement: 1])
    }

    @Test func `findings are counted beyond what is kept`() {
        var evidence = Self.sound()
        for number in UInt64(0)..<100 {
            evidence.oracle.append(Self.charge(Self.id(500 + number), operation: .authorize))
        }
        let report = Audit.check(evidence)
        #expect(report.counts[.orphanCharge] == 100)
        #expect(report.findings.count == AuditReport.maximumKeptPerKind)
    }
}
