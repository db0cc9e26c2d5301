import ArgumentParser
import Gateway
import Journal

/// `millrace journal`
struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Look into a write-ahead log.",
        subcommands: []
    )
}
