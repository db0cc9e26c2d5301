import Journal
import Ledger
import LedgerAudit
import NIOCore
import Payments
import Risk
import ShardRecords
import Time

/// What the durable records say, read as an auditor reads them. It has the ledger's own check of
/// every record. It also knows at which records each key was begun and answered.
struct JournalBooks {
    /// The answer that a key's last record holds.
    struct Stored {
        var position: RecordPosition
        var status: UInt16
        var hash: UInt64
        var answer: SimAnswer?
    }

    private struct Operation: Hashable {
        var payment: UInt64
        var operation: ProviderOperation
        var ordinal: UInt16
    }

    /// The first thing that must not be.
    private(set) var problem: String?
    private var ledger = LedgerCheck()
    /// How long a key is remembered, in seconds.
    private let keySeconds: Int64
    /// The keys that were begun, with the second from which on they are forgotten. A key without an
    /// answer has no such second.
    private var begun: [KeyDigest: Int64] = [:]
    private var stored: [KeyDigest: Stored] = [:]
    /// What each key held before it was forgotten and begun anew.
    private var forgotten: [KeyDigest: Stored] = [:]
    private var running: [Operation: KeyDigest] = [:]
    /// What connectors executed of payments that had already gone on to another connector, as the
    /// records say: the amount in suspense.
    private(set) var executedAfterAll: [TryKey: Int64] = [:]
    /// Of the record that is examined, in seconds since 1970.
    private var time: Int64 = 0

    private let shard: Int
    private let shards: Int

    /// - Parameters:
    ///   - shard: whose records they are.
    ///   - shards: how many there are in the world.
    ///   - keySeconds: how long a key is remembered.
    init(shard: Int, of shards: Int, keySeconds: Int64) {
        self.shard = shard
        self.shards = shards
        self.keySeconds = keySeconds
    }

    /// What the key holds, or held before it was forgotten and begun anew.
    func stored(_ key: KeyDigest) -> Stored? { forgotten[key] ?? stored[key] }

    /// What the key holds that was begun anew.
    func storedAnew(_ key: KeyDigest) -> Stored? { forgotten[key] == nil ? nil : stored[key] }

    /// From which second on, since 1970, the key is forgotten; nil without an answer.
    func expiry(of key: KeyDigest) -> Int64? { stored[key] == nil ? nil : begun[key] }

    mutating func examine(_ bytes: [UInt8], at position: RecordPosition) {
        do throws(RecordDecodingError) {
            let linked = try LinkedRecord(decoding: bytes.span)
            ledger.examine(linked, at: position)
            time = linked.header.time.milliseconds / 1_000
            checkPlace(linked.header, at: position)
            try follow(linked.record, bytes, at: position)
        } catch {
            note("record \(position) cannot be decoded: \(error)")
        }
        if ledger.problemCount > 0, problem == nil { note("the ledger's check: \(ledger.problems[0])") }
    }

    /// What the ledger's check finds wrong with the whole, as it is now.
    var final: String? {
        var ledger = ledger
        ledger.finish()
        return problem ?? ledger.problems.first.map { "the ledger's check: \($0)" }
    }

    /// No record of a shard is another shard's merchant's.
    private mutating func checkPlace(_ header: RecordHeader, at position: RecordPosition) {
        let merchant = header.merchant.rawValue
        guard merchant != 0, World.shard(of: merchant, among: shards) != shard else { return }
        note("record \(position) of shard \(shard) is about merchant \(merchant) of another one")
    }

    private mutating func note(_ text: String) { problem = problem ?? text }

    // MARK: Connectors

    /// Money that moved at a connector after the payment had left it has no owner. It must go to
    /// suspense at that connector, and nowhere else.
    private mutating func noteEarlier(_ event: EventApplied, _ position: RecordPosition) {
        guard let connector = event.fact.earlierConnector, event.type.isSuccess else { return }
        var suspense: Int64 = 0
        for number in 0..<event.transfers.count {
            let transfer = event.transfers[number]
            for index in 0..<transfer.count {
                let account = transfer[index].account
                if account.owner != UInt64(connector.rawValue) {
                    note("record \(position) books to \(account) what an earlier connector executed")
                }
                if account.kind == .suspense { suspense -= transfer[index].amountMinor }
            }
        }
        executedAfterAll[TryKey(payment: event.payment.worldNumber, connector: connector), default: 0] += suspense
    }

    // MARK: Keys

    private mutating func follow(
        _ record: ShardRecord,
        _ bytes: [UInt8],
        at position: RecordPosition
    ) throws(RecordDecodingError) {
        switch record {
        case .paymentCreated(let created):
            begin(created.key, Operation(payment: created.id.sequence, operation: .authorize, ordinal: 1), at: position)
        case .operationStarted(let started):
            begin(
                started.key,
                Operation(payment: started.payment.sequence, operation: started.operation, ordinal: started.ordinal),
                at: position
            )
        case .operationFinished(let finished):
            let operation = Operation(
                payment: finished.payment.sequence,
                operation: finished.operation,
                ordinal: finished.ordinal
            )
            try end(running.removeValue(forKey: operation), record: bytes, at: position)
        case .riskDecided(let decided):
            guard decided.band != .allow else { return }
            let operation = Operation(payment: decided.payment.sequence, operation: .authorize, ordinal: 1)
            try end(running.removeValue(forKey: operation), record: bytes, at: position)
        case .paymentChanged(let changed): try once(changed.key, record: bytes, at: position)
        case .eventApplied(let event):
            noteEarlier(event, position)
            try once(event.key, record: bytes, at: position)
        case .payoutChanged(let payout): try once(payout.key, record: bytes, at: position)
        case .walletOpened(let wallet): try once(wallet.key, record: bytes, at: position)
        case .exchangeQuoted(let quote): try once(quote.key, record: bytes, at: position)
        case .exchangeConverted(let record): try once(record.key, record: bytes, at: position)
        case .operationUnresolved, .operationAttempted, .attemptEnded, .refundBounced, .balanceMark: break
        }
    }

    private mutating func begin(_ key: RequestKey?, _ operation: Operation, at position: RecordPosition) {
        guard let digest = key?.digest else { return }
        if !isNew(digest) { note("record \(position) begins what another one began under its key") }
        running[operation] = digest
    }

    /// Whether a key may be begun: it never was, or it is forgotten.
    private mutating func isNew(_ key: KeyDigest) -> Bool {
        guard let forgottenAt = begun.updateValue(.max, forKey: key) else { return true }
        guard time >= forgottenAt, let answer = stored.removeValue(forKey: key) else { return false }
        return forgotten.updateValue(answer, forKey: key) == nil
    }

    private mutating func end(
        _ key: KeyDigest?,
        record bytes: [UInt8],
        at position: RecordPosition
    ) throws(RecordDecodingError) {
        guard let key else { return }
        begun[key] = time + keySeconds
        let response = try StoredResponse(record: bytes)
        let hash = response.body.withUnsafeReadableBytes { JournalLog.hash($0) }
        let answer = Stored(position: position, status: response.status, hash: hash, answer: SimAnswer(response.body))
        if stored.updateValue(answer, forKey: key) != nil {
            note("record \(position) answers a key for the second time")
        }
    }

    private mutating func once(
        _ key: RequestKey?,
        record bytes: [UInt8],
        at position: RecordPosition
    ) throws(RecordDecodingError) {
        guard let digest = key?.digest else { return }
        if !isNew(digest) { note("record \(position) does again what another one did under its key") }
        try end(digest, record: bytes, at: position)
    }
}
