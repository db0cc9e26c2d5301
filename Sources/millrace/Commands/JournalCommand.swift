import ArgumentParser
import Gateway
import Glibc
import Journal
import KeyRuns

/// `millrace journal`
struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Look into write-ahead logs, back them up, restore and repair them.",
        discussion: "DIR is a data directory (all its logs), or one log's own directory (data/log-000).",
        subcommands: [Verify.self, Dump.self, Cursors.self, Backup.self, Restore.self, Repair.self]
    )

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract:
                "Check every checksum of every file, the sequence, the chain, each shard's records and the end of logs.",
            discussion: """
                Without --key-file encrypted batches are checked (checksums and chain are over what is on the disk) but \
                not opened. With --public-key the chain is also held against signed checkpoints. \
                Exit status 0: sound; 65: damaged or tampered with; 74: cannot be read; 78: a key is missing or wrong.
                """
        )

        @Argument(help: "A data directory or a log's directory.")
        var directory: String
        @OptionGroup var keys: JournalKeyOptions
        @OptionGroup var checkpoints: CheckpointOptions
        @OptionGroup var archives: ArchiveOptions

        func run() throws {
            var status: Int32 = 0
            let ring = try keys.ring()
            let evidence = try checkpoints.evidence()
            for log in try JournalPaths.logs(directory) {
                let found = JournalVerifier.verify(
                    directory: log,
                    keys: ring,
                    evidence: evidence,
                    archive: archives.archive(of: log),
                    isLog: true
                )
                report(found, log)
                if !found.isSound { status = max(status, ExitStatus.damaged) }
                if let problem = found.problem { status = max(status, JournalError(problem.code, "").exitStatus) }
                for shard in found.streams {
                    status = max(status, verifyRuns(of: shard, beside: log, isWhole: found.isWhole, ring))
                }
                for (shard, files) in try LogShards.find(beside: log).sorted(by: { $0.key < $1.key }) {
                    status = max(status, verifyFiles(of: shard, in: files, ring))
                }
            }
            if status != 0 { throw ExitCode(status) }
        }

        /// Verifies the snapshots and what left memory, which a shard has beside its log.
        /// - Returns: the exit status.
        private func verifyFiles(of shard: StreamNumber, in directory: String, _ ring: MasterKeyRing?) -> Int32 {
            guard Files.isDirectory(directory) else { return 0 }
            do throws(JournalError) {
                let found = try ShardFiles.verify(directory: directory, shard: shard, ring: ring)
                Console.line(
                    found.isSealed
                        ? "\(directory): snapshots and cold files are encrypted and were not opened (no --key-file)"
                        : "\(directory): sound, \(found.bytes) bytes in \(found.files) snapshots and cold files"
                )
                for problem in found.wrongIndexes {
                    Console.error("millrace: \(problem). Remove the index: the next start makes it anew from the files")
                }
                return found.wrongIndexes.isEmpty ? 0 : ExitStatus.damaged
            } catch {
                Console.error("millrace: \(error)")
                return error.exitStatus
            }
        }

        /// Verifies the runs of idempotency keys that a shard has beside its log.
        /// - Parameter isWhole: whether the shard's last record is known.
        /// - Returns: the exit status.
        private func verifyRuns(
            of shard: StreamMark,
            beside log: String,
            isWhole: Bool,
            _ ring: MasterKeyRing?
        ) -> Int32 {
            let journal = JournalPaths.shard(shard.number, beside: log)
            guard Files.isDirectory(journal) else { return 0 }
            do throws(JournalError) {
                let runs = try KeyRunVerifier.verify(
                    journal: journal,
                    journalID: UInt64(shard.number),
                    lastPosition: isWhole ? shard.position : .max,
                    ring: ring
                )
                guard let runs else { return 0 }
                Console.line(
                    runs.isSealed
                        ? "\(journal): the runs of idempotency keys are encrypted and were not opened (no --key-file)"
                        : "\(journal): sound, \(runs.keys) idempotency keys in \(runs.runs) runs, up to record \(runs.covered)"
                )
                return 0
            } catch {
                Console.error("millrace: \(error)")
                return error.exitStatus
            }
        }

        private func report(_ found: JournalVerification, _ journal: String) {
            Console.line(
                "\(journal): \(found.isSound ? "sound" : "DAMAGED"), \(found.records) runs in \(found.batches) "
                    + "batches and \(found.segments) segments, \(found.bytes) bytes, last position "
                    + "\(found.lastPosition), epoch \(found.lastEpoch), torn \(found.tornBytes) bytes, "
                    + "head \(found.headHash)"
            )
            for shard in found.streams where found.isWhole {
                Console.line(
                    "\(journal): shard \(shard.number) up to record \(shard.position), epoch \(shard.epoch), "
                        + "chain \(shard.chain)"
                )
            }
            if found.archivedSegments > 0 || found.firstPosition > 1 {
                Console.line(
                    "\(journal): \(found.archivedSegments) segments are in the archive, the first run is "
                        + "\(found.firstPosition)" + (found.firstPosition > 1 ? "; earlier ones are not here" : "")
                )
            }
            if found.sealedBatches > 0 {
                Console.line(
                    "\(journal): \(found.sealedBatches) batches are encrypted and were not opened (no --key-file)"
                )
            }
            if let audit = found.checkpoints {
                Console.line("\(journal): \(audit.text(lastPosition: found.lastPosition))")
                for finding in audit.findings { Console.error("millrace: \(journal): \(finding)") }
            }
            if let problem = found.problem { Console.error("millrace: \(problem)") }
        }
    }

    struct Dump: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dump",
            abstract: "Print the records as JSON lines, oldest first, one journal after another."
        )

        @Argument(help: "A data directory or a log's directory.")
        var directory: String
        @Option(help: "Print this shard's records only.")
        var shard: UInt16?
        @Option(help: "The first position of each shard to print.")
        var from: UInt64 = 1
        @Flag(help: "Print each record's bytes, too.")
        var hex = false
        @OptionGroup var keys: JournalKeyOptions
        @OptionGroup var archives: ArchiveOptions

        func run() throws {
            let ring = try keys.ring()
            for log in try JournalPaths.logs(directory) {
                do throws(JournalProblem) {
                    let archive = archives.archive(of: log)
                    try StreamDump.forEachRecord(directory: log, archive: archive, of: shard, keys: ring) {
                        place,
                        position,
                        bytes in
                        guard position >= from else { return }
                        Console.line(RecordLine.text(place, position: position, in: bytes, hex: hex))
                    }
                } catch {
                    throw Failure(JournalError(error.code, "").exitStatus, error.description)
                }
            }
        }
    }
}

extension JournalVerification {
    /// Whether every record was looked at, so that each shard's last one is known.
    fileprivate var isWhole: Bool { problem == nil && sealedBatches == 0 }
}

/// Where archived segments are.
struct ArchiveOptions: ParsableArguments {
    @Option(help: "Where journal.archive.directory points, if it is configured: it holds log-000, log-001, ...")
    var archive: String?

    /// nil: the folder beside the journal's segments.
    func archive(of journal: String) -> String? {
        guard let archive else { return nil }
        let inner = FilePaths.join(archive, FilePaths.name(of: journal))
        return Files.isDirectory(inner) ? inner : archive
    }
}

/// Where a data directory's logs and shards are.
enum JournalPaths {
    /// The logs of a data directory; a log's own directory is its only one.
    static func logs(_ directory: String) throws -> [String] { try find("log-", in: directory) }

    /// The directories of a data directory's shards, or a shard's own.
    static func shards(_ directory: String) throws -> [String] { try find("shard-", in: directory) }

    /// What a shard has beside its log.
    static func shard(_ number: StreamNumber, beside log: String) -> String {
        DataDirectory.shardDirectory(in: FilePaths.directory(of: log), shard: Int(number))
    }

    private static func find(_ prefix: String, in directory: String) throws -> [String] {
        guard Files.isDirectory(directory) else {
            throw Failure(ExitStatus.configuration, "\(directory): not a directory")
        }
        var found: [String] = []
        guard let listing = opendir(directory) else {
            throw Failure(ExitStatus.io, "\(directory): \(String(cString: strerror(errno)))")
        }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(prefix) { found.append(FilePaths.join(directory, name)) }
        }
        return found.isEmpty ? [directory] : found.sorted()
    }
}
