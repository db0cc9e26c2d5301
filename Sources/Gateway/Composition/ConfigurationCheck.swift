import API
import HTTPTransport
import NIOCore
import Payments

extension GatewayConfiguration {
    /// Does what a start does with the configuration: reads keys and certificates, runs the key
    /// command, resolves the hosts, counts descriptors, looks at the data directory and reads its
    /// files, and asks whether it and the archive can be written to. It does not bind ports, lock
    /// or open journals, or write. Blocks.
    ///
    /// Throws `ConfigurationError`, `DataDirectoryError` or `APIConfigurationError` for the first
    /// thing that a start would refuse.
    /// - Parameter makesDataDirectory: whether that start would make the data directory.
    package func check(makesDataDirectory: Bool) throws {
        _ = try JournalProtection(journal)
        _ = try HTTPServerConfiguration(self)
        let clients = try connectors.map { try HTTPClientConfiguration($0) }
        try checkRisk()
        let place = try checkDirectory(makesDataDirectory)
        try checkRoom(shards: place.shards, logs: place.logs)
        _ = try DescriptorBudget(
            self,
            shards: place.shards,
            logs: place.logs,
            callsPerLoop: clients.reduce(0) { $0 + $1.connections.maximum }
        )
        var registry = place.registry
        do throws(ConnectorRegistry.Problem) {
            try registry.register(connectors)
        } catch {
            throw DataDirectoryError.registryFull(path: ConnectorRegistryFile.path(in: dataDirectory))
        }
        _ = try APIConfiguration(self, registry, idempotencySeed: [UInt8](repeating: 0, count: 32))
        try resolve("listen.host", listen.host, port: listen.port)
        try resolve("admin.host", admin.host, port: admin.port)
        if let archive = journal.archive.directory { try Files.checkWritable(archive) }
    }

    private struct Place {
        var shards: Int
        var logs: Int
        var registry = ConnectorRegistry()
    }

    private func checkDirectory(_ isMade: Bool) throws -> Place {
        // One that is not there and is not to be made is told as missing.
        if isMade || Files.exists(dataDirectory) {
            do throws(FileError) { try Files.checkWritable(dataDirectory) } catch { throw DataDirectoryError.io(error) }
        }
        if isMade {
            guard !DataDirectory.exists(at: dataDirectory) else { throw DataDirectoryError.exists(path: dataDirectory) }
            return Place(shards: shardsOfNewDirectory, logs: logsOfNewDirectory)
        }
        let found = try DataDirectory.check(
            path: dataDirectory,
            shards: shards,
            id: dataDirectoryID,
            isShared: allowsSharedDirectory
        )
        _ = try ConfigurationVersions.read(in: dataDirectory)
        let registry = try ConnectorRegistryFile.read(in: dataDirectory)
        return Place(shards: found.shards, logs: found.logs, registry: registry)
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
