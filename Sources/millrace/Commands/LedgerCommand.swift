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
        discussion: "DIR is a data directory (every shard's journal), or one journal's own directory.",
        subcommands: [Check.self, Export.self]
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Verify zero sums, every posting and every invariant, record by record.",
            discussion: """
                Follows every payment by rules of its own, written from the reference and not from the gateway's code. \
                Exit status 0: sound; 65: something is wrong with the ledger or the journal; 74: cannot be read.
                """
        )

        @Argument(help: "A data directory or a journal's directory.")
        var directory: String
        @Flag(help: "Print the balance of every account, too.")
        var balances = false
        @OptionGroup var keys: JournalKeyOptions

        func run() throws {
            let ring = try keys.ring()
            var isSound = true
            var sums: [Account: AccountTotals] = [:]
            for journal in try JournalPaths.find(directory) {
                var check = LedgerCheck()
                try LedgerJournal.forEachRecord(journal, keys: ring) { position, record in
                    switch record {
                    case .success(let record): check.examine(record, at: position)
                    case .failure(let error): check.examine(undecodable: error, at: position)
                    }
                }
                check.finish()
                report(check, journal)
                isSound = isSound && check.problemCount == 0
                for (account, totals) in check.totals { sums[account, default: AccountTotals()].add(totals) }
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

        @Argument(help: "A data directory or a journal's directory.")
        var directory: String
        @Option(help: "hledger or csv.")
        var format: Format
        @Option(help: "The gateway's configuration, for the names of merchants.")
        var config: String?
        @OptionGroup var keys: JournalKeyOptions

        func run() throws {
            let ring = try keys.ring()
            let merchants = try names()
            var export: any LedgerExport =
                switch format {
                case .hledger: HledgerExport(merchants: merchants)
                case .csv: CSVExport(merchants: merchants)
                }
            Console.text(export.begin())
            for journal in try JournalPaths.find(directory) {
                try LedgerJournal.forEachRecord(journal, keys: ring) { position, record in
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

/// The records of a journal that no process writes to.
private enum LedgerJournal {
    /// Ends with a failure at damage, as a start would, and at the first error that `body` throws.
    static func forEachRecord(
        _ directory: String,
        keys: MasterKeyRing?,
        body: (RecordPosition, Result<LinkedRecord, RecordDecodingError>) throws -> Void
    ) throws {
        var failure: (any Error)?
        do throws(JournalProblem) {
            try JournalDump.forEachRecord(directory: directory, keys: keys) { _, position, bytes in
                guard failure == nil else { return }
                do { try body(position, decode(bytes)) } catch {
                    failure = Failure(ExitStatus.damaged, "\(directory): record \(position): \(error)")
                }
            }
        } catch {
            throw Failure(JournalError(error.code, "").exitStatus, error.description)
        }
        if let failure { throw failure }
    }

    private static func decode(_ bytes: Span<UInt8>) -> Result<LinkedRecord, RecordDecodingError> {
        do throws(RecordDecodingError) {
            return .success(try LinkedRecord(decoding: bytes))
        } catch {
            return .failure(error)
        }
    }
}
