import Journal
import NIOCore
import Payments
import ShardCore
import ShardRecords
import ShardState
import ShardStorage

/// What a shard's host reads off its loop: stored answers, ledgers, and payments that left memory.
extension ShardHost {
    /// Reads a stored answer from the journal, off the loop, and sends it as it was first sent.
    func replay(_ reply: ReplyToken, _ requestID: RequestID, _ record: RecordPosition) {
        let journal = self.journal
        readOffLoop(reply, requestID) {
            Self.read(record, from: journal).map { (status: $0.status, isReplay: true, body: $0.body) }
        }
    }

    /// An answer that was made from the journal.
    typealias ReadAnswer = (status: UInt16, isReplay: Bool, body: ByteBuffer)

    /// Runs a read that blocks on a thread that may, and sends what it gives. Too many at once: 503.
    /// - Parameter isLong: of many records.
    func readOffLoop(
        _ reply: ReplyToken,
        _ requestID: RequestID,
        isLong: Bool = false,
        _ read: @escaping @Sendable () -> Result<ReadAnswer, JournalError>
    ) {
        guard readsUnderWay < limits.reads else {
            return ports.respond(core.refusal(.overloaded, reply, requestID))
        }
        readsUnderWay += 1
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = self.eventLoop
        (isLong ? historyPool : threadPool).run {
            let result = read()
            eventLoop.execute { loopBound.value.readEnded(reply, requestID, with: result) }
        }
    }

    /// The same for a read of the ledger, which takes longer: a few at once.
    func readLedgerOffLoop(
        _ reply: ReplyToken,
        _ requestID: RequestID,
        _ read: @escaping @Sendable () throws(JournalError) -> ReadAnswer
    ) {
        guard ledgerReadsUnderWay < limits.ledgerReads, readsUnderWay < limits.reads else {
            return ports.respond(core.refusal(.overloaded, reply, requestID))
        }
        readsUnderWay += 1
        ledgerReadsUnderWay += 1
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = self.eventLoop
        historyPool.run {
            let result: Result<ReadAnswer, JournalError>
            do throws(JournalError) { result = .success(try read()) } catch { result = .failure(error) }
            eventLoop.execute {
                loopBound.value.ledgerReadsUnderWay -= 1
                loopBound.value.readEnded(reply, requestID, with: result)
            }
        }
    }

    /// Reads a payment that left memory, off the loop. How many are under way is bounded by the commands that wait for them.
    func load(_ sequence: UInt64) {
        readsUnderWay += 1
        let storage = self.storage
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = self.eventLoop
        threadPool.run {
            let entry: [UInt8]?
            do throws(JournalError) { entry = try storage?.load(sequence) } catch { entry = nil }
            eventLoop.execute { loopBound.value.loaded(sequence, entry) }
        }
    }

    private func loaded(_ sequence: UInt64, _ entry: [UInt8]?) {
        readsUnderWay -= 1
        let now = clock()
        updateAdmission()
        core.paymentLoaded(sequence, entry, at: now, into: &output)
        commit(now)
    }

    private static func read(
        _ record: RecordPosition,
        from journal: any JournalEngine
    ) -> Result<StoredResponse, JournalError> {
        do throws(JournalError) {
            let bytes = try journal.read(at: record)
            do throws(RecordDecodingError) {
                return .success(try StoredResponse(record: bytes))
            } catch {
                return .failure(JournalError(.corrupt, "record \(record) holds no answer: \(error)"))
            }
        } catch {
            return .failure(error)
        }
    }

    private func readEnded(
        _ reply: ReplyToken,
        _ requestID: RequestID,
        with result: Result<ReadAnswer, JournalError>
    ) {
        readsUnderWay -= 1
        if isReleased {
            ports.respond(core.refusal(.shardUnavailable, reply, requestID))
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
            statistics.readsFailed += 1
            ports.respond(core.refusal(.journalFailed, reply, requestID))
        }
        ports.effectsReleased()
    }
}
