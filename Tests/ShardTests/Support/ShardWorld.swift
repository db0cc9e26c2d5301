import Journal
import KeyRuns
import Money
import NIOCore
import Payments
import Risk
import ShardCore
import ShardModel
import ShardRecords
import ShardState
import ShardStorage
import Time

/// A shard with a journal in memory and a recording of its effects: what a test drives by feeding
/// events.
struct ShardWorld: ~Copyable {
    var core: ShardCore
    var output = Turn()
    /// Every record that was persisted, in order.
    var journal: [[UInt8]] = []
    var responses: [Response] = []
    var calls: [(call: ProviderCall, token: UInt64)] = []
    var questions: [(question: ScoreRequest, token: UInt64)] = []
    var replays: [(reply: ReplyToken, record: RecordPosition)] = []
    /// What the shard asked to be read back and was not yet.
    var loadedItems: [ColdItem] = []
    /// The payments among it.
    var loads: [UInt64] { loadedItems.filter { $0.kind == .payment }.map(\.sequence) }
    var histories: [(payment: PaymentID, newest: RecordPosition)] = []
    var ledgerReads: [LedgerRead] = []
    var pastBalances: [PastBalance] = []
    var loadsAtOnce = true
    /// Keys that the shard asked to be looked up and that were not yet.
    var keyLookUps: [(digest: KeyDigest, second: UInt32)] = []
    var looksUpAtOnce = true
    var storage: ShardStorage?
    var restored = RestoreReport()
    var now: Timestamp = 1_790_000_000_000
    /// Requests sent, of which each has its own identifier.
    var requests: UInt64 = 0

    init(configuration: ShardConfiguration = .test) {
        core = ShardCore(configuration: configuration, renderer: TestRenderer())
        _ = core.resume(at: now)
    }

    /// A new shard from another one's journal, resumed.
    init(replaying journal: [[UInt8]], configuration: ShardConfiguration = .test, at now: Timestamp) throws {
        core = ShardCore(configuration: configuration, renderer: TestRenderer())
        for (index, record) in journal.enumerated() {
            try core.replay(record.span, at: RecordPosition(index + 1))
        }
        self.journal = journal
        self.now = now
    }

    // MARK: Events

    @discardableResult
    mutating func send(
        _ kind: Command.Kind,
        key: String? = nil,
        body: UInt64 = 1,
        merchant: UInt64 = 7,
        respondsAtOnce: Bool = false,
        operatorShard: UInt16? = nil,
        credential: UInt64 = 0
    ) -> ReplyToken {
        requests += 1
        let reply = ReplyToken(loop: 0, connection: 0, generation: 0, stream: UInt32(requests))
        let command = Command(
            kind: kind,
            merchant: MerchantID(rawValue: merchant),
            requestID: RequestID(high: 1, low: requests),
            key: key.map { KeyDigest(high: merchant, low: Self.hash($0)) },
            fingerprint: key.map { _ in Fingerprint(high: 0, low: body) },
            reply: reply,
            respondsAtOnce: respondsAtOnce,
            operatorShard: operatorShard,
            credential: credential
        )
        core.handle(command, at: now, into: &output)
        settle()
        return reply
    }

    /// An operator posts an event of a payment.
    @discardableResult
    mutating func tell(
        _ type: PaymentEventType,
        of payment: PaymentID,
        id: String? = nil,
        credential: UInt64 = 0,
        change: (inout ProviderEvent) -> Void = { _ in }
    ) -> String {
        requests += 1
        let id = id ?? "evt_\(journal.count)_\(requests)"
        var event = ProviderEvent(type: type, payment: payment, id: id, provider: "psp")
        if type.isDispute { event.reference = "dp_1" }
        change(&event)
        let command = Command(
            kind: .providerEvent(event),
            merchant: MerchantID(rawValue: 0),
            requestID: RequestID(high: 1, low: requests),
            key: KeyDigest(high: 0, low: Self.hash(id)),
            fingerprint: Fingerprint(high: 0, low: 1),
            reply: ReplyToken(loop: 0, connection: 0, generation: 0, stream: UInt32(requests)),
            operatorShard: payment.shard,
            credential: credential
        )
        core.handle(command, at: now, into: &output)
        settle()
        return lastBody
    }

    mutating func answer(_ token: UInt64, _ outcome: ProviderOutcome) {
        core.handle(outcome, of: token, at: now, into: &output)
        settle()
    }

    mutating func score(_ token: UInt64, _ outcome: ScoreOutcome) {
        core.handle(outcome, of: token, at: now, into: &output)
        settle()
    }

    mutating func pass(milliseconds: Int64) {
        now += milliseconds
        core.tick(at: now, into: &output)
        settle()
    }

    mutating func resume() -> Int { core.resume(at: now) }

    /// Takes what the shard decided: records become durable, effects are released.
    private mutating func settle() {
        var offset = 0
        for _ in 0..<output.recordCount {
            let length = (0..<4).reduce(0) { $0 | Int(output.records[offset + $1]) << ($1 * 8) }
            journal.append(Array(output.records[(offset + 4)..<(offset + 4 + length)]))
            offset += 4 + length
        }
        precondition(offset == output.records.count)
        while let pending = output.takeEffect() {
            precondition(pending.restsOn <= RecordPosition(journal.count), "an effect rests on a record never made")
            switch pending.effect {
            case .callProvider(let call, let token, _): calls.append((call, token))
            case .score(let question, let token, _): questions.append((question, token))
            case .respond(let response): responses.append(response)
            case .replay(let reply, _, _, let record): replays.append((reply, record))
            case .load(_, let item): loadedItems.append(item)
            case .lookUpKey(let digest, let second): keyLookUps.append((digest, second))
            case .history(_, _, _, let payment, let newest): histories.append((payment, newest))
            case .ledgerEntries(_, _, let read): ledgerReads.append(read)
            case .pastBalance(_, _, let read): pastBalances.append(read)
            }
        }
        output.removeAll()
        if loadsAtOnce, !loadedItems.isEmpty { answerLoads() }
        if looksUpAtOnce, !keyLookUps.isEmpty { answerKeyLookUps() }
    }

    /// A look-up ended.
    mutating func keyFound(_ digest: KeyDigest, _ found: KeyLookUp) {
        core.keyLookedUp(digest, found, at: now, into: &output)
        settle()
    }

    /// The keys that were asked for are looked up.
    mutating func answerKeyLookUps(failing: Bool = false) {
        let asked = keyLookUps
        keyLookUps = []
        for (digest, second) in asked {
            let found = failing ? .failed : ShardStorage.lookUp(digest, in: core.keyRuns, at: second)
            core.keyLookedUp(digest, found, at: now, into: &output)
        }
        settle()
    }

    /// What was asked for is read back.
    mutating func answerLoads(failing: Bool = false) {
        let items = loadedItems
        loadedItems = []
        for item in items { core.loaded(item, failing ? nil : entry(item), at: now, into: &output) }
        settle()
    }

    private func entry(_ item: ColdItem) -> [UInt8]? {
        do { return try storage?.load(item) } catch { return nil }
    }

    // MARK: Snapshots

    /// A shard from the newest snapshot that verifies, and the journal behind it.
    init(
        from storage: ShardStorage,
        journal: [[UInt8]],
        configuration: ShardConfiguration = .test,
        at now: Timestamp
    ) throws {
        core = ShardCore(configuration: configuration, renderer: TestRenderer())
        restored = try storage.restore(into: &core)
        for index in Int(restored.position)..<journal.count {
            let record = journal[index]
            try core.replay(record.span, at: RecordPosition(index + 1)) { item, before in
                do throws(JournalError) { return try storage.load(item, before: before) } catch { return nil }
            }
            try storage.makeRoomForKeys(in: &core)
        }
        self.journal = journal
        self.now = now
        self.storage = storage
    }

    /// Writes a snapshot, and lets what was written as cold leave memory.
    @discardableResult
    mutating func snapshot(coldAfter: Int64 = 0, releasing: Bool = true) throws -> WrittenSnapshot {
        let storage = try storage ?? { throw JournalError(.io, "the world has no storage") }()
        let capture = core.capture(unchangedSince: now - coldAfter)
        do {
            let written = try storage.write(capture, epoch: 1, wallMilliseconds: now.milliseconds)
            var plan = written.plan
            while releasing, !core.release(&plan, limit: 1) {}
            while try storage.keyRuns.merge(at: now.seconds) != nil {}
            core.use(storage.keyRuns.current)
            while releasing, !core.releaseKeys() {}
            return written
        } catch {
            core.snapshotFailed(capture)
            throw error
        }
    }

    func digest() -> UInt64 {
        core.stateDigest { [storage] item in
            do { return try storage?.load(item) } catch { return nil }
        }
    }

    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    // MARK: Shorthands

    static func create(
        _ amount: Int64 = 1000,
        capture: Bool = true,
        acceptsPartial: Bool = false,
        fee: UInt16 = 250,
        route: RoutePlan = RoutePlan(.first)
    ) -> Command.Kind {
        var details = PaymentDetails()
        details.append(.paymentMethod, "tok_visa")
        details.append(.reference, "order-1")
        return .createPayment(
            CreatePayment(
                amountMinor: amount,
                currency: .eur,
                capturesAutomatically: capture,
                acceptsPartialAuthorization: acceptsPartial,
                feeBasisPoints: fee,
                route: route,
                paymentMethod: "tok_visa",
                details: details
            )
        )
    }

    static func success(_ amount: Int64 = 1000, _ reference: String = "ch_1") -> ProviderOutcome {
        .succeeded(ProviderSuccess(providerReference: reference, amountMinor: amount, currency: .eur))
    }

    /// Creates a payment and lets the PSP say yes.
    mutating func paid(_ amount: Int64 = 1000, capture: Bool = true, key: String) -> PaymentID {
        send(Self.create(amount, capture: capture), key: key)
        let (call, token) = calls[calls.count - 1]
        answer(token, Self.success(amount))
        return call.payment
    }

    var lastBody: String { responses.last.map { String(buffer: $0.body) } ?? "" }
    var lastStatus: UInt16 { responses.last?.status ?? 0 }
    /// The first payment.
    var only: PaymentView {
        var found: PaymentView?
        _ = core.forEachPayment(from: 0, count: 1) { view, _ in found = view }
        guard let found else { preconditionFailure("no payment") }
        return found
    }
    var lastCall: (call: ProviderCall, token: UInt64) { calls[calls.count - 1] }
}

extension ShardConfiguration {
    static var test: ShardConfiguration {
        var configuration = ShardConfiguration(
            shard: 3,
            connectors: ConnectorTable(ConnectorRegistry("psp")),
            idempotencyCapacity: 1 << 11,
            paymentCapacity: 1 << 16,
            operationCapacity: 1 << 10
        )
        // The tests of resolution and of cold payments wait for days; those of giving up and of
        // ends say how long.
        configuration.resolution = ResolutionPolicy(abandonAfter: .max / 2)
        configuration.capabilities = PaymentCapabilities(authorizationLifetime: 365 * 86_400_000)
        return configuration
    }
}
