package import Journal
import KeyRuns
import Ledger
import Payments
import ShardRecords
package import ShardState
import Synchronization
import Time

/// What became of a capture.
package struct WrittenSnapshot: Sendable {
    package let position: RecordPosition
    /// Bytes of the snapshot, and of cold files.
    package let bytes: UInt64
    package let seconds: Double
    /// Payments that a cold file holds now, and that leave memory by `plan`.
    package let coldPayments: Int
    /// The same for pay-outs and wallets.
    package let coldPayouts: Int
    package let coldWallets: Int
    package let plan: ReleasePlan
    /// No start needs the records up to here: two verified snapshots lie behind them. Stored
    /// answers and timelines may need them, and then read them from the archive. 0 for none.
    package let retirable: RecordPosition
}

extension ShardStorage {
    /// Writes a snapshot: first what leaves memory and the keys, each file durable, then the rest.
    /// Blocks.
    /// - Precondition: the journal is durable up to the capture's position.
    /// - Parameter confirm: called before a file gets its name. It throws when the caller no longer
    ///   owns the journal; then nothing more is written.
    package func write(
        _ capture: ShardCapture,
        epoch: UInt64,
        wallMilliseconds: Int64,
        confirm: @escaping () throws(JournalError) -> Void = {},
        pace: @escaping SnapshotWriter.Pace = { _ in true }
    ) throws(JournalError) -> WrittenSnapshot {
        let clock = ContinuousClock()
        let start = clock.now
        var job = SnapshotJob(
            storage: self,
            capture: capture,
            header: SnapshotHeader(
                kind: .snapshot,
                journalID: journalID,
                position: capture.position,
                epoch: epoch,
                wallMilliseconds: wallMilliseconds,
                contentVersion: snapshotContentVersion
            ),
            pace: pace,
            confirm: confirm
        )
        try job.writeCold()
        let runs = try job.writeKeys()
        try job.writeState(keysCovered: runs.covered)
        let retirable = finished(VerifiedSnapshot(position: capture.position))
        try removeSuperseded()
        return WrittenSnapshot(
            position: capture.position,
            bytes: job.bytes,
            seconds: (clock.now - start).seconds,
            coldPayments: job.coldCount,
            coldPayouts: job.coldPayoutCount,
            coldWallets: job.coldWalletCount,
            plan: job.plan,
            retirable: retirable
        )
    }

    private func finished(_ snapshot: VerifiedSnapshot) -> RecordPosition {
        state.withLock { state in
            state.verified.removeAll { $0.position == snapshot.position }
            state.verified.append(snapshot)
            if state.verified.count > 2 { state.verified.removeFirst(state.verified.count - 2) }
            // Stored answers of keys may be in older records. They are then read from the archive,
            // which is slower and rare.
            return state.verified.count == 2 ? state.verified[0].position : 0
        }
    }

    /// Removes snapshots that are older than the two last verified ones.
    private func removeSuperseded() throws(JournalError) {
        let kept = state.withLock { $0.verified }
        // With one alone, whatever else is there may be needed.
        guard kept.count == 2 else { return }
        do throws(JournalFileError) {
            for position in try listed(Self.snapshotSuffix) where !kept.contains(where: { $0.position == position }) {
                try fileSystem.remove(path(position, Self.snapshotSuffix))
            }
        } catch {
            throw error.asJournalError
        }
    }

    private func listed(_ suffix: String) throws(JournalFileError) -> [RecordPosition] {
        try fileSystem.list(directory: snapshotDirectory).compactMap { name in
            name.hasSuffix(suffix) ? RecordPosition(name.dropLast(suffix.count)) : nil
        }
    }
}

/// The writing of one snapshot.
private struct SnapshotJob {
    let storage: ShardStorage
    let capture: ShardCapture
    let header: SnapshotHeader
    let pace: SnapshotWriter.Pace
    let confirm: () throws(JournalError) -> Void
    var bytes: UInt64 = 0
    var coldCount = 0
    var coldPayoutCount = 0
    var coldWalletCount = 0
    var plan: ReleasePlan

    init(
        storage: ShardStorage,
        capture: ShardCapture,
        header: SnapshotHeader,
        pace: @escaping SnapshotWriter.Pace,
        confirm: @escaping () throws(JournalError) -> Void
    ) {
        self.storage = storage
        self.capture = capture
        self.header = header
        self.pace = pace
        self.confirm = confirm
        plan = ReleasePlan(
            position: capture.position,
            unchangedSince: capture.unchangedSince,
            endIndex: capture.payments.count
        )
        plan.payouts.endIndex = capture.treasury.payouts.count
        plan.wallets.endIndex = capture.treasury.wallets.count
    }

    private func header(_ kind: SnapshotKind, number: UInt64 = 0) -> SnapshotHeader {
        SnapshotHeader(
            kind: kind,
            journalID: header.journalID,
            position: header.position,
            epoch: header.epoch,
            wallMilliseconds: header.wallMilliseconds,
            contentVersion: header.contentVersion,
            number: number
        )
    }

    // MARK: What leaves memory

    /// Writes what leaves memory and is in no cold file as it is, and makes the plan.
    mutating func writeCold() throws(JournalError) {
        let payments = ColdSelection(ColdPayments(capture: capture), plan)
        plan.tableChunks = payments.chunks
        plan.endIndex = payments.end ?? plan.endIndex
        coldCount = try write(payments, of: ColdPayments(capture: capture))
        let treasury = capture.treasury
        let payouts = ColdSelection(ColdPayouts(table: treasury.payouts), plan)
        plan.payouts.chunks = payouts.chunks
        plan.payouts.endIndex = payouts.end ?? plan.payouts.endIndex
        coldPayoutCount = try write(payouts, of: ColdPayouts(table: treasury.payouts))
        let wallets = ColdSelection(ColdWallets(table: treasury.wallets), plan)
        plan.wallets.chunks = wallets.chunks
        plan.wallets.endIndex = wallets.end ?? plan.wallets.endIndex
        coldWalletCount = try write(wallets, of: ColdWallets(table: treasury.wallets))
        plan.walletSums.chunks = treasury.sums.chunkNumbers.filter { chunk in
            !treasury.sums.indices(inChunk: chunk) { $1.isZero }.isEmpty
        }
        planArena()
    }

    /// - Returns: how many entries were written.
    private mutating func write<Source: ColdSource>(
        _ selection: ColdSelection,
        of source: Source
    ) throws(JournalError) -> Int {
        guard let first = selection.unstored.first, !first.indices.isEmpty else { return 0 }
        let files = storage.cold(source.kind)
        let (count, size) = try storage.indexes.withLock { _ throws(JournalError) -> (Int, UInt64) in
            // First the index gets the files that an earlier attempt left, so that it lacks no
            // entry.
            let number = try files.open() + 1
            let previous = try files.index.reading()
            var writer = try ColdFileWriter(
                files,
                number: number,
                header: header(source.kind.fileKind, number: number),
                pace: pace
            )
            for (chunk, indices) in selection.unstored {
                let block = try previous.block(chunk)
                for index in indices { try source.write(index, previous: block[index], to: &writer) }
            }
            let count = writer.count
            return (count, try writer.finish(confirm: confirm).bytes)
        }
        bytes += size
        return count
    }

    /// Finds the chunks of the arena that can be released once the payments have left. Payments
    /// that stay have nothing or little in them. That little is moved.
    private mutating func planArena() {
        let chunkCount = capture.payments.arenaChunkCount
        var live = [Int](repeating: 0, count: chunkCount)
        for chunk in capture.payments.chunkNumbers {
            forEachStayingPiece(inChunk: chunk) { live[$0] += $1 }
        }
        plan.arenaChunks = (0..<chunkCount).map {
            live[$0] < ByteArena.chunkBytes / 4 && !capture.payments.isReleased(arenaChunk: $0)
        }
        let moving = plan.arenaChunks
        guard moving.contains(true) else { return }
        var visited = Set(plan.tableChunks)
        for chunk in capture.payments.chunkNumbers where !visited.contains(chunk) {
            var points = false
            forEachStayingPiece(inChunk: chunk) { chunk, _ in if moving[chunk] { points = true } }
            if points { visited.insert(chunk) }
        }
        plan.tableChunks = visited.sorted()
    }

    /// Visits the pieces of the arena that payments which stay need.
    private func forEachStayingPiece(inChunk chunk: Int, _ body: (_ arenaChunk: Int, _ bytes: Int) -> Void) {
        for index in staying(inChunk: chunk) { capture.payments.forEachPiece(of: index, body) }
    }

    private func staying(inChunk chunk: Int) -> [Index<Payment>] {
        capture.payments.indices(inChunk: chunk) { !plan.leaves($0, $1) }
    }

    // MARK: Keys

    /// Writes the keys completed since the last snapshot as a run. Returns the runs that the
    /// snapshot relies on.
    mutating func writeKeys() throws(JournalError) -> KeyRunSet {
        try storage.openKeyRuns()
        try confirm()
        let second = capture.lastRecordTime.seconds
        return try storage.keyRuns.add(
            capture.completedKeys.all,
            coveringUpTo: capture.position,
            at: second,
            pace: pace
        )
    }

    // MARK: State

    mutating func writeState(keysCovered: RecordPosition) throws(JournalError) {
        var writer = try SnapshotWriter(
            storage.fileSystem,
            directory: storage.snapshotDirectory,
            name: ShardStorage.name(capture.position, ShardStorage.snapshotSuffix),
            header: header,
            ring: storage.keys?.ring,
            pace: pace
        )
        let staying = countStaying()
        var state: [UInt8] = []
        SnapshotState(capture, warmPaymentCount: staying, keysCovered: keysCovered).store(into: &state)
        try writer.write(.state, state)
        if capture.payments.disputeCount > 0 {
            var count: [UInt8] = []
            count.appendInteger(UInt64(capture.payments.disputeCount))
            try writer.write(.disputes, count)
        }
        var accounts: [(Account, AccountTotals)] = []
        capture.ledger.forEachAccount { accounts.append(($0, $1)) }
        try writer.write(.accounts, count: accounts.count) { index, bytes in
            StoredAccount.store(accounts[index].0, accounts[index].1, into: &bytes)
        }
        let chains = capture.ledger.allChains
        try writer.write(.entryChains, count: chains.count) { index, bytes in chains[index].store(into: &bytes) }
        try writeTreasury(&writer)
        try writePayments(&writer)
        var waiting: [Int] = []
        waiting.reserveCapacity(capture.waiting.count)
        capture.waiting.forEach { slot, _ in waiting.append(slot) }
        let calls = capture.operations.count
        try writer.write(.operations, count: calls + waiting.count) { index, bytes in
            if index < calls {
                capture.operations[index].store(into: &bytes)
            } else {
                capture.waiting[waiting[index - calls]].running(reservedBytes: 0).store(into: &bytes)
            }
        }
        if let counters = capture.riskCounters {
            let stored = StoredRiskCounters(counters)
            try writer.write(.riskCounters, count: stored.count) { index, bytes in stored.store(index, into: &bytes) }
        }
        bytes += try writer.finish(confirm: confirm).bytes
    }

    private func writeTreasury(_ writer: inout SnapshotWriter) throws(JournalError) {
        var bytes: [UInt8] = []
        TreasuryCounts(capture.treasury, plan).store(into: &bytes)
        try writer.write(.treasury, bytes)
        for table in TreasuryTable.allCases {
            bytes.removeAll(keepingCapacity: true)
            var failure: JournalError?
            capture.treasury.forEachStored(table, besides: plan) { store in
                store(&bytes)
                guard failure == nil, bytes.count >= 256 << 10 else { return }
                do throws(JournalError) { try writer.write(table.section, bytes) } catch { failure = error }
                bytes.removeAll(keepingCapacity: true)
            }
            if let failure { throw failure }
            try writer.write(table.section, bytes)
        }
    }

    private func countStaying() -> Int {
        capture.payments.chunkNumbers.reduce(0) { $0 + staying(inChunk: $1).count }
    }

    private func writePayments(_ writer: inout SnapshotWriter) throws(JournalError) {
        var chunk = ChunkBuffer(section: .payments)
        for number in capture.payments.chunkNumbers {
            for index in staying(inChunk: number) {
                let size = capture.payments.entrySize(of: index)
                if !chunk.hasRoom(size.bytes) { try chunk.flush(to: &writer) }
                chunk.append(size.bytes) { capture.payments.storeEntry(of: index, size, into: $0) }
            }
        }
        try chunk.flush(to: &writer)
    }
}

extension SnapshotWriter {
    mutating func write(_ section: SnapshotSection, _ bytes: [UInt8]) throws(JournalError) {
        guard !bytes.isEmpty else { return }
        try bytes.withRawBytes { raw throws(JournalError) in try write(section: section.rawValue, raw) }
    }

    /// Writes small items of one section, many to a chunk.
    mutating func write(
        _ section: SnapshotSection,
        count: Int,
        storing store: (Int, inout [UInt8]) -> Void
    ) throws(JournalError) {
        var bytes: [UInt8] = []
        for index in 0..<count {
            store(index, &bytes)
            if bytes.count >= 256 << 10 {
                try write(section, bytes)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        try write(section, bytes)
    }
}
