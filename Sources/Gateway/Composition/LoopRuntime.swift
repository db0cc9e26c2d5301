import API
import HTTPTransport
import Journal
import NIOCore
import Payments
import Providers
import Risk
import ShardCore
import ShardHost
import ShardState
import ShardStorage

/// Everything that one event loop owns: its shards, its part of the edge, and the mailboxes to the other loops.
///
/// Commands and answers cross loops in batches: what a read cycle (or a released journal batch) produced for another loop
/// travels as one array by one `execute`. Nothing is shared and nothing is locked.
final class LoopRuntime {
    let eventLoop: any EventLoop
    let index: Int
    private let shardCount: UInt16
    private let loopCount: Int
    private(set) var shards: [ShardRuntime] = []
    private(set) var api: PaymentAPI?
    private(set) var server: HTTPServerLoop?
    private var neighbours: [NIOLoopBound<LoopRuntime>] = []

    /// Commands for this loop's own shards, by local number, and for other loops.
    private var localCommands: [[Command]] = []
    private var outboundCommands: [[Command]]
    private var outboundAnswers: [[Response]]
    private var hasOutboundAnswers = false
    private var ticking: RepeatedTask?
    private(set) var statistics = LoopStatistics()
    private let onJournalEvent: @Sendable (JournalEvent) -> Void

    init(
        eventLoop: any EventLoop,
        index: Int,
        loopCount: Int,
        shardCount: Int,
        onJournalEvent: @escaping @Sendable (JournalEvent) -> Void
    ) {
        self.eventLoop = eventLoop
        self.index = index
        self.loopCount = loopCount
        self.shardCount = UInt16(shardCount)
        self.onJournalEvent = onJournalEvent
        outboundCommands = [[Command]](repeating: [], count: loopCount)
        outboundAnswers = [[Response]](repeating: [], count: loopCount)
    }

    // MARK: Set-up, on this loop

    /// Shards are owned round-robin: shard s by loop s mod loops. Added in ascending order.
    func add(_ shard: ShardRuntime) {
        precondition(Int(shard.host.shard) == index + shards.count * loopCount, "shards are owned round-robin")
        shards.append(shard)
        localCommands.append([])
    }

    func connect(_ neighbours: [NIOLoopBound<LoopRuntime>]) {
        precondition(neighbours.count == loopCount)
        self.neighbours = neighbours
    }

    func makeAPI(_ server: HTTPServerLoop, _ configuration: APIConfiguration) -> PaymentAPI {
        let api = PaymentAPI(server: server, loopIndex: UInt16(index), configuration: configuration, sink: self)
        self.api = api
        self.server = server
        return api
    }

    // MARK: Time

    /// How often time passes for the shards. Retries and resolutions are no more exact than this.
    private static let tickInterval = TimeAmount.milliseconds(10)

    func startTicking() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        ticking = eventLoop.scheduleRepeatedTask(initialDelay: Self.tickInterval, delay: Self.tickInterval) { _ in
            for shard in bound.value.shards { shard.host.tick() }
        }
    }

    func stopTicking() {
        ticking?.cancel()
        ticking = nil
    }

    // MARK: Commands

    /// Commands from another loop's edge, in one batch.
    private func receive(_ commands: [Command]) {
        for command in commands { localCommands[localShard(of: command)].append(command) }
        processLocal()
    }

    private func localShard(of command: Command) -> Int { shard(of: command) / loopCount }

    /// An operator may name a shard that there is not: any other refuses what it does not have.
    private func shard(of command: Command) -> Int {
        Int(command.operatorShard.map { $0 % shardCount } ?? command.merchant.shard(of: shardCount))
    }

    private func processLocal() {
        for local in localCommands.indices where !localCommands[local].isEmpty {
            // Taken out while they are processed: an answer must not find them half done.
            var commands: [Command] = []
            swap(&commands, &localCommands[local])
            shards[local].host.process(commands)
            commands.removeAll(keepingCapacity: true)
            if localCommands[local].isEmpty { swap(&commands, &localCommands[local]) }
        }
    }

    // MARK: Answers

    private func deliver(_ responses: [Response]) {
        guard let api else { return }
        for response in responses { api.deliver(response) }
    }

    private func flushAnswers() {
        guard hasOutboundAnswers else { return }
        hasOutboundAnswers = false
        for target in outboundAnswers.indices where !outboundAnswers[target].isEmpty {
            var batch: [Response] = []
            batch.reserveCapacity(outboundAnswers[target].count)
            swap(&batch, &outboundAnswers[target])
            let answers = batch
            let neighbour = neighbours[target]
            statistics.answerBatchesSent += 1
            neighbour.eventLoop.execute { neighbour.value.deliver(answers) }
        }
    }
}

extension LoopRuntime: CommandSink {
    func submit(_ command: Command) {
        let target = shard(of: command) % loopCount
        if target == index {
            localCommands[localShard(of: command)].append(command)
        } else {
            outboundCommands[target].append(command)
        }
    }

    func submitComplete() {
        for target in outboundCommands.indices where !outboundCommands[target].isEmpty {
            var batch: [Command] = []
            batch.reserveCapacity(outboundCommands[target].count)
            swap(&batch, &outboundCommands[target])
            let commands = batch
            let neighbour = neighbours[target]
            statistics.commandBatchesSent += 1
            neighbour.eventLoop.execute { neighbour.value.receive(commands) }
        }
        processLocal()
    }
}

extension LoopRuntime: ShardPorts {
    func callProvider(_ call: ProviderCall, token: UInt64, timeout: Int64, for host: ShardHost) {
        let shard = shards[Int(host.shard) / loopCount]
        shard.perform(call, token: token, deadline: .now() + .milliseconds(timeout))
    }

    func score(_ question: ScoreRequest, token: UInt64, timeout: Int64, for host: ShardHost) {
        shards[Int(host.shard) / loopCount].score(question, token: token, timeout: timeout)
    }

    func respond(_ response: Response) {
        if Int(response.reply.loop) == index {
            api?.deliver(response)
        } else {
            outboundAnswers[Int(response.reply.loop)].append(response)
            hasOutboundAnswers = true
        }
    }

    func effectsReleased() {
        flushAnswers()
    }

    func journalRoom(isShort: Bool, shard: UInt16) {
        let changed = shards[Int(shard) / loopCount].room.update(isShort: isShort, at: .now())
        if let changed { onJournalEvent(.room(isShort: changed, shard: shard)) }
    }

    func snapshotWritten(_ written: WrittenSnapshot, for host: ShardHost) {
        if written.retirable > 0 { shards[Int(host.shard) / loopCount].journal.retire(upTo: written.retirable) }
        let pause = host.snapshotStatistics.lastPauseNanoseconds
        onJournalEvent(.snapshot(written, pauseNanoseconds: pause, shard: host.shard))
        guard let journal = shards.first(where: { $0.host === host })?.journal else { return }
        if let failure = journal.statistics.archive.failure {
            onJournalEvent(.archiveFailed(failure, shard: host.shard))
        }
    }

    func snapshotFailed(_ error: JournalError, shard: UInt16) {
        onJournalEvent(.snapshotFailed(error, shard: shard))
    }

    func journalFailed(_ error: JournalError, shard: UInt16) {
        onJournalEvent(.failed(error, shard: shard))
    }
}

/// What an operator has to know about a journal.
enum JournalEvent: Sendable {
    case failed(JournalError, shard: UInt16)
    /// New work is refused, or taken again, because of the disk.
    case room(isShort: Bool, shard: UInt16)
    case snapshot(WrittenSnapshot, pauseNanoseconds: UInt64, shard: UInt16)
    case snapshotFailed(JournalError, shard: UInt16)
    /// Retired segments stay where they are until it works again; said with each snapshot.
    case archiveFailed(String, shard: UInt16)
}

/// Turns what every tick says into the changes worth a line in the log: short at once, and over after a while without.
struct RoomWatch {
    private static let calm = TimeAmount.seconds(5)
    private var lastShort: NIODeadline?

    /// The new state if it has changed.
    mutating func update(isShort: Bool, at now: NIODeadline) -> Bool? {
        if isShort {
            defer { lastShort = now }
            return lastShort == nil ? true : nil
        }
        guard let last = lastShort, now - last >= Self.calm else { return nil }
        lastShort = nil
        return false
    }
}

/// Plain counters of one loop's mailboxes.
struct LoopStatistics {
    /// Batches of commands handed to other loops.
    var commandBatchesSent = 0
    /// Batches of answers handed to other loops.
    var answerBatchesSent = 0
}
