import Crypto
import HTTPTransport
import Logging
import NIOSSL
import Payments
import Risk
import Scoring
import TransportTLS

/// The fraud hook as the shards need it: the compiled policy and the way to the scorer. Immutable;
/// a reload makes a new one.
struct RiskParts: Sendable {
    let policy: RiskPolicy?
    let scorer: ScorerTarget?
    let merchantNames: [MerchantID: String]
    /// Of the content of the lists' files, as the policy was made from it.
    let listDigest: [UInt8]
    /// The number of the configuration that they are a part of; 0 until it has one.
    var configurationVersion: UInt32 = 0

    /// Reads the lists' files and the scorer's authorities; blocks.
    init(_ configuration: GatewayConfiguration, seed: [UInt8]) throws(ConfigurationError) {
        var files = SHA256()
        policy = try RiskPolicy(configuration.risk, seed: seed) { bytes in
            files.update(data: Array("\(bytes.count):".utf8))
            files.update(data: bytes)
        }
        listDigest = Array(files.finalize())
        if let settings = configuration.risk.scorer {
            scorer = try ScorerTarget(settings)
        } else {
            scorer = nil
        }
        var names: [MerchantID: String] = [:]
        for merchant in configuration.merchants { names[merchant.merchantID] = merchant.id }
        merchantNames = names
    }
}

extension RiskParts {
    /// What the log says of it at a start and after a reload: among others how many different names
    /// were read for each list.
    var metadata: Logger.Metadata {
        let lists = policy?.lists ?? RiskLists()
        return [
            "rules": "\(policy?.rules.count ?? 0)",
            "allowed_payment_methods": "\(lists.allowedPaymentMethods.count)",
            "allowed_customers": "\(lists.allowedCustomers.count)",
            "blocked_payment_methods": "\(lists.blockedPaymentMethods.count)",
            "blocked_customers": "\(lists.blockedCustomers.count)",
            "sanctioned_customers": "\(lists.sanctionedCustomers.count)",
            "scorer": "\(scorer == nil ? "none" : "configured")",
            "configuration_version": "\(configurationVersion)",
        ]
    }
}

extension GatewayConfiguration {
    /// Reads what the fraud hook's section points to, and throws what is wrong with it. Blocks.
    package func checkRisk() throws(ConfigurationError) {
        _ = try RiskParts(self, seed: [UInt8](repeating: 0, count: 32))
    }
}

extension ScorerTarget {
    fileprivate init(_ settings: GatewayConfiguration.RiskSettings.Scorer) throws(ConfigurationError) {
        let url = settings.url.authority
        var client = HTTPClientConfiguration(
            host: url.host,
            port: url.port,
            authority: url.authority,
            connections: .init(minimum: settings.connectionsPerLoop, maximum: settings.connectionsPerLoop)
        )
        if url.usesTLS {
            client.tls = try NIOSSLContext.client(caFile: settings.tlsCAFile)
            client.serverName = url.isAddress ? nil : url.host
        }
        client.maxQueued = settings.maxInFlightPerLoop
        client.sharing.maxInFlight = settings.maxInFlightPerLoop
        self.init(
            client: client,
            path: settings.url.path,
            token: settings.token
        )
    }
}
