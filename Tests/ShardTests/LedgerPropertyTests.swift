import Journal
import Ledger
import Money
import Payments
import ShardCore
import ShardModel
import ShardRecords
import ShardStorage
import Testing
import Time

/// Random lives of payments of several merchants, with restarts: what each merchant reads of its
/// ledger is what a naive reader of the whole journal finds.
@Suite("A merchant's ledger, read back")
struct LedgerPropertyTests {
    @Test(
        "page by page it is every transfer of the merchant, and the balance of any moment is the naive sum",
        arguments: 1...6
    )
    func agreesWithModel(seed: UInt64) throws {
        var run = LedgerRun(seed: seed)
        for round in 0..<6 {
            for _ in 0..<150 { run.step() }
            try run.check()
            try run.restart(fromSnapshot: round % 3 != 2)
            try run.check()
        }
    }

    @Test("what comes in while a list is read changes nothing of it")
    func stableUnderWriting() throws {
        var run = LedgerRun(seed: 99)
        for _ in 0..<500 { run.step() }
        let expected = try LedgerModel(run.world.journal).visible(1)
        var found: [LedgerModel.Item] = []
        var query = LedgerQuery(limit: 3)
        repeat {
            let page = try run.world.page(query, merchant: 1)
            found += page.entries.map(\.item)
            query.cursor = page.next
            for _ in 0..<7 { run.step() }
        } while query.cursor != nil
        #expect(found == expected && found.count > 30)
    }

    @Test("among thousands of marks a moment is found in a few steps")
    func marksAreSkipped() throws {
        var configuration = ShardConfiguration.test
        configuration.recordsPerMark = 1
        configuration.idempotencyCapacity = 1 << 13
        var world = ShardWorld(configuration: configuration)
        for index in 0..<4_400 {
            _ = world.paid(key: "\(index)")
            world.now += 1
        }
        let start = world.now - 4_400
        let whole = try LedgerModel(world.journal)
        for offset in stride(from: Int64(-1), to: 4_400, by: 137) {
            let found = try #require(try world.balances(at: start + offset, merchant: 7))
            #expect(found.sums == whole.balances(7, at: start + offset))
            // At most one of the farthest, and 64 of each other kind, each with one that is too
            // early; then a record or two.
            #expect(found.reads <= 2 + 65 + 65 + 2)
        }
        let beginning = try #require(try world.balances(at: start + 10, merchant: 7))
        #expect(beginning.reads > 64, "otherwise the bound says nothing")
    }
}

private struct LedgerRun: ~Copyable {
    private static let merchants: UInt64 = 4

    var world: ShardWorld
    private var random: SplitMix
    private let disk = MemoryDisk()
    private let configuration: ShardConfiguration
    private var payments: [(id: PaymentID, merchant: UInt64)] = []
    private var answered = 0
    private var keys = 0

    init(seed: UInt64) {
        var configuration = ShardConfiguration.test
        configuration.recordsPerMark = 3
        self.configuration = configuration
        random = SplitMix(state: seed)
        world = ShardWorld(configuration: configuration)
        world.storage = storage()
    }

    private func storage() -> ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }

    mutating func step() {
        world.now += Int64(random.next() % 3)  // Often two records have the same time.
        keys += 1
        if payments.isEmpty || random.next() % 3 == 0 {
            let merchant = random.next() % Self.merchants + 1
            let create = ShardWorld.create(
                Int64(random.next() % 9_000) + 1,
                capture: random.next() % 3 > 0,
                fee: UInt16(random.next() % 3 * 5_000)  // None, half, or all of it.
            )
            world.send(create, key: "\(keys)", merchant: merchant)
            if let call = world.calls.last?.call { payments.append((call.payment, merchant)) }
        } else {
            let (id, merchant) = payments[Int(random.next() % UInt64(payments.count))]
            let amount: Int64? = random.next() % 2 == 0 ? nil : Int64(random.next() % 4_000) + 1
            switch random.next() % 4 {
            case 0: world.send(.capture(id, amountMinor: amount, isFinal: false), key: "\(keys)", merchant: merchant)
            case 1: world.send(.cancel(id), key: "\(keys)", merchant: merchant)
            default: world.send(.refund(id, amountMinor: amount), key: "\(keys)", merchant: merchant)
            }
        }
        answer()
    }

    private mutating func answer() {
        while answered < world.calls.count {
            let (call, token) = world.calls[answered]
            answered += 1
            if random.next() % 5 == 0 {
                let decline = Decline(category: .hard, code: .insufficientFunds, providerCode: "51")
                world.answer(token, .declined(decline))
            } else {
                world.answer(token, ShardWorld.success(call.amountMinor))
            }
        }
    }

    /// Another shard from the journal, behind a snapshot or not; goes on, and must come to the same
    /// state.
    mutating func restart(fromSnapshot: Bool) throws {
        if fromSnapshot { try world.snapshot() }
        for _ in 0..<20 { step() }
        let digest = world.digest()
        let (journal, now) = (world.journal, world.now)
        world =
            fromSnapshot
            ? try ShardWorld(from: storage(), journal: journal, configuration: configuration, at: now)
            : try ShardWorld(replaying: journal, configuration: configuration, at: now)
        world.storage = storage()
        #expect(world.digest() == digest)
        _ = world.resume()
        answered = 0
    }

    mutating func check() throws {
        world.now += 1
        let model = try LedgerModel(world.journal)
        for merchant in 1...Self.merchants {
            let expected = model.visible(merchant)
            #expect(try entries(LedgerQuery(limit: Int(random.next() % 100) + 1), merchant) == expected)
            let filter = LedgerQuery(limit: Int(random.next() % 9) + 1, account: .merchantPending, currency: .eur)
            let pending = expected.filter { $0.postings.contains { $0.account.kind == .merchantPending } }
            #expect(try entries(filter, merchant) == pending)
            #expect(try entries(LedgerQuery(currency: .usd), merchant).isEmpty)
            try checkBalances(model, merchant)
        }
        #expect(try entries(LedgerQuery(), 77).isEmpty)
    }

    private mutating func checkBalances(_ model: LedgerModel, _ merchant: UInt64) throws {
        let first: Timestamp = 1_789_999_999_999
        for _ in 0..<20 {
            let time = first + Int64(random.next() % UInt64(world.now.milliseconds(since: first)))
            let found = try #require(try world.balances(at: time, merchant: merchant))
            #expect(found.sums == model.balances(merchant, at: time), "merchant \(merchant) at \(time)")
        }
        world.send(.getPastBalance(at: world.now), merchant: merchant)
        #expect(world.lastBody == "refused momentNotPast" && world.lastStatus == 400)
    }

    private mutating func entries(_ query: LedgerQuery, _ merchant: UInt64) throws -> [LedgerModel.Item] {
        var items: [LedgerModel.Item] = []
        var query = query
        repeat {
            let page = try world.page(query, merchant: merchant)
            #expect(page.entries.count <= query.limit && !page.isTruncated)
            items += page.entries.map(\.item)
            query.cursor = page.next
        } while query.cursor != nil
        return items
    }
}
