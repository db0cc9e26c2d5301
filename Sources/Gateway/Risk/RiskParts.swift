import Crypto
import HTTPTransport
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
            authority: "\(url.host):\(url.port)",
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
