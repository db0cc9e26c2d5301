import API
import Payments
import Testing

@testable import Gateway

@Suite struct GatewayConfigurationTests {
    typealias Name = GatewayConfiguration.EnvironmentName

    private let minimal = ConfigurationText.minimal

    @Test("everything but merchants and certificates has a default")
    func defaults() throws {
        let configuration = try ConfigurationText.parse(minimal)
        #expect(configuration.listen.host == "127.0.0.1")
        #expect(configuration.listen.port == 8443)
        #expect(configuration.listen.http1)
        #expect(!configuration.listen.cleartextHTTP2)
        #expect(configuration.tls.minimumVersion == .tls13)
        #expect(configuration.loops == 3, "the number of cores")
        #expect(configuration.shards == nil)
        #expect(configuration.dataDirectory == "/etc/millrace/data")
        #expect(configuration.journal.floorMicroseconds == 1_000)
        #expect(configuration.journal.segmentBytes == 64 << 20)
        #expect(configuration.journal.encryption == nil && configuration.journal.checkpoints == nil)
        #expect(configuration.journal.archive.directory == nil && configuration.journal.archive.keep == nil, "for ever")
        #expect(configuration.idempotency.ttl == .seconds(86_400))
        #expect(configuration.limits.maxBodyBytes == 65_536)
        #expect(configuration.connectors[0].kind == .simulated)
        #expect(configuration.connectors[0].deadline == .seconds(10))
        #expect(configuration.connectors[0].apiKey == nil)
        #expect(configuration.admin == .init())
        #expect(configuration.admin.host == "127.0.0.1")
        #expect(configuration.logLevel == .info)
    }

    @Test(
        "the archive is kept as long as told, and no shorter than two days",
        arguments: [("forever", nil), ("2557d", .seconds(2_557 * 86_400)), ("2d", .seconds(2 * 86_400))]
            as [(String, Duration?)]
    )
    func archive(text: String, time: Duration?) throws {
        let text = minimal + "journal: {archive: {directory: cold, keep: \(text), spare_segments: 0}}\n"
        let archive = try ConfigurationText.parse(text).journal.archive
        #expect(archive == .init(directory: "/etc/millrace/cold", keep: time, spareSegments: 0))
    }

    @Test("a merchant has no more places for waiting than its shard")
    func parking() throws {
        let defaults = try ConfigurationText.parse(minimal)
        #expect(defaults.payments.parkedPerShard == 1_024 && defaults.payments.parkedPerMerchant == 128)
        #expect(defaults.idempotency.parkedPerShard == 1_024 && defaults.idempotency.parkedPerMerchant == 128)
        let small = try ConfigurationText.parse(minimal + "payments: {parked_per_shard: 64}\n")
        #expect(small.payments.parkedPerShard == 64 && small.payments.parkedPerMerchant == 64)
        #expect(small.idempotency == defaults.idempotency)
    }

    @Test("keys may come from a command")
    func keyCommand() throws {
        let text = minimal + "journal: {encryption: {key_command: [vault, read, 7], key_command_timeout: 30s}}\n"
        let configuration = try ConfigurationText.parse(text)
        #expect(configuration.journal.encryption == .command(["vault", "read", "7"], timeout: .seconds(30)))
    }

    @Test("every key of the documented example is read")
    func everything() throws {
        let configuration = try ConfigurationText.parse(ConfigurationText.everything)
        #expect(configuration.listen == .init(host: "0.0.0.0", port: 443, http1: false, cleartextHTTP2: false))
        #expect(configuration.tls.certificateFile == "/etc/millrace/server.pem", "relative to the file")
        #expect(configuration.tls.keyFile == "/keys/server.key")
        #expect(configuration.tls.minimumVersion == .tls12)
        #expect(configuration.loops == 4)
        #expect(configuration.shards == 8)
        #expect(configuration.dataDirectory == "/var/lib/millrace")
        #expect(configuration.journal.segmentBytes == 128 << 20)
        #expect(configuration.journal.floorMicroseconds == 500)
        #expect(configuration.journal.maxUnflushedBytes == 8 << 20)
        #expect(configuration.journal.maxBatchBytes == 512 << 10)
        #expect(configuration.journal.encryption == .file("/etc/millrace/journal.keys"))
        #expect(configuration.journal.checkpoints?.signingKeyFile == "/keys/checkpoint.pem")
        #expect(configuration.journal.checkpoints?.interval == .seconds(60))
        #expect(configuration.idempotency.ttl == .seconds(31 * 86_400))
        #expect(configuration.idempotency.capacityPerShard == 2_000_000)
        #expect(configuration.idempotency.parkedPerShard == 2_048)
        #expect(configuration.idempotency.parkedPerMerchant == 256)
        #expect(configuration.payments.capacityPerShard == 5_000_000)
        #expect(configuration.payments.parkedPerShard == 4_096)
        #expect(configuration.payments.parkedPerMerchant == 4_096)
        #expect(configuration.limits.maxBodyBytes == 32_768)
        #expect(configuration.limits.maxStreamsPerConnection == 100)
        #expect(configuration.limits.maxConnectionsPerLoop == 5_000)
        #expect(configuration.limits.maxRequestsInFlightPerLoop == 4_096)
        #expect(configuration.limits.handshakeTimeout == .seconds(5))
        #expect(configuration.limits.bodyTimeout == .seconds(20))
        #expect(configuration.limits.idleTimeout == .seconds(300))
        #expect(configuration.connectors[0].url == "https://psp.example:8443")
        #expect(configuration.connectors[0].tlsCAFile == "/etc/millrace/psp-ca.pem")
        #expect(configuration.connectors[0].connectionsPerLoop == 4)
        #expect(configuration.connectors[0].deadline == .seconds(5))
        #expect(configuration.connectors[0].maxInFlightPerLoop == 1_000)
        #expect(configuration.merchants.map(\.id) == ["books", "shoes"])
        #expect(configuration.merchants.map(\.name) == ["Books & Co", "shoes"])
        #expect(configuration.merchants.map(\.feeBasisPoints) == [150, 0])
        #expect(configuration.merchants[0].apiKeyHashes.count == 2)
        #expect(configuration.admin == .init(host: "::1", port: 9000, names: ["gateway.internal", "Ops"]))
        #expect(configuration.lameDuck == .seconds(5))
        #expect(configuration.allowsSharedDirectory)
        #expect(configuration.journal.scrub == .init(interval: .seconds(43_200), bytesPerSecond: 8 << 20))
        #expect(configuration.logLevel == .debug)
        #expect(configuration.drainTimeout == .seconds(30))
        #expect(configuration.maxClockJump == .seconds(2 * 86_400))
    }

    @Test("the environment's overrides win over the file")
    func environment() throws {
        let configuration = try ConfigurationText.parse(
            ConfigurationText.everything,
            environment: [
                Name.listenHost: "127.0.0.2", Name.listenPort: "0", Name.adminHost: "127.0.0.3", Name.adminPort: "1",
                Name.certificateFile: "/other/server.pem", Name.keyFile: "/other/server.key",
                Name.dataDirectory: "/other/data", Name.loops: "1", Name.logLevel: "error",
                Name.providerURL: "http://127.0.0.1:9", Name.providerCAFile: "/other/ca.pem",
                Name.providerAPIKey: "sk_test",
            ]
        )
        #expect(configuration.listen.host == "127.0.0.2")
        #expect(configuration.listen.port == 0)
        #expect(configuration.admin.host == "127.0.0.3" && configuration.admin.port == 1)
        #expect(configuration.tls.certificateFile == "/other/server.pem")
        #expect(configuration.tls.keyFile == "/other/server.key")
        #expect(configuration.dataDirectory == "/other/data")
        #expect(configuration.loops == 1)
        #expect(configuration.logLevel == .error)
        #expect(configuration.connectors[0].url == "http://127.0.0.1:9")
        #expect(configuration.connectors[0].tlsCAFile == "/other/ca.pem")
        #expect(configuration.connectors[0].apiKey == "sk_test")
    }

    @Test("a bad override names the variable")
    func badEnvironment() {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationText.parse(minimal, environment: [Name.listenPort: "http"])
        }
        #expect(
            error?.description
                == "environment MILLRACE_LISTEN_PORT: listen.port: must be a whole number from 0 to 65535"
        )
    }

    @Test("the secret of the provider is not a key of the file")
    func secretInFile() {
        let error = ConfigurationText.error(minimal + "provider: {api_key: sk_live}\n")
        #expect(error?.problem == "unknown key provider.api_key")
    }

    @Test("cleartext needs no certificate")
    func cleartext() throws {
        let text = "listen: {cleartext_h2: true}\n" + ConfigurationText.merchants
        let configuration = try ConfigurationText.parse(text)
        #expect(configuration.listen.cleartextHTTP2)
        #expect(configuration.tls.certificateFile == nil)
    }

    @Test("a merchant's journal identity is the edge's")
    func merchantIdentity() throws {
        let merchant = try #require(try ConfigurationText.parse(minimal).merchants.first)
        let edge = APIConfiguration.Merchant(
            name: merchant.id,
            feeBasisPoints: 0,
            route: RoutePlan(.first),
            keyHashes: merchant.apiKeyHashes
        )
        #expect(merchant.merchantID == edge.id)
    }

    @Test("a file is read from disk, and its paths are relative to it")
    func load() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write("certificate", to: "server.pem")
        _ = try directory.write("key", to: "server.key")
        let file = try directory.write(minimal, to: "millrace.yaml")
        let configuration = try GatewayConfiguration.load(path: file, environment: [:], coreCount: 2)
        #expect(configuration.tls.keyFile == directory.file("server.key"))
        #expect(configuration.dataDirectory == directory.file("data"))
    }

    @Test("a missing file is one line without a line number")
    func missing() {
        let error = #expect(throws: ConfigurationError.self) {
            try GatewayConfiguration.load(path: "/nowhere/millrace.yaml", environment: [:], coreCount: 2)
        }
        #expect(error?.description == "/nowhere/millrace.yaml: No such file or directory")
    }

    @Test("a certificate that is not there is named with its line")
    func missingCertificate() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write("key", to: "server.key")
        let file = try directory.write(minimal, to: "millrace.yaml")
        let error = #expect(throws: ConfigurationError.self) {
            try GatewayConfiguration.load(path: file, environment: [:], coreCount: 2)
        }
        let path = directory.file("server.pem")
        #expect(error?.description == "\(file):3: listen.tls.certificate_file: \(path): No such file or directory")
    }
}
