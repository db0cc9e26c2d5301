import API
import HTTPTransport
import Journal
import NIOCore
import NIOPosix
import NIOSSL
import Payments
import ShardCore
import ShardHost
import ShardState
import TransportTLS

/// What the gateway's parts are made from, derived from a configuration. Making it opens the data
/// directory and reads certificates; it starts nothing. With `makesDataDirectory` it makes the data
/// directory first, and refuses one that is there.
struct GatewayBlueprint: Sendable {
    let directory: DataDirectory
    let loopCount: Int
    let api: APIConfiguration
    private(set) var server: HTTPServerConfiguration
    let descriptors: DescriptorBudget
    /// Reads stored answers, and does what blocks while shards start and stop.
    let threadPool: NIOThreadPool
    /// Reads payments that left memory, timelines and ledgers. Each read has a thread, so that none
    /// waits behind another's hundreds of records.
    let coldPool: NIOThreadPool
    let timelinePool: NIOThreadPool
    let ledgerPool: NIOThreadPool
    /// Looks up idempotency keys that left memory. Each look-up reads one block and waits for no
    /// longer work.
    let keyPool: NIOThreadPool
    /// Merges runs of idempotency keys: one thread, so one shard at a time.
    let mergePool: NIOThreadPool
    let protection: JournalProtection
    /// Writes snapshots: one thread, so one shard at a time.
    let snapshotPool: NIOThreadPool
    /// Reads what operators ask for.
    let adminPool: NIOThreadPool
    /// Reads all files again and again, to find damage.
    let scrubPool: NIOThreadPool
    let snapshotPace: WritePace
    /// The time as the shards see it.
    let clock: GatewayClock
    private let snapshotTurns = SnapshotTurns()
    /// What the shards of all loops may hold together.
    let budget: TableBudget
    /// What the fraud hook is made from. A reload replaces it and tells the running parts.
    private(set) var risk: RiskParts
    private let configuration: GatewayConfiguration
    private let connectors: [ConnectorPlan]
    /// Which number each connector has, as the data directory holds it.
    let registry: ConnectorRegistry

    init(
        _ configuration: GatewayConfiguration,
        makesDataDirectory: Bool,
        machine: MachineClock = .system
    ) throws {
        self.configuration = configuration
        clock = GatewayClock(machine, believedSleep: Self.milliseconds(configuration.maxClockJump))
        protection = try JournalProtection(configuration.journal)
        server = try HTTPServerConfiguration(configuration)
        if let archive = configuration.journal.archive.directory {
            try Files.makeDirectory(archive, permissions: 0o700)
        }
        directory = try Self.openDirectory(configuration, makes: makesDataDirectory)
        registry = try directory.register(configuration.connectors)
        connectors = try configuration.connectors.map { [registry] in
            try ConnectorPlan($0, registry: registry, payments: configuration.payments)
        }
        risk = try RiskParts(configuration, seed: directory.digestSeed)
        risk.configurationVersion = try directory.configurationVersion(
            of: ConfigurationDigest(configuration, lists: risk.listDigest, seed: directory.digestSeed).text
        )
        // A loop without a shard would only forward, and each shard needs a loop.
        loopCount = min(configuration.loops, directory.shards)
        descriptors = try DescriptorBudget(
            configuration,
            shards: directory.shards,
            logs: directory.logs,
            callsPerLoop: connectors.reduce(0) { $0 + $1.client.connections.maximum }
        )
        server.maxConnectionsPerLoop = descriptors.connectionsPerLoop
        let (payments, keys) = (configuration.payments, configuration.idempotency)
        budget = TableBudget(
            payments: payments.capacity ?? payments.capacityPerShard * loopCount,
            keys: keys.capacity ?? keys.capacityPerShard * loopCount,
            accounts: payments.accounts ?? payments.accountsPerShard * loopCount,
            shards: directory.shards,
            loops: loopCount
        )
        api = try APIConfiguration(configuration, registry, idempotencySeed: directory.digestSeed)
        threadPool = NIOThreadPool(numberOfThreads: 2)
        coldPool = NIOThreadPool(numberOfThreads: 1)
        timelinePool = NIOThreadPool(numberOfThreads: 1)
        ledgerPool = NIOThreadPool(numberOfThreads: 1)
        keyPool = NIOThreadPool(numberOfThreads: 1)
        mergePool = NIOThreadPool(numberOfThreads: 1)
        snapshotPool = NIOThreadPool(numberOfThreads: 1)
        adminPool = NIOThreadPool(numberOfThreads: 1)
        scrubPool = NIOThreadPool(numberOfThreads: 1)
        snapshotPace = WritePace(bytesPerSecond: configuration.journal.snapshot.bytesPerSecond)
    }

    private static func openDirectory(_ configuration: GatewayConfiguration, makes: Bool) throws -> DataDirectory {
        if makes {
            let (shards, logs) = (configuration.shardsOfNewDirectory, configuration.logsOfNewDirectory)
            try configuration.checkRoom(shards: shards, logs: logs)
            return try DataDirectory.create(path: configuration.dataDirectory, shards: shards, logs: logs)
        }
        let directory = try DataDirectory.open(
            path: configuration.dataDirectory,
            shards: configuration.shards,
            id: configuration.dataDirectoryID,
            isShared: configuration.allowsSharedDirectory
        )
        do throws(ConfigurationError) {
            try configuration.checkRoom(shards: directory.shards, logs: directory.logs)
        } catch {
            directory.close()
            throw error
        }
        return directory
    }

    var shardCount: Int { directory.shards }

    var scrubbing: GatewayConfiguration.Scrubbing { configuration.journal.scrub }

    var clockMark: ClockMark { ClockMark(directory: directory.path) }

    var maxClockJump: Int64 { Self.milliseconds(configuration.maxClockJump) }

    /// Words answers as the shards do.
    var renderer: RendererV1 { RendererV1(cursorKey: api.cursorKey, connectors: registry) }

    var onJournalFailure: GatewayConfiguration.FailurePolicy { configuration.journal.onFailure }

    /// What the clients of each loop are made from.
    var clients: LoopClients.Plan {
        LoopClients.Plan(
            connectors: connectors,
            risk: risk,
            share: CallShare(MerchantShare(percent: configuration.limits.merchantSharePercent))
        )
    }

    /// What shard `number` is made from.
    func plan(shard number: Int) -> ShardPlan {
        return ShardPlan(
            directory: directory.shardDirectory(number),
            keys: protection.keys,
            monotonic: JournalConfiguration(journalID: 0).clock,
            shard: ShardConfiguration(
                shard: UInt16(number),
                connectors: ConnectorTable(registry: registry, configured: connectors.map(\.settings)),
                version: risk.configurationVersion,
                idempotencyCapacity: configuration.idempotency.capacityPerShard,
                idempotencySeconds: UInt32(configuration.idempotency.ttl.components.seconds),
                paymentCapacity: configuration.payments.capacityPerShard,
                parkedCapacity: configuration.payments.parkedPerShard,
                parkedPerMerchant: configuration.payments.parkedPerMerchant,
                parkedKeyCapacity: configuration.idempotency.parkedPerShard,
                parkedKeysPerMerchant: configuration.idempotency.parkedPerMerchant,
                operationCapacity: configuration.callsInFlightPerLoop,
                waitingCapacity: configuration.payments.waitingPerShard,
                resolutionCapacity: configuration.payments.resolutionsPerShard,
                eventCapacity: configuration.idempotency.eventsPerShard,
                merchantShare: MerchantShare(percent: configuration.limits.merchantSharePercent),
                actionLifetime: Self.milliseconds(configuration.payments.actionTimeout),
                risk: risk.policy,
                treasury: TreasuryLimits(accounts: configuration.payments.accountsPerShard)
            ),
            clock: clock,
            cursorKey: api.cursorKey,
            hostLimits: ShardHost.Limits(unflushedBytes: configuration.journal.maxUnflushedBytes),
            registry: registry,
            risk: risk,
            threadPool: threadPool,
            readThreads: ReadThreads(
                storedAnswers: threadPool,
                coldPayments: coldPool,
                timelines: timelinePool,
                ledgers: ledgerPool
            ),
            keyPool: keyPool,
            mergePool: mergePool,
            snapshots: SnapshotPolicy(
                journalBytes: configuration.journal.snapshot.journalBytes,
                payments: configuration.journal.snapshot.payments,
                interval: TimeAmount(configuration.journal.snapshot.interval).nanoseconds / 1_000_000,
                coldAfter: TimeAmount(configuration.payments.coldAfter).nanoseconds / 1_000_000
            ),
            snapshotPool: snapshotPool,
            snapshotPace: snapshotPace,
            snapshotTurns: snapshotTurns
        )
    }

    /// The fraud hook of a configuration that was read again, as a part of the configuration of the
    /// start: nothing else of it counts. Its number is durable. Blocks.
    func risk(reloaded configuration: GatewayConfiguration) throws -> RiskParts {
        var risk = try RiskParts(configuration, seed: directory.digestSeed)
        var effective = self.configuration
        effective.risk = configuration.risk
        risk.configurationVersion = try directory.configurationVersion(
            of: ConfigurationDigest(effective, lists: risk.listDigest, seed: directory.digestSeed).text
        )
        return risk
    }

    static func milliseconds(_ duration: Duration) -> Int64 { TimeAmount(duration).nanoseconds / 1_000_000 }

    /// What log `number` is opened with.
    func plan(log number: Int) -> LogPlan {
        LogPlan(
            directory: directory.logDirectory(number),
            configuration: JournalConfiguration(
                journalID: UInt64(number),
                segmentBytes: configuration.journal.segmentBytes,
                batchBytes: configuration.journal.maxBatchBytes,
                backlogBytes: Self.journalBacklogBytes(configuration),
                floorNanoseconds: UInt64(configuration.journal.floorMicroseconds) * 1_000,
                keys: protection.keys,
                checkpoints: protection.checkpoints,
                archive: archive(log: number)
            ),
            shards: directory.shards(of: number).map { ($0, directory.shardDirectory($0)) }
        )
    }

    private func archive(log number: Int) -> JournalArchiveConfiguration {
        let settings = configuration.journal.archive
        let log = directory.logDirectory(number)
        return JournalArchiveConfiguration(
            directory: settings.directory.map { DataDirectory.logDirectory(in: $0, log: number) }
                ?? FilePaths.join(log, ArchiveDirectory.defaultName),
            keepMilliseconds: settings.keep.map { TimeAmount($0).nanoseconds / 1_000_000 },
            spareSegments: settings.spareSegments
        )
    }

    var logCount: Int { directory.logs }

    /// A shard's share of its log's backlog. It is larger than the limit at which new work is
    /// refused. The difference exceeds what all operations in flight can still write, so their
    /// outcomes always fit.
    private static func journalBacklogBytes(_ configuration: GatewayConfiguration) -> Int {
        let outcomes = configuration.callsInFlightPerLoop * 8_192
        return min(1 << 30, configuration.journal.maxUnflushedBytes + outcomes + (8 << 20))
    }
}

extension APIConfiguration.Merchant {
    fileprivate init(_ merchant: GatewayConfiguration.Merchant, _ registry: ConnectorRegistry) {
        let names = merchant.route.compactMap { ConnectorName($0) }
        guard let route = RoutePlan(names.compactMap { registry[$0] }), route.count == merchant.route.count else {
            preconditionFailure("the reader checks routes, and their connectors are registered")
        }
        self.init(
            name: merchant.id,
            feeBasisPoints: UInt16(merchant.feeBasisPoints),
            route: route,
            keyHashes: merchant.apiKeyHashes,
            holdsPayouts: merchant.holdsPayouts,
            capturesManually: merchant.capturesManually
        )
    }
}

extension APIConfiguration {
    init(
        _ configuration: GatewayConfiguration,
        _ registry: ConnectorRegistry,
        idempotencySeed: [UInt8]
    ) throws(APIConfigurationError) {
        try self.init(
            merchants: configuration.merchants.map { Merchant($0, registry) },
            operators: configuration.operators.map { Operator(name: $0.name, keyHashes: $0.apiKeyHashes) },
            treasury: configuration.treasury.rules,
            idempotencySeed: idempotencySeed
        )
    }
}

extension GatewayConfiguration.Listen {
    /// What TLS clients may choose by ALPN.
    fileprivate var applicationProtocols: [String] { http1 ? ["h2", "http/1.1"] : ["h2"] }
}

extension HTTPServerConfiguration {
    init(_ configuration: GatewayConfiguration) throws {
        self.init(
            host: configuration.listen.host,
            port: configuration.listen.port,
            tls: configuration.listen.cleartextHTTP2 ? nil : try NIOSSLContext.server(configuration)
        )
        applicationProtocols = configuration.listen.applicationProtocols
        requiresALPN = !configuration.listen.http1
        maxBodyBytes = configuration.limits.maxBodyBytes
        maxConcurrentStreams = configuration.limits.maxStreamsPerConnection
        maxConnectionsPerLoop = configuration.limits.maxConnectionsPerLoop
        maxRequestsInFlightPerLoop = configuration.limits.maxRequestsInFlightPerLoop
        handshakeTimeout = TimeAmount(configuration.limits.handshakeTimeout)
        bodyTimeout = TimeAmount(configuration.limits.bodyTimeout)
        idleTimeout = TimeAmount(configuration.limits.idleTimeout)
    }
}

extension HTTPClientConfiguration {
    /// Calls in flight on one connection to the provider. NIOHTTP2 keeps a connection's streams in
    /// sorted arrays. With 250 streams, a peer spent a fifth of its CPU on moving their entries.
    private static let streamsPerConnection = 64

    init(_ provider: GatewayConfiguration.Connector) throws {
        guard let url = ProviderURL(provider.url) else { preconditionFailure("the reader checks the provider's URL") }
        self.init(
            host: url.host,
            port: url.port,
            authority: url.authority,
            tls: url.usesTLS ? try NIOSSLContext.client(caFile: provider.tlsCAFile) : nil,
            serverName: url.usesTLS && !url.isAddress ? url.host : nil,
            connections: Connections(
                minimum: provider.connectionsPerLoop,
                maximum: max(provider.connectionsPerLoop, provider.maxInFlightPerLoop / Self.streamsPerConnection)
            )
        )
        maxStreamsPerConnection = Self.streamsPerConnection
        spreading = .filling
        sharing.maxInFlight = provider.maxInFlightPerLoop
        // The gateway trusts its own simulator, and makes every request to it.
        validatesHeaderBlocks = false
    }
}

extension NIOSSLContext {
    fileprivate static func server(_ configuration: GatewayConfiguration) throws -> NIOSSLContext {
        guard let certificateFile = configuration.tls.certificateFile, let keyFile = configuration.tls.keyFile else {
            preconditionFailure("the reader demands both files")
        }
        let key = try SecretFile.read(keyFile)
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
            guard !chain.isEmpty else {
                throw ConfigurationError(place: certificateFile, "holds no certificate in PEM")
            }
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
            )
            tls.minimumTLSVersion = configuration.tls.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
            tls.cipherSuiteValues = suitesOfTLS12
            tls.applicationProtocols = configuration.listen.applicationProtocols
            return try NIOSSLContext(configuration: tls)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(place: certificateFile, "the certificate and its key cannot be used: \(error)")
        }
    }

    /// Of TLS 1.2 only those with forward secrecy and authenticated encryption: HTTP/2 forbids the
    /// others (RFC 9113 section 9.2.2).
    private static let suitesOfTLS12: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    static func client(caFile: String?) throws(ConfigurationError) -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["h2"]
        if let caFile { tls.trustRoots = .file(caFile) }
        do {
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw ConfigurationError(
                place: caFile ?? "tls_ca_file",
                "the authorities cannot be used: \(error)"
            )
        }
    }
}

extension ProviderURL {
    /// An address is verified as such and must not be sent as SNI.
    var isAddress: Bool { (try? SocketAddress(ipAddress: host, port: port)) != nil }
}

extension TimeAmount {
    init(_ duration: Duration) {
        self = .nanoseconds(
            duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
        )
    }
}
