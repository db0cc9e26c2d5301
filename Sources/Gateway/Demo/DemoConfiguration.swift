import API

/// The configuration that a new demo is given.
enum DemoConfiguration {
    /// Merchants with different fees, everything else at its default. The demo gives ports,
    /// addresses and certificates to its child processes by the environment. So every setting in
    /// this file takes effect when a user edits it.
    /// - Parameters:
    ///   - connectors: their names, in the order of every merchant's route; empty for the one of
    ///     the short form `provider`.
    ///   - shards: of the data directory; nil for the gateway's default.
    static func text(
        apiKeys: [String],
        certificates: DevelopmentCertificates,
        connectors: [String] = [],
        shards: Int? = nil
    ) -> String {
        var text = """
            # Made by `millrace demo` and kept: edit it as you like. Every key is described in docs/configuration.md.
            # The demo gives ports, loops and the simulator's address by the environment.
            listen:
              tls:
                certificate_file: \(quoted(certificates.certificateFile))
                key_file: \(quoted(certificates.keyFile))

            # Relative to this file.
            data_directory: data

            # A demo may rest for a long time between two runs.
            clock:
              max_jump: 3650d


            """
        if let shards { text += "shards: \(shards)\n\n" }
        if !connectors.isEmpty {
            text += "connectors:\n"
            for (index, name) in connectors.enumerated() {
                text += "  - name: \(name)\n"
                // Its simulator does not tell what became of captures, cancels, refunds and
                // increments.
                if index > 0 { text += "    kind: \(GatewayConfiguration.Connector.Kind.simulatedLimited.rawValue)\n" }
            }
            text += "\n"
        }
        text += "merchants:\n"
        for (index, key) in apiKeys.enumerated() {
            text += """
                  - id: merchant-\(index + 1)
                    name: Demo merchant \(index + 1)
                    fee_basis_points: \(fee(index))
                    api_keys: ["\(APIKeyHash(ofKey: key))"]

                """
            if !connectors.isEmpty { text += "    route: [\(connectors.joined(separator: ", "))]\n" }
        }
        return text
    }

    /// Differs from merchant to merchant: 0.5%, 0.75%, ... 3.25%, and again.
    static func fee(_ index: Int) -> Int { 50 + 25 * (index % 12) }

    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
