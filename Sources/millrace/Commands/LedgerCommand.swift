import ArgumentParser
import Foundation
import Gateway
import Journal
import Ledger
import LedgerAudit
import Money
import Payments
import ShardRecords

/// `millrace ledger`
struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Check and export the double-entry ledger, from the journals alone.",
        discussion: "DIR is a data directory (all its logs), or one log's own directory (data/log-000).",
        subcommands: [Check.self, Export.self]
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Verify zero sums, every posting and every invariant, record by record.",
            discussion: """
                Follows every payment by rules of its own, written from the reference and not from the gateway's code. \
                Exit status 0: sound; 65: something is wrong with the ledger or the journal; 66: records are missing; \
                74: cannot be read.
                """
        )

        @Argument(help: "A data directory or a log's directory.")
        var directory: String
        @Flag(help: "Print the balance of every account, too.")
        var balances = false
        @OptionGroup var keys: JournalKeyOptions
        @OptionGroup var archives: ArchiveOptions

        func run() throws {
            let ring = try keys.ring()
            var isSound = true
            var sums: [Account: AccountTotals] = [:]
            for log in try JournalPaths.logs(directory) {
                var checks: [StreamNumber: LedgerCheck] = [:]
                let archive = archives.archive(of: log)
                try LedgerJournal.forEachRecord(log, archive: archive, keys: ring) { shard, position, record in
                    switch record {
                    case .success(let record): checks[shard, default: LedgerCheck()].examine(record, at: position)
                    case .failure(let error):
                        checks[shard, default: LedgerCheck()].examine(undecodable: error, at: position)
                    }
                }
                for (shard, check) in checks.sorted(by: { $0.key < $1.key }) {
                    var check = check
                    check.finish()
                    report(check, "\(log), shard \(shard)")
                    isSound = isSound && check.problemCount == 0
                    for (account, totals) in check.totals { sums[account, default: AccountTotals()].add(totals) }
                }
                if checks.isEmpty { Console.line("\(log): sound, 0 records") }
            }
            if balances { printBalances(sums) }
            if !isSound { throw ExitCode(ExitStatus.damaged) }
        }

        private func report(_ check: LedgerCheck, _ journal: String) {
            Console.line(
                "\(journal): \(check.problemCount == 0 ? "sound" : "WRONG"), \(check.records) records, "
                    + "\(check.paymentCount) payments, \(check.transfers) transfers, \(check.totals.count) accounts, "
                    + "\(check.openOperations) operations open, \(check.markCount) balance marks"
            )
            for problem in check.problems { Console.error("millrace: \(journal): \(problem)") }
            let left = check.problemCount - check.problems.count
            if left > 0 { Console.error("millrace: \(journal): and \(left) more") }
        }

        private func printBalances(_ sums: [Account: AccountTotals]) {
            let lines = sums.map { account, totals in
                "\(account.path())\t\(account.currency)\t\(ReportText.decimal(totals.balance, account.currency))"
            }
            for line in lines.sorted() { Console.line(line) }
        }
    }

    struct Export: ParsableCommand {
        enum Format: String, ExpressibleByArgument, CaseIterable { case hledger, csv }

        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Print the ledger for an accountant's tools.",
            discussion: """
                hledger: a journal that ends with assertions of every balance, for `hledger check --strict`. \
                csv: a row for each posting, debits positive, amounts in minor units and as decimals.
                """
        )

        @Argument(help: "A data directory or a log's directory.")
        var directory: String
        @Option(help: "hledger or csv.")
        var format: Format
        @Option(help: "The gateway's configuration, for the names of merchants.")
        var config: String?
        @OptionGroup var keys: JournalKeyOptions
        @OptionGroup var archives: ArchiveOptions

        func run() throws {
            let ring = try keys.ring()
            let merchants = try names()
            var export: any LedgerExport =
                switch format {
                case .hledger: HledgerExport(merchants: merchants)
                case .csv: CSVExport(merchants: merchants)
                }
            Console.text(export.begin())
            for log in try JournalPaths.logs(directory) {
                let archive = archives.archive(of: log)
                try LedgerJournal.forEachRecord(log, archive: archive, keys: ring) { _, position, record in
                    let record = try record.get().record
                    for entry in LedgerEntry.of(record, at: position) { Console.text(export.write(entry)) }
                }
            }
            Console.text(export.end())
        }

        private func names() throws -> [UInt64: String] {
            guard let config else { return [:] }
            let configuration = try GatewayConfiguration.load(
                path: config,
                environment: ProcessInfo.processInfo.environment,
                coreCount: 1
            )
            return Dictionary(uniqueKeysWithValues: configuration.merchants.map { ($0.merchantID.rawValue, $0.id) })
        }
    }
}

/// The records of a log that no process writes to.
private enum LedgerJournal {
    /// Ends with a failure at damage, as a start would, and at the first error that `body` throws.
    /// Fails where records are missing in front: a part of a ledger looks like a whole one.
    static func forEachRecord(
        _ directory: String,
        archive: String?,
        keys: MasterKeyRing?,
        body: (StreamNumber, RecordPosition, Result<LinkedRecord, RecordDecodingError>) throws -> Void
    ) throws {
        var failure: (any Error)?
        let first: RecordPosition
        do throws(JournalProblem) {
            first = try JournalDump.firstPosition(directory: directory, archive: archive)
        } catch {
            throw failed(error)
        }
        guard first == 1 else {
            let detail =
                "\(directory): the first \(first - 1) runs of records are neither here nor in the archive; "
                + "say with --archive where journal.archive.directory points"
            throw Failure(ExitStatus.missing, detail)
        }
        do throws(JournalProblem) {
            try StreamDump.forEachRecord(directory: directory, archive: archive, keys: keys) { place, position, bytes in
                guard failure == nil else { return }
                do { try body(place.stream, position, decode(bytes)) } catch {
                    let detail = "\(directory): record \(position) of shard \(place.stream): \(error)"
                    failure = Failure(ExitStatus.damaged, detail)
                }
            }
        } catch {
            throw failed(error)
        }
        if let failure { throw failure }
    }

    private static func failed(_ problem: JournalProblem) -> Failure {
        Failure(JournalError(problem.code, "").exitStatus, problem.description)
    }

    private static func decode(_ bytes: Span<UInt8>) -> Result<LinkedRecord, RecordDecodingError> {
        do throws(RecordDecodingError) {
            return .success(try LinkedRecord(decoding: bytes))
        } catch {
            return .failure(error)
        }
    }
}
