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

/// Everything that one event loop owns: its shards, its part of the edge, and the mailboxes to the
/// other loops.
///
/// Commands and answers cross loops in batches. One `execute` carries one array with all that a
/// read cycle or a released journal batch produced for another loop. Loops share no state and take
/// no locks.
final class LoopRuntime {
    let eventLoop: any EventLoop
    /// What the logs report to the loop's shards.
    let mail: JournalMail
    let index: Int
    let roles: ShardRoles
    private let table: SlotTable
    /// The shards of this loop, whoever owns them.
    private(set) var slots: [ShardSlot] = []
    /// Words the refusals of shards that are not owned here.
    private let renderer: any ResponseRenderer
    private var madeClients: LoopClients?
    let budget: TableBudget
    private(set) var api: PaymentAPI?
    private(set) var server: HTTPServerLoop?
    private var neighbours: [NIOLoopBound<LoopRuntime>] = []

    /// Commands for this loop's shards, by slot, and for other loops.
    private var localCommands: [[Command]] = []
    private var outboundCommands: [[Command]]
    private var outboundAnswers: [[Response]]
    private var hasOutboundAnswers = false
    /// How many nested bodies run whose effects are handed over together.
    private var gathering = 0
    private var ticking: RepeatedTask?
    private var turns = TickTurns()
    /// What answers are dated by.
    private let clock: GatewayClock
    private(set) var statistics = LoopStatistics()
    private let onJournalEvent: @Sendable (JournalEvent) -> Void

    init(
        eventLoop: any EventLoop,
        index: Int,
        table: SlotTable,
        roles: ShardRoles,
        renderer: any ResponseRenderer,
        clients: LoopClients.Plan,
        budget: TableBudget,
        clock: GatewayClock,
        onJournalEvent: @escaping @Sendable (JournalEvent) -> Void
    ) {
        self.eventLoop = eventLoop
        mail = JournalMail(eventLoop: eventLoop)
        self.index = index
        self.table = table
        self.roles = roles
        self.renderer = renderer
        self.budget = budget
        self.clock = clock
        self.onJournalEvent = onJournalEvent
        outboundCommands = [[Command]](repeating: [], count: table.loopCount)
        outboundAnswers = [[Response]](repeating: [], count: table.loopCount)
        let callers = table.shards(of: index).count
        madeClients = LoopClients(clients, callers: callers, of: self)
    }

    /// The loop's clients of the providers and the scorer.
    var clients: LoopClients {
        guard let madeClients else { preconditionFailure("a loop has its clients from its start") }
        return madeClients
    }

    // MARK: Set-up, on this loop

    /// Added in the table's order.
    func add(_ slot: ShardSlot) {
        precondition(table.place(of: slot.number) == .init(loop: index, slot: slots.count), "not the shard's slot")
        slots.append(slot)
        localCommands.append([])
    }

    /// The shards that this loop owns now.
    var shards: [ShardRuntime] { slots.compactMap(\.shard) }

    func connect(_ neighbours: [NIOLoopBound<LoopRuntime>]) {
        precondition(neighbours.count == table.loopCount)
        self.neighbours = neighbours
    }

    func makeAPI(_ server: HTTPServerLoop, _ configuration: APIConfiguration) -> PaymentAPI {
        let api = PaymentAPI(server: server, loopIndex: UInt16(index), configuration: configuration, sink: self)
        api.timePassed(unixSeconds: clock.wallSeconds)
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
            bound.value.tick()
        }
    }

    private func tick() {
        gather {
            for place in slots.indices { slots[place].tick(isTurn: turns.isTurn(of: place)) }
        }
        turns.advance()
        shareTables()
        api?.timePassed(unixSeconds: clock.wallSeconds)
    }

    /// Tells each of the loop's shards how much it may hold, after what the shards of all loops
    /// hold.
    private func shareTables() {
        var held = TableBudget.Held()
        for slot in slots { held = held + (slot.shard?.held ?? TableBudget.Held()) }
        let sum = budget.note(held, loop: index)
        for slot in slots {
            if let shard = slot.shard { shard.host.share(budget.share(of: shard.held, in: sum)) }
        }
    }

    func stopTicking() {
        ticking?.cancel()
        ticking = nil
    }

    // MARK: Commands

    /// Commands from another loop's edge, in one batch.
    private func receive(_ commands: [Command]) {
        for command in commands { localCommands[place(of: command).slot].append(command) }
        processLocal()
    }

    /// The place of the command's shard. An operator may name a shard that does not exist: then
    /// another shard gets the command and refuses it.
    private func place(of command: Command) -> SlotTable.Place {
        let count = table.shardCount
        return table.place(of: command.operatorShard.map { $0 % count } ?? command.merchant.shard(of: count))
    }

    private func slot(of shard: UInt16) -> ShardSlot { slots[table.place(of: shard).slot] }

    /// A shard's slot, as its calls name it.
    func slot(of shard: UInt16) -> UInt16 { UInt16(table.place(of: shard).slot) }

    /// What runs a host; nil for a former owner's, which causes nothing any more.
    private func shard(of host: ShardHost) -> ShardRuntime? {
        guard let shard = slot(of: host.shard).shard, shard.host === host else { return nil }
        return shard
    }

    /// Answers commands of a shard that this host does not own.
    private func refuse(_ commands: [Command]) {
        for command in commands {
            respond(renderer.refusal(.shardUnavailable, to: command.reply, requestID: command.requestID))
        }
        effectsReleased()
    }

    private func processLocal() {
        gather { processEach() }
    }

    private func processEach() {
        for local in localCommands.indices where !localCommands[local].isEmpty {
            // Taken out while they are processed: an answer must not find them half done.
            var commands: [Command] = []
            swap(&commands, &localCommands[local])
            if let shard = slots[local].shard { shard.host.process(commands) } else { refuse(commands) }
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
        let place = place(of: command)
        if place.loop == index {
            localCommands[place.slot].append(command)
        } else {
            outboundCommands[place.loop].append(command)
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
        guard let shard = shard(of: host) else { return }
        clients.perform(call, token: token, from: shard.origin, deadline: .now() + .milliseconds(timeout))
    }

    func score(_ question: ScoreRequest, token: UInt64, timeout: Int64, for host: ShardHost) {
        guard let shard = shard(of: host) else { return }
        clients.score(question, token: token, from: shard.origin, deadline: .now() + .milliseconds(timeout))
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
        if gathering == 0 { flushAnswers() }
    }

    func journalRoom(isShort: Bool, shard: UInt16) {
        let changed = slot(of: shard).shard?.room.update(isShort: isShort, at: NIODeadline.now())
        guard let changed else { return }
        roles.set(shard, isRoomShort: changed)
        onJournalEvent(.room(isShort: changed, shard: shard))
    }

    func snapshotWritten(_ written: WrittenSnapshot, for host: ShardHost) {
        if written.retirable > 0 { shard(of: host)?.journal.retire(upTo: written.retirable) }
        let pause = host.snapshotStatistics.lastPauseNanoseconds
        onJournalEvent(.snapshot(written, pauseNanoseconds: pause, shard: host.shard))
        if let failure = slot(of: host.shard).store.log.statistics.archive.failure {
            onJournalEvent(.archiveFailed(failure, shard: host.shard))
        }
    }

    func snapshotFailed(_ error: JournalError, shard: UInt16) {
        onJournalEvent(.snapshotFailed(error, shard: shard))
    }

    func journalFailed(_ error: JournalError, shard: UInt16) { report(.failed(error, shard: shard)) }

    func journalLost(_ error: JournalError, shard: UInt16) {
        slot(of: shard).lost()
        report(.lost(error, shard: shard))
    }

    func report(_ event: JournalEvent) { onJournalEvent(event) }
}

// What the loop's clients need.
extension LoopRuntime {
    /// The shard of a slot, while this host owns it.
    func owner(of slot: UInt16) -> ShardRuntime? { slots[Int(slot)].shard }

    /// Runs `body`, whose answers to other loops travel together, whichever of this loop's shards
    /// they are from.
    func gather(_ body: () -> Void) {
        gathering += 1
        body()
        gathering -= 1
        if gathering == 0 { flushAnswers() }
    }
}

/// What an operator has to know about a journal.
enum JournalEvent: Sendable {
    case failed(any Error, shard: UInt16)
    /// Another owner has the journal. The shard is built again and followed.
    case lost(JournalError, shard: UInt16)
    /// This host owns a shard again that it had lost, and resolves operations that were in flight.
    case ownedAgain(operations: Int, shard: UInt16)
    /// New work is refused, or taken again, because of the disk.
    case room(isShort: Bool, shard: UInt16)
    case snapshot(WrittenSnapshot, pauseNanoseconds: UInt64, shard: UInt16)
    case snapshotFailed(JournalError, shard: UInt16)
    /// Retired segments stay where they are until the archive works again. Reported with each
    /// snapshot.
    case archiveFailed(String, shard: UInt16)
}

/// Turns what every tick says into the changes that are logged. A shortage is logged at once; its
/// end is logged after a while without one.
struct RoomWatch {
    private static let calm = TimeAmount.seconds(5)
    private var lastShort: NIODeadline?

    /// The new state if it has changed.
    mutating func update(isShort: Bool, at now: @autoclosure () -> NIODeadline) -> Bool? {
        // Told at every tick, so that the clock is read only where it matters.
        guard isShort || lastShort != nil else { return nil }
        let now = now()
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
