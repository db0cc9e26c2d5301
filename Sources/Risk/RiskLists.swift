/// Payment method tokens and customers by name, as digests.
package struct RiskList: Sendable {
    private var entries: Set<RiskDigest> = []

    /// The most entries of one list; more are refused when the configuration is read.
    package static let maximumEntries = 5_000_000
    /// The longest entry, in bytes: 255 characters.
    package static let maximumEntryBytes = 1_020

    package init() {}

    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }

    package mutating func insert(_ text: String, _ key: RiskKey) {
        var text = text
        text.withUTF8 { _ = entries.insert(RiskDigest(key, first: Self.domain, second: 0, bytes: $0.span)) }
    }

    package func contains(_ text: Span<UInt8>, _ key: RiskKey) -> Bool {
        !entries.isEmpty && !text.isEmpty
            && entries.contains(RiskDigest(key, first: Self.domain, second: 0, bytes: text))
    }

    /// No meter has this identity.
    private static let domain: UInt64 = .max
}

/// The lists of a policy. An entry counts for every merchant.
package struct RiskLists: Sendable {
    package var blockedPaymentMethods = RiskList()
    package var blockedCustomers = RiskList()
    package var allowedPaymentMethods = RiskList()
    package var allowedCustomers = RiskList()
    /// Customers under sanctions (AML).
    package var sanctionedCustomers = RiskList()

    package init() {}
}
