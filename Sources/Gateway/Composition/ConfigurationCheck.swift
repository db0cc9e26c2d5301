import API
import HTTPTransport
import NIOCore
import Payments

extension GatewayConfiguration {
    /// Does what a start does with the configuration: reads keys and certificates, runs the key
    /// command, resolves the hosts, looks at the data directory. It does not bind ports, lock or
    /// open journals, or write. Blocks.
    ///
    /// Throws `ConfigurationError`, `DataDirectoryError` or `APIConfigurationError` for the first
    /// thing that a start would refuse.
    /// - Parameter makesDataDirectory: whether that start would make the data directory.
    package func check(makesDataDirectory: Bool) throws {
        _ = try JournalProtection(journal)
        _ = try HTTPServerConfiguration(self)
        for connector in connectors { _ = try HTTPClientConfiguration(connector) }
        try checkRisk()
        var registry = ConnectorRegistry()
        try registry.register(connectors)
        _ = try APIConfiguration(self, registry, idempotencySeed: [UInt8](repeating: 0, count: 32))
        try resolve("listen.host", listen.host, port: listen.port)
        try resolve("admin.host", admin.host, port: admin.port)
        if makesDataDirectory {
            guard !DataDirectory.exists(at: dataDirectory) else { throw DataDirectoryError.exists(path: dataDirectory) }
            try checkRoom(shards: shardsOfNewDirectory, logs: logsOfNewDirectory)
        } else {
            let found = try DataDirectory.check(path: dataDirectory, shards: shards, id: dataDirectoryID)
            try checkRoom(shards: found.shards, logs: found.logs)
        }
    }

    private func resolve(_ name: String, _ host: String, port: Int) throws(ConfigurationError) {
        do {
            _ = try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw ConfigurationError(place: name, "the host \(host) is not known")
        }
    }

    /// The variables of `environment` that begin as the gateway's own do and that nothing reads,
    /// sorted.
    /// - Parameter connectors: those whose own variables are read.
    package static func unknownVariables(
        in environment: [String: String],
        connectors: [Connector] = []
    ) -> [String] {
        let known = connectors.reduce(into: EnvironmentName.all) { $0.formUnion($1.variables.all) }
        return environment.keys.filter { $0.hasPrefix("MILLRACE_") && !known.contains($0) }.sorted()
    }
}
