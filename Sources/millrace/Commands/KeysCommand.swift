import API
import ArgumentParser

/// `millrace keys`
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make API keys for merchants and operators, and keys for journals.",
        subcommands: [New.self, JournalKeysCommand.self, CheckpointKeysCommand.self]
    )

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new",
            abstract: "Print a new API key for a merchant or an operator, and its hash for the configuration.",
            discussion: "The key is shown this once; nothing but the hash is to be stored on the gateway's side."
        )

        @Option(help: "How many.")
        var count = 1

        @Flag(help: "A key for an operator: for events of providers and pay-outs, and reviews; not for payments.")
        var `operator` = false

        func validate() throws {
            guard (1...10_000).contains(count) else { throw ValidationError("--count must be from 1 to 10000") }
        }

        func run() throws {
            for _ in 0..<count {
                let key = APIKey.generate(forOperator: `operator`)
                Console.line("key:  \(key.text)")
                Console.line("hash: \(key.hash)")
            }
        }
    }
}
