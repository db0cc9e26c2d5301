package import Payments
import Yams

/// `connectors.yaml` of a data directory: the names of the connectors, in the order of their
/// numbers. It only grows.
package enum ConnectorRegistryFile {
    static let format = 1
    /// 4,096 names of 64 bytes, quoted.
    private static let maximumBytes = 1 << 20

    package static func path(in directory: String) -> String { FilePaths.join(directory, "connectors.yaml") }

    /// Reads the registry of the data directory at `directory`. Blocks.
    ///
    /// Throws `damaged` for a file that is missing or makes no sense, `io` when the system refuses.
    package static func read(in directory: String) throws(DataDirectoryError) -> ConnectorRegistry {
        let file = path(in: directory)
        guard Files.exists(file) else {
            throw .damaged(path: file, reason: "is missing; without it no record's connector is known")
        }
        return try DataDirectoryFile.read(file, limit: maximumBytes, parse: parse)
    }

    /// Replaces the file as a whole; returns when it is durable. Blocks.
    static func write(_ registry: ConnectorRegistry, in directory: String) throws(DataDirectoryError) {
        var text = """
            # Which number each connector has in the journals: the first name has number 1. Names are only added at the end.
            format: \(format)
            connectors: [
            """
        text += registry.names.map { "\"\($0)\"" }.joined(separator: ", ") + "]\n"
        try DataDirectoryFile.write(text, to: path(in: directory))
    }

    private static func parse(_ document: inout ConfigurationSection) throws(ConfigurationError) -> ConnectorRegistry {
        guard try document.integer("format", in: 0...Int.max) == format else {
            throw document.problem("the format is not one that this version reads (\(format))")
        }
        guard let nodes = try document.list("connectors") else { throw document.missing("connectors") }
        var names: [ConnectorName] = []
        for node in nodes {
            guard let name = node.scalar.flatMap({ ConnectorName($0.string) }) else {
                throw document.source.error(node, "is no name of a connector")
            }
            names.append(name)
        }
        do throws(ConnectorRegistry.Problem) {
            return try ConnectorRegistry(stored: names)
        } catch {
            throw document.problem("a name stands twice, or there are too many")
        }
    }
}

extension ConnectorRegistry {
    /// Gives the connectors of a configuration that have no number theirs, in order.
    mutating func register(_ connectors: [GatewayConfiguration.Connector]) throws(Problem) {
        for connector in connectors {
            guard let name = ConnectorName(connector.name) else { preconditionFailure("the reader checks names") }
            _ = try number(for: name)
        }
    }
}
