import Crypto
package import Risk

extension RiskPolicy {
    /// Compiles the settings; nil when they have no effect. Reads the lists' files; blocks.
    /// - Parameters:
    ///   - seed: the data directory's secret, so that counters mean the same after a restart.
    ///   - onFile: is given the content of each list's file, in a fixed order.
    package init?(
        _ settings: GatewayConfiguration.RiskSettings,
        seed: [UInt8],
        onFile: ([UInt8]) -> Void = { _ in }
    ) throws(ConfigurationError) {
        guard settings.isActive else { return nil }
        let key = RiskKey(seed: seed)
        var lists = RiskLists()
        func read(
            _ names: [String],
            _ file: String?,
            into list: inout RiskList,
            mayBeEmpty: Bool = false
        ) throws(ConfigurationError) {
            for name in names { list.insert(name, key) }
            guard let file else { return }
            onFile(try RiskListFile.read(file, into: &list, key, mayBeEmpty: mayBeEmpty))
        }
        // An empty list lets nothing pass, so only those that hold payments back must have names.
        let (allow, block, sanctions) = (settings.allow, settings.block, settings.sanctions)
        try read(allow.paymentMethods, allow.paymentMethodsFile, into: &lists.allowedPaymentMethods, mayBeEmpty: true)
        try read(allow.customers, allow.customersFile, into: &lists.allowedCustomers, mayBeEmpty: true)
        try read(block.paymentMethods, block.paymentMethodsFile, into: &lists.blockedPaymentMethods)
        try read(block.customers, block.customersFile, into: &lists.blockedCustomers)
        try read(sanctions.customers, sanctions.customersFile, into: &lists.sanctionedCustomers)
        self.init(
            rules: settings.rules,
            bands: settings.bands,
            lists: lists,
            sanctions: settings.sanctionsOutcome,
            whenCountersAreFull: settings.whenCountersAreFull,
            scorer: settings.scorer.map {
                Scorer(timeout: $0.timeout.milliseconds, onFailure: $0.onFailure)
            },
            reviewTimeout: settings.reviewTimeout.milliseconds,
            counterCapacity: settings.countersPerShard,
            key: key
        )
    }
}

extension RiskKey {
    /// A key of its own, made from the data directory's secret.
    init(seed: [UInt8]) {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("millrace risk counters".utf8),
            using: SymmetricKey(data: seed)
        )
        let bytes = Array(code)
        func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(first: word(0), second: word(8))
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
