import Ledger
import Money
import Payments
import Risk
import ShardCore
import ShardModel
import ShardRecords
import Testing

/// What the gateway takes back by itself, how often it tries, and where the money goes.
@Suite struct ReversalTests {
    private static let minute: Int64 = 60_000
    private static let refused = Decline(category: .hard, code: .genericDecline, providerCode: "no")

    private let challenge = ProviderOutcome.actionRequired(
        NextAction(kind: .threeDSecure, url: "https://psp.test/3ds/1"),
        providerReference: "ch_1"
    )

    // MARK: Tries

    /// Ticks of a second, each call answered at once. Returns when calls were made, in seconds from
    /// now.
    private func calls(
        _ world: inout ShardWorld,
        seconds: Int,
        _ answer: (ProviderOperation) -> ProviderOutcome
    ) -> [Int] {
        var times: [Int] = []
        var seen = world.calls.count
        for second in 1...seconds {
            world.pass(milliseconds: 1_000)
            while seen < world.calls.count {
                let (call, token) = world.calls[seen]
                seen += 1
                times.append(second)
                world.answer(token, answer(call.operation))
            }
        }
        return times
    }

    @Test func `a void that is refused is tried again after one minute, two, four`() {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: false), key: "a")
        world.answer(world.lastCall.token, ShardWorld.success(600))
        let times = calls(&world, seconds: 3_600) { _ in .declined(Self.refused) }
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(times.count == 6 && world.core.statistics.reversalsFailed == 6, "\(times)")
        for (number, gap) in gaps.enumerated() {
            // A payment is looked at up to two seconds late.
            #expect((60 << number...(60 << number) + 2).contains(gap), "\(gaps)")
        }
    }

    @Test func `a shopper whose cancel is refused and who is still awaited is not asked about without end`() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, challenge)
        world.pass(milliseconds: ShardConfiguration.test.actionLifetime)
        let challenge = challenge
        let times = calls(&world, seconds: 3_600) { $0 == .cancel ? .declined(Self.refused) : challenge }
        // A cancel and a question each time.
        #expect(times.count == 12, "\(times)")
    }

    // MARK: Wallets

    /// A top-up that was declined and comes all the same.
    private func lateTopUp(_ world: inout ShardWorld) -> (wallet: WalletID, payment: PaymentID) {
        let wallet = world.fillWallet(300)
        world.send(.topUp(wallet, 1_000), key: "late")
        let payment = world.lastCall.call.payment
        world.answer(world.lastCall.token, .declined(Self.refused))
        #expect(world.lastStatus == 402)
        world.tell(.captureSucceeded, of: payment) {
            $0.amountMinor = 1_000
            $0.reference = "ch_late"
        }
        #expect(world.lastStatus == 200 && world.view(wallet) == (1_300, 0))
        return (wallet, payment)
    }

    @Test(arguments: [true, false])
    func `a late top-up goes back out of the wallet, and nothing of it is the merchant's`(isRefunded: Bool) throws {
        var world = ShardWorld()
        let (wallet, _) = lateTopUp(&world)
        world.pass(milliseconds: 2_100)
        #expect(world.lastCall.call.operation == .refund && world.view(wallet) == (300, 0))
        world.answer(world.lastCall.token, isRefunded ? ShardWorld.success(1_000, "re_1") : .declined(Self.refused))
        #expect(world.view(wallet) == (isRefunded ? 300 : 1_300, 0))
        #expect(world.sum(.merchantPending, owner: 7) == 0 && world.available() == 0)
        try ProviderEventTests.restart(&world)
    }

    @Test func `a late top-up that is spent waits until the wallet has it again`() throws {
        var world = ShardWorld()
        let (wallet, _) = lateTopUp(&world)
        world.send(.pay(from: wallet, 1_200), key: "spent")
        #expect(world.lastStatus == 201 && world.view(wallet) == (100, 0))
        let before = world.calls.count
        world.pass(milliseconds: 2_100)
        #expect(world.calls.count == before, "there is nothing to take")
        #expect(world.core.statistics.reversalsFailed == 1, "and people are told")
        world.send(.topUp(wallet, 900), key: "again")
        world.answer(world.lastCall.token, ShardWorld.success(900, "ch_3"))
        for _ in 0..<4 { world.pass(milliseconds: Self.minute) }
        #expect(world.lastCall.call.operation == .refund && world.view(wallet) == (0, 0))
        world.answer(world.lastCall.token, ShardWorld.success(1_000, "re_1"))
        try ProviderEventTests.restart(&world)
        #expect(world.view(wallet) == (0, 0))
    }

    @Test func `a wallet's payment that people approve is answered once, also where the merchant does not wait`() throws
    {
        let rule = RiskRule(name: "all", score: 50, condition: .amount(overMinor: 1, .eur))
        var world = ShardWorld(configuration: ShardRiskTests.configuration(rules: [rule]))
        world.send(.createWallet(CreateWallet(currency: .eur, reference: "customer")), key: "w")
        let wallet = world.lastWallet
        world.send(.topUp(wallet, 1_000), key: "t")
        let topUp = world.lastWalletPayment
        world.send(.approve(topUp), key: "a")
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        world.send(.pay(from: wallet, 600), key: "p")
        #expect(world.lastStatus == 202 && world.lastBody.contains("review"))
        let (payment, answers) = (world.lastWalletPayment, world.responses.count)
        world.send(.approve(payment), key: "b", respondsAtOnce: true)
        #expect(world.responses.count == answers + 1)
        #expect(world.lastStatus == 200 || world.lastStatus == 201)
        #expect(world.lastBody.contains("captured") && world.view(wallet) == (400, 0))
        try ProviderEventTests.check(world.journal)
    }

    // MARK: Sellers

    private func splitSale(_ world: inout ShardWorld) throws -> PaymentID {
        guard case .create(var sale) = ShardWorld.create(1_000) else { throw RecordDecodingError.invalidValue }
        sale.details.append(plan: [
            SplitRequest(seller: try ShardWalletTests.seller("books"), share: .amount(900))
        ])
        sale.hasSplits = true
        world.send(.createPayment(sale), key: "s")
        return world.lastCall.call.payment
    }

    private let seller: UInt64 = 3 << 48 | 1

    @Test func `a confirm that was not executed leaves the sellers' plan for the next one`() throws {
        var world = ShardWorld()
        let id = try splitSale(&world)
        world.answer(world.lastCall.token, challenge)
        world.send(.confirm(id), key: "c1")
        world.answer(world.lastCall.token, .notExecuted(.misconfigured))
        #expect(world.lastStatus == 502)
        try ProviderEventTests.restart(&world)
        world.send(.confirm(id), key: "c2")
        world.answer(world.lastCall.token, ShardWorld.success(1_000))
        #expect(world.sum(.sellerPending, owner: seller) == 900 && world.sum(.merchantPending, owner: 7) == 75)
        try ProviderEventTests.restart(&world)
    }

    @Test func `a sale that was given up gives its sellers nothing, for it is taken back`() throws {
        var configuration = ShardConfiguration.test
        configuration.resolution.abandonAfter = 15 * Self.minute
        var world = ShardWorld(configuration: configuration)
        let id = try splitSale(&world)
        world.answer(world.lastCall.token, .unknown(.timeout))
        // Nothing is known of it for a quarter of an hour; then it was there all the time.
        for _ in 0..<20 { answerQuestions(&world, .unknown(.timeout)) }
        #expect(world.journal.contains { isAbandoned($0) })
        for _ in 0..<200 where world.payment.capturedMinor == 0 {
            answerQuestions(&world, .declined(Self.refused), orQuery: ShardWorld.success(1_000))
        }
        #expect(world.sum(.sellerPending, owner: seller) == 0 && world.sum(.merchantPending, owner: 7) == 975)
        world.pass(milliseconds: 2_100)
        #expect(world.lastCall.call.operation == .refund && world.lastCall.call.payment == id)
        world.answer(world.lastCall.token, ShardWorld.success(1_000, "re_1"))
        #expect(world.sum(.sellerPending, owner: seller) == 0 && world.sum(.merchantPending, owner: 7) == 0)
        #expect(world.available() == -25, "the fee stays")
        try ProviderEventTests.restart(&world, configuration)
    }

    private func isAbandoned(_ record: [UInt8]) -> Bool {
        guard case .paymentChanged(let changed)? = try? ShardRecord(decoding: record.span) else { return false }
        return changed.change == .abandoned
    }

    /// A minute passes; what was sent is answered: voids with the first, questions with the second.
    private func answerQuestions(
        _ world: inout ShardWorld,
        _ outcome: ProviderOutcome,
        orQuery answer: ProviderOutcome? = nil
    ) {
        var seen = world.calls.count
        world.pass(milliseconds: Self.minute)
        while seen < world.calls.count {
            let (call, token) = world.calls[seen]
            seen += 1
            world.answer(token, call.mode == .query ? answer ?? outcome : outcome)
        }
    }

    // MARK: What people and providers decide later

    @Test(arguments: [true, false])
    func `a refund executed for another amount counts as people say, and the rest is explained`(counts: Bool) throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        world.send(.refund(id, amountMinor: 500), key: "r")
        world.answer(world.lastCall.token, ShardWorld.success(300, "re_1"))
        #expect(world.sum(.refundClearing, owner: 0) == 500 && world.payment.refundPendingMinor == 500)
        let refund = RefundID(
            createdAt: world.now,
            shard: id.shard,
            paymentSequence: id.sequence,
            ordinal: 1
        )
        try ProviderEventTests.restart(&world)
        world.tell(counts ? .refundSucceeded : .refundFailed, of: id) { $0.refund = refund }
        #expect(world.lastStatus == 200)
        #expect(world.sum(.refundClearing, owner: 0) == 0 && world.payment.refundPendingMinor == 0)
        #expect(world.payment.refundedMinor == (counts ? 500 : 0))
        #expect(world.sum(.merchantPending, owner: 7) == (counts ? 475 : 975))
        world.tell(counts ? .refundSucceeded : .refundFailed, of: id) { $0.refund = refund }
        #expect(world.lastBody.contains("none"), "known")
        try ProviderEventTests.restart(&world)
    }

    @Test func `a dispute that we took for lost is won when the provider says so`() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        let due = world.now + Self.minute
        world.tell(.disputeOpened, of: id) {
            $0.amountMinor = 600
            $0.evidenceDueAt = due
        }
        world.pass(milliseconds: 3 * Self.minute)
        #expect(world.core.statistics.disputesOverdue == 1)
        try ProviderEventTests.restart(&world)
        world.tell(.disputeUnderReview, of: id)
        #expect(world.lastStatus == 200 && world.lastBody.contains("none"))
        world.tell(.disputeWon, of: id)
        #expect(world.lastStatus == 200 && world.available() == 0)
        #expect(world.payment.disputedMinor == 0)
        try ProviderEventTests.restart(&world)
        world.send(.refund(id, amountMinor: 1_000), key: "r")
        #expect(world.lastCall.call.operation == .refund)
    }

    @Test func `an event is applied once, however late it is told again`() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        func settle(_ world: inout ShardWorld) {
            world.tell(.settlementMatched, of: id, id: "line-1") {
                $0.amountMinor = 100
                $0.feeMinor = 0
            }
        }
        settle(&world)
        let records = world.journal.count
        for _ in 0..<26 { world.pass(milliseconds: 60 * Self.minute) }
        settle(&world)
        #expect(world.lastStatus == 200 && world.lastBody.contains("none"))
        #expect(world.payment.settledMinor == 100 && world.journal.count == records + 1)
        for _ in 0..<26 { world.pass(milliseconds: 60 * Self.minute) }
        try ProviderEventTests.restart(&world)
        settle(&world)
        #expect(world.payment.settledMinor == 100)
        world.tell(.settlementMatched, of: id, id: "line-2") { $0.amountMinor = 100 }
        #expect(world.payment.settledMinor == 200)
        try ProviderEventTests.restart(&world)
    }
}
