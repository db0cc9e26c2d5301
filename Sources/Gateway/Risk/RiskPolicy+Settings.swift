import Crypto
package import Risk

extension RiskPolicy {
    /// The largest list file, in bytes.
    private static let maximumFileBytes = 512 << 20

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
        func list(_ names: [String], file: String?) throws(ConfigurationError) -> RiskList {
            try Self.list(names, file: file, key: key, onFile: onFile)
        }
        var lists = RiskLists()
        lists.allowedPaymentMethods = try list(settings.allow.paymentMethods, file: settings.allow.paymentMethodsFile)
        lists.allowedCustomers = try list(settings.allow.customers, file: settings.allow.customersFile)
        lists.blockedPaymentMethods = try list(settings.block.paymentMethods, file: settings.block.paymentMethodsFile)
        lists.blockedCustomers = try list(settings.block.customers, file: settings.block.customersFile)
        lists.sanctionedCustomers = try list(settings.sanctions.customers, file: settings.sanctions.customersFile)
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

    private static func list(
        _ names: [String],
        file: String?,
        key: RiskKey,
        onFile: ([UInt8]) -> Void
    ) throws(ConfigurationError) -> RiskList {
        var list = RiskList()
        for name in names { list.insert(name, key) }
        guard let file else { return list }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(file, limit: maximumFileBytes)
        } catch {
            throw ConfigurationError(place: file, error.reason)
        }
        onFile(bytes)
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard let text = String(validating: line, as: UTF8.self) else {
                throw ConfigurationError(place: file, line: index + 1, "is not UTF-8 text")
            }
            let name = text.trimmed
            if name.isEmpty || name.hasPrefix("#") { continue }
            guard name.utf8.count <= RiskList.maximumEntryBytes else {
                throw ConfigurationError(place: file, line: index + 1, "is longer than a customer's name can be")
            }
            guard list.count < RiskList.maximumEntries else {
                throw ConfigurationError(place: file, line: index + 1, "more than \(RiskList.maximumEntries) names")
            }
            list.insert(name, key)
        }
        return list
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

extension String {
    /// Without spaces, tabs and carriage returns at its ends.
    fileprivate var trimmed: String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" || character == "\r" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
