import ArgumentParser
import Gateway
import Journal

/// `millrace keys journal`
struct JournalKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Make master keys for the encryption of journals.",
        subcommands: [New.self]
    )

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new",
            abstract: "Print a new line for a key file.",
            discussion: """
                Append it to the key file (mode 0600), make it the active one with a line `active: ID`, and send the \
                gateway SIGHUP. Whoever loses the file loses the journals; keep a copy where the journals are not.
                """
        )

        @Option(help: "The key's number, another one for each key.")
        var id: UInt32 = 1

        func validate() throws {
            guard id > 0 else { throw ValidationError("--id must be from 1 to \(UInt32.max)") }
        }

        func run() throws {
            Console.line(MasterKeyRing.newLine(id: id))
        }
    }
}

/// `millrace keys checkpoint`
struct CheckpointKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Make keys that sign checkpoints of journals.",
        subcommands: [New.self, Public.self]
    )

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new",
            abstract: "Write a new private key to a file that is not there yet, and print the public one.",
            discussion: "Ed25519, as PEM. The public key is for auditors: `millrace journal verify --public-key FILE`."
        )

        @Argument(help: "The private key's file, journal.checkpoints.signing_key_file of the configuration.")
        var file: String

        func run() throws {
            guard !Files.exists(file) else { throw Failure(ExitStatus.configuration, "\(file): exists already") }
            let signer = CheckpointSigner.generate()
            try Files.writeAtomically(Array(signer.pem.utf8), to: file, permissions: 0o600)
            Console.text(signer.publicKey.pem)
        }
    }

    struct Public: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "public",
            abstract: "Print the public key of a private one."
        )

        @Argument(help: "The private key's file.")
        var file: String

        func run() throws {
            let signer = try CheckpointSigner(text: try SecretFile.read(file), source: file)
            Console.text(signer.publicKey.pem)
        }
    }
}
