package import Journal
import KeyRuns
import Money
import NIOCore
package import Payments
package import Risk
package import ShardCore
package import ShardRecords
package import ShardState
import ShardStorage
import Time

/// What a shard did, in order.
package enum ShardEvent: Sendable {
    case record(ShardRecord)
    /// `number` counts all calls from 1.
    case call(ProviderCall, number: Int)
    case response(Response)
    /// A stored answer was sent again: that of the record at this position.
    case replay(RecordPosition)
    /// Something was read back from the disk.
    case load(ColdItem)
    /// The scorer is asked.
    case question(ScoreRequest)
    /// Another kind of effect.
    case other(String)
}

package struct TimedEvent: Sendable {
    package var time: Int64
    package var event: ShardEvent
}

/// A shard with a journal and a disk in memory, that takes steps and tells what it did.
package struct ShardDriver: ~Copyable {
    package private(set) var core: ShardCore
    package private(set) var journal: [[UInt8]] = []
    package private(set) var now: Int64
    /// The same, as the shard has it; the model counts in milliseconds.
    private var time: Timestamp { Timestamp(milliseconds: now) }
    /// Of the last step.
    package private(set) var events: [TimedEvent] = []
    /// Payments by the number of their creation.
    package private(set) var payments: [Int: (id: PaymentID, merchant: UInt64)] = [:]
    /// Pay-outs, wallets and quotes by the number of their creation.
    package internal(set) var payouts: [Int: (id: PayoutID, merchant: UInt64)] = [:]
    package internal(set) var wallets: [Int: (id: WalletID, merchant: UInt64)] = [:]
    private(set) var walletCurrencies: [Int: Currency] = [:]
    package internal(set) var quotes: [Int: (id: QuoteID, merchant: UInt64)] = [:]
    /// The number of what the last request makes, if it makes something.
    var lastMade = 0
    /// Calls that wait for an answer, oldest first, by payment.
    package private(set) var waiting: [PaymentID: [(call: ProviderCall, token: UInt64, number: Int)]] = [:]
    package private(set) var callCount = 0
    /// The step had nothing to happen to.
    package internal(set) var didNothing = false

    let configuration: ShardConfiguration
    private let renderer: any ResponseRenderer
    private let disk = MemoryDisk()
    private var output = Turn()
    private var lastCommand: Command?
    private var lastCommandAt: Int64 = 0
    private var requests: UInt64 = 0
    private var lastAnswered: [Int: (call: ProviderCall, token: UInt64)] = [:]
    private var loads: [ColdItem] = []
    private var keyLookUps: [(digest: KeyDigest, second: UInt32)] = []
    /// Questions to the scorer that wait for an answer.
    private(set) var questions: [UInt64] = []
    private var references = 0
    /// When refunds and disputes began, by their payment and number: the first part of their
    /// identifiers.
    private var refundTimes: [PaymentID: [UInt16: Timestamp]] = [:]
    private var disputeTimes: [PaymentID: [UInt16: Timestamp]] = [:]

    package static let start: Int64 = 1_790_000_000_000

    package init(configuration: ShardConfiguration, renderer: any ResponseRenderer) {
        self.configuration = configuration
        self.renderer = renderer
        now = Self.start
        core = ShardCore(configuration: configuration, renderer: renderer)
        _ = core.resume(at: time)
    }

    private var storage: ShardStorage { ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk) }

    /// Takes one step; `events` tells what came of it.
    package mutating func take(_ step: Step) throws {
        events.removeAll(keepingCapacity: true)
        didNothing = false
        switch step {
        case .create(let payment, let creation): create(payment, creation)
        case .capture(let payment, let amount, let isFinal, let splits):
            var instructions = CaptureInstructions()
            instructions.splits = splits
            ask(payment) {
                splits.isEmpty
                    ? .capture($0, amountMinor: amount, isFinal: isFinal)
                    : .capture($0, amountMinor: amount, isFinal: isFinal, with: instructions)
            }
        case .cancel(let payment): ask(payment) { .cancel($0) }
        case .increment(let payment, let amount): ask(payment) { .increment($0, amountMinor: amount) }
        case .confirm(let payment): ask(payment) { .confirm($0) }
        case .refund(let payment, let amount): ask(payment) { .refund($0, amountMinor: amount) }
        case .approve(let payment): ask(payment) { .approve($0) }
        case .reject(let payment): ask(payment) { .reject($0) }
        case .score(let score): answerScore(score)
        case .read(let payment): ask(payment, isRead: true) { .getPayment($0) }
        case .event(let payment, let event): tell(payment, event)
        case .evidence(let payment, let dispute):
            ask(payment, dispute: dispute) { .disputeEvidence($0, evidence: "file_1\nIt was delivered") }
        case .accept(let payment, let dispute): ask(payment, dispute: dispute) { .acceptDispute($0) }
        case .dispute(let payment, let dispute): ask(payment, dispute: dispute, isRead: true) { .getDispute($0) }
        case .treasury(let treasury): take(treasury)
        case .again: repeatLast()
        case .provider(let payment, let reply): answer(payment, reply)
        case .wait(let milliseconds): wait(milliseconds)
        case .restart: try restart()
        case .restore: try restore()
        case .snapshot: try snapshot()
        }
    }

    // MARK: Requests

    private mutating func create(_ payment: Int, _ creation: Step.Creation) {
        guard payments[payment] == nil else { return didNothing = true }
        var details = PaymentDetails()
        details.append(.reference, "order-\(payment)")
        if !creation.splits.isEmpty { details.append(plan: creation.splits) }
        guard let funding = funding(creation) else { return didNothing = true }
        var method = "tok_visa"
        if case .wallet(let wallet) = funding { method = wallet.description }
        details.append(.paymentMethod, method)
        if case .topUp(let wallet) = funding { details.append(.wallet, wallet.description) }
        var request = CreatePayment(
            amountMinor: creation.amount,
            currency: creation.currency,
            capturesAutomatically: creation.captures || creation.isTopUp,
            acceptsPartialAuthorization: creation.acceptsPartial,
            feeBasisPoints: creation.isTopUp ? 0 : creation.fee,
            route: RoutePlan(creation.route.compactMap(ConnectorID.init(rawValue:))) ?? RoutePlan(.first),
            paymentMethod: method,
            details: details
        )
        request.funding = funding
        request.hasSplits = !creation.splits.isEmpty
        lastMade = payment
        send(.createPayment(request), merchant: creation.merchant, respondsAtOnce: creation.async)
    }

    private mutating func ask(_ payment: Int, isRead: Bool = false, _ kind: (PaymentID) -> Command.Kind) {
        guard let (id, merchant) = payments[payment] else { return didNothing = true }
        send(kind(id), merchant: merchant, isRead: isRead)
    }

    /// About the payment's dispute of this number.
    private mutating func ask(
        _ payment: Int,
        dispute number: UInt16,
        isRead: Bool = false,
        kind: (DisputeID) -> Command.Kind
    ) {
        guard let (id, merchant) = payments[payment], let began = disputeTimes[id]?[number] else {
            return didNothing = true
        }
        let dispute = DisputeID(
            createdAt: began,
            shard: id.shard,
            paymentSequence: id.sequence,
            ordinal: number
        )
        send(kind(dispute), merchant: merchant, isRead: isRead)
    }

    /// An operator posts an event.
    private mutating func tell(_ payment: Int, _ event: Step.Event) {
        guard let (id, _) = payments[payment] else { return didNothing = true }
        var refund: RefundID?
        if let number = event.refund {
            guard let began = refundTimes[id]?[number] else { return didNothing = true }
            refund = RefundID(
                createdAt: began,
                shard: id.shard,
                paymentSequence: id.sequence,
                ordinal: number
            )
        }
        let told = event.told(of: id, id: "evt_\(requests + 1)", refund: refund, own: connector(payment), at: now)
        send(.providerEvent(told), merchant: 0, operatorShard: id.shard)
    }

    mutating func send(
        _ kind: Command.Kind,
        merchant: UInt64,
        respondsAtOnce: Bool = false,
        isRead: Bool = false,
        operatorShard: UInt16? = nil
    ) {
        requests += 1
        let command = Command(
            kind: kind,
            merchant: MerchantID(rawValue: merchant),
            requestID: RequestID(high: 1, low: requests),
            key: isRead ? nil : KeyDigest(high: merchant, low: requests),
            fingerprint: isRead ? nil : Fingerprint(high: 0, low: requests),
            reply: ReplyToken(loop: 0, connection: 0, generation: 0, stream: UInt32(truncatingIfNeeded: requests)),
            respondsAtOnce: respondsAtOnce,
            operatorShard: operatorShard
        )
        if !isRead { (lastCommand, lastCommandAt) = (command, now) }
        core.handle(command, at: time, into: &output)
        settle()
    }

    private mutating func repeatLast() {
        // After a day a key is forgotten, and the request is a new one.
        guard var command = lastCommand, now - lastCommandAt < 23 * 3_600_000 else { return didNothing = true }
        requests += 1
        command.requestID = RequestID(high: 1, low: requests)
        core.handle(command, at: time, into: &output)
        settle()
    }

    // MARK: The PSP

    private mutating func answer(_ payment: Int, _ reply: Step.Reply) {
        guard let (id, _) = payments[payment], var calls = waiting[id], !calls.isEmpty else { return didNothing = true }
        let (call, token, _) = calls.removeFirst()
        // That is an answer to a question, not to a request.
        guard reply != .notFound || call.mode != .execute else { return didNothing = true }
        waiting[id] = calls.isEmpty ? nil : calls
        lastAnswered[payment] = (call, token)
        core.handle(outcome(reply, call), of: token, at: time, into: &output)
        settle()
    }

    private mutating func answerScore(_ score: UInt8?) {
        guard !questions.isEmpty else { return didNothing = true }
        let answer = score.map { ScoreOutcome.scored($0, reasons: ["scorer"]) } ?? .failed(.timeout)
        core.handle(answer, of: questions.removeFirst(), at: time, into: &output)
        settle()
    }

    private mutating func outcome(_ reply: Step.Reply, _ call: ProviderCall) -> ProviderOutcome {
        switch reply {
        case .ok(let amount, let currency, let expiresIn):
            references += 1
            return .succeeded(
                ProviderSuccess(
                    providerReference: "psp_\(references)",
                    amountMinor: amount ?? call.amountMinor,
                    currency: currency ?? call.currency,
                    expiresAt: expiresIn > 0 ? time.adding(milliseconds: expiresIn) : .none
                )
            )
        case .declined(let code):
            return .declined(Decline(category: code.category, code: code, providerCode: "05"))
        case .action:
            let action = NextAction(kind: .threeDSecure, url: "https://psp.test/3ds/1")
            return .actionRequired(action, providerReference: "psp_action")
        case .pending: return .pending(providerReference: "psp_pending")
        case .unknown(let reason): return .unknown(reason)
        case .notExecuted(let reason): return .notExecuted(reason)
        case .notFound: return .notFound
        }
    }

    /// Another answer to the payment's last call that has been answered.
    package mutating func answerLate(_ payment: Int, _ reply: Step.Reply) {
        events.removeAll(keepingCapacity: true)
        guard let (call, token) = lastAnswered[payment] else { return didNothing = true }
        core.handle(outcome(reply, call), of: token, at: time, into: &output)
        settle()
    }

    /// A request of a merchant that the payment is not of.
    package mutating func askAsStranger(_ payment: Int, _ kind: (PaymentID) -> Command.Kind) {
        events.removeAll(keepingCapacity: true)
        guard let (id, merchant) = payments[payment] else { return didNothing = true }
        send(kind(id), merchant: merchant + 1)
    }

    // MARK: Time, and the end of the process

    /// Ticks of a second for a minute, then of a minute or, when that were more than a hundred, of
    /// a hundredth.
    private mutating func wait(_ milliseconds: Int64) {
        let tick = milliseconds <= 60_000 ? 1_000 : max(60_000, milliseconds / 100)
        var rest = milliseconds
        while rest > 0 {
            now += min(tick, rest)
            rest -= min(tick, rest)
            core.tick(at: time, into: &output)
            settle()
        }
    }

    private mutating func restart() throws {
        core = ShardCore(configuration: configuration, renderer: renderer)
        for (index, record) in journal.enumerated() {
            try core.replay(record.span, at: RecordPosition(index + 1)) { _, _ in nil }
        }
        resume()
    }

    private mutating func restore() throws {
        core = ShardCore(configuration: configuration, renderer: renderer)
        let storage = storage
        let position = try storage.restore(into: &core).position
        for index in Int(position)..<journal.count {
            let record = journal[index]
            try core.replay(record.span, at: RecordPosition(index + 1)) { item, before in
                do throws(JournalError) { return try storage.load(item, before: before) } catch { return nil }
            }
        }
        resume()
    }

    private mutating func resume() {
        waiting = [:]
        questions = []
        _ = core.resume(at: time)
    }

    private mutating func snapshot() throws {
        let storage = storage
        var plan = try storage.write(core.capture(unchangedSince: time), epoch: 1, wallMilliseconds: now).plan
        while !core.release(&plan, limit: 64) {}
        while try storage.keyRuns.merge(at: time.seconds) != nil {}
        core.use(storage.keyRuns.current)
        while !core.releaseKeys() {}
    }

    /// A digest of everything that matters, and the same of a shard made from the journal alone.
    package func digest() -> UInt64 {
        let storage = storage
        return core.stateDigest { item in
            do { return try storage.load(item) } catch { return nil }
        }
    }

    package func replayedDigest() throws -> UInt64 {
        var other = ShardCore(configuration: configuration, renderer: renderer)
        for (index, record) in journal.enumerated() { try other.replay(record.span, at: RecordPosition(index + 1)) }
        return other.stateDigest()
    }

    /// The digest of a shard made from a snapshot taken behind the first `records` records, and the
    /// journal behind that.
    package func restoredDigest(snapshotBehind records: Int) throws -> UInt64 {
        let disk = MemoryDisk()
        let storage = ShardStorage(directory: "/shard", journalID: 3, fileSystem: disk)
        var first = ShardCore(configuration: configuration, renderer: renderer)
        for index in 0..<records {
            let record = journal[index]
            try first.replay(record.span, at: RecordPosition(index + 1))
        }
        _ = try storage.write(first.capture(unchangedSince: time), epoch: 1, wallMilliseconds: now)
        var second = ShardCore(configuration: configuration, renderer: renderer)
        let position = try storage.restore(into: &second).position
        for index in Int(position)..<journal.count {
            let record = journal[index]
            try second.replay(record.span, at: RecordPosition(index + 1)) { item, before in
                do throws(JournalError) { return try storage.load(item, before: before) } catch { return nil }
            }
        }
        return second.stateDigest { item in
            do { return try storage.load(item) } catch { return nil }
        }
    }

    /// A payment as the shard shows it, wherever it is.
    package func view(_ payment: Int) throws -> PaymentView? {
        guard let (id, _) = payments[payment] else { return nil }
        var found: PaymentView?
        _ = core.forEachPayment(from: Int(id.sequence) - 1, count: 1) { view, _ in found = view }
        return try found ?? storage.view(id.sequence).0
    }

    /// The number of the connector that has the payment.
    private func connector(_ payment: Int) -> UInt16 {
        guard let view = try? view(payment) else { return ConnectorID.first.rawValue }
        return view.connector.rawValue
    }

    // MARK: What the shard decided

    private mutating func settle() {
        repeat {
            takeRecords()
            while let pending = output.takeEffect() {
                precondition(pending.restsOn <= RecordPosition(journal.count), "an effect rests on a record never made")
                take(pending.effect)
            }
            output.removeAll()
            for item in loads {
                let entry: [UInt8]? = { do { return try storage.load(item) } catch { return nil } }()
                core.loaded(item, entry, at: time, into: &output)
            }
            loads.removeAll()
            for (digest, second) in keyLookUps {
                let found = ShardStorage.lookUp(digest, in: core.keyRuns, at: second)
                core.keyLookedUp(digest, found, at: time, into: &output)
            }
            keyLookUps.removeAll()
        } while !output.isEmpty
    }

    private mutating func takeRecords() {
        var offset = 0
        for _ in 0..<output.recordCount {
            let length = (0..<4).reduce(0) { $0 | Int(output.records[offset + $1]) << ($1 * 8) }
            let bytes = Array(output.records[(offset + 4)..<(offset + 4 + length)])
            journal.append(bytes)
            offset += 4 + length
            do throws(RecordDecodingError) {
                let record = try ShardRecord(decoding: bytes.span)
                note(record)
                events.append(TimedEvent(time: now, event: .record(record)))
            } catch {
                preconditionFailure("a shard wrote what it cannot read: \(error)")
            }
        }
    }

    /// How many refunds of the payment ever began.
    func refundCount(_ payment: Int) -> Int { payments[payment].flatMap { refundTimes[$0.id]?.count } ?? 0 }

    /// Keeps what was made, and when a refund or a dispute began.
    private mutating func note(_ record: ShardRecord) {
        switch record {
        case .paymentCreated(let created): payments[lastMade] = (created.id, created.merchant.rawValue)
        case .payoutChanged(let changed) where changed.event == nil:
            payouts[lastMade] = (changed.id, changed.merchant.rawValue)
        case .walletOpened(let opened):
            wallets[lastMade] = (opened.id, opened.merchant.rawValue)
            walletCurrencies[lastMade] = opened.currency
        case .exchangeQuoted(let quoted): quotes[lastMade] = (quoted.id, quoted.merchant.rawValue)
        case .operationStarted(let started) where started.operation == .refund:
            refundTimes[started.payment, default: [:]][started.ordinal] = started.time
        case .eventApplied(let applied) where applied.fact.effect.isDispute:
            let known = disputeTimes[applied.payment]?[applied.dispute]
            disputeTimes[applied.payment, default: [:]][applied.dispute] = known ?? applied.time
        default: break
        }
    }

    private mutating func take(_ effect: Effect) {
        switch effect {
        case .callProvider(let call, let token, _):
            callCount += 1
            waiting[call.payment, default: []].append((call, token, callCount))
            events.append(TimedEvent(time: now, event: .call(call, number: callCount)))
        case .respond(let response): events.append(TimedEvent(time: now, event: .response(response)))
        case .replay(_, _, _, let record): events.append(TimedEvent(time: now, event: .replay(record)))
        case .load(_, let item):
            loads.append(item)
            events.append(TimedEvent(time: now, event: .load(item)))
        // Where its key is changes nothing for who sent a request.
        case .lookUpKey(let digest, let second): keyLookUps.append((digest, second))
        case .score(let question, let token, _):
            questions.append(token)
            events.append(TimedEvent(time: now, event: .question(question)))
        default: events.append(TimedEvent(time: now, event: .other("\(effect)")))
        }
    }
}
