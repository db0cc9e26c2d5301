import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import Testing
import Time

/// What PSPs, shoppers and time do to authorizations: docs/payments.md.
@Suite struct LifecycleTests {
    private static let minute: Int64 = 60_000
    private static let day: Int64 = 86_400_000
    private static let lifetime = ShardConfiguration.test.capabilities.authorizationLifetime

    private static func approval(_ amount: Int64, expiresAt: Timestamp = .none) -> ProviderOutcome {
        .succeeded(
            ProviderSuccess(providerReference: "ch_1", amountMinor: amount, currency: .eur, expiresAt: expiresAt)
        )
    }

    private static func configuration(_ change: (inout ShardConfiguration) -> Void) -> ShardConfiguration {
        var configuration = ShardConfiguration.test
        change(&configuration)
        return configuration
    }

    /// A new shard from the same journal must be the same.
    private func restart(_ world: inout ShardWorld, _ configuration: ShardConfiguration = .test) throws {
        let digest = world.core.stateDigest()
        world = try ShardWorld(replaying: world.journal, configuration: configuration, at: world.now)
        #expect(world.core.stateDigest() == digest)
    }

    // MARK: Expiry

    @Test("An authorization ends when the PSP said, also after a restart, and its hold is released")
    func expires() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: false), key: "a")
        let end = world.now + 3 * Self.day
        world.answer(world.lastCall.token, Self.approval(1_000, expiresAt: end))
        #expect(world.payment.expiresAt == end)
        try restart(&world)
        world.pass(milliseconds: 3 * Self.day - 2 * 3_600_000)
        #expect(world.payment.status == .authorized)
        for _ in 0..<130 { world.pass(milliseconds: Self.minute) }
        #expect(world.payment.status == .expired)
        #expect(world.payment.capturableMinor == 0)
        #expect(world.core.statistics.expired == 1 && world.imbalance == 0)
        world.send(.capture(world.payment.id, amountMinor: nil), key: "b")
        #expect(world.lastStatus == 409)
        try restart(&world)
        #expect(world.payment.status == .expired)
    }

    @Test("What was captured before the end stays captured")
    func expiresAfterAPart() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: 400, isFinal: false), key: "b")
        world.answer(world.lastCall.token, Self.approval(400))
        #expect(world.payment.status == .partiallyCaptured)
        world.pass(milliseconds: Self.lifetime)
        for _ in 0..<20 { world.pass(milliseconds: Self.minute) }
        #expect(world.payment.status == .captured && world.payment.capturedMinor == 400)
        #expect(world.payment.expiresAt == 0)
    }

    @Test("A capture that is under way at the end decides, not the clock")
    func captureAtTheEnd() {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.pass(milliseconds: Self.lifetime - 5_000)
        world.send(.capture(id, amountMinor: nil), key: "b")
        let token = world.lastCall.token
        for _ in 0..<5 { world.pass(milliseconds: 2_000) }
        #expect(world.payment.status == .processing)
        world.answer(token, Self.approval(1_000))
        #expect(world.payment.status == .captured)
        for _ in 0..<5 { world.pass(milliseconds: Self.minute) }
        #expect(world.payment.status == .captured)
    }

    @Test("A capture refused because the authorization ran out at the PSP expires the payment")
    func expiredAtTheProvider() {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: nil), key: "b")
        let decline = Decline(category: .hard, code: .authorizationExpired, providerCode: "charge_expired")
        world.answer(world.lastCall.token, .declined(decline))
        #expect(world.lastStatus == 402)
        #expect(world.payment.status == .expired && world.imbalance == 0)
    }

    // MARK: Amounts

    @Test("An approval for less is taken where the merchant said so, and voided where not")
    func partialAuthorization() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: false, acceptsPartial: true), key: "a")
        #expect(world.lastCall.call.acceptsPartialAuthorization)
        world.answer(world.lastCall.token, Self.approval(600))
        #expect(world.lastStatus == 201)
        #expect(world.payment.status == .authorized && world.payment.authorizedMinor == 600)

        world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: false), key: "a")
        world.answer(world.lastCall.token, Self.approval(600))
        #expect(world.lastStatus == 402)
        #expect(world.payment.status == .failed)
        try restart(&world)
        let before = world.calls.count
        world.pass(milliseconds: 2_100)
        #expect(world.calls.count == before + 1)
        #expect(world.lastCall.call.operation == .cancel)
        world.answer(world.lastCall.token, Self.approval(600))
        #expect(world.payment.status == .failed && world.payment.capturableMinor == 0 && world.imbalance == 0)
        for _ in 0..<5 { world.pass(milliseconds: Self.minute) }
        #expect(world.calls.count == before + 1)
    }

    @Test("A void of what was too little is tried until it succeeds")
    func voidIsRepeated() {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: false), key: "a")
        world.answer(world.lastCall.token, Self.approval(600))
        world.pass(milliseconds: 2_100)
        world.answer(world.lastCall.token, .notExecuted(.misconfigured))
        #expect(world.payment.capturableMinor == 600)
        world.pass(milliseconds: 2 * Self.minute)
        #expect(world.lastCall.call.operation == .cancel && world.lastCall.call.ordinal == 2)
        world.answer(world.lastCall.token, Self.approval(600))
        #expect(world.payment.capturableMinor == 0)
    }

    @Test("An increment raises authorization and hold by the difference")
    func increment() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.send(.increment(id, amountMinor: 1_000), key: "b")
        #expect(world.lastStatus == 422)
        world.send(.increment(id, amountMinor: 1_500), key: "c")
        #expect(world.lastCall.call.operation == .increment && world.lastCall.call.amountMinor == 1_500)
        world.answer(world.lastCall.token, Self.approval(1_500))
        #expect(world.lastStatus == 200)
        #expect(world.payment.authorizedMinor == 1_500 && world.payment.amountMinor == 1_500)
        try restart(&world)
        world.send(.capture(id, amountMinor: 1_500), key: "d")
        world.answer(world.lastCall.token, Self.approval(1_500))
        #expect(world.payment.status == .captured && world.imbalance == 0)
        world.send(.increment(id, amountMinor: 2_000), key: "e")
        #expect(world.lastStatus == 409)
    }

    @Test("What the provider does not declare is refused before anything is sent")
    func notSupported() {
        let configuration = Self.configuration {
            $0.capabilities.increments = false
            $0.capabilities.capturesSeveralTimes = false
        }
        var world = ShardWorld(configuration: configuration)
        let id = world.paid(1_000, capture: false, key: "a")
        let before = world.calls.count
        world.send(.increment(id, amountMinor: 1_500), key: "b")
        #expect(world.lastStatus == 422)
        world.send(.capture(id, amountMinor: 100, isFinal: false), key: "c")
        #expect(world.lastStatus == 422)
        world.send(.capture(id, amountMinor: 1_001), key: "d")
        #expect(world.lastStatus == 422)
        #expect(world.calls.count == before)
    }

    @Test(
        "An over-capture within the provider's limit is captured, all of the hold is released, and all can be refunded"
    )
    func overCapture() throws {
        let configuration = Self.configuration { $0.capabilities.overCaptureBasisPoints = 1_500 }
        var world = ShardWorld(configuration: configuration)
        let id = world.paid(1_000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: 1_151), key: "b")
        #expect(world.lastStatus == 422)
        world.send(.capture(id, amountMinor: 1_150), key: "c")
        world.answer(world.lastCall.token, Self.approval(1_150))
        #expect(world.lastStatus == 200)
        #expect(world.payment.capturedMinor == 1_150 && world.payment.authorizedMinor == 1_000)
        world.send(.refund(id, amountMinor: nil), key: "d")
        #expect(world.lastCall.call.amountMinor == 1_150)
        try restart(&world, configuration)
        #expect(world.imbalance == 0)
    }

    // MARK: Shoppers

    private static let challenge = ProviderOutcome.actionRequired(
        NextAction(kind: .threeDSecure, url: "https://psp.test/3ds/1"),
        providerReference: "ch_1"
    )

    @Test("A payment waits for its shopper, and goes on when the merchant confirms", arguments: [true, false])
    func confirms(capture: Bool) throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: capture), key: "a")
        world.answer(world.lastCall.token, Self.challenge)
        #expect(world.lastStatus == 201)
        #expect(world.payment.status == .requiresAction)
        #expect(world.payment.nextAction == NextAction(kind: .threeDSecure, url: "https://psp.test/3ds/1"))
        try restart(&world)
        let id = world.payment.id
        world.send(.confirm(id), key: "b")
        #expect(world.lastCall.call.operation == .confirm && world.lastCall.call.providerReference == "ch_1")
        world.answer(world.lastCall.token, Self.challenge)
        #expect(world.lastStatus == 200 && world.payment.status == .requiresAction)
        world.send(.confirm(id), key: "c")
        world.answer(world.lastCall.token, Self.approval(1_000))
        #expect(world.lastStatus == 200)
        #expect(world.payment.status == (capture ? .captured : .authorized) && world.imbalance == 0)
        #expect(world.payment.nextAction == nil)
    }

    @Test("A shopper who fails has failed the payment")
    func shopperFails() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, Self.challenge)
        world.send(.confirm(world.payment.id), key: "b")
        let decline = Decline(category: .authentication, code: .authenticationRequired, providerCode: "failed")
        world.answer(world.lastCall.token, .declined(decline))
        #expect(world.lastStatus == 402 && world.payment.status == .failed)
    }

    @Test("A payment whose shopper is waited for can be cancelled")
    func cancelWhileWaiting() {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, Self.challenge)
        world.send(.cancel(world.payment.id), key: "b")
        world.answer(world.lastCall.token, Self.approval(1_000))
        #expect(world.lastStatus == 200 && world.payment.status == .cancelled && world.imbalance == 0)
    }

    @Test(
        "A shopper who does not come back in time has failed the payment: it is cancelled at the PSP, also after a restart"
    )
    func shopperAbandons() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(), key: "a")
        world.answer(world.lastCall.token, Self.challenge)
        try restart(&world)
        let before = world.calls.count
        world.pass(milliseconds: ShardConfiguration.test.actionLifetime - 5_000)
        #expect(world.calls.count == before)
        world.pass(milliseconds: 10_000)
        #expect(world.lastCall.call.operation == .cancel)
        world.answer(world.lastCall.token, Self.approval(1_000))
        #expect(world.payment.status == .failed && world.payment.failure == .reversal(.abandoned))
        for _ in 0..<5 { world.pass(milliseconds: Self.minute) }
        #expect(world.calls.count == before + 1)
    }

    @Test("A shopper who finished after the gateway gave up gets the money back", arguments: [true, false])
    func shopperIsLate(capture: Bool) throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(1_000, capture: capture), key: "a")
        world.answer(world.lastCall.token, Self.challenge)
        world.pass(milliseconds: ShardConfiguration.test.actionLifetime + 5_000)
        let refused = Decline(category: .hard, code: .alreadyCaptured, providerCode: "completed")
        world.answer(world.lastCall.token, .declined(refused))
        #expect(world.lastCall.call.operation == .confirm)
        world.answer(world.lastCall.token, Self.approval(1_000))
        try restart(&world)
        world.pass(milliseconds: 5_000)
        #expect(world.lastCall.call.operation == (capture ? .refund : .cancel))
        world.answer(world.lastCall.token, Self.approval(1_000))
        #expect(world.payment.status == (capture ? .refunded : .failed) && world.imbalance == 0)
    }

    // MARK: Voids

    @Test("A cancel that finds the payment captured takes the capture in")
    func alreadyCaptured() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, capture: false, key: "a")
        world.send(.cancel(id), key: "b")
        let refused = Decline(category: .hard, code: .alreadyCaptured, providerCode: "charge_already_captured")
        world.answer(world.lastCall.token, .declined(refused))
        #expect(world.payment.status == .captured && world.payment.capturedMinor == 1_000)
        #expect(world.imbalance == 0)
        try restart(&world)
        world.send(.refund(id, amountMinor: nil), key: "c")
        world.answer(world.lastCall.token, Self.approval(1_000))
        #expect(world.payment.status == .refunded)
    }

    // MARK: Given up

    private static let impatient = configuration { $0.resolution.abandonAfter = 900_000 }

    /// An authorization that nobody knows anything of for a quarter of an hour.
    private func unknown(capture: Bool, _ configuration: ShardConfiguration = impatient) -> ShardWorld {
        var world = ShardWorld(configuration: configuration)
        world.send(ShardWorld.create(1_000, capture: capture), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        for _ in 0..<89 {
            world.pass(milliseconds: 10_000)
            if world.lastCall.call.mode == .query { world.answer(world.lastCall.token, .unknown(.timeout)) }
        }
        return world
    }

    @Test("An authorization that stays unknown is voided by reference after a quarter of an hour, and fails")
    func voidByReference() throws {
        var world = unknown(capture: false)
        world.pass(milliseconds: 10_000)
        #expect(world.lastCall.call.mode == .cancelByReference && world.core.statistics.abandoned == 1)
        // The crash comes before the answer: the void is asked for again, and nothing else.
        try restart(&world, Self.impatient)
        _ = world.core.resume(at: world.now)
        world.pass(milliseconds: 1_000)
        #expect(world.lastCall.call.mode == .cancelByReference)
        world.answer(world.lastCall.token, Self.approval(1_000))
        #expect(
            world.payment.status == .failed && world.payment.failure == .reversal(.abandoned) && world.imbalance == 0
        )
        #expect(world.core.runningCount == 0)
    }

    @Test("A void by reference that comes too late: what the PSP executed is taken back", arguments: [true, false])
    func voidedTooLate(capture: Bool) {
        var world = unknown(capture: capture)
        world.pass(milliseconds: 10_000)
        let refused = Decline(category: .hard, code: .alreadyCaptured, providerCode: "charge_already_captured")
        world.answer(world.lastCall.token, .declined(refused))
        #expect(world.lastCall.call.mode == .query)
        world.answer(world.lastCall.token, Self.approval(1_000))
        world.pass(milliseconds: 5_000)
        #expect(world.lastCall.call.operation == (capture ? .refund : .cancel))
        world.answer(world.lastCall.token, Self.approval(1_000))
        #expect(world.payment.status == (capture ? .refunded : .failed) && world.imbalance == 0)
    }

    @Test("Without that capability the PSP is asked on, and what it executed is taken back")
    func withoutVoidByReference() {
        let configuration = Self.configuration {
            $0.resolution.abandonAfter = 900_000
            $0.resolution.means.voidByReference = false
        }
        var world = unknown(capture: false, configuration)
        world.pass(milliseconds: 10_000)
        #expect(world.lastCall.call.mode == .query && world.core.statistics.abandoned == 1)
        world.answer(world.lastCall.token, Self.approval(1_000))
        world.pass(milliseconds: 5_000)
        #expect(world.lastCall.call.operation == .cancel)
        world.answer(world.lastCall.token, Self.approval(1_000))
        #expect(world.payment.status == .failed && world.imbalance == 0)
    }

    @Test("Captures and refunds are never given up")
    func capturesAreNotGivenUp() {
        var world = ShardWorld(configuration: Self.impatient)
        let id = world.paid(1_000, capture: false, key: "a")
        world.send(.capture(id, amountMinor: nil), key: "b")
        world.answer(world.lastCall.token, .unknown(.timeout))
        for _ in 0..<300 {
            world.pass(milliseconds: 3_600_000)
            if world.lastCall.call.mode == .query { world.answer(world.lastCall.token, .unknown(.timeout)) }
        }
        #expect(world.calls.allSatisfy { $0.call.mode != .cancelByReference })
        #expect(world.payment.status == .processing)
    }
}

extension ShardWorld {
    /// The first payment.
    var payment: PaymentView {
        var found: PaymentView?
        _ = core.forEachPayment(from: 0, count: 1) { view, _ in found = view }
        guard let found else { preconditionFailure("no payment") }
        return found
    }

    fileprivate var imbalance: Int128 {
        core.trialBalance().currencies.reduce(0) { $0 + abs($1.totals.balance) }
    }
}
