import API
import Glibc

/// The files of a demo: configuration, API keys and last ports. The demo makes them once and keeps
/// them. So a restart over the same directory is the same gateway.
package struct DemoDirectory: Sendable {
    package let path: String
    package let certificates: DevelopmentCertificates
    /// Kept in `state.json`.
    package private(set) var state: State

    package struct State: Codable, Sendable, Equatable {
        package var apiKeys: [String]
        package var port: Int?
        package var adminPort: Int?
        package var pspPort: Int?
        package var pspUsesTLS: Bool?
        /// How many simulators there are, one for each connector; nil for one.
        package var connectors: Int?
        /// Shards that the configuration asks for; nil for the gateway's default.
        package var shards: Int?
        /// Of the second simulator.
        package var secondPSPPort: Int?
        /// Whether a gateway has run here: its data directory was made then, and is never made
        /// again.
        package var hasDataDirectory: Bool?
    }

    package var configurationFile: String { FilePaths.join(path, "millrace.yaml") }
    package var demoFile: String { FilePaths.join(path, "demo.json") }
    /// Where a child writes what it logs.
    package func logFile(_ child: String) -> String { FilePaths.join(path, "\(child).log") }
    /// Where a child says on which ports it listens.
    package func readyFile(_ child: String) -> String { FilePaths.join(path, "\(child).ready.json") }

    private var stateFile: String { FilePaths.join(path, "state.json") }
    private var lockFile: String { FilePaths.join(path, "demo.lock") }

    /// The names of the connectors of a demo that has two, in the order of every merchant's route.
    package static let connectorNames = ["alpha", "beta"]

    /// Finds or makes the files. `merchants`, `connectors` and `shards` are what the caller
    /// demands; a new directory gets `defaultMerchants`, one connector and the gateway's default of
    /// shards otherwise. Blocks.
    package static func open(
        path: String,
        certificates: String?,
        merchants: Int?,
        connectors: Int? = nil,
        shards: Int? = nil,
        now: Int64
    ) throws -> DemoDirectory {
        let path = FilePaths.absolute(path)
        try Files.makeDirectory(path)
        let certificates = try DevelopmentCertificates.ensure(
            directory: certificates ?? FilePaths.join(path, "certs"),
            force: false,
            now: now
        )
        let stateFile = FilePaths.join(path, "state.json")
        let known = try JSONFile.read(stateFile, as: State.self)
        let state = known ?? new(merchants: merchants ?? defaultMerchants, connectors: connectors ?? 1, shards: shards)
        if let merchants, merchants != state.apiKeys.count {
            throw ConfigurationError(
                place: stateFile,
                "made for \(state.apiKeys.count) merchants, not \(merchants); take another directory"
            )
        }
        if let connectors, connectors != state.connectors ?? 1 {
            throw ConfigurationError(
                place: stateFile,
                "made for \(state.connectors ?? 1) connectors, not \(connectors); take another directory"
            )
        }
        if let shards, shards != state.shards {
            throw ConfigurationError(
                place: stateFile,
                "made for \(state.shards.map { "\($0)" } ?? "the default number of") shards, not \(shards); take another directory"
            )
        }
        let directory = DemoDirectory(path: path, certificates: certificates, state: state)
        // The keys first: a configuration that holds hashes of keys nobody knows would be of no
        // use.
        if known == nil { try JSONFile.write(state, to: stateFile, permissions: 0o600) }
        if !Files.exists(directory.configurationFile) {
            let text = DemoConfiguration.text(
                apiKeys: state.apiKeys,
                certificates: certificates,
                connectors: state.connectors == nil ? [] : connectorNames,
                shards: state.shards
            )
            try Files.writeAtomically(Array(text.utf8), to: directory.configurationFile, permissions: 0o600)
        }
        return directory
    }

    private static func new(merchants: Int, connectors: Int, shards: Int?) -> State {
        State(
            apiKeys: (0..<merchants).map { _ in APIKey.generate().text },
            connectors: connectors > 1 ? connectors : nil,
            shards: shards
        )
    }

    /// Merchants of a new demo, unless told otherwise.
    package static let defaultMerchants = 10

    /// Changes `demo.json` under a lock, because a gateway's and a simulator's launcher may do so
    /// at once. When there is none, it is made first or (`creating` false) nothing happens.
    package func updateDemoFile(creating: Bool, _ change: (inout DemoFile) -> Void) throws(FileError) {
        try locked { () throws(FileError) in
            let known = try JSONFile.read(demoFile, as: DemoFile.self)
            guard var file = known ?? (creating ? emptyDemoFile : nil) else { return }
            file.caCertificate = certificates.authorityFile
            file.apiKeys = state.apiKeys
            change(&file)
            try JSONFile.write(file, to: demoFile, permissions: 0o600)
        }
    }

    /// Whether the gateway's data directory is still to be made. That is so when no gateway has run
    /// here and no data directory is there.
    /// - Parameter environment: what the gateway is started with.
    package func needsDataDirectory(environment: [String: String]) -> Bool {
        guard state.hasDataDirectory != true else { return false }
        // A wrong configuration is for the gateway to refuse.
        let configuration = try? GatewayConfiguration.load(
            path: configurationFile,
            environment: environment,
            coreCount: 1
        )
        guard let configuration else { return false }
        return !DataDirectory.exists(at: configuration.dataDirectory)
    }

    /// Changes what a restart should find again.
    package mutating func updateState(_ change: (inout State) -> Void) throws(FileError) {
        var changed = state
        try locked { () throws(FileError) in
            changed = try JSONFile.read(stateFile, as: State.self) ?? state
            change(&changed)
            try JSONFile.write(changed, to: stateFile, permissions: 0o600)
        }
        state = changed
    }

    private var emptyDemoFile: DemoFile {
        DemoFile(caCertificate: certificates.authorityFile, apiKeys: state.apiKeys)
    }

    private func locked(_ body: () throws(FileError) -> Void) throws(FileError) {
        let descriptor = Glibc.open(lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError("open", lockFile) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FileError("flock", lockFile) }
        }
        try body()
    }
}
