import ArgumentParser
import Gateway
import Glibc
import Journal

extension JournalCommand {
    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup",
            abstract: "Copy a data directory while the gateway runs, into one that a gateway can serve from.",
            discussion: """
                Every payment acknowledged before it began is in the copy. Each log is copied up to a point of its own; its shards \
                know nothing of those of another log. Files are copied, never linked: a second name for the same blocks is no backup. \
                The copy is verified. Keys (journal.encryption, journal.checkpoints) and the configuration are not in the data \
                directory and not in the copy: back them up elsewhere.
                """
        )

        @Option(help: "The data directory.")
        var data: String
        @Option(help: "A directory that is empty or not there yet.")
        var to: String
        @Option(help: "Where journal.archive.directory points, if it is configured.")
        var archive: String?
        @Option(help: "Megabytes per second to read at most.")
        var rate = 100

        func validate() throws {
            guard (1...100_000).contains(rate) else { throw ValidationError("--rate must be from 1 to 100000") }
        }

        func run() throws {
            let backup = DataBackup(source: data, target: to, archive: archive, bytesPerSecond: rate * 1_000_000)
            for log in try backup.run() {
                let result = log.result
                Console.line(
                    "\(log.directory): up to run \(result.lastPosition), \(result.segments) segments, "
                        + "\(result.archived) archived, \(result.otherFiles + log.shardFiles) other files, \(result.bytes) bytes, "
                        + "head \(result.headHash)"
                )
            }
            Console.line("\(to): complete and verified")
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restore",
            abstract: "Verify a backup and put it into a new data directory.",
            discussion: """
                The chain of every log and the SHA-256 of every file are checked; nothing is restored from a backup that is not \
                whole, and nothing into a directory that is not empty. Archived segments go into each log's folder \
                "archive": move them if journal.archive.directory is configured.
                """
        )

        @Option(help: "The backup.")
        var from: String
        @Option(help: "The new data directory: empty, or not there yet.")
        var data: String

        func run() throws {
            let result = try DataRestore(backup: from, target: data).run()
            Console.line(
                "\(data): \(result.files) files, \(result.bytes) bytes, last runs "
                    + result.lastPositions.map(String.init).joined(separator: " ")
                    + ", of a backup made at \(result.seconds) (seconds since 1970)"
            )
        }
    }

    struct Repair: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "repair",
            abstract: "Turn a flipped bit of a damaged log back, or cut the log before a run of records.",
            discussion: """
                --mend looks for one bit that alone explains the damage, and turns it back if the SHA-256 that the next batch, \
                the next segment or the witness holds proves it. Then no record is lost or changed. Try it first. \
                --truncate-at loses what is cut. DIR is one log's directory (data/log-000) that no process has open. The run and all after it, of all its shards, are \
                cut off, from the middle of a batch if need be. Nothing is deleted: the old segment, later segments, checkpoints \
                and archived segments that hold or vouch for cut records, and the shards' snapshots and other files that rest on \
                them, are kept as *.cut. An encrypted log needs the key. Without --yes only \
                says what would be lost. Payments in cut records are unknown to the gateway from then on: settle them with \
                the PSP's reports, or restore a backup instead.
                """
        )

        @Argument(help: "A log's directory.")
        var directory: String
        @Flag(help: "Turn back the one bit that was flipped; loses nothing.")
        var mend = false
        @Option(help: "The first run to lose; `millrace journal verify` names it after damage.")
        var truncateAt: UInt64?
        @Option(help: "The log's archive, if it is not the folder of that name in the directory.")
        var archive: String?
        @Flag(help: "Do it.")
        var yes = false
        @Option(help: "Lost records to print as JSON lines, of those that can be read.")
        var show = 20
        @OptionGroup var keys: JournalKeyOptions

        func validate() throws {
            guard mend != (truncateAt != nil) else { throw ValidationError("give either --mend or --truncate-at") }
        }

        func run() throws {
            let ring = try keys.ring()
            if let truncateAt { try cut(before: truncateAt, ring) } else { try mendBit() }
            let found = JournalVerifier.verify(directory: directory, keys: ring, archive: archive, isLog: true)
            guard yes else { return }
            if let problem = found.problem { throw Failure(ExitStatus.damaged, "still damaged: \(problem)") }
            Console.line(
                "\(directory): \(mend ? "mended" : "cut"). Sound, last position \(found.lastPosition), head \(found.headHash)"
            )
        }

        private func mendBit() throws {
            do throws(JournalProblem) {
                describe(try JournalRepair.mendPlan(directory: directory))
                guard yes else { return Console.line("Nothing was changed. Repeat with --yes to do it.") }
                _ = try JournalRepair.mend(directory: directory)
            } catch {
                throw Failure(
                    error.code == .notFound ? ExitStatus.damaged : JournalError(error.code, "").exitStatus,
                    error.description
                )
            }
        }

        private func describe(_ plan: JournalMendPlan) {
            Console.line(
                "One flipped bit: bit \(plan.bit) of the byte at offset \(plan.offset) of \(plan.file), in batch "
                    + "\(plan.batch) with runs \(plan.firstPosition) to \(plan.lastPosition)"
            )
            Console.line(
                "Proof: with the bit turned back both checksums of the batch are right, and its SHA-256 is the one "
                    + "that \(plan.proof) holds. So the batch is as it was written"
            )
            Console.line(
                "Lost: nothing. No record, answer, amount or chain changes; all behind it is applied as it was"
            )
            Console.line("Replaced, and kept as .cut: \(plan.file)")
            Console.line("What flips a bit flips others: verify everything, and replace the disk or the memory")
        }

        private func cut(before truncateAt: UInt64, _ ring: MasterKeyRing?) throws {
            let shards = try LogShards.find(beside: directory)
            do throws(JournalProblem) {
                let plan = try JournalRepair.plan(
                    directory: directory,
                    truncateAt: truncateAt,
                    archive: archive,
                    keys: ring,
                    shards: shards
                )
                describe(plan)
                try showLost(from: truncateAt, ring)
                hintAtMending(plan)
                guard yes else { return Console.line("Nothing was changed. Repeat with --yes to do it.") }
                _ = try JournalRepair.truncate(
                    directory: directory,
                    at: truncateAt,
                    archive: archive,
                    keys: ring,
                    shards: shards
                )
            } catch {
                throw Failure(JournalError(error.code, "").exitStatus, error.description)
            }
        }

        /// Nobody shall lose records that one bit would bring back.
        private func hintAtMending(_ plan: JournalRepairPlan) {
            guard !yes, plan.problem != nil, (try? JournalRepair.mendPlan(directory: directory)) != nil else { return }
            Console.line("One flipped bit explains the damage: --mend turns it back and loses nothing")
        }

        private func describe(_ plan: JournalRepairPlan) {
            if let problem = plan.problem { Console.line("A start is refused: \(problem)") }
            Console.line(
                "Cut in \(plan.file) at offset \(plan.offset), before run \(plan.position)"
                    + (plan.recordsKeptOfBatch == 0
                        ? "" : "; the first \(plan.recordsKeptOfBatch) runs of that batch stay")
            )
            Console.line(
                "Lost: \(plan.lostRecords) runs, \(plan.position) to \(plan.lastKnown)"
                    + " (as far as batches, witness and checkpoints say)"
            )
            for shard in plan.streams { Console.line("Shard \(shard.number) ends with record \(shard.position)") }
            for file in plan.replaced { Console.line("Replaced, and kept as .cut: \(file)") }
            for file in plan.setAside { Console.line("Set aside as .cut: \(file)") }
        }

        private func showLost(from truncateAt: UInt64, _ ring: MasterKeyRing?) throws(JournalProblem) {
            var readable = 0
            try JournalRepair.forEachLostRecord(directory: directory, from: truncateAt, keys: ring) {
                batch,
                position,
                bytes in
                try? StreamDump.forEachRecord(of: bytes, at: position, in: batch) { place, record, bytes in
                    readable += 1
                    guard readable <= show else { return }
                    Console.line(RecordLine.text(place, position: record, in: bytes, hex: false))
                }
            }
            Console.line("\(readable) of them can still be read" + (readable > show ? " (--show prints more)" : ""))
        }
    }
}
