import Ledger
import Money
import Payments
import ShardModel
import ShardStorage
import Testing
import Time

@testable import ShardCore

/// Every refusal of the table of refusals advises to try again or not. A client that follows the
/// advice ends.
@Suite("Advice of refusals")
struct RefusalAdviceTests {
    private typealias Request = AdvisedClient.Request

    /// How a shard comes to refuse something, and what others do while the client waits.
    private struct Scene {
        var configuration = ShardConfiguration.test
        /// Brings the shard to where it refuses the request.
        var prepare: (inout ShardWorld) throws -> Request
        var meanwhile: (inout ShardWorld) throws -> Void = { _ in }
        /// How the client ends.
        var end: AdvisedClient.End
    }

    private static let start = ShardWorld().now
    private static let passingTrouble: Int64 = 30_000

    @Test("A client that follows the advice of a refusal ends", arguments: Refusal.allCases)
    func clientEnds(refusal: Refusal) throws {
        guard let scene = try Self.scene(of: refusal) else {
            #expect(refusal.rule.retryAfterSeconds == 0, "nothing shows that trying again helps")
            return
        }
        var world = ShardWorld(configuration: scene.configuration)
        world.storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: MemoryDisk())
        let request = try scene.prepare(&world)
        let records = world.journal.count
        world.send(request.kind, key: "advised", merchant: request.merchant, operatorShard: request.operatorShard)
        #expect(world.lastStatus == refusal.rule.status && world.lastBody.hasPrefix("refused \(refusal)"))
        #expect(world.responses.last?.retryAfterSeconds == refusal.rule.retryAfterSeconds)
        #expect(world.journal.count == records, "a refusal leaves no record")
        var client = AdvisedClient(meanwhile: scene.meanwhile)
        let end = try client.follow(request, in: &world)
        #expect(client.attempts > 1, "the advice was needed")
        #expect(end == scene.end, "\(world.lastBody) after \(client.attempts) attempts")
        world.checkBooks()
    }

    @Test("A share of the payments in memory is free again when payments leave it")
    func shareOfPayments() throws {
        var world = ShardWorld(configuration: Self.small { $0.paymentCapacity = 8 })
        world.storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: MemoryDisk())
        for number in 0..<6 { _ = world.paid(key: "mine\(number)") }
        world.send(ShardWorld.create(), key: "advised")
        #expect(world.lastBody == "refused merchantLimitReached")
        // The advice is about calls, which end in a second. Payments take an hour.
        for _ in 0..<75 { world.pass(milliseconds: 60_000) }
        try world.snapshot(coldAfter: AdvisedClient.coldAfter)
        var client = AdvisedClient { _ in }
        let end = try client.follow(Request(kind: ShardWorld.create()), in: &world)
        #expect(end == .answer(201) && client.attempts == 1)
    }

    // MARK: Scenes

    private static func small(_ change: (inout ShardConfiguration) -> Void) -> ShardConfiguration {
        var configuration = ShardConfiguration.test
        change(&configuration)
        return configuration
    }

    /// Nil for a refusal that advises nothing.
    private static func scene(of refusal: Refusal) throws -> Scene? {
        switch refusal {
        case .keyInUse: keyInUse
        case .operationInProgress: operationInProgress
        case .idempotencyTableFull: idempotencyTableFull
        case .merchantLimitReached: merchantLimitReached
        case .eventTableFull: eventTableFull
        case .journalRoomShort, .overloaded: trouble(refusal)
        case .journalFailed, .draining, .shardUnavailable: otherProcess(refusal)
        case .paymentTableFull: paymentTableFull
        case .accountTableFull: accountTableFull
        case .payoutTableFull: payoutTableFull
        case .walletTableFull: walletTableFull
        case .quoteTableFull: try quoteTableFull()
        case .timeUncertain: try timeUncertain()
        case .sellerTableFull: try sellerTableFull()
        default: nil
        }
    }

    /// The first request is at the provider.
    private static var keyInUse: Scene {
        Scene(
            prepare: { world in
                world.send(ShardWorld.create(), key: "advised")
                return Request(kind: ShardWorld.create(), openCalls: 1)
            },
            end: .replay
        )
    }

    /// A capture is at the provider; then there is nothing to cancel.
    private static var operationInProgress: Scene {
        Scene(
            prepare: { world in
                let payment = world.paid(capture: false, key: "held")
                world.send(.capture(payment, amountMinor: nil), key: "captured")
                return Request(kind: .cancel(payment), openCalls: 1)
            },
            end: .answer(409)
        )
    }

    private static var idempotencyTableFull: Scene {
        Scene(
            configuration: small { $0.idempotencyCapacity = 16 },
            prepare: { world in
                for number in 0..<14 { _ = world.paid(key: "mine\(number)") }
                return Request(kind: ShardWorld.create())
            },
            end: .answer(201)
        )
    }

    /// Of calls under way.
    private static var merchantLimitReached: Scene {
        Scene(
            configuration: small { $0.operationCapacity = 8 },
            prepare: { world in
                for number in 0..<6 { world.send(ShardWorld.create(), key: "mine\(number)") }
                return Request(kind: ShardWorld.create(), openCalls: 6)
            },
            end: .answer(201)
        )
    }

    private static var eventTableFull: Scene {
        Scene(
            configuration: small { $0.eventCapacity = 16 },
            prepare: { world in
                let payment = world.paid(key: "mine")
                for _ in 0..<14 { world.settle(payment, 1) }
                var event = ProviderEvent(type: .settlementMatched, payment: payment, id: "one more", provider: "psp")
                event.amountMinor = 1
                return Request(kind: .providerEvent(event), merchant: 0, operatorShard: payment.shard)
            },
            end: .answer(200)
        )
    }

    /// The disk is slow or short of room for a while.
    private static func trouble(_ refusal: Refusal) -> Scene {
        Scene(
            prepare: { world in
                world.core.room.refusal = refusal
                return Request(kind: ShardWorld.create())
            },
            meanwhile: { world in
                if world.now >= start + passingTrouble { world.core.room.refusal = nil }
            },
            end: .answer(201)
        )
    }

    /// This process takes nothing more; another one goes on from the journal.
    private static func otherProcess(_ refusal: Refusal) -> Scene {
        Scene(
            prepare: { world in
                world.core.room.refusal = refusal
                return Request(kind: ShardWorld.create())
            },
            meanwhile: { world in
                guard world.core.room.refusal != nil, world.now >= start + passingTrouble else { return }
                let (journal, storage, now) = (world.journal, world.storage, world.now)
                world = try ShardWorld(replaying: journal, at: now)
                world.storage = storage
                _ = world.resume()
            },
            end: .answer(201)
        )
    }

    private static var paymentTableFull: Scene {
        Scene(
            configuration: small { $0.paymentCapacity = 8 },
            prepare: { world in
                for number in 0..<8 {
                    world.send(ShardWorld.create(), key: "other\(number)", merchant: 8 + UInt64(number % 2))
                    world.answer(world.lastCall.token, ShardWorld.success())
                }
                return Request(kind: ShardWorld.create())
            },
            end: .answer(201)
        )
    }

    /// Other merchants' wallets have all accounts that there are for wallets, until one is spent.
    private static var accountTableFull: Scene {
        var spent: WalletID?
        return Scene(
            configuration: small { $0.treasury = TreasuryLimits(accounts: 64) },
            prepare: { world in
                for number in 0..<24 {
                    spent = world.fillWallet(100, merchant: number < 12 ? 8 : 9, settled: true)
                }
                world.send(.createWallet(CreateWallet(currency: .eur, reference: "")), key: "w")
                return Request(kind: .topUp(world.lastWallet, 100))
            },
            meanwhile: { world in
                guard let wallet = spent else { return }
                world.send(.pay(from: wallet, 100), key: "spend", merchant: 9)
            },
            end: .answer(201)
        )
    }

    /// The bank pays the merchant's pay-outs, which leave memory then.
    private static var payoutTableFull: Scene {
        var requested: [PayoutID] = []
        return Scene(
            configuration: small { $0.treasury.payouts = 8 },
            prepare: { world in
                world.makeAvailable(100)
                for number in 0..<6 {
                    world.send(ShardTreasuryTests.payout(1), key: "p\(number)")
                    requested.append(world.lastPayout)
                }
                return Request(kind: ShardTreasuryTests.payout(1))
            },
            meanwhile: { world in
                guard let payout = requested.popLast() else { return }
                world.send(.payoutEvent(payout, .paid, reason: ""), key: "\(payout)", merchant: 0, operatorShard: 3)
            },
            end: .answer(201)
        )
    }

    private static var walletTableFull: Scene {
        let wallet = CreateWallet(currency: .eur, reference: "")
        return Scene(
            configuration: small { $0.treasury.wallets = 8 },
            prepare: { world in
                for number in 0..<6 { world.send(.createWallet(wallet), key: "w\(number)") }
                return Request(kind: .createWallet(wallet))
            },
            end: .answer(201)
        )
    }

    private static func quoteTableFull() throws -> Scene {
        let quote = try ShardTreasuryTests.quote(100)
        return Scene(
            configuration: small { $0.treasury.quotes = 8 },
            prepare: { world in
                for number in 0..<6 { world.send(quote, key: "q\(number)") }
                return Request(kind: quote)
            },
            end: .answer(201)
        )
    }

    private static func timeUncertain() throws -> Scene {
        let quote = try ShardTreasuryTests.quote(100)
        return Scene(
            prepare: { world in
                world.makeAvailable(100)
                world.send(quote, key: "q")
                let id = world.lastQuote
                world.core.isTimeCertain = false
                return Request(kind: .convertExchange(id))
            },
            meanwhile: { world in
                if world.now >= start + passingTrouble { world.core.isTimeCertain = true }
            },
            end: .answer(201)
        )
    }

    /// Another merchant's sellers have all places, until one is paid out.
    private static func sellerTableFull() throws -> Scene {
        let names = try ["a", "b", "c"].map(ShardWalletTests.seller)
        func plan(_ seller: SellerName) -> [SplitRequest] { [SplitRequest(seller: seller, share: .amount(10))] }
        var sold: [PaymentID] = []
        return Scene(
            configuration: small { $0.treasury.sellers = 2 },
            prepare: { world in
                for name in names.prefix(2) {
                    world.send(ShardWorld.create(capture: false), key: "k\(name)", merchant: 8)
                    world.answer(world.lastCall.token, ShardWorld.success())
                    let payment = world.lastCall.call.payment
                    sold.append(payment)
                    world.send(
                        ShardWalletTests.capture(payment, amount: nil, splits: plan(name)),
                        key: "c\(name)",
                        merchant: 8
                    )
                    world.answer(world.lastCall.token, ShardWorld.success())
                }
                let mine = world.paid(capture: false, key: "mine")
                return Request(kind: ShardWalletTests.capture(mine, amount: nil, splits: plan(names[2])))
            },
            meanwhile: { world in
                guard let payment = sold.first else { return }
                sold = []
                world.settle(payment, 1_000)
                let payout = CreatePayout(amountMinor: nil, currency: .eur, seller: names[0], destination: "ba")
                world.send(.createPayout(payout), key: "paid out", merchant: 8)
            },
            end: .answer(200)
        )
    }
}
