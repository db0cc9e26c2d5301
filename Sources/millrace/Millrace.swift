import ArgumentParser
import Glibc

/// The process's entry: the main thread waits for signals and nothing else; the command runs on the
/// other threads.
@main
enum Entry {
    static func main() {
        Signals.prepare()
        Task.detached {
            await Millrace.runAndExit()
        }
        Signals.waitForever()
    }
}

/// The command line.
struct Millrace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millrace",
        abstract: "A payment gateway: exactly-once payments over HTTP/2, a double-entry ledger in a write-ahead log.",
        version: Version.text,
        subcommands: [
            ServeCommand.self, InitCommand.self, DemoCommand.self, PSPCommand.self, LoadCommand.self,
            JournalCommand.self,
            LedgerCommand.self, KeysCommand.self, CertsCommand.self, SimCommand.self,
        ]
    )

    /// Runs the command that the arguments name.
    static func runAndExit() async -> Never {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Glibc.exit(0)
        } catch {
            Failure.exit(with: error)
        }
    }
}
