import Ledger
import LedgerAudit
import Money
import NIOCore
import Payments
import ShardCore
import ShardModel
import ShardRecords
import Testing
import Time

/// What providers and operators tell of payments: docs/payments.md.
@Suite struct ProviderEventTests {
    static let minute: Int64 = 60_000

    /// Live, replayed and audited state must agree; the world goes on as the replayed one.
    static func restart(_ world: inout ShardWorld, _ configuration: ShardConfiguration = .test) throws {
        try check(world.journal)
        let digest = world.core.stateDigest()
        world = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        #expect(world.core.stateDigest() == digest)
        #expect(world.core.trialBalance().isBalanced)
    }

    /// `millrace ledger check` finds nothing.
    static func check(_ journal: [[UInt8]]) throws {
        var audit = LedgerCheck()
        for (index, record) in journal.enumerated() {
            audit.examine(try ShardRecord(decoding: record.span), at: UInt64(index + 1))
        }
        audit.finish()
        #expect(audit.problems.isEmpty, "\(audit.problems)")
    }

    private static func balance(_ world: inout ShardWorld) -> String {
        world.send(.getBalance)
        return world.lastBody
    }

    // MARK: Settlement

    @Test("A settlement line makes the merchant's share available, in parts too; more than was captured is refused")
    func settlement() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        #expect(Self.balance(&world) == "EUR pending=975 available=0 reserve=0")
        #expect(
            world.tell(.settlementMatched, of: id) {
                $0.amountMinor = 400
                $0.feeMinor = 9
            }.contains("settled captured 400")
        )
        #expect(Self.balance(&world) == "EUR pending=585 available=390 reserve=0")
        try Self.restart(&world)
        #expect(world.tell(.settlementMatched, of: id) { $0.amountMinor = 601 }.contains("eventAmountMismatch"))
        #expect(world.lastStatus == 409)
        #expect(
            world.tell(.settlementMatched, of: id) {
                $0.amountMinor = 600
                $0.currency = .usd
            }.contains("eventAmountMismatch")
        )
        #expect(
            world.tell(.settlementMatched, of: id) {
                $0.amountMinor = 600
                $0.feeMinor = 601
            }.contains("eventAmountMismatch")
        )
        world.tell(.settlementMatched, of: id) {
            $0.amountMinor = 600
            $0.feeMinor = 600
        }
        #expect(world.lastStatus == 200)
        #expect(Self.balance(&world) == "EUR pending=0 available=975 reserve=0")
        try Self.restart(&world)
        #expect(world.payment.settledMinor == 1_000)
    }

    @Test("An event is applied once under its provider and identifier, also after a restart")
    func once() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        world.tell(.settlementMatched, of: id, id: "line-1") { $0.amountMinor = 500 }
        let records = world.journal.count
        world.tell(.settlementMatched, of: id, id: "line-1") { $0.amountMinor = 500 }
        #expect(world.replays.count == 1 && world.journal.count == records)
        try Self.restart(&world)
        world.tell(.settlementMatched, of: id, id: "line-1") { $0.amountMinor = 500 }
        #expect(world.replays.last?.record == UInt64(records) && world.payment.settledMinor == 500)
        let answer = try StoredResponse(record: world.journal[records - 1])
        #expect(answer.status == 200 && String(buffer: answer.body).contains("settlement.matched settled"))
    }

    @Test("An event that is not about refunds knows nothing of one that it names")
    func refundOfAnotherEvent() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        world.send(.refund(id, amountMinor: 100), key: "b")
        let refund = RefundID(createdAt: id.createdAt, shard: id.shard, paymentSequence: id.sequence, ordinal: 1)
        for name in [refund, RefundID(high: 0, low: 0)] {
            world.tell(.settlementMatched, of: id) {
                $0.amountMinor = 10
                $0.refund = name
            }
            let record = try #require(world.journal.last)
            guard case .eventApplied(let applied) = try ShardRecord(decoding: record.span)
            else {
                Issue.record("no event")
                return
            }
            #expect(applied.refund == 0 && applied.fact.isFeeBounded)
        }
    }

    @Test("Refunds are taken from where the merchant's share is, and given back there")
    func refundsFollowTheMoney() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        world.send(.refund(id, amountMinor: 100), key: "b")
        #expect(Self.balance(&world) == "EUR pending=875 available=0 reserve=0")
        world.tell(.settlementMatched, of: id) { $0.amountMinor = 1_000 }
        #expect(Self.balance(&world) == "EUR pending=0 available=875 reserve=0")
        // Asked for before the settlement, refused after it.
        world.answer(world.lastCall.token, .declined(Decline(category: .hard, code: .genericDecline, providerCode: "")))
        #expect(Self.balance(&world) == "EUR pending=0 available=975 reserve=0")
        world.send(.refund(id, amountMinor: 300), key: "c")
        world.answer(world.lastCall.token, ShardWorld.success(300, "re_1"))
        #expect(Self.balance(&world) == "EUR pending=0 available=675 reserve=0")
        try Self.restart(&world)
    }

    @Test("What was refunded in full before the settlement leaves the merchant owing the fee")
    func refundedBeforeSettlement() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        world.send(.refund(id, amountMinor: nil), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(1_000, "re_1"))
        #expect(world.tell(.settlementMatched, of: id) { $0.amountMinor = 1_000 }.hasSuffix("owes"))
        #expect(Self.balance(&world) == "EUR pending=0 available=-25 reserve=0")
        #expect(world.tell(.balanceWrittenOff, of: id) { $0.amountMinor = 26 }.contains("eventAmountMismatch"))
        world.tell(.balanceWrittenOff, of: id) { $0.amountMinor = 25 }
        #expect(Self.balance(&world) == "EUR pending=0 available=0 reserve=0")
        #expect(world.tell(.balanceWrittenOff, of: id) { $0.amountMinor = 1 }.contains("eventNotAllowed"))
        try Self.restart(&world)
    }

    // MARK: Refunds

    @Test("A refund that comes back gives the merchant its money again")
    func bounce() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        world.send(.refund(id, amountMinor: 400), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(400, "re_1"))
        let refund = RefundID(createdAt: world.now, shard: 3, paymentSequence: 1, ordinal: 1)
        #expect(world.payment.status == .partiallyRefunded)
        #expect(world.tell(.refundSucceeded, of: id) { $0.refund = refund }.contains("none"))
        #expect(
            world.tell(.refundFailed, of: id) {
                $0.refund = refund
                $0.amountMinor = 399
            }.contains("eventAmountMismatch")
        )
        #expect(world.tell(.refundFailed, of: id) { $0.refund = refund }.contains("refund_bounced captured 400"))
        #expect(Self.balance(&world) == "EUR pending=975 available=0 reserve=0")
        #expect(world.tell(.refundFailed, of: id) { $0.refund = refund }.contains("none"))
        #expect(world.tell(.refundSucceeded, of: id) { $0.refund = refund }.contains("eventNotAllowed"))
        try Self.restart(&world)
        world.send(.getRefund(refund))
        #expect(world.lastBody.contains("failed"))
        let other = RefundID(createdAt: 1, shard: 3, paymentSequence: 1, ordinal: 9)
        world.tell(.refundFailed, of: id) { $0.refund = other }
        #expect(world.lastStatus == 404)
    }

    @Test("An event ends the refund that is in doubt, and its answer")
    func endsARefund() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        for (number, succeeds) in [(UInt16(1), true), (2, false)] {
            world.send(.refund(id, amountMinor: 100), key: "r\(number)")
            world.answer(world.lastCall.token, .unknown(.timeout))
            #expect(world.lastStatus == 202)
            let refund = RefundID(createdAt: world.now, shard: 3, paymentSequence: 1, ordinal: number)
            world.tell(succeeds ? .refundSucceeded : .refundFailed, of: id) { $0.refund = refund }
            #expect(world.lastBody.hasSuffix("ended=refund"))
            #expect(world.core.runningCount == 0)
        }
        #expect(world.payment.refundedMinor == 100 && world.payment.refundPendingMinor == 0)
        let calls = world.calls.count
        for _ in 0..<10 { world.pass(milliseconds: Self.minute) }
        #expect(world.calls.count == calls, "nothing is asked about what has ended")
        try Self.restart(&world)
    }

    // MARK: Captures

    @Test(
        "A capture that fails later takes everything back: what is left of it stays captured, nothing left has failed"
    )
    func captureFails() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        #expect(world.tell(.captureFailed, of: id) { $0.amountMinor = 1_001 }.contains("eventAmountMismatch"))
        world.tell(.captureFailed, of: id) { $0.amountMinor = 400 }
        #expect(world.payment.status == .captured && world.payment.capturedMinor == 600)
        #expect(Self.balance(&world) == "EUR pending=585 available=0 reserve=0")
        try Self.restart(&world)
        world.tell(.captureFailed, of: id)
        #expect(world.payment.status == .failed && world.payment.capturedMinor == 0)
        #expect(Self.balance(&world) == "EUR pending=0 available=0 reserve=0")
        #expect(world.tell(.captureFailed, of: id).contains("none"))
        // The event of the capture itself, told late.
        #expect(world.tell(.captureSucceeded, of: id) { $0.amountMinor = 1_000 }.contains("none"))
        try Self.restart(&world)
    }

    @Test("What fails after it was settled is taken from the available balance")
    func settledCaptureFails() throws {
        for settled in [Int64(1_000), 600, 400] {
            var world = ShardWorld()
            let id = world.paid(1_000, key: "a")
            world.tell(.settlementMatched, of: id) { $0.amountMinor = settled }
            world.tell(.captureFailed, of: id) { $0.amountMinor = 500 }
            #expect(world.lastStatus == 200)
            try Self.restart(&world)
            world.tell(.captureFailed, of: id)
            #expect(Self.balance(&world) == "EUR pending=0 available=0 reserve=0")
            try Self.restart(&world)
        }
    }

    @Test("A part that fails while the rest is open leaves the rest as it is")
    func partFails() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: 400, isFinal: false), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(400))
        world.tell(.captureFailed, of: id)
        #expect(world.payment.status == .authorized && world.payment.capturableMinor == 600)
        try Self.restart(&world)
        world.send(.cancel(id), key: "c")
        world.answer(world.lastCall.token, ShardWorld.success(600))
        #expect(world.payment.status == .cancelled)
        try Self.restart(&world)
    }

    @Test("Events end authorizations, captures and cancels that are in doubt, and answer who waits")
    func endsOperations() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: false), key: "a")
        let id = world.lastCall.call.payment
        let late = world.lastCall.token
        world.tell(.authorizationSucceeded, of: id) {
            $0.amountMinor = 1_000
            $0.reference = "ch_9"
        }
        #expect(world.responses.contains { $0.status == 201 } && world.payment.status == .authorized)
        // The PSP's own answer finds nothing to do.
        world.answer(late, .declined(Decline(category: .hard, code: .genericDecline, providerCode: "")))
        #expect(world.payment.status == .authorized)
        world.send(.capture(id, amountMinor: nil), key: "b")
        #expect(world.lastCall.call.providerReference == "ch_9")
        world.answer(world.lastCall.token, .unknown(.timeout))
        let calls = world.calls.count
        // Not about the capture: the PSP is asked at once, and the event is to be told again.
        world.tell(.authorizationExpired, of: id)
        #expect(world.lastBody.contains("operationInProgress") && world.calls.count == calls + 1)
        #expect(world.lastCall.call.mode == .query)
        world.tell(.captureFailed, of: id) { $0.reason = "no" }
        #expect(world.payment.status == .authorized)
        world.send(.cancel(id), key: "c")
        world.tell(.cancelSucceeded, of: id)
        #expect(world.payment.status == .cancelled && world.core.runningCount == 0)
        #expect(world.tell(.cancelSucceeded, of: id).contains("none"))
        try Self.restart(&world)
    }

    @Test("The PSP has captured what is being cancelled: captured, to be refunded")
    func capturedInsteadOfCancelled() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.send(.cancel(id), key: "b")
        #expect(world.tell(.captureSucceeded, of: id) { $0.amountMinor = 900 }.contains("operationInProgress"))
        world.tell(.captureSucceeded, of: id) { $0.amountMinor = 1_000 }
        #expect(world.payment.status == .captured && world.payment.capturedMinor == 1_000)
        try Self.restart(&world)
    }

    // MARK: Ends

    @Test("An authorization expires when the PSP says so")
    func expires() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.tell(.authorizationExpired, of: id)
        #expect(world.payment.status == .expired && world.tell(.authorizationExpired, of: id).contains("none"))
        // Told late: that it was authorized is known.
        #expect(world.tell(.authorizationSucceeded, of: id) { $0.amountMinor = 1_000 }.contains("none"))
        try Self.restart(&world)
    }

    @Test("What succeeds after the end is booked, counted, and taken back", arguments: [true, false])
    func lateSuccess(sale: Bool) throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: sale), key: "a")
        let id = world.lastCall.call.payment
        world.answer(world.lastCall.token, .declined(Decline(category: .hard, code: .doNotHonor, providerCode: "05")))
        #expect(world.payment.status == .failed)
        world.tell(sale ? .captureSucceeded : .authorizationSucceeded, of: id) {
            $0.amountMinor = 1_000
            $0.reference = "ch_7"
        }
        #expect(world.lastStatus == 200 && world.core.statistics.lateSuccesses == 1)
        try Self.restart(&world)
        world.pass(milliseconds: 3_000)
        #expect(world.lastCall.call.operation == (sale ? .refund : .cancel))
        #expect(world.lastCall.call.providerReference == "ch_7")
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        #expect(world.payment.capturableMinor == 0 && world.payment.refundedMinor == (sale ? 1_000 : 0))
        try Self.restart(&world)
    }

    @Test("A capture after the void is booked without a hold, and refunded")
    func capturedAfterVoid() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.send(.cancel(id), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        world.tell(.captureSucceeded, of: id) { $0.amountMinor = 700 }
        #expect(world.payment.capturedMinor == 700)
        world.pass(milliseconds: 3_000)
        #expect(world.lastCall.call.operation == .refund && world.lastCall.call.amountMinor == 700)
        try Self.restart(&world)
    }

    // MARK: Money that nobody can explain

    @Test("Another amount than asked is conflicted, and what moved waits in suspense until it is explained")
    func conflicts() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000), key: "a")
        let id = world.lastCall.call.payment
        world.answer(world.lastCall.token, ShardWorld.success(900))
        #expect(world.payment.status == .conflicted)
        #expect(world.core.trialBalance().kinds.contains { $0.kind == .suspense && $0.totals.balance == -900 })
        try Self.restart(&world)
        #expect(
            world.tell(.moneyReclassified, of: id) {
                $0.amountMinor = 901
                $0.target = .merchantAvailable
            }
            .contains("eventAmountMismatch")
        )
        world.tell(.moneyReclassified, of: id) {
            $0.amountMinor = 900
            $0.target = .merchantAvailable
        }
        #expect(Self.balance(&world) == "EUR pending=0 available=900 reserve=0")
        #expect(!world.core.trialBalance().kinds.contains { $0.kind == .suspense && $0.totals.balance != 0 })
        try Self.restart(&world)
    }

    @Test("Late money of another amount or currency is a conflict; money of no payment's is suspense")
    func unexplained() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.tell(.authorizationExpired, of: id)
        world.tell(.captureSucceeded, of: id) {
            $0.amountMinor = 500
            $0.currency = .usd
        }
        #expect(world.payment.status == .conflicted)
        world.tell(.moneyUnexplained, of: id) { $0.amountMinor = 77 }
        world.tell(.moneyUnexplained, of: id) {
            $0.amountMinor = 30
            $0.isTaken = true
        }
        #expect(world.core.statistics.unexplained == 2)
        #expect(
            world.tell(.moneyReclassified, of: id) {
                $0.amountMinor = 48
                $0.target = .platformFees
            }.contains("Mismatch")
        )
        world.tell(.moneyReclassified, of: id) {
            $0.amountMinor = 47
            $0.target = .platformFees
        }
        #expect(world.lastStatus == 200)
        try Self.restart(&world)
    }

    // MARK: Every pair

    /// States that a payment can be in, each made by events alone.
    private static let states: [(name: String, make: @Sendable (inout ShardWorld) -> PaymentID)] = [
        (
            "requires_action",
            { world in
                world.send(ShardWorld.create(1_000, capture: false), key: "a")
                let action = NextAction(kind: .redirect, url: "https://psp.test/")
                world.answer(world.lastCall.token, .actionRequired(action, providerReference: "ch_1"))
                return world.payment.id
            }
        ),
        ("authorized", { $0.paid(1_000, capture: false, key: "a") }),
        ("captured", { $0.paid(1_000, key: "a") }),
        (
            "cancelled",
            { world in
                let id = world.paid(1_000, capture: false, key: "a")
                world.send(.cancel(id), key: "b")
                world.answer(world.lastCall.token, ShardWorld.success(1_000))
                return id
            }
        ),
        (
            "expired",
            { world in
                let id = world.paid(1_000, capture: false, key: "a")
                world.tell(.authorizationExpired, of: id)
                return id
            }
        ),
        (
            "failed",
            { world in
                world.send(ShardWorld.create(1_000, capture: false), key: "a")
                world.answer(
                    world.lastCall.token,
                    .declined(Decline(category: .hard, code: .genericDecline, providerCode: ""))
                )
                return world.payment.id
            }
        ),
        (
            "conflicted",
            { world in
                world.send(ShardWorld.create(1_000), key: "a")
                world.answer(world.lastCall.token, ShardWorld.success(10))
                return world.payment.id
            }
        ),
    ]

    /// What each state takes of the events without a dispute or refund: their effects; what is not
    /// here is refused.
    private static let taken: [String: [PaymentEventType: PaymentEffect]] = [
        "requires_action": [.authorizationSucceeded: .authorized, .authorizationFailed: .authorizationFailed],
        "authorized": [.authorizationSucceeded: .none, .authorizationExpired: .authorizationExpired],
        "captured": [
            .authorizationSucceeded: .none, .captureSucceeded: .none, .captureFailed: .captureReversed,
            .settlementMatched: .settled, .disputeWarning: .disputeWarned, .disputeOpened: .disputeOpened,
        ],
        "cancelled": [
            .authorizationSucceeded: .none, .authorizationFailed: .none, .captureSucceeded: .capturedLate,
            .cancelSucceeded: .none,
        ],
        "expired": [
            .authorizationSucceeded: .none, .authorizationFailed: .none, .authorizationExpired: .none,
            .captureSucceeded: .capturedLate,
        ],
        "failed": [
            .authorizationSucceeded: .authorizedLate, .authorizationFailed: .none, .captureSucceeded: .capturedLate,
        ],
        "conflicted": [.conflictResolved: .conflictResolved],
    ]

    @Test("Every pair of state and event is taken or refused as the table says, and a refused one books nothing")
    func pairs() throws {
        for (name, make) in Self.states {
            for type in PaymentEventType.allCases where type.isPosted && !type.isRefund {
                guard type != .moneyUnexplained, type != .moneyReclassified, type != .balanceWrittenOff else {
                    continue
                }
                var world = ShardWorld()
                let id = make(&world)
                let digest = world.core.stateDigest()
                world.tell(type, of: id) { $0.amountMinor = type.needsAmount ? 1_000 : nil }
                if let effect = Self.taken[name]?[type] {
                    #expect(world.lastStatus == 200, "\(name) \(type)")
                    #expect(
                        world.lastBody.hasPrefix("\(type.name) \(effect.name) "),
                        "\(name) \(type): \(world.lastBody)"
                    )
                } else {
                    #expect(world.lastStatus == 409 || world.lastStatus == 404, "\(name) \(type): \(world.lastBody)")
                    #expect(world.core.stateDigest() == digest, "\(name) \(type)")
                }
                try Self.restart(&world)
            }
        }
    }
}
