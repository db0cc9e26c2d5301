import Ledger
import Money
import Payments
import Testing
import Time

/// Random lives of a payment: whatever is decided is applied and booked, and the counters agree
/// with the ledger.
@Suite("Random lives of a payment")
struct RandomLifeTests {
    /// A payment with its ledger, and a count of what was done to it that shares no code with it.
    private struct Life {
        var payment: Payment
        var balances = Balances()
        var refunds: [Int64] = []
        var held: Int64 = 0
        var captured: Int64 = 0
        var refunded: Int64 = 0
        var steps = 0

        mutating func book(_ transfers: Transfers) {
            for index in 0..<transfers.count { balances.apply(transfers[index]) }
        }

        mutating func finish(
            _ operation: ProviderOperation,
            _ result: OperationResult,
            amountMinor amount: Int64,
            stays: Bool
        ) {
            book(
                Postings.finished(
                    operation,
                    result,
                    amountMinor: amount,
                    staysOpen: stays,
                    of: payment,
                    rail: .provider
                )
            )
            payment.operationFinished(
                operation,
                result,
                amountMinor: amount,
                staysOpen: stays,
                deadline: 1_000,
                at: 2
            )
            steps += 1
        }

        func balance(_ kind: AccountKind, _ owner: UInt64) -> Int128 {
            balances.balance(of: Account(kind, owner: owner, currency: .eur))
        }
    }

    private func life(seed: UInt64) -> Life {
        var random = SeededGenerator(seed: seed)
        let amount = Int64.random(in: 1...5_000, using: &random)
        let isSale = Bool.random(using: &random)
        var life = Life(
            payment: Samples.created(
                amount,
                isSale: isSale,
                fee: UInt16.random(in: 0...500, using: &random),
                flags: .acceptsPartialAuthorization
            )
        )
        let approved = Int64.random(in: 1...amount, using: &random)
        life.finish(.authorize, .succeeded, amountMinor: approved, stays: false)
        life.held = isSale ? 0 : approved
        life.captured = isSale ? approved : 0
        for _ in 0..<40 {
            step(&life, &random)
            check(life, seed)
        }
        return life
    }

    private func step(_ life: inout Life, _ random: inout SeededGenerator) {
        let amount = Int64.random(in: 1...6_000, using: &random)
        switch Int.random(in: 0...5, using: &random) {
        case 0: capture(&life, amount, isFinal: Bool.random(using: &random), succeeds: Bool.random(using: &random))
        case 1:
            // Cancelled seldom: a life should be long.
            guard amount < 500, (try? life.payment.checkCancel()) != nil else { return }
            life.payment.operationStarted(.cancel, at: 1)
            life.finish(.cancel, .succeeded, amountMinor: life.payment.cancelledMinor, stays: false)
            life.held = 0
        case 2:
            guard let total = try? life.payment.incrementAmount(requested: amount, PaymentCapabilities()) else {
                return
            }
            life.payment.operationStarted(.increment, at: 1)
            life.finish(.increment, .succeeded, amountMinor: total, stays: false)
            life.held = total
        case 3:
            guard let refund = try? life.payment.refundAmount(requested: amount) else { return }
            life.book(Postings.started(.refund, amountMinor: refund, of: life.payment, rail: .provider))
            life.payment.refundStarted(amountMinor: refund, at: 1)
            life.refunds.append(refund)
            life.steps += 1
        case 4:
            guard let refund = life.refunds.popLast() else { return }
            let succeeds = Bool.random(using: &random)
            let result: OperationResult = succeeds ? .succeeded : .declined(.hard, .genericDecline)
            life.book(Postings.finished(.refund, result, amountMinor: refund, of: life.payment, rail: .provider))
            life.payment.refundFinished(succeeded: succeeds, amountMinor: refund, at: 2)
            if succeeds { life.refunded += refund }
            life.steps += 1
        default:
            guard life.refunded > 0 else { return }
            let part = min(amount, life.refunded)
            life.book(Postings.bounced(part, life.payment, rail: .provider))
            life.payment.refundBounced(amountMinor: part, at: 3)
            life.refunded -= part
            life.steps += 1
        }
    }

    private func capture(_ life: inout Life, _ requested: Int64, isFinal: Bool, succeeds: Bool) {
        guard let amount = try? life.payment.captureAmount(requested: requested, isFinal: isFinal) else { return }
        let stays = life.payment.staysOpen(afterCaptureOf: amount, isFinal: isFinal)
        life.payment.operationStarted(.capture, at: 1)
        life.finish(
            .capture,
            succeeds ? .succeeded : .declined(.softLater, .doNotHonor),
            amountMinor: amount,
            stays: stays
        )
        guard succeeds else { return }
        life.held = stays ? life.held - amount : 0
        life.captured += amount
    }

    /// The counters, the count beside them and the ledger say the same.
    private func check(_ life: Life, _ seed: UInt64) {
        let payment = life.payment
        let pending = life.refunds.reduce(0, +)
        #expect(payment.capturableMinor == life.held, "seed \(seed)")
        #expect(payment.capturedMinor == life.captured, "seed \(seed)")
        #expect(payment.refundedMinor == life.refunded && payment.refundPendingMinor == pending, "seed \(seed)")
        #expect(payment.refundableMinor == life.captured - life.refunded - pending, "seed \(seed)")
        #expect(life.balance(.memoAuthorizationProvider, 1) == Int128(life.held), "seed \(seed)")
        #expect(life.balance(.providerReceivable, 1) == Int128(life.captured - life.refunded), "seed \(seed)")
        #expect(life.balance(.refundClearing, 0) == Int128(-pending), "seed \(seed)")
        #expect(life.balances.trialBalance().isBalanced, "seed \(seed)")
    }

    @Test("Five hundred lives: counters, an independent count and the ledger agree after every step")
    func lives() {
        var steps = 0
        var phases: Set<PaymentPhase> = []
        for seed in 1...UInt64(500) {
            let life = life(seed: seed)
            steps += life.steps
            phases.insert(life.payment.phase)
        }
        // Enough happened, and lives ended in more than one way.
        #expect(steps > 2_000 && phases.isSuperset(of: [.captured, .voided]))
    }

    @Test("A stored payment reads back as it was, after any life", arguments: 1...UInt64(50))
    func layout(seed: UInt64) throws {
        let payment = life(seed: seed).payment
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: PaymentLayout.paymentBytes, alignment: 8)
        defer { bytes.deallocate() }
        payment.store(into: bytes)
        let read = try Payment.load(UnsafeRawBufferPointer(bytes))
        #expect(read.id == payment.id && read.status == payment.status)
        #expect(read.phase == payment.phase && read.capturedMinor == payment.capturedMinor)
        #expect(read.refundedMinor == payment.refundedMinor && read.authorizedMinor == payment.authorizedMinor)
        #expect(read.captureCount == payment.captureCount && read.refundCount == payment.refundCount)
        #expect(read.deadline == payment.deadline && read.updatedAt == payment.updatedAt)
        // A counter that no payment can have is refused.
        bytes.storeBytes(of: (payment.amountMinor + 1).littleEndian, toByteOffset: 32, as: Int64.self)
        #expect(throws: PaymentLayoutError.self) { try Payment.load(UnsafeRawBufferPointer(bytes)) }
    }
}
