package import Journal
package import KeyRuns
package import Payments
package import ShardCore
import ShardRecords
package import ShardState
import Synchronization

/// A shard's files beside its journal: snapshots, runs of idempotency keys, and what left memory.
///
/// Call `restore` once at start, before the journal is opened behind the position that it gives.
/// Later one thread at a time may call `write`, and any thread `load`; both block on the disk. The
/// journal's lock guards the directory.
package final class ShardStorage: Sendable {
    let fileSystem: any JournalFileSystem
    let journalID: UInt64
    let directory: String
    let keys: JournalKeys?
    /// The completed keys that left memory.
    package let keyRuns: KeyRunStore
    let state = Mutex(State())
    /// Held while an index of cold files is changed; never by the event loop.
    let indexes = Mutex(IndexRepairs())
    /// How often an index was made anew since the start.
    let indexRebuilds = Atomic<UInt64>(0)
    let onDamage: @Sendable (JournalError) -> Void

    struct State {
        /// Snapshots that were written by this process or started from, ascending; at most two.
        var verified: [VerifiedSnapshot] = []
    }

    struct VerifiedSnapshot {
        var position: RecordPosition
    }

    static let snapshotSuffix = ".snapshot"
    private static let damagedSuffix = ".damaged"

    /// - Parameters:
    ///   - directory: the journal's. The files are in `snapshots`, `cold` and `keys` below it.
    ///   - keys: encrypt new files and read encrypted ones; nil for none.
    ///   - keyPolicy: when runs of idempotency keys are merged.
    ///   - onDamage: hears of damage that a read found, on the thread of the read.
    package init(
        directory: String,
        journalID: UInt64,
        keys: JournalKeys? = nil,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        keyPolicy: KeyRunPolicy = KeyRunPolicy(ttlSeconds: 86_400),
        onDamage: @escaping @Sendable (JournalError) -> Void = { _ in }
    ) {
        self.keys = keys
        self.onDamage = onDamage
        self.directory = directory
        self.journalID = journalID
        self.fileSystem = fileSystem
        keyRuns = KeyRunStore(
            directory: KeyRunStore.directory(of: directory),
            journalID: journalID,
            keys: keys,
            fileSystem: fileSystem,
            policy: keyPolicy
        )
    }

    /// The files of one kind of what left memory.
    func cold(_ kind: ColdKind) -> ColdFiles {
        ColdFiles(kind, fileSystem: fileSystem, shard: directory, journalID: journalID, keys: keys)
    }

    var snapshotDirectory: String { directory + "/snapshots" }

    static func name(_ position: RecordPosition, _ suffix: String) -> String {
        let decimal = String(position)
        return String(repeating: "0", count: max(0, 20 - decimal.utf8.count)) + decimal + suffix
    }

    func path(_ position: RecordPosition, _ suffix: String) -> String {
        snapshotDirectory + "/" + Self.name(position, suffix)
    }

    // MARK: Start

    /// Brings a new shard to the newest snapshot that verifies, else to the one before it. When
    /// none verifies, the shard stays empty and starts from its journal's beginning. The journal
    /// refuses that if its beginning is gone.
    ///
    /// Throws `format` for files of a newer program or another journal. Throws `key` for an
    /// encrypted file whose master key is missing, and `io` when the system refuses a call. Damaged
    /// snapshots are passed over and reported. Throws `corrupt` when a cold file or a file of keys
    /// is missing: nothing else holds what was in it.
    package func restore(into core: inout ShardCore) throws(JournalError) -> RestoreReport {
        precondition(core.lastPosition == 0 && core.paymentCount == 0, "a snapshot is taken in by a new shard")
        var report = RestoreReport()
        let clock = ContinuousClock()
        let start = clock.now
        try prepare()
        let runs = try openKeyRuns()
        core.use(runs)
        for position in try positions(Self.snapshotSuffix).reversed() {
            do throws(JournalError) {
                try restore(position, into: &core, &report)
                break
            } catch {
                guard error.code == .corrupt else { throw error }
                report.damaged.append(error.description)
                core = ShardCore(configuration: core.configuration, renderer: core.renderer)
                core.use(runs)
                try setAside(path(position, Self.snapshotSuffix))
            }
        }
        report.keys = runs.occupancy.keys
        for kind in ColdKind.allCases {
            let last = try cold(kind).open()
            guard kind == .payment, last == 0, report.coldPayments > 0 else { continue }
            throw JournalError(
                .corrupt,
                "\(cold(kind).directory): the snapshot leaves \(report.coldPayments) payments to cold files, and none is here"
            )
        }
        report.seconds = (clock.now - start).seconds
        return report
    }

    /// Reads what is not in memory, as it was before the record at `position`. Any thread that may
    /// block. An index that leads nowhere is made anew from the files first.
    ///
    /// Throws `corrupt`, `key` or `io` with the file's name, after `onDamage` was told.
    package func load(_ item: ColdItem, before position: RecordPosition = .max) throws(JournalError) -> [UInt8] {
        let files = cold(item.kind)
        let rebuilds = indexRebuilds.load(ordering: .acquiring)
        do throws(JournalError) {
            return try files.load(item.sequence, before: position)
        } catch {
            do throws(JournalError) {
                guard error.code == .corrupt, try mendIndex(of: files, since: rebuilds) else { throw error }
                return try files.load(item.sequence, before: position)
            } catch {
                onDamage(error)
                throw error
            }
        }
    }

    /// What an audit sees of a payment that is not in memory; the reason of a decline is left out.
    package func view(_ sequence: UInt64) throws(JournalError) -> (PaymentView, MerchantID) {
        let entry = try load(ColdItem(.payment, sequence: sequence))
        let fixed = PaymentEntry.headerBytes..<PaymentEntry.headerBytes + PaymentLayout.paymentBytes
        var found: Payment?
        entry.withUnsafeBytes { bytes in
            do throws(PaymentLayoutError) {
                found = try Payment.load(UnsafeRawBufferPointer(rebasing: bytes[fixed]))
            } catch {
                found = nil
            }
        }
        guard let payment = found else { throw JournalError(.format, "cold payment \(sequence) cannot be understood") }
        return (PaymentView(payment, decline: nil), payment.merchant)
    }

    private func restore(
        _ position: RecordPosition,
        into core: inout ShardCore,
        _ report: inout RestoreReport
    ) throws(JournalError) {
        var progress = SnapshotProgress()
        let path = path(position, Self.snapshotSuffix)
        let (header, summary) = try SnapshotReader.readAll(fileSystem, path: path, ring: keys?.ring) {
            raw,
            bytes throws(JournalError) in
            guard let section = SnapshotSection(rawValue: raw) else {
                throw JournalError(.format, "\(path): section \(raw) is unknown")
            }
            do throws(RecordDecodingError) {
                try core.restore(section, from: bytes, progress: &progress)
            } catch {
                throw Self.undecodable(error, path)
            }
        }
        try check(header, is: .snapshot, at: position, path: path)
        guard progress.isComplete else {
            throw JournalError(.corrupt, "\(path): parts of the snapshot are missing")
        }
        do throws(RecordDecodingError) {
            try core.restored(upTo: position)
        } catch {
            throw Self.undecodable(error, path)
        }
        report.position = position
        report.payments = core.warmPaymentCount
        report.coldPayments = core.coldPaymentCount
        report.bytes = summary.bytes
        state.withLock { $0.verified = [VerifiedSnapshot(position: position)] }
        // No earlier snapshot would be better, so this one is not set aside.
        let needed = progress.state?.keysCovered ?? 0
        guard core.keyRuns.covered >= needed else {
            throw JournalError(
                .format,
                "\(directory)/keys: the runs hold the keys up to record \(core.keyRuns.covered), "
                    + "and \(path) needs them up to \(needed)"
            )
        }
    }

    private func check(
        _ header: SnapshotHeader,
        is kind: SnapshotKind,
        at position: RecordPosition,
        path: String
    ) throws(JournalError) {
        guard header.journalID == journalID else {
            throw JournalError(.format, "\(path): belongs to journal \(header.journalID)")
        }
        guard header.contentVersion <= snapshotContentVersion else {
            throw JournalError(
                .format,
                "\(path): content of version \(header.contentVersion) is newer than this program"
            )
        }
        guard header.kind == kind, header.position == position else {
            throw JournalError(.corrupt, "\(path): is not the file that its name says")
        }
    }

    private static func undecodable(_ error: RecordDecodingError, _ path: String) -> JournalError {
        if case .idempotencyTableFull(let capacity) = error {
            return JournalError(
                .format,
                "\(path): more keys to remember than idempotency.capacity_per_shard (\(capacity))"
            )
        }
        return JournalError(.corrupt, "\(path): \(error)")
    }

    // MARK: Files

    func positions(_ suffix: String) throws(JournalError) -> [RecordPosition] {
        do throws(JournalFileError) {
            return try fileSystem.list(directory: snapshotDirectory).compactMap { name in
                name.hasSuffix(suffix) ? RecordPosition(name.dropLast(suffix.count)) : nil
            }.sorted()
        } catch {
            throw error.asJournalError
        }
    }

    /// Makes the directories and removes what a crash left half written.
    private func prepare() throws(JournalError) {
        do throws(JournalFileError) {
            try fileSystem.makeDurableDirectory(directory)
            for path in [snapshotDirectory] + ColdKind.allCases.map({ cold($0).directory }) {
                try fileSystem.makeDurableDirectory(path)
                for name in try fileSystem.list(directory: path) where name.hasSuffix(".tmp") {
                    try fileSystem.remove(path + "/" + name)
                }
            }
            // A snapshot that is seen here must not vanish again: segments of the journal are
            // retired because of it.
            try fileSystem.syncDirectory(snapshotDirectory)
        } catch {
            throw error.asJournalError
        }
    }

    /// Keeps a damaged file under another name, as evidence. The next file can then have its name.
    private func setAside(_ path: String) throws(JournalError) {
        do throws(JournalFileError) {
            try fileSystem.rename(path, to: path + Self.damagedSuffix)
        } catch {
            throw error.asJournalError
        }
    }
}

/// What a start took from snapshots. The owner logs it; `damaged` deserves an operator's eye.
package struct RestoreReport: Sendable, Equatable {
    /// The last record that the snapshot includes; 0 when there was none, and the journal is
    /// replayed from its beginning.
    package var position: RecordPosition = 0
    /// Payments in memory.
    package var payments = 0
    /// Payments on disk.
    package var coldPayments = 0
    /// Idempotency keys in runs.
    package var keys: UInt64 = 0
    /// Bytes of the snapshot.
    package var bytes: UInt64 = 0
    package var seconds: Double = 0
    /// Newer snapshots that could not be used, and why.
    package var damaged: [String] = []

    package init() {}
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
