import API
package import Payments
import Yams

extension GatewayConfiguration.Merchant {
    /// The longest identifier and name, in bytes.
    private static let maximumTextBytes = 128
    /// Keys of one merchant: two suffice for a rotation.
    private static let maximumKeys = 16
    private static let maximumMerchants = APIConfiguration.maximumMerchants

    /// The merchant's identity in the journal.
    package var merchantID: MerchantID { MerchantID(configured: id) }

    static func readAll(
        _ document: inout ConfigurationSection,
        _ identities: inout Identities,
        connectors: [String]
    ) throws(ConfigurationError) -> [Self] {
        guard let nodes = try document.list("merchants"), !nodes.isEmpty else {
            throw ConfigurationError(
                place: document.source.file,
                line: document.line,
                "merchants: at least one is needed"
            )
        }
        guard nodes.count <= maximumMerchants else {
            throw document.source.error(nodes[maximumMerchants], "merchants: at most \(maximumMerchants)")
        }
        var merchants: [Self] = []
        for (index, node) in nodes.enumerated() {
            var section = try ConfigurationSection(node, path: "merchants[\(index)]", source: document.source)
            merchants.append(try read(&section, &identities, connectors: connectors))
        }
        return merchants
    }

    private static func read(
        _ section: inout ConfigurationSection,
        _ identities: inout Identities,
        connectors: [String]
    ) throws(ConfigurationError) -> Self {
        guard let id = try section.value("id") else { throw section.missing("id") }
        guard isIdentifier(id.text) else {
            throw id.error("must be 1 to \(maximumTextBytes) letters, digits, dots, hyphens or underscores")
        }
        let name = try section.value("name")
        guard (name?.text.utf8.count ?? 0) <= maximumTextBytes else {
            throw section.problem("name is longer than \(maximumTextBytes) bytes")
        }
        let fee = try section.integer("fee_basis_points", in: 0...10_000) ?? 0
        let keys = try readKeys(&section) { hash, node throws(ConfigurationError) in
            try identities.add(keyHash: hash, node)
        }
        var merchant = Self(id: id.text, name: name?.text ?? id.text, feeBasisPoints: fee, apiKeyHashes: keys)
        merchant.holdsPayouts = try section.boolean("payout_hold") ?? false
        merchant.capturesManually = try section.boolean("manual_captures") ?? false
        merchant.route = try readRoute(&section, connectors: connectors)
        try identities.add(merchant, id)
        try section.finish()
        return merchant
    }

    /// Names of configured connectors, each once; the first connector where none are named.
    private static func readRoute(
        _ section: inout ConfigurationSection,
        connectors: [String]
    ) throws(ConfigurationError) -> [String] {
        guard let nodes = try section.list("route") else { return Array(connectors.prefix(1)) }
        guard (1...RoutePlan.maximumConnectors).contains(nodes.count) else {
            throw section.problem("route must list 1 to \(RoutePlan.maximumConnectors) connectors")
        }
        var route: [String] = []
        for node in nodes {
            guard let name = node.scalar?.string, connectors.contains(name) else {
                throw section.source.error(node, "the route names no configured connector")
            }
            guard !route.contains(name) else { throw section.source.error(node, "the route names \(name) twice") }
            route.append(name)
        }
        return route
    }

    /// Reads `api_keys`; `add` refuses one that is taken.
    static func readKeys(
        _ section: inout ConfigurationSection,
        _ add: (APIKeyHash, Node) throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) -> [APIKeyHash] {
        let nodes = try section.list("api_keys") ?? []
        guard (1...maximumKeys).contains(nodes.count) else {
            throw section.problem("api_keys must list 1 to \(maximumKeys) hashes")
        }
        var hashes: [APIKeyHash] = []
        for node in nodes {
            guard let text = node.scalar?.string, let hash = APIKeyHash(configured: text) else {
                throw section.source.error(node, "an API key must be given as sha256: and 64 hexadecimal digits")
            }
            try add(hash, node)
            hashes.append(hash)
        }
        return hashes
    }

    static func isIdentifier(_ text: String) -> Bool {
        (1...maximumTextBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
