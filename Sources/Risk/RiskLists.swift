/// Payment method tokens and customers by name, as digests.
package struct RiskList: Sendable {
    /// How an entry is compared with what a payment says.
    package enum Comparison: Sendable {
        /// Byte for byte: tokens, and everything that lets a payment pass.
        case exact
        /// As people write a name (`FoldedName`): everything that holds a payment back.
        case folded
    }

    private let comparison: Comparison
    private var entries: Set<RiskDigest> = []

    /// The most entries of one list; more are refused when the configuration is read.
    package static let maximumEntries = 5_000_000
    /// The longest entry, in bytes: 255 characters.
    package static let maximumEntryBytes = 1_020

    package init(_ comparison: Comparison) { self.comparison = comparison }

    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }

    /// - Returns: false for a name of which nothing is compared.
    @discardableResult
    package mutating func insert(_ text: String, _ key: RiskKey) -> Bool {
        var text = text
        guard let digest = text.withUTF8({ digest($0.span, key) }) else { return false }
        entries.insert(digest)
        return true
    }

    package func contains(_ text: Span<UInt8>, _ key: RiskKey) -> Bool {
        !entries.isEmpty && contains(digest(text, key))
    }

    /// - Parameter digest: of a name, by a list with the same comparison; nil for none.
    func contains(_ digest: RiskDigest?) -> Bool { digest.map(entries.contains) ?? false }

    /// What a name is found by; nil where nothing of it is compared.
    func digest(_ text: Span<UInt8>, _ key: RiskKey) -> RiskDigest? {
        switch comparison {
        case .exact:
            return text.isEmpty ? nil : RiskDigest(key, first: Self.domain, second: 0, bytes: text)
        case .folded:
            let name = FoldedName.bytes(of: text)
            return name.isEmpty ? nil : RiskDigest(key, first: Self.domain, second: 0, bytes: name.span)
        }
    }

    /// No meter has this identity.
    private static let domain: UInt64 = .max
}

/// The lists of a policy. An entry counts for every merchant.
package struct RiskLists: Sendable {
    package var blockedPaymentMethods = RiskList(.exact)
    package var blockedCustomers = RiskList(.folded)
    package var allowedPaymentMethods = RiskList(.exact)
    package var allowedCustomers = RiskList(.exact)
    /// Customers under sanctions (AML).
    package var sanctionedCustomers = RiskList(.folded)

    package init() {}

    /// What a customer is found by on the lists that hold payments back; nil where those are empty.
    func foldedDigest(of customer: Span<UInt8>, _ key: RiskKey) -> RiskDigest? {
        sanctionedCustomers.isEmpty && blockedCustomers.isEmpty ? nil : sanctionedCustomers.digest(customer, key)
    }
}
