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

    package mutating func insert(_ text: String, _ key: RiskKey) {
        var text = text
        text.withUTF8 { _ = entries.insert(digest($0.span, key)) }
    }

    package func contains(_ text: Span<UInt8>, _ key: RiskKey) -> Bool {
        !entries.isEmpty && !text.isEmpty && entries.contains(digest(text, key))
    }

    private func digest(_ text: Span<UInt8>, _ key: RiskKey) -> RiskDigest {
        switch comparison {
        case .exact: RiskDigest(key, first: Self.domain, second: 0, bytes: text)
        case .folded: RiskDigest(key, first: Self.domain, second: 0, bytes: FoldedName.bytes(of: text).span)
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
}
