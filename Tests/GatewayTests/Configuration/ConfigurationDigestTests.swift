import API
import Money
import Payments
import Risk
import ShardCore
import Testing

@testable import Gateway

/// What of a configuration decides about money (docs/records.md, "Configuration versions").
@Suite("The digest of what decides about money")
struct ConfigurationDigestTests {
    private static func digest(_ text: String, seed: [UInt8] = [1], lists: [UInt8] = []) throws -> String {
        ConfigurationDigest(try ConfigurationText.parse(text), lists: lists, seed: seed).text
    }

    private static let base = ConfigurationText.minimal
    private static let hash = ConfigurationText.hashes[2]

    @Test(
        "what decides about money changes it",
        arguments: [
            "provider: {url: 'http://127.0.0.1:9'}", "provider: {kind: simulated_limited}", "provider: {deadline: 9s}",
            "provider: {deadlines: {refund: 9s}}", "provider: {max_in_flight_per_loop: 9}",
            "provider: {multiple_captures: false}", "provider: {increments: false}",
            "provider: {cancel_by_reference: false}", "provider: {over_capture_basis_points: 9}",
            "provider: {authorization_lifetime: 9d}", "provider: {reserve_on_warning: true}",
            "provider: {dispute_fees: {EUR: 9}}", "provider: {resolution: {query: false}}",
            "provider: {resolution: {query_lag: 9s}}", "provider: {resolution: {replay_window: 9h}}",
            "provider: {resolution: {replays: 1}}", "provider: {resolution: {in_flight_horizon: 9m}}",
            "provider: {resolution: {schedule: [9s]}}", "provider: {resolution: {retries: []}}",
            "provider: {resolution: {abandon_after: 9m}}", "provider: {resolution: {attention_after: 9h}}",
            "provider: {resolution: {capture: {query: false}}}", "connectors: [{name: simulated}, {name: other}]",
            "connectors: [{name: other}]", "payments: {capacity_per_shard: 9999}", "payments: {capacity: 9999}",
            "payments: {accounts_per_shard: 9999}", "payments: {accounts: 9999}", "payments: {waiting_per_shard: 9999}",
            "payments: {resolutions_per_shard: 9}", "payments: {parked_per_shard: 999}",
            "payments: {parked_per_merchant: 9}", "payments: {abandon_after: 9m}", "payments: {attention_after: 9h}",
            "payments: {action_timeout: 9m}", "idempotency: {ttl: 2d}", "idempotency: {capacity_per_shard: 9999}",
            "idempotency: {capacity: 9999}", "idempotency: {events_per_shard: 9999}",
            "idempotency: {parked_per_shard: 999}", "idempotency: {parked_per_merchant: 9}",
            "limits: {merchant_share_percent: 9}", "payouts: {minimums: [{currency: EUR, amount: 9}]}",
            "exchange: {rates: [{sell: EUR, buy: USD, rate: '1.1'}]}", "exchange: {spread_basis_points: 9}",
            "exchange: {quote_validity: 9s}", "risk: {rules: [{name: a, score: 9, amount: {over: 9, currency: EUR}}]}",
            "risk: {bands: {review: 9}}", "risk: {bands: {block: 99}}", "risk: {lists: {allow: {customers: [a]}}}",
            "risk: {lists: {block: {payment_methods: [a]}}}", "risk: {lists: {sanctions: {customers: [a]}}}",
            "risk: {lists: {sanctions: {outcome: review}}}", "risk: {counters: {capacity_per_shard: 9}}",
            "risk: {counters: {on_full: block}}", "risk: {scorer: {url: 'https://s/'}}",
            "risk: {review: {timeout: 9h}}",
        ]
    )
    func decides(text: String) throws {
        #expect(try Self.digest(Self.base + text + "\n") != Self.digest(Self.base))
    }

    @Test(
        "a merchant's fee, route and permissions change it",
        arguments: ["fee_basis_points: 9", "payout_hold: true", "manual_captures: true", "route: [b]"]
    )
    func merchants(line: String) throws {
        func text(_ more: String) -> String {
            "listen: {cleartext_h2: true}\nconnectors: [{name: a}, {name: b}]\nmerchants:\n  - id: books\n"
                + "    api_keys: [\"\(Self.hash)\"]\n" + more
        }
        #expect(try Self.digest(text("    \(line)\n")) != Self.digest(text("")))
        #expect(
            try Self.digest(text("  - {id: shoes, api_keys: [\"\(ConfigurationText.hashes[1])\"]}\n"))
                != Self.digest(text(""))
        )
    }

    @Test(
        "what does not decide about money leaves it as it is",
        arguments: [
            "log_level: debug", "loops: 7", "drain_timeout: 9s", "lame_duck: 3s",
            "data_directory: other", "clock: {max_jump: 9h}",
            "journal: {floor_microseconds: 9}", "admin: {port: 9}", "provider: {connections_per_loop: 9}",
            "limits: {max_body_bytes: 2KiB}", "payments: {cold_after: 9m}",
            "operators:\n  - name: desk\n    api_keys: [\"\(hash)\"]",
        ]
    )
    func indifferent(text: String) throws {
        #expect(try Self.digest(Self.base + text + "\n") == Self.digest(Self.base))
    }

    @Test("values that a file writes as their defaults are the same; so is another order of merchants and currencies")
    func equivalent() throws {
        #expect(
            try Self.digest(Self.base + "provider: {deadline: 10000ms, increments: true}\n") == Self.digest(Self.base)
        )
        func fees(_ text: String) throws -> String {
            try Self.digest(Self.base + "provider: {dispute_fees: {\(text)}}\n")
        }
        #expect(try fees("EUR: 1, USD: 2, GBP: 3") == fees("GBP: 3, EUR: 1, USD: 2"))
        var configuration = try ConfigurationText.parse(ConfigurationText.everything)
        let before = ConfigurationDigest(configuration, lists: [], seed: [1]).text
        configuration.merchants.reverse()
        #expect(configuration.merchants.count == 2)
        #expect(ConfigurationDigest(configuration, lists: [], seed: [1]).text == before)
    }

    @Test("the content of lists changes it, and so does the data directory's secret")
    func keyed() throws {
        let plain = try Self.digest(Self.base)
        #expect(plain.utf8.count == 64)
        #expect(try Self.digest(Self.base, lists: [1]) != plain)
        #expect(try Self.digest(Self.base, seed: [2]) != plain)
    }

    @Test("the digest of lists is that of their files' content")
    func lists() throws {
        let directory = try TemporaryDirectory()
        var configuration = try ConfigurationText.parse(Self.base)
        func digest() throws -> [UInt8] { try RiskParts(configuration, seed: [1]).listDigest }
        let none = try digest()
        configuration.risk.block.customersFile = try directory.write("mallory\n", to: "block.txt")
        let one = try digest()
        #expect(try one != none && one == digest())
        _ = try directory.write("mallory\ntrudy\n", to: "block.txt")
        #expect(try digest() != one)
    }

    /// A new setting must be put into the digest, or be said here not to decide about money.
    @Test("every setting is known to the digest")
    func complete() throws {
        func names(_ value: Any) -> Set<String> { Set(Mirror(reflecting: value).children.compactMap(\.label)) }
        let configuration = try ConfigurationText.parse(Self.base)
        #expect(
            names(configuration) == [
                "connectors", "payments", "idempotency", "limits", "treasury", "risk", "merchants",
                // They do not decide about money.
                "listen", "tls", "loops", "shards", "dataDirectory", "dataDirectoryID", "allowsSharedDirectory",
                "maxClockJump", "journal",
                "operators", "admin", "logLevel", "drainTimeout", "lameDuck",
            ]
        )
        #expect(
            names(configuration.connectors[0]) == [
                "name", "kind", "url", "deadline", "deadlines", "maxInFlightPerLoop", "multipleCaptures", "increments",
                "cancelByReference", "overCaptureBasisPoints", "authorizationLifetime", "disputeFees",
                "reservesOnWarning", "resolution",
                "allowsCleartext", "tlsCAFile", "apiKey", "connectionsPerLoop",
            ]
        )
        #expect(
            names(configuration.merchants[0]) == [
                "id", "feeBasisPoints", "holdsPayouts", "capturesManually", "route", "name", "apiKeyHashes",
            ]
        )
        #expect(
            names(configuration.payments) == [
                "capacityPerShard", "capacity", "accountsPerShard", "accounts", "waitingPerShard",
                "resolutionsPerShard",
                "parkedPerShard", "parkedPerMerchant", "abandonAfter", "attentionAfter", "actionTimeout", "coldAfter",
            ]
        )
        #expect(
            names(configuration.idempotency) == [
                "ttl", "capacityPerShard", "capacity", "eventsPerShard", "parkedPerShard", "parkedPerMerchant",
            ]
        )
        #expect(
            names(configuration.limits) == [
                "merchantSharePercent",
                "maxBodyBytes", "maxStreamsPerConnection", "maxConnectionsPerLoop", "maxRequestsInFlightPerLoop",
                "handshakeTimeout", "bodyTimeout", "idleTimeout",
            ]
        )
        #expect(names(configuration.treasury) == ["payoutMinimums", "rates", "spreadBasisPoints", "quoteValidity"])
        #expect(
            names(configuration.risk) == [
                "rules", "bands", "allow", "block", "sanctions", "sanctionsOutcome", "countersPerShard",
                "whenCountersAreFull", "scorer", "reviewTimeout", "isPresent",
            ]
        )
        #expect(
            names(ResolutionPolicy()) == [
                "means", "schedule", "replays", "inFlightHorizon", "retries", "abandonAfter", "attentionAfter",
            ]
        )
        #expect(
            names(ResolutionPolicy().means) == [
                "queryByID", "queryByReference", "queryByList", "replayWindow", "voidByReference",
            ]
        )
    }
}
