package import API
package import Money
package import Payments

/// Everything an operator can decide about a gateway process, read once at start from one YAML
/// file.
///
/// Every value has a default here, and this file and `docs/configuration.md` are its documentation;
/// the reader (`GatewayConfiguration+Reading.swift`) holds the permitted ranges. Paths are absolute
/// once read.
package struct GatewayConfiguration: Sendable, Equatable {
    package var listen = Listen()
    package var tls = TLS()
    /// Event loops; by default as many as cores are available.
    package var loops: Int
    /// Shards of a new data directory; `nil` takes what an existing directory has, and
    /// `defaultShards` for a new one.
    package var shards: Int?
    /// Where logs and shards live.
    package var dataDirectory: String
    /// The identity that the data directory must have; `nil` takes any.
    package var dataDirectoryID: String?
    /// Permits a data directory in which other users may make and remove files.
    package var allowsSharedDirectory = false
    /// The longest time between the machine's clock at a start and the time at which a gateway last
    /// ran over the data directory. Default one day. An operator has to confirm a longer absence.
    package var maxClockJump = Duration.seconds(86_400)
    package var journal = JournalSettings()
    package var idempotency = Idempotency()
    package var payments = PaymentTable()
    package var limits = Limits()
    /// At least one. The first is the route of every merchant that names none.
    package var connectors = [Connector()]
    package var risk = RiskSettings()
    /// At least one, unless a test builds the value itself.
    package var merchants: [Merchant] = []
    /// Who may post provider events and act for support; none unless listed.
    package var operators: [Operator] = []
    package var treasury = TreasurySettings()
    package var admin = Admin()
    package var logLevel = LogLevel.info
    /// The time from the end of `lameDuck` until the gateway ends requests that are still open.
    package var drainTimeout = Duration.seconds(15)
    /// The time from a signal to stop until the gateway refuses new work. `/readyz` says at once
    /// that it stops, so that balancers send new requests elsewhere meanwhile.
    package var lameDuck = Duration.zero

    /// Sixteen streams cost no more than one, and can be spread over more loops and hosts later;
    /// their number never changes.
    package static let defaultShards = 16

    var shardsOfNewDirectory: Int { shards ?? Self.defaultShards }

    var logsOfNewDirectory: Int { DataDirectory.logCount(shards: shardsOfNewDirectory, loops: loops) }

    package init(loops: Int, dataDirectory: String) {
        self.loops = loops
        self.dataDirectory = dataDirectory
    }
}

extension GatewayConfiguration {
    /// The merchants' listener.
    package struct Listen: Sendable, Equatable {
        package var host = "127.0.0.1"
        /// 0 takes any free port.
        package var port = 8443
        /// Whether HTTP/1.1 is offered beside HTTP/2.
        package var http1 = true
        /// Whether the listener speaks cleartext (HTTP/2 by prior knowledge) instead of TLS.
        package var cleartextHTTP2 = false
        /// Permits cleartext on another address than loopback: API keys travel in clear text then.
        package var allowsRemoteCleartext = false
    }

    /// The merchants' listener's identity; both files are needed unless the listener is cleartext.
    package struct TLS: Sendable, Equatable {
        package enum Version: String, Sendable, CaseIterable {
            case tls12 = "1.2"
            case tls13 = "1.3"
        }

        /// A PEM file with the certificate and its intermediates.
        package var certificateFile: String?
        /// A PEM file with the private key.
        package var keyFile: String?
        package var minimumVersion = Version.tls13
    }

    /// The write-ahead logs, which the shards share.
    package struct JournalSettings: Sendable, Equatable {
        /// The size of a pre-written segment file, in bytes.
        package var segmentBytes = 64 << 20
        /// The longest pause between two flushes under load; 0 flushes as soon as the previous one
        /// ended.
        package var floorMicroseconds = 1_000
        /// The most bytes that wait for the disk; more is answered 503.
        package var maxUnflushedBytes = 4 << 20
        /// The longest batch that is written at once, in bytes.
        package var maxBatchBytes = 1 << 20
        /// Where the master keys of encryption at rest come from; `nil` writes journals in clear.
        package var encryption: KeySource?
        /// What becomes of segments that a snapshot replaces.
        package var archive = Archive()
        /// `nil` signs nothing.
        package var checkpoints: Checkpoints?
        package var snapshot = Snapshot()
        package var scrub = Scrubbing()
        /// What the process does when a journal cannot be written any more.
        package var onFailure = FailurePolicy.exit
    }

    /// Signed statements about the head of each journal's chain.
    package struct Checkpoints: Sendable, Equatable {
        /// An Ed25519 private key, PEM (PKCS #8) or base64.
        package var signingKeyFile: String
        /// Least time between two of one journal.
        package var interval = Duration.seconds(10)
    }

    package enum FailurePolicy: String, Sendable, CaseIterable {
        /// It says why and exits with status 74. A supervisor then starts it again, and it
        /// recovers.
        case exit
        /// It goes on to answer reads, refuses everything else, is not ready, and exits with status
        /// 74 when it is stopped.
        case serveReads = "serve_reads"
    }

    /// When a shard's state is written beside its journal, so that a start replays only what came
    /// after it.
    package struct Snapshot: Sendable, Equatable {
        /// After this many bytes of records behind the last one.
        package var journalBytes = 256 << 20
        /// Or after this many payments.
        package var payments = 1_000_000
        /// Or after this long, if anything was recorded.
        package var interval = Duration.seconds(900)
        /// How fast it is written and read back, one shard at a time; 0 for as fast as the disk
        /// can.
        package var bytesPerSecond = 64 << 20
    }

    /// The reading of all files beside the journals, again and again.
    package struct Scrubbing: Sendable, Equatable {
        /// Between the end of a pass over all shards and the next one.
        package var interval = Duration.seconds(86_400)
        /// How fast it reads.
        package var bytesPerSecond = 16 << 20
    }

    /// The table of idempotency keys, one per shard, which takes memory as it is filled.
    package struct Idempotency: Sendable, Equatable {
        /// How long a key is remembered.
        package var ttl = Duration.seconds(86_400)
        /// Keys in memory per shard; a new key is answered 503 when the table is full.
        package var capacityPerShard = 1_000_000
        /// Keys in memory of all shards together; `nil` for as many as one shard's for each event
        /// loop.
        package var capacity: Int?
        /// Keys of providers' events in memory per shard; a new event is answered 503 when the
        /// table is full.
        package var eventsPerShard = 131_072
        /// Commands per shard that wait for their keys to be looked up on the disk; one more is
        /// answered 503.
        package var parkedPerShard = 1_024
        /// Of these, the most of one merchant; one more of it is answered 503.
        package var parkedPerMerchant = 128
    }

    /// The table of payments, one per shard.
    package struct PaymentTable: Sendable, Equatable {
        /// Payments in memory per shard; a new payment is answered 503 when the table is full.
        package var capacityPerShard = 4_000_000
        /// Payments in memory of all shards together; `nil` for as many as one shard's for each
        /// event loop.
        package var capacity: Int?
        /// Accounts of merchants, wallets and sellers in the ledger, per shard. A command that may
        /// open more is answered 503.
        package var accountsPerShard = 1_048_576
        /// The same of all shards together; `nil` for as many as one shard's for each event loop.
        package var accounts: Int?
        /// Operations per shard that wait for their outcome without a call. One more keeps its
        /// place among the calls.
        package var waitingPerShard = 262_144
        /// Calls at once per shard that resolve waiting operations.
        package var resolutionsPerShard = 1_024
        /// Commands per shard that wait for payments to be read back from the disk; one more is
        /// answered 503.
        package var parkedPerShard = 1_024
        /// Of these, the most of one merchant; one more of it is answered 503.
        package var parkedPerMerchant = 128
        /// A payment that has come to its end leaves memory when nothing has changed it for this
        /// long.
        package var coldAfter = Duration.seconds(3_600)
        /// An authorization whose outcome is not known after this long is given up: it is voided by
        /// reference, and the payment fails.
        package var abandonAfter = Duration.seconds(900)
        /// An operation whose outcome is not known after this long needs an operator.
        package var attentionAfter = Duration.seconds(86_400)
        /// How long a shopper has for the action that the provider waits for.
        package var actionTimeout = Duration.seconds(1_800)
    }

    /// What becomes of segments that a snapshot replaces: compressed copies are kept.
    package struct Archive: Sendable, Equatable {
        /// The parent of a folder `log-000`, ... for each log. If it is `nil`, the segments go into
        /// the folder `archive` of each log.
        package var directory: String?
        /// How long they are kept; `nil` for ever.
        package var keep: Duration?
        /// Archived segments per log whose files wait to be used again.
        package var spareSegments = 4
    }

    /// The edge's limits. What happens at each is in docs/configuration.md.
    package struct Limits: Sendable, Equatable {
        package var maxBodyBytes = 65_536
        package var maxStreamsPerConnection = 256
        package var maxConnectionsPerLoop = 10_000
        package var maxRequestsInFlightPerLoop = 8_192
        /// The most that one merchant holds of a shard's calls, resolutions, waiting operations and
        /// journal reserve.
        package var merchantSharePercent = 75
        package var handshakeTimeout = Duration.seconds(10)
        package var bodyTimeout = Duration.seconds(15)
        package var idleTimeout = Duration.seconds(120)
    }

    /// A payment service provider, a merchant account at it, and a credential.
    package struct Connector: Sendable, Equatable {
        package enum Kind: String, Sendable, CaseIterable {
            /// `millrace psp`.
            case simulated
            /// `millrace psp --interface limited`.
            case simulatedLimited = "simulated_limited"
        }

        /// In routes, events, metrics and the data directory's registry: 1 to 64 lower-case
        /// letters, digits, hyphens, underscores.
        package var name = "simulated"
        package var kind = Kind.simulated
        /// `https://host:port` or `http://host:port` (HTTP/2 by prior knowledge), without a path.
        package var url = "http://127.0.0.1:9090"
        /// Permits `http` to another host than loopback: the provider's secret travels in clear
        /// text then.
        package var allowsCleartext = false
        /// A PEM file with the authorities to trust; `nil` trusts the system's.
        package var tlsCAFile: String?
        /// A secret: only from the environment (`Variables.apiKey`), never from the file, never
        /// logged.
        package var apiKey: String?
        /// Long-lived connections each event loop keeps to the provider.
        package var connectionsPerLoop = 2
        /// How long a call may take before its outcome counts as unknown.
        package var deadline = Duration.seconds(10)
        /// The same for single operations, where it differs.
        package var deadlines: [ProviderOperation: Duration] = [:]
        /// Calls in flight per event loop; more payments are answered 503.
        package var maxInFlightPerLoop = 4_096
        /// What the connector permits; see the members of `PaymentCapabilities` with the same
        /// names.
        package var multipleCaptures = true
        package var increments = true
        package var cancelByReference = true
        /// How far captures may exceed the authorization, in basis points of it.
        package var overCaptureBasisPoints = 0
        /// How long an authorization lasts where the provider does not say.
        package var authorizationLifetime = Duration.seconds(7 * 86_400)
        /// The provider's fee for a chargeback whose event does not name one, by currency, in minor
        /// units.
        package var disputeFees: [Currency: Int64] = [:]
        /// Whether a dispute's warning sets the disputed amount aside.
        package var reservesOnWarning = false
        /// How unknown outcomes are resolved, where it differs from what the adapter declares.
        package var resolution = Resolution()
    }

    /// Who may post payments.
    package struct Merchant: Sendable, Equatable {
        /// Stable: a merchant's shard and journal identity are derived from it.
        package var id: String
        package var name: String
        /// The platform's fee on captures, 0...10000.
        package var feeBasisPoints: Int
        /// The hashes of the API keys that are accepted.
        package var apiKeyHashes: [APIKeyHash]
        /// Refuses the merchant's pay-outs.
        package var holdsPayouts = false
        /// Permits captures by hand (cash, say) with the merchant's own keys.
        package var capturesManually = false
        /// Names of the connectors that its payments may try, in order, at most
        /// `RoutePlan.maximumConnectors`.
        package var route: [String] = []

        package init(id: String, name: String, feeBasisPoints: Int, apiKeyHashes: [APIKeyHash]) {
            self.id = id
            self.name = name
            self.feeBasisPoints = feeBasisPoints
            self.apiKeyHashes = apiKeyHashes
        }
    }

    /// A person or program of the gateway's operator, with a key for the operators' routes of the
    /// API.
    package struct Operator: Sendable, Equatable {
        package var name: String
        /// The hashes of the API keys that are accepted.
        package var apiKeyHashes: [APIKeyHash]

        package init(name: String, apiKeyHashes: [APIKeyHash]) {
            self.name = name
            self.apiKeyHashes = apiKeyHashes
        }
    }

    /// The operators' listener (health, metrics, audit): no authentication, so loopback unless told
    /// otherwise.
    package struct Admin: Sendable, Equatable {
        package var host = "127.0.0.1"
        /// 0 takes any free port.
        package var port = 9464
        /// Permits another address than loopback: whoever reaches the port reads everything that it
        /// serves.
        package var allowsRemote = false
        /// What requests may name the admin port in `Host`, beside addresses and `localhost`.
        package var names: [String] = []
    }

    /// swift-log's levels.
    package enum LogLevel: String, Sendable, CaseIterable {
        case trace
        case debug
        case info
        case notice
        case warning
        case error
        case critical
    }
}
