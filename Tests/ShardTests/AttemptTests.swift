import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import ShardRecords
import ShardState
import ShardStorage
import Testing

/// Attempts of an authorization at the connectors of its route (docs/payments.md, "Attempts").
@Suite struct AttemptTests {
    private static let registry = ConnectorRegistry("alpha", "beta", "gamma", "delta")

    private static var configuration: ShardConfiguration {
        var configuration = ShardConfiguration.test
        configuration.connectors = ConnectorTable(registry)
        return configuration
    }

    private static func connector(_ number: UInt16) throws -> ConnectorID {
        try #require(ConnectorID(rawValue: number))
    }

    private static func route(_ numbers: UInt16...) throws -> RoutePlan {
        try #require(RoutePlan(numbers.compactMap { ConnectorID(rawValue: $0) }))
    }

    private static let soft = ProviderOutcome.declined(
        Decline(
            category: .softTechnical,
            code: .processingError,
            providerCode: "processing_error",
            providerReference: "ch_alpha"
        )
    )

    private func records(_ world: borrowing ShardWorld) throws -> [ShardRecord] {
        var records: [ShardRecord] = []
        for bytes in world.journal { records.append(try ShardRecord(decoding: bytes.span)) }
        return records
    }

    private func begun(_ numbers: UInt16..., capture: Bool = true) throws -> ShardWorld {
        var world = ShardWorld(configuration: Self.configuration)
        let route = try #require(RoutePlan(numbers.compactMap { ConnectorID(rawValue: $0) }))
        world.send(ShardWorld.create(capture: capture, route: route), key: "a")
        return world
    }

    @Test("a payment that its first connector approves writes two records, and both name the connector")
    func oneAttempt() throws {
        var world = try begun(2, 1)
        #expect(world.lastCall.call.connector.rawValue == 2)
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.journal.count == 2)
        guard case .operationFinished(let finished) = try records(world)[1] else {
            Issue.record("no end")
            return
        }
        #expect(finished.connector.rawValue == 2 && finished.attempt == 1 && finished.advice == .none)
        #expect(world.core.balance(of: Account(.providerReceivable, owner: 2, currency: .eur)) == 1_000)
        #expect(world.core.balance(of: Account(.providerReceivable, owner: 1, currency: .eur)) == 0)
    }

    @Test("a soft decline goes to the next connector under another PSP key, and its record comes before the call")
    func failsOver() throws {
        var world = try begun(1, 2)
        let first = world.lastCall
        world.answer(first.token, Self.soft)
        let second = world.lastCall
        #expect(world.responses.isEmpty, "the merchant waits")
        #expect(second.call.connector.rawValue == 2 && second.call.attempt == 2)
        #expect(second.call.providerKey != first.call.providerKey)
        #expect(second.call.paymentMethod == "tok_visa")
        guard case .attemptEnded(let ended) = try records(world)[1] else {
            Issue.record("no record of the attempt")
            return
        }
        #expect(ended.attempt == 1 && ended.connector.rawValue == 1 && ended.nextConnector.rawValue == 2)
        #expect(ended.providerReference == "ch_alpha")
        world.answer(second.token, ShardWorld.success())
        #expect(world.lastStatus == 201 && world.journal.count == 3)
        #expect(world.core.statistics.failovers == 1 && world.core.statistics.declined == 0)
        #expect(world.core.balance(of: Account(.providerReceivable, owner: 1, currency: .eur)) == 0)
        #expect(world.core.balance(of: Account(.providerReceivable, owner: 2, currency: .eur)) == 1_000)
        // What follows goes to the connector that has the payment.
        world.send(.refund(second.call.payment, amountMinor: 100), key: "r")
        #expect(world.lastCall.call.connector.rawValue == 2 && world.lastCall.call.attempt == 1)
    }

    @Test("the merchant's key stays reserved between the attempts")
    func keyStaysReserved() throws {
        var world = try begun(1, 2)
        world.answer(world.lastCall.token, Self.soft)
        let route = try Self.route(1, 2)
        world.send(ShardWorld.create(route: route), key: "a")
        #expect(world.lastStatus == 409 && world.calls.count == 2)
    }

    @Test("three attempts are the most of a request, however long the route")
    func atMostThree() throws {
        var world = try begun(1, 2, 3, 4)
        for number in 1...3 {
            #expect(world.calls.count == number)
            world.answer(world.lastCall.token, Self.soft)
        }
        #expect(world.calls.count == 3 && world.lastStatus == 402)
        #expect(world.core.statistics.failovers == 2 && world.core.runningCount == 0)
    }

    @Test(
        "what says something about the shopper, or may have been executed, never goes on",
        arguments: [
            ProviderOutcome.declined(Decline(category: .softLater, code: .insufficientFunds, providerCode: "51")),
            .declined(Decline(category: .softTechnical, code: .insufficientFunds, providerCode: "51")),
            .declined(Decline(category: .hard, code: .lostCard, providerCode: "41")),
            .declined(Decline(category: .authentication, code: .authenticationRequired, providerCode: "65")),
            .declined(Decline(category: .fixData, code: .incorrectCVC, providerCode: "N7")),
            .declined(
                Decline(
                    category: .softTechnical,
                    code: .processingError,
                    providerCode: "96",
                    advice: .doNotTryAgain
                )
            ),
            .unknown(.timeout), .unknown(.serverError), .pending(providerReference: "ch_1"),
            .notExecuted(.serverError), .notExecuted(.badResponse),
        ]
    )
    func neverGoesOn(outcome: ProviderOutcome) throws {
        var world = try begun(1, 2)
        world.answer(world.lastCall.token, outcome)
        #expect(world.calls.allSatisfy { $0.call.connector.rawValue == 1 })
        for _ in 0..<200 { world.pass(milliseconds: 60_000) }
        #expect(world.calls.allSatisfy { $0.call.connector.rawValue == 1 })
    }

    @Test("what certainly was not executed is tried again at the same connector first, then at the next")
    func certainlyNotExecuted() throws {
        var world = try begun(1, 2)
        for _ in 0..<3 {
            #expect(world.lastCall.call.connector.rawValue == 1)
            world.answer(world.lastCall.token, .notExecuted(.connectionFailed))
            world.pass(milliseconds: 1_000)
        }
        #expect(world.calls.count == 4 && world.lastCall.call.connector.rawValue == 2)
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.lastStatus == 201)
    }

    @Test("a definite no that comes after a doubt ends the payment")
    func noAfterDoubt() throws {
        var world = try begun(1, 2)
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.pass(milliseconds: 2_000)
        #expect(world.lastCall.call.mode == .query)
        world.answer(world.lastCall.token, Self.soft)
        #expect(world.core.runningCount == 0 && world.core.statistics.failovers == 0)
        world.send(.getPayment(world.lastCall.call.payment))
        #expect(world.lastBody.contains("failed"))
    }

    @Test("a PSP's event ends the authorization: its call may still be on its way")
    func eventNeverGoesOn() throws {
        var world = try begun(1, 2)
        let payment = world.lastCall.call.payment
        world.tell(.authorizationFailed, of: payment) { $0.provider = "alpha" }
        #expect(world.calls.count == 1)
    }

    @Test("a crash between the attempts goes on by a question at the connector that the journal names")
    func crashBetweenAttempts() throws {
        var world = try begun(1, 2)
        world.answer(world.lastCall.token, Self.soft)
        let (journal, now, digest) = (world.journal, world.now, world.digest())
        var second = try ShardWorld(replaying: journal, configuration: Self.configuration, at: now)
        #expect(second.digest() == digest)
        #expect(second.resume() == 1)
        second.pass(milliseconds: 10)
        #expect(second.lastCall.call.mode == .query && second.lastCall.call.connector.rawValue == 2)
        #expect(second.lastCall.call.attempt == 2)
        // A no is final now: the call may have left before the crash.
        second.answer(second.lastCall.token, Self.soft)
        #expect(second.core.runningCount == 0 && second.calls.count == 1)
    }

    @Test("a crash before the attempt's record asks the first connector")
    func crashBeforeTheRecord() throws {
        let world = try begun(1, 2)
        let (journal, now) = (world.journal, world.now)
        var second = try ShardWorld(replaying: journal, configuration: Self.configuration, at: now)
        _ = second.resume()
        second.pass(milliseconds: 10)
        #expect(second.lastCall.call.mode == .query && second.lastCall.call.connector.rawValue == 1)
    }

    @Test("a snapshot holds route, place and the attempts that ended")
    func snapshot() throws {
        var world = try begun(3, 1, 2)
        let disk = MemoryDisk()
        world.storage = ShardStorage(directory: "shard", journalID: 3, fileSystem: disk)
        world.answer(world.lastCall.token, Self.soft)
        try world.snapshot()
        let storage = ShardStorage(directory: "shard", journalID: 3, fileSystem: disk)
        let (journal, now, digest) = (world.journal, world.now, world.digest())
        var second = try ShardWorld(from: storage, journal: journal, configuration: Self.configuration, at: now)
        #expect(second.restored.position == 2 && second.digest() == digest)
        _ = second.resume()
        second.pass(milliseconds: 10)
        #expect(second.lastCall.call.connector.rawValue == 1 && second.lastCall.call.attempt == 2)
    }

    @Test("a journal that names a connector beyond the registry, or a wrong next one, is refused")
    func foreignJournal() throws {
        var world = try begun(1, 2)
        world.answer(world.lastCall.token, Self.soft)
        let (journal, now) = (world.journal, world.now)
        var small = Self.configuration
        small.connectors = ConnectorTable(ConnectorRegistry("alpha"))
        #expect(throws: RecordDecodingError.invalidValue) {
            _ = try ShardWorld(replaying: journal, configuration: small, at: now)
        }
        var wrong = journal
        // The number of the next connector, the last field.
        wrong[1][wrong[1].count - ShardRecord.trailerBytes - 2] = 3
        #expect(throws: RecordDecodingError.invalidValue) {
            _ = try ShardWorld(replaying: wrong, configuration: Self.configuration, at: now)
        }
    }

    @Test("events are taken from the payment's own connector only")
    func events() throws {
        var world = try begun(1, 2)
        world.answer(world.lastCall.token, Self.soft)
        world.answer(world.lastCall.token, ShardWorld.success())
        let payment = world.lastCall.call.payment
        let records = world.journal.count
        for (name, refusal) in [
            ("alpha", "connectorMismatch"), ("nobody", "connectorUnknown"), ("", "connectorUnknown"),
        ] {
            let answer = world.tell(.settlementMatched, of: payment) {
                $0.provider = name
                $0.amountMinor = 1_000
                $0.feeMinor = 10
            }
            #expect(answer.contains(refusal), "\(name): \(answer)")
        }
        #expect(world.journal.count == records)
        world.tell(.settlementMatched, of: payment) {
            $0.provider = "beta"
            $0.amountMinor = 1_000
            $0.feeMinor = 10
        }
        #expect(world.journal.count == records + 1)
        #expect(world.core.balance(of: Account(.providerFees, owner: 2, currency: .eur)) == 10)
    }

    /// A payment that alpha declined and beta approved.
    private func movedOn(capture: Bool) throws -> ShardWorld {
        var world = try begun(1, 2, 3, capture: capture)
        world.answer(world.lastCall.token, Self.soft)
        world.answer(world.lastCall.token, ShardWorld.success())
        return world
    }

    @discardableResult
    private func report(
        _ type: PaymentEventType,
        of connector: String,
        _ payment: PaymentID,
        in world: inout ShardWorld,
        amount: Int64? = 1_000,
        isTaken: Bool = false
    ) -> String {
        world.tell(type, of: payment) {
            $0.provider = connector
            $0.amountMinor = amount
            $0.reference = "ch_late"
            $0.isTaken = isTaken
            if type == .moneyReclassified { $0.target = .providerReceivable }
        }
    }

    private func suspense(_ connector: UInt64, _ world: borrowing ShardWorld) -> Int128 {
        world.core.balance(of: Account(.suspense, owner: connector, currency: .eur))
    }

    @Test(
        "what an earlier connector executed after all is an alarm and in suspense there, once, also after a restart",
        arguments: [PaymentEventType.authorizationSucceeded, .captureSucceeded]
    )
    func executedAfterAll(type: PaymentEventType) throws {
        var world = try movedOn(capture: true)
        let payment = world.lastCall.call.payment
        #expect(report(type, of: "alpha", payment, in: &world).contains("unexplained"))
        #expect(world.core.statistics.doubleExecutions == 1 && world.core.statistics.unexplained == 1)
        #expect(suspense(1, world) == -1_000 && suspense(2, world) == 0)
        #expect(world.core.balance(of: Account(.providerReceivable, owner: 1, currency: .eur)) == 1_000)
        #expect(world.core.balance(of: Account(.providerReceivable, owner: 2, currency: .eur)) == 1_000)
        #expect(world.only.status == .captured && world.only.capturedMinor == 1_000)
        #expect(world.only.endedAttempts.first?.reported == [.authorized, .captured])
        // The other event of the same sale, and this one again.
        for again in [PaymentEventType.captureSucceeded, .authorizationSucceeded] {
            report(again, of: "alpha", payment, in: &world)
        }
        #expect(world.core.statistics.doubleExecutions == 1 && suspense(1, world) == -1_000)
        let (journal, now, digest) = (world.journal, world.now, world.digest())
        var second = try ShardWorld(replaying: journal, configuration: Self.configuration, at: now)
        #expect(second.digest() == digest)
        report(type, of: "alpha", payment, in: &second)
        #expect(suspense(1, second) == -1_000)
        // An operator has it returned: the PSP takes it back.
        report(.moneyUnexplained, of: "alpha", payment, in: &second, isTaken: true)
        #expect(suspense(1, second) == 0)
        #expect(second.core.balance(of: Account(.providerReceivable, owner: 1, currency: .eur)) == 0)
        #expect(second.core.trialBalance().isBalanced)
    }

    @Test("a hold that an earlier connector has after all is an alarm, and what it captures of it is in suspense")
    func heldAfterAll() throws {
        var world = try movedOn(capture: false)
        let payment = world.lastCall.call.payment
        report(.authorizationSucceeded, of: "alpha", payment, in: &world)
        #expect(world.core.statistics.doubleExecutions == 1 && world.core.statistics.unexplained == 0)
        #expect(suspense(1, world) == 0 && world.only.endedAttempts.first?.reported == .authorized)
        report(.authorizationSucceeded, of: "alpha", payment, in: &world)
        #expect(world.core.statistics.doubleExecutions == 1)
        report(.captureSucceeded, of: "alpha", payment, in: &world, amount: 400)
        #expect(world.core.statistics.doubleExecutions == 2 && suspense(1, world) == -400)
        #expect(
            report(.moneyReclassified, of: "alpha", payment, in: &world, amount: 401).contains("eventAmountMismatch")
        )
        report(.moneyReclassified, of: "alpha", payment, in: &world, amount: 400)
        #expect(suspense(1, world) == 0)
        #expect(world.only.status == .authorized && world.core.trialBalance().isBalanced)
    }

    @Test("a connector that was never called, and other news of an earlier one, are a mistake")
    func notOfEarlier() throws {
        var world = try movedOn(capture: true)
        let payment = world.lastCall.call.payment
        let records = world.journal.count
        #expect(report(.captureSucceeded, of: "gamma", payment, in: &world).contains("connectorMismatch"))
        for type in [PaymentEventType.settlementMatched, .captureFailed, .disputeOpened, .cancelSucceeded] {
            #expect(report(type, of: "alpha", payment, in: &world).contains("connectorMismatch"))
        }
        #expect(world.journal.count == records && suspense(1, world) == 0)
    }

    @Test("deadlines, resolution and capabilities are the connector's own")
    func settings() throws {
        var configuration = Self.configuration
        let beta = try Self.connector(2)
        configuration.connectors[beta].timeouts[.authorize] = 1_234
        configuration.connectors[beta].capabilities.increments = false
        configuration.connectors[beta].resolution.authorize.canQuery = false
        configuration.connectors[beta].resolution.authorize.replayWindow = 86_400_000
        var world = ShardWorld(configuration: configuration)
        world.send(ShardWorld.create(capture: false, route: RoutePlan(beta)), key: "a")
        world.answer(world.lastCall.token, .unknown(.timeout))
        world.pass(milliseconds: 2_000)
        #expect(world.lastCall.call.mode == .execute, "it cannot be asked, so it is sent again under its key")
        world.answer(world.lastCall.token, ShardWorld.success())
        world.send(.increment(world.lastCall.call.payment, amountMinor: 2_000), key: "b")
        #expect(world.lastBody.contains("notSupported"))
    }

    @Test("sellers' balances are found whatever connector their money came by")
    func sellers() throws {
        var world = ShardWorld(configuration: Self.configuration)
        let seller = try #require(SellerName("seller-1"))
        let split = SplitRequest(seller: seller, share: .amount(400))
        var payment = CreatePayment(
            amountMinor: 1_000,
            currency: .eur,
            capturesAutomatically: true,
            feeBasisPoints: 0,
            route: try Self.route(2),
            paymentMethod: "tok_visa",
            details: PaymentDetails()
        )
        payment.details.append(.paymentMethod, "tok_visa")
        payment.details.append(plan: [split])
        payment.hasSplits = true
        world.send(.createPayment(payment), key: "a")
        world.answer(world.lastCall.token, ShardWorld.success())
        world.send(.getBalance)
        #expect(world.lastBody.contains("seller-1 EUR pending=400"))
    }
}
