import API

extension GatewayConfiguration.Operator {
    /// - Parameter identities: those of the merchants; no key may belong to two.
    static func readAll(
        _ document: inout ConfigurationSection,
        _ identities: inout GatewayConfiguration.Merchant.Identities
    ) throws(ConfigurationError) -> [Self] {
        guard let nodes = try document.list("operators") else { return [] }
        guard nodes.count <= APIConfiguration.maximumOperators else {
            let node = nodes[APIConfiguration.maximumOperators]
            throw document.source.error(node, "operators: at most \(APIConfiguration.maximumOperators)")
        }
        var operators: [Self] = []
        for (index, node) in nodes.enumerated() {
            var section = try ConfigurationSection(node, path: "operators[\(index)]", source: document.source)
            guard let name = try section.value("name") else { throw section.missing("name") }
            guard GatewayConfiguration.Merchant.isIdentifier(name.text) else {
                throw name.error("must be 1 to 128 letters, digits, dots, hyphens or underscores")
            }
            guard !operators.contains(where: { $0.name == name.text }) else {
                throw name.error("the operator \(name.text) is listed twice")
            }
            let keys = try GatewayConfiguration.Merchant.readKeys(&section) { hash, node throws(ConfigurationError) in
                try identities.add(keyHash: hash, node)
            }
            try section.finish()
            operators.append(Self(name: name.text, apiKeyHashes: keys))
        }
        return operators
    }
}
