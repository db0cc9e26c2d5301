import Journal
import NIOCore
import Payments
import ShardCore
import ShardRecords
import ShardState
import ShardStorage

/// What a shard's host reads off its loop: stored answers, timelines, ledgers, and payments that
/// left memory.
extension ShardHost {
    /// Forgets the reads that wait for their turn. For the simulation, whose process is killed with
    /// reads that hold the host.
    package func forgetReads() { reads.removeAll() }

    /// The request that waits for an answer that is read.
    struct Request {
        var reply: ReplyToken
        var id: RequestID
        /// 0 for an operator.
        var merchant: MerchantID
    }

    /// An answer that was made from the journal.
    typealias ReadAnswer = (status: UInt16, isReplay: Bool, body: ByteBuffer)

    /// How many reads of a kind a shard has. Its threads are shared with other shards, so that it
    /// gives them a few at once.
    static func bounds(
        of kind: ReadKind,
        _ limits: Limits,
        _ configuration: ShardConfiguration
    ) -> ReadSchedule<@Sendable () -> Void>.Bounds {
        let (total, running) =
            switch kind {
            case .storedAnswer: (limits.reads, 16)
            // The commands that wait for them are bounded, each merchant's by itself: those are
            // refused, and no read is.
            case .coldPayment: (max(1, configuration.parkedCapacity), 16)
            case .timeline: (limits.timelines, 4)
            case .ledger: (limits.ledgerReads, 4)
            }
        let share = kind == .coldPayment ? total : configuration.merchantShare.of(total)
        return ReadSchedule.Bounds(total: total, ofMerchant: share, running: running)
    }

    /// Reads a stored answer from the journal, off the loop, and sends it as it was first sent.
    func replay(_ request: Request, _ record: RecordPosition) {
        let journal = self.journal
        readOffLoop(.storedAnswer, answering: request) { () throws(JournalError) in
            let stored = try Self.read(record, from: journal)
            return (status: stored.status, isReplay: true, body: stored.body)
        }
    }

    /// Runs a blocking read on a thread for that, when its turn has come, and sends its answer. Too
    /// many of its kind at once: 503.
    func readOffLoop(
        _ kind: ReadKind,
        answering request: Request,
        read: @escaping @Sendable () throws(JournalError) -> ReadAnswer
    ) {
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = self.eventLoop
        let (reply, id, merchant) = (request.reply, request.id, request.merchant)
        let admission = reads.admit(
            {
                let result: Result<ReadAnswer, JournalError>
                do throws(JournalError) { result = .success(try read()) } catch { result = .failure(error) }
                eventLoop.execute {
                    loopBound.value.readEnded(kind, of: merchant)
                    loopBound.value.answer(reply, id, with: result)
                }
            },
            kind,
            of: merchant
        )
        switch admission {
        case .run(let job): threads[kind].run(job)
        case .waits: break
        case .full: ports.respond(core.refusal(.overloaded, to: reply, requestID: id))
        case .merchantFull: ports.respond(core.refusal(.merchantLimitReached, to: reply, requestID: id))
        }
    }

    /// A thread is free for the next read of the kind.
    private func readEnded(_ kind: ReadKind, of merchant: MerchantID) {
        if let next = reads.ended(kind, of: merchant) { threads[kind].run(next.job) }
    }

    /// Reads what left memory, off the loop. How many are under way is bounded by the commands that
    /// wait for them.
    func load(_ item: ColdItem, of merchant: MerchantID) {
        let storage = self.storage
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = self.eventLoop
        let admission = reads.admit(
            {
                let entry: [UInt8]?
                do throws(JournalError) { entry = try storage?.load(item) } catch { entry = nil }
                eventLoop.execute {
                    loopBound.value.readEnded(.coldPayment, of: merchant)
                    loopBound.value.loaded(item, entry)
                }
            },
            .coldPayment,
            of: merchant
        )
        switch admission {
        case .run(let job): threads[.coldPayment].run(job)
        case .waits: break
        // A command waits for each, and no more wait than there is room for here. Only behind a
        // failed journal, whose commands were refused while their payments were still being read,
        // may there be more.
        case .full, .merchantFull: loaded(item, nil)
        }
    }

    private func loaded(_ item: ColdItem, _ entry: [UInt8]?) {
        let now = clock()
        work.loaded(item, entry, at: now)
        commit(now)
    }

    private static func read(
        _ record: RecordPosition,
        from journal: any JournalEngine
    ) throws(JournalError) -> StoredResponse {
        let bytes = try journal.read(at: record)
        do throws(RecordDecodingError) {
            return try StoredResponse(record: bytes)
        } catch {
            throw JournalError(.corrupt, "record \(record) holds no answer: \(error)")
        }
    }

    private func answer(
        _ reply: ReplyToken,
        _ requestID: RequestID,
        with result: Result<ReadAnswer, JournalError>
    ) {
        checkOwner()
        if isReleased {
            ports.respond(core.refusal(.shardUnavailable, to: reply, requestID: requestID))
            return ports.effectsReleased()
        }
        switch result {
        case .success(let answer):
            ports.respond(
                Response(
                    reply: reply,
                    requestID: requestID,
                    status: answer.status,
                    isReplay: answer.isReplay,
                    retryAfterSeconds: 0,
                    body: answer.body
                )
            )
        case .failure:
            work.statistics.readsFailed += 1
            ports.respond(core.refusal(.journalFailed, to: reply, requestID: requestID))
        }
        ports.effectsReleased()
    }
}
