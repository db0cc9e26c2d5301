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
        discussion: "DIR is a data directory (every shard's journal), or one journal's own directory.",
        subcommands: [Verify.self, Dump.self, Cursors.self, Backup.self, Restore.self, Repair.self]
    )

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Check every checksum, the sequence, the chain and the end of journals nobody writes to.",
            discussion: """
                Without --key-file encrypted batches are checked (checksums and chain are over what is on the disk) but \
                not opened. With --public-key the chain is also held against signed checkpoints. \
                Exit status 0: sound; 65: damaged or tampered with; 74: cannot be read; 78: a key is missing or wrong.
                """
        )

        @Argument(help: "A data directory or a journal's directory.")
        var directory: String
        @OptionGroup var keys: JournalKeyOptions
        @OptionGroup var checkpoints: CheckpointOptions
        @OptionGroup var archives: ArchiveOptions

        func run() throws {
            var status: Int32 = 0
            let ring = try keys.ring()
            let evidence = try checkpoints.evidence()
            for journal in try JournalPaths.find(directory) {
                let found = JournalVerifier.verify(
                    directory: journal,
                    keys: ring,
                    evidence: evidence,
                    archive: archives.archive(of: journal)
                )
                report(found, journal)
                if !found.isSound { status = max(status, ExitStatus.damaged) }
                if let problem = found.problem { status = max(status, JournalError(problem.code, "").exitStatus) }
                status = max(status, verifyRuns(of: journal, found, ring))
            }
            if status != 0 { throw ExitCode(status) }
        }

        /// The runs of idempotency keys beside the journal.
        /// - Returns: the exit status.
        private func verifyRuns(of journal: String, _ found: JournalVerification, _ ring: MasterKeyRing?) -> Int32 {
            do throws(JournalError) {
                let runs = try KeyRunVerifier.verify(
                    journal: journal,
                    journalID: found.journalID,
                    // Of a journal with a problem the last record is not known.
                    lastPosition: found.problem == nil ? found.lastPosition : .max,
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
                "\(journal): \(found.isSound ? "sound" : "DAMAGED"), \(found.records) records in \(found.batches) "
                    + "batches and \(found.segments) segments, \(found.bytes) bytes, last position "
                    + "\(found.lastPosition), epoch \(found.lastEpoch), torn \(found.tornBytes) bytes, "
                    + "head \(found.headHash)"
            )
            if found.archivedSegments > 0 || found.firstPosition > 1 {
                Console.line(
                    "\(journal): \(found.archivedSegments) segments are in the archive, the first record is "
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

        @Argument(help: "A data directory or a journal's directory.")
        var directory: String
        @Option(help: "The first position to print.")
        var from: UInt64 = 1
        @Flag(help: "Print each record's bytes, too.")
        var hex = false
        @OptionGroup var keys: JournalKeyOptions
        @OptionGroup var archives: ArchiveOptions

        func run() throws {
            let ring = try keys.ring()
            for journal in try JournalPaths.find(directory) {
                do throws(JournalProblem) {
                    let archive = archives.archive(of: journal)
                    try JournalDump.forEachRecord(directory: journal, archive: archive, from: from, keys: ring) {
                        batch,
                        position,
                        bytes in
                        Console.line(RecordLine.text(batch, position: position, in: bytes, hex: hex))
                    }
                } catch {
                    throw Failure(JournalError(error.code, "").exitStatus, error.description)
                }
            }
        }
    }
}

/// Where archived segments are.
struct ArchiveOptions: ParsableArguments {
    @Option(help: "Where journal.archive.directory points, if it is configured: it holds shard-000, shard-001, ...")
    var archive: String?

    /// nil: the folder beside the journal's segments.
    func archive(of journal: String) -> String? {
        guard let archive else { return nil }
        let inner = FilePaths.join(archive, FilePaths.name(of: journal))
        return Files.isDirectory(inner) ? inner : archive
    }
}

/// Where a data directory's journals are.
enum JournalPaths {
    static func find(_ directory: String) throws -> [String] {
        guard Files.isDirectory(directory) else {
            throw Failure(ExitStatus.configuration, "\(directory): not a directory")
        }
        var journals: [String] = []
        guard let listing = opendir(directory) else {
            throw Failure(ExitStatus.io, "\(directory): \(String(cString: strerror(errno)))")
        }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("shard-") { journals.append(FilePaths.join(directory, name)) }
        }
        return journals.isEmpty ? [directory] : journals.sorted()
    }
}
