import ArgumentParser

/// The command line.
@main
struct Millrace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millrace",
        abstract: "A payment gateway: exactly-once payments over HTTP/2, a double-entry ledger in a write-ahead log.",
        subcommands: [
            ServeCommand.self, DemoCommand.self, PSPCommand.self, LoadCommand.self, JournalCommand.self,
            KeysCommand.self, CertsCommand.self,
        ]
    )

    static func main() async {
        Signals.prepare()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Failure.exit(with: error)
        }
    }
}
