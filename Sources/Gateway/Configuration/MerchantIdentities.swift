import API
import Payments
import Yams

extension GatewayConfiguration.Merchant {
    /// What must be unique among merchants: identifiers, the journal identities made from them, and
    /// API keys.
    struct Identities {
        let source: ConfigurationSource
        private var ids: [MerchantID: String] = [:]
        private var keyHashes: Set<APIKeyHash> = []

        init(source: ConfigurationSource) {
            self.source = source
        }

        mutating func add(
            _ merchant: GatewayConfiguration.Merchant,
            _ id: ConfigurationSection.Value
        ) throws(ConfigurationError) {
            try add(merchant.id, as: merchant.merchantID, id)
        }

        /// It is separate from `add(_:_:)` so that a test can make a collision, which nobody can
        /// construct.
        mutating func add(
            _ text: String,
            as identity: MerchantID,
            _ id: ConfigurationSection.Value
        ) throws(ConfigurationError) {
            guard let holder = ids.updateValue(text, forKey: identity) else { return }
            throw id.error(
                holder == text
                    ? "the merchant \(text) is listed twice"
                    : "\(text) and \(holder) have the same journal identity; rename the newer one"
            )
        }

        mutating func add(keyHash: APIKeyHash, _ node: Node) throws(ConfigurationError) {
            guard keyHashes.insert(keyHash).inserted else {
                throw source.error(node, "this API key is listed twice")
            }
        }
    }
}

extension ConfigurationSection {
    func missing(_ key: String) -> ConfigurationError { problem("\(key) is missing") }

    /// A problem of the section as a whole.
    func problem(_ text: String) -> ConfigurationError {
        ConfigurationError(place: source.file, line: line, "\(path): \(text)")
    }
}
