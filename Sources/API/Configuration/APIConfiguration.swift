package import Payments

/// What the edge knows of its merchants; immutable, shared by all loops. A reload makes a new one.
package struct APIConfiguration: Sendable {
    package struct Merchant: Sendable {
        /// The configured text identifier.
        package let name: String
        package let id: MerchantID
        /// The platform's fee in basis points (1/100 of a percent), at most 10,000.
        package let feeBasisPoints: UInt16
        /// The connectors that the merchant's payments may try, in order.
        package let route: RoutePlan
        /// Any of these keys authenticates the merchant. With several, a rotation has no gap.
        package let keyHashes: [APIKeyHash]
        /// Pay-outs are refused until the operator lifts this.
        package let holdsPayouts: Bool
        /// Whether the merchant's keys may capture by hand, as for cash. No provider confirms such
        /// a capture.
        package let capturesManually: Bool

        package init(
            name: String,
            feeBasisPoints: UInt16,
            route: RoutePlan,
            keyHashes: [APIKeyHash],
            holdsPayouts: Bool = false,
            capturesManually: Bool = false
        ) {
            self.holdsPayouts = holdsPayouts
            self.capturesManually = capturesManually
            self.name = name
            self.id = MerchantID(configured: name)
            self.feeBasisPoints = feeBasisPoints
            self.route = route
            self.keyHashes = keyHashes
        }
    }

    /// A person or program of the gateway's operator. It posts the providers' events, and acts for
    /// support.
    package struct Operator: Sendable {
        /// The configured name.
        package let name: String
        /// Any of these keys authenticates the operator.
        package let keyHashes: [APIKeyHash]

        package init(name: String, keyHashes: [APIKeyHash]) {
            self.name = name
            self.keyHashes = keyHashes
        }
    }

    /// At most this many merchants, operators, and keys in all.
    package static let maximumMerchants = 65_535
    package static let maximumOperators = 1_024
    package static let maximumKeys = 1 << 20

    package let merchants: [Merchant]
    package let operators: [Operator]
    package let treasury: TreasuryRules
    let directory: MerchantDirectory
    let idempotencySeed: [UInt8]
    /// Signs the cursors of lists.
    package let cursorKey: LedgerCursorKey

    /// - Parameter idempotencySeed: 16 to 32 secret bytes that belong to the data directory: with
    ///   another seed the journaled idempotency keys are not found again.
    package init(
        merchants: [Merchant],
        operators: [Operator] = [],
        treasury: TreasuryRules = TreasuryRules(),
        idempotencySeed: [UInt8]
    ) throws(APIConfigurationError) {
        guard (16...32).contains(idempotencySeed.count) else { throw .seedLength }
        guard merchants.count <= Self.maximumMerchants else { throw .tooManyMerchants }
        guard operators.count <= Self.maximumOperators else { throw .tooManyOperators }
        var names: [MerchantID: String] = [:]
        for merchant in merchants {
            guard merchant.feeBasisPoints <= 10_000 else { throw .feeTooLarge(merchant: merchant.name) }
            if let other = names.updateValue(merchant.name, forKey: merchant.id) {
                throw .merchantTwice(merchant.name, other)
            }
        }
        self.directory = try MerchantDirectory(merchants, operators: operators)
        self.merchants = merchants
        self.operators = operators
        self.treasury = treasury
        self.idempotencySeed = idempotencySeed
        self.cursorKey = LedgerCursorKey(seed: idempotencySeed)
    }
}

/// Why merchants cannot be configured.
package enum APIConfigurationError: Error, Equatable, CustomStringConvertible {
    case seedLength
    case tooManyMerchants
    case tooManyOperators
    case tooManyKeys
    case feeTooLarge(merchant: String)
    /// Two entries have the same name, or names with the same 64-bit digest.
    case merchantTwice(String, String)
    /// Two merchants or operators, or one twice, have the same key.
    case keyTwice(merchant: String)

    package var description: String {
        switch self {
        case .seedLength: "the idempotency seed must have 16 to 32 bytes"
        case .tooManyMerchants: "more than \(APIConfiguration.maximumMerchants) merchants"
        case .tooManyOperators: "more than \(APIConfiguration.maximumOperators) operators"
        case .tooManyKeys: "more than \(APIConfiguration.maximumKeys) API keys"
        case .feeTooLarge(let merchant): "merchant \(merchant): the fee must be at most 10000 basis points"
        case .merchantTwice(let one, let other): "merchants \(one) and \(other) cannot be told apart"
        case .keyTwice(let merchant): "\(merchant): this API key hash occurs twice"
        }
    }
}
