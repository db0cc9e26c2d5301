import ArgumentParser
import Gateway

/// `millrace certs`
struct CertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certs",
        abstract: "Make a development authority and a server certificate for localhost, 127.0.0.1 and ::1.",
        discussion: "Files that are there and good for 30 more days are kept."
    )

    @Option(help: "The directory to put ca.pem, server.pem and server.key in.")
    var out = "certs"

    @Flag(help: "Make new ones in any case.")
    var force = false

    func run() throws {
        let certificates = try DevelopmentCertificates.ensure(
            directory: out,
            force: force,
            now: WallClock.seconds()
        )
        Console.line("\(certificates.wereMade ? "made" : "kept") \(certificates.certificateFile)")
    }
}
