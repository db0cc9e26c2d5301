import Journal
import Money
import NIOCore
import NIOEmbedded
import Payments
import Risk
import ShardCore
import ShardHost
import ShardRecords
import ShardState
import Synchronization
import Time

/// A shard's host between a manual journal and recording ports, on an embedded event loop:
/// everything on the thread of the test, reads of stored answers too.
final class HostHarness: ShardPorts {
    let loop = EmbeddedEventLoop()
    let journal = ManualJournal()
    private let clock = ManualClock()
    private let bridge: JournalBridge
    private(set) var host: ShardHost!
    private(set) var calls: [(call: ProviderCall, token: UInt64, timeout: Int64)] = []
    private(set) var questions: [(question: ScoreRequest, token: UInt64, timeout: Int64)] = []
    private(set) var responses: [Response] = []
    private(set) var failures: [JournalError] = []
    private(set) var flushes = 0
    private(set) var snapshotFailures: [JournalError] = []
    /// Runs within `respond`, as an edge does whose answer lets the next request in.
    var onRespond: (() -> Void)?
    private var requests: UInt64 = 0

    init(
        limits: ShardHost.Limits = ShardHost.Limits(),
        largestAppendBytes: Int = .max,
        core: consuming ShardCore? = nil,
        snapshots: SnapshotSetup? = nil,
        reads: any BlockingReads = InlineReads(),
        threads: ReadThreads? = nil
    ) {
        bridge = JournalBridge(JournalMail(eventLoop: loop))
        journal.largestAppendBytes = largestAppendBytes
        var core = core.take() ?? ShardCore(configuration: .test, renderer: TestRenderer())
        _ = core.resume(at: Timestamp(milliseconds: clock.now))
        host = ShardHost(
            eventLoop: loop,
            core: core,
            journal: journal,
            threads: threads ?? ReadThreads(reads),
            snapshots: snapshots,
            limits: limits,
            clock: { [clock] in clock.now },
            ports: self
        )
        bridge.bind(host)
    }

    // MARK: Events

    func command(
        _ kind: Command.Kind = ShardWorld.create(),
        key: UInt64,
        merchant: UInt64 = 7
    ) -> Command {
        requests += 1
        return Command(
            kind: kind,
            merchant: MerchantID(rawValue: merchant),
            requestID: RequestID(high: 1, low: requests),
            key: KeyDigest(high: merchant, low: key),
            fingerprint: Fingerprint(high: 0, low: 1),
            reply: ReplyToken(loop: 0, connection: 0, generation: 0, stream: UInt32(requests))
        )
    }

    func send(_ kind: Command.Kind = ShardWorld.create(), key: UInt64, merchant: UInt64 = 7) {
        host.process([command(kind, key: key, merchant: merchant)])
    }

    /// The PSP says yes to the call number `index`.
    func succeed(_ index: Int) {
        host.providerCompleted(calls[index].token, ShardWorld.success())
        host.providerCompletionsDelivered()
    }

    /// Everything appended so far is durable, or what is numbered up to `position`.
    func flush(upTo position: RecordPosition? = nil) {
        if position == nil { journal.noteDurable() }
        bridge.journalDurable(upTo: position ?? journal.lastPosition)
        loop.run()
    }

    func fail(_ error: JournalError) {
        bridge.journalFailed(error)
        loop.run()
    }

    /// Another owner has the journal.
    func lose() {
        bridge.journalLost(JournalError(.fenced, "another owner"))
        loop.run()
    }

    func pass(milliseconds: Int64) {
        clock.advance(by: milliseconds)
        host.tick()
    }

    // MARK: Ports

    func callProvider(_ call: ProviderCall, token: UInt64, timeout: Int64, for host: ShardHost) {
        calls.append((call, token, timeout))
    }

    func score(_ question: ScoreRequest, token: UInt64, timeout: Int64, for host: ShardHost) {
        questions.append((question, token, timeout))
    }

    func respond(_ response: Response) {
        responses.append(response)
        onRespond?()
    }

    func snapshotFailed(_ error: JournalError, shard: UInt16) { snapshotFailures.append(error) }

    func effectsReleased() { flushes += 1 }

    private(set) var isRoomShort = false

    func journalRoom(isShort: Bool, shard: UInt16) { isRoomShort = isShort }

    func journalFailed(_ error: JournalError, shard: UInt16) { failures.append(error) }

    private(set) var losses = 0

    func journalLost(_ error: JournalError, shard: UInt16) { losses += 1 }

    func body(_ index: Int) -> String { String(buffer: responses[index].body) }
}

/// Milliseconds since 1970, as the test says.
private final class ManualClock: Sendable {
    private let milliseconds = Mutex<Int64>(1_790_000_000_000)

    var now: Int64 { milliseconds.withLock { $0 } }

    func advance(by interval: Int64) { milliseconds.withLock { $0 += interval } }
}
