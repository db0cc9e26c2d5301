import ArgumentParser
import Foundation
import Gateway

/// `millrace init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a new data directory.",
        discussion: """
            A new data directory knows no payment and no idempotency key. So nothing else makes one: a gateway that finds \
            none does not start. Prints the directory's identity for data_directory_id in the configuration, which makes a \
            gateway refuse any other. Exit statuses: 73 a data directory is there already, 74 it cannot be written, \
            65 journals are there without their meta.yaml.
            """
    )

    @Argument(help: "Where: the data_directory of the configuration. Made when missing, with its parents.")
    var directory: String

    @Option(help: "The number of shards, 1 to 1024; it can never be changed.")
    var shards = GatewayConfiguration.defaultShards
    @Option(
        help:
            "The event loops that the gateway will have, 1 to 256; each gets a log, whose number never changes (default: one for each core)."
    )
    var loops: Int?

    func validate() throws {
        guard (1...1_024).contains(shards) else { throw ValidationError("--shards must be from 1 to 1024") }
        if let loops, !(1...256).contains(loops) { throw ValidationError("--loops must be from 1 to 256") }
    }

    func run() throws {
        let made = try DataDirectory.create(
            path: FilePaths.absolute(directory),
            shards: shards,
            logs: DataDirectory.logCount(
                shards: shards,
                loops: loops ?? ProcessInfo.processInfo.activeProcessorCount
            )
        )
        Console.line("data_directory: \(made.path)")
        Console.line("data_directory_id: \"\(made.id)\"")
        Console.line("shards: \(made.shards)")
        Console.line("logs: \(made.logs)")
        made.close()
    }
}
