import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Gateway

/// Runs the built binary, where the test bundle lies beside it.
@Suite(.enabled(if: BuiltBinary.path != nil, "the millrace binary is not beside the tests"))
struct CommandLineTests {
    private let temporary: TemporaryDirectory

    init() throws {
        temporary = try TemporaryDirectory()
    }

    private struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Result {
        try run(executable: try #require(BuiltBinary.path), arguments, environment: environment)
    }

    private func run(
        executable: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        // What the build of the tests has set is not the gateway's.
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MILLRACE_") }
        process.environment = inherited.merging(environment) { $1 }
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let outputData = output.fileHandleForReading.readDataToEndOfFile()
        let errorData = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: String(decoding: outputData, as: UTF8.self),
            errors: String(decoding: errorData, as: UTF8.self)
        )
    }

    private func configuration(_ more: String = "") throws -> String {
        try temporary.write("listen: {cleartext_h2: true}\n" + ConfigurationText.merchants + more, to: "millrace.yaml")
    }

    @Test("a good configuration is said to be good")
    func checkConfig() throws {
        try DataDirectory.create(path: temporary.file("data"), shards: 1, logs: 1).close()
        let result = try run("serve", "--config", try configuration(), "--check-config")
        #expect(result.status == 0)
        #expect(result.output == "configuration ok\n")
        #expect(result.errors == "")
    }

    @Test("what a start would refuse, the check refuses")
    func checkRunsWhatStartRuns() throws {
        let missing = try run("serve", "--config", try configuration(), "--check-config")
        #expect(missing.status == 66)
        #expect(try run("serve", "--config", try configuration(), "--check-config", "--init").status == 0)
        #expect(!Files.exists(temporary.file("data")), "a check writes nothing")
        try DataDirectory.create(path: temporary.file("data"), shards: 1, logs: 1).close()
        #expect(try run("serve", "--config", try configuration(), "--check-config", "--init").status == 73)
        let shards = try run("serve", "--config", try configuration("shards: 3\n"), "--check-config")
        #expect(shards.status == 78 && shards.errors.contains("made for 1 shards"))
        let host = try run(
            "serve",
            "--config",
            try configuration("admin: {host: no.such.invalid, allow_remote: true}\n"),
            "--check-config"
        )
        #expect(host.status == 78 && host.errors.contains("the host no.such.invalid is not known"))
        let typo = try run(
            "serve",
            "--config",
            try configuration(),
            "--check-config",
            environment: ["MILLRACE_LISTN_PORT": "1"]
        )
        #expect(typo.status == 0 && typo.errors.contains("MILLRACE_LISTN_PORT"))
    }

    /// What a start opens or counts before it reads the journals.
    @Test("the check reads the files of the data directory, and counts descriptors, as a start does")
    func checkLooksIntoTheDirectory() throws {
        let data = temporary.file("data")
        func check(_ more: String = "") throws -> Result {
            try run("serve", "--config", try configuration(more), "--check-config")
        }
        _ = try temporary.write("a file", to: "data")
        #expect(try check().status == 74)
        #expect(FilesForTests.remove(data))
        try DataDirectory.create(path: data, shards: 1, logs: 1).close()
        #expect(try check().status == 0)
        #expect(try check("admin: {port: 8443}\n").status == 78)
        #expect(try check("journal: {archive: {directory: millrace.yaml}}\n").errors.contains("millrace.yaml"))
        #expect(chmod(data, 0o777) == 0)
        let open = try check()
        #expect(open.status == 78 && open.errors.contains("mode 0777"))
        #expect(try run("serve", "--config", try configuration(), environment: Self.anyPorts).status == 78)
        #expect(try check("allow_shared_data_directory: true\n").status == 0)
        #expect(chmod(data, 0o700) == 0)
        for name in ["connectors.yaml", "configurations.yaml", "meta.yaml"] {
            let whole = try Files.read(FilePaths.join(data, name))
            _ = try temporary.write("format: 9\n", to: "data/\(name)")
            let damaged = try check()
            #expect(damaged.status == 65 && damaged.errors.contains(name))
            try Files.writeAtomically(whole, to: FilePaths.join(data, name))
        }
        let path = try #require(BuiltBinary.path)
        let few = try run(
            executable: "/bin/sh",
            ["-c", "ulimit -n 100; exec '\(path)' serve --config '\(try configuration())' --check-config"]
        )
        #expect(few.status == 78 && few.errors.contains("the limit of open files"))
    }

    @Test("a certificate and a key that do not belong together, no PEM, and a key for everybody are refused")
    func certificateAndKey() throws {
        try DataDirectory.create(path: temporary.file("data"), shards: 1, logs: 1).close()
        let one = temporary.file("one"), other = temporary.file("other")
        for directory in [one, other] { #expect(try run("certs", "--out", directory).status == 0) }
        func check(_ certificate: String, _ key: String) throws -> Result {
            let text = "listen: {tls: {certificate_file: '\(certificate)', key_file: '\(key)'}}\n"
            let file = try temporary.write(text + ConfigurationText.merchants, to: "tls.yaml")
            return try run("serve", "--config", file, "--check-config")
        }
        #expect(try check("\(one)/server.pem", "\(one)/server.key").status == 0)
        #expect(try check("\(one)/server.pem", "\(other)/server.key").status == 78)
        #expect(try check("\(one)/server.key", "\(one)/server.pem").status == 78)
        let empty = try temporary.write("nothing\n", to: "empty.pem")
        #expect(try check(empty, "\(one)/server.key").status == 78)
        #expect(chmod("\(one)/server.key", 0o644) == 0)
        let open = try check("\(one)/server.pem", "\(one)/server.key")
        #expect(open.status == 78 && open.errors.contains("mode 0644"))
    }

    @Test("a bad configuration is one line with its place, and status 78")
    func badConfig() throws {
        let file = try configuration("colour: blue\n")
        let result = try run("serve", "--config", file)
        #expect(result.status == 78)
        #expect(result.errors == "millrace: \(file):6: unknown key colour\n")
        #expect(result.output == "")
    }

    @Test("a missing configuration is status 78")
    func missingConfig() throws {
        let result = try run("serve", "--config", temporary.file("none.yaml"), "--check-config")
        #expect(result.status == 78)
        #expect(result.errors == "millrace: \(temporary.file("none.yaml")): No such file or directory\n")
    }

    @Test("a bad override names its variable, and is status 78")
    func badEnvironment() throws {
        let result = try run("serve", "--config", try configuration(), environment: ["MILLRACE_LOOPS": "many"])
        #expect(result.status == 78)
        #expect(result.errors == "millrace: environment MILLRACE_LOOPS: loops: must be a whole number from 1 to 256\n")
    }

    @Test("a data directory that another process has open is status 75")
    func held() throws {
        let file = try configuration()
        let held = try DataDirectory.create(path: temporary.file("data"), shards: 1, logs: 1)
        let result = try run("serve", "--config", file)
        #expect(result.status == 75)
        #expect(result.errors.contains("another process has this data directory open"))
        held.close()
    }

    @Test("a gateway without a data directory does not start and makes none")
    func noDataDirectory() throws {
        try Files.makeDirectory(temporary.file("data"))
        let result = try run("serve", "--config", try configuration(), environment: Self.anyPorts)
        #expect(result.status == 66)
        #expect(result.errors.contains("Is its disk mounted?"))
        #expect(!Files.exists(temporary.file("data/meta.yaml")))
    }

    private static let anyPorts = ["MILLRACE_LISTEN_PORT": "0", "MILLRACE_ADMIN_PORT": "0"]

    @Test("init makes a data directory once, and tells its identity, which the configuration can demand")
    func initialize() throws {
        let made = try run("init", "--shards", "2", "--loops", "4", temporary.file("data"))
        #expect(made.status == 0)
        #expect(made.output.contains("shards: 2\nlogs: 2\n"))
        let directory = try DataDirectory.open(path: temporary.file("data"), shards: 2, id: nil)
        directory.close()
        #expect(made.output.contains("data_directory_id: \"\(directory.id)\"\n"))
        #expect(try run("init", temporary.file("data")).status == 73)
        #expect(try run("init", "--shards", "0", temporary.file("other")).status == 64)
        let other = try configuration("data_directory_id: '\(String(repeating: "0", count: 32))'\n")
        let refused = try run("serve", "--config", other, environment: Self.anyPorts)
        #expect(refused.status == 78)
        #expect(refused.errors.contains(directory.id))
    }

    @Test("a port that is taken is status 69, names address and port, and leaves the data directory alone")
    func takenPort() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let taken = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(taken.localAddress?.port)
        for name in ["MILLRACE_LISTEN_PORT", "MILLRACE_ADMIN_PORT"] {
            var environment = Self.anyPorts
            environment[name] = "\(port)"
            let result = try run("serve", "--config", try configuration(), "--init", environment: environment)
            #expect(result.status == 69)
            #expect(
                result.errors == "millrace: cannot listen on 127.0.0.1:\(port): another process listens on this port\n"
            )
            #expect(!Files.exists(temporary.file("data")))
        }
        let simulator = try run("psp", "--port", "\(port)")
        #expect(simulator.status == 69)
        #expect(simulator.errors.contains("cannot listen on 127.0.0.1:\(port): "))
        try await taken.close()
        try await group.shutdownGracefully()
    }

    @Test("arguments that make no sense are status 64")
    func usage() throws {
        #expect(try run("serve").status == 64)
        #expect(try run("demo", "--gateway-only", "--psp-only").status == 64)
        #expect(try run("demo", "--port", "70000").status == 64)
        #expect(try run("psp", "--port", "-1").status == 64)
        #expect(try run("nonsense").status == 64)
    }

    @Test("keys come with the hash that the configuration takes")
    func keys() throws {
        let result = try run("keys", "new", "--count", "3")
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 6)
        let hashes = lines.filter { $0.hasPrefix("hash: sha256:") }.map { $0.dropFirst(6) }
        #expect(Set(hashes).count == 3)
        #expect(lines.filter { $0.hasPrefix("key:  mk_") }.count == 3)
    }

    @Test("certificates are made once")
    func certificates() throws {
        let directory = temporary.file("certs")
        #expect(try run("certs", "--out", directory).output.hasPrefix("made "))
        #expect(try run("certs", "--out", directory).output.hasPrefix("kept "))
        #expect(try run("certs", "--out", directory, "--force").output.hasPrefix("made "))
    }

    @Test("a profile that does not exist stops the demo before anything starts")
    func unknownProfile() throws {
        let result = try run("demo", "--data", temporary.file("demo"), "--profile", "sunny")
        #expect(result.status == 78)
        #expect(!Files.exists(temporary.file("demo")))
    }
}

/// The `millrace` beside the test bundle; `nil` where only the tests were built.
enum BuiltBinary {
    static let path: String? = {
        let bundle = FilePaths.absolute(CommandLine.arguments[0])
        let path = FilePaths.join(FilePaths.directory(of: bundle), "millrace")
        return access(path, X_OK) == 0 ? path : nil
    }()
}
