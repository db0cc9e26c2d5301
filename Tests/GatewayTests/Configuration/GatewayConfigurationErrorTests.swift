import API
import Payments
import Testing
import Yams

@testable import Gateway

@Suite struct GatewayConfigurationErrorTests {
    /// A text that replaces or follows a part of the minimal configuration, and what must be said
    /// about which line.
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var line: Int?
        var problem: String
        var testDescription: String { problem }
    }

    private static let minimalLines = ConfigurationText.minimal.split(separator: "\n").count
    private static let next = minimalLines + 1

    private static func more(_ text: String, _ problem: String) -> Case { more(text, line: 0, problem: problem) }

    private static func more(_ text: String, line: Int, problem: String) -> Case {
        Case(text: ConfigurationText.minimal + text + "\n", line: next + line, problem: problem)
    }

    private static func merchant(_ text: String, line: Int, problem: String) -> Case {
        Case(text: "listen: {cleartext_h2: true}\nmerchants:\n" + text, line: 2 + line, problem: problem)
    }

    static let values: [Case] = [
        more("colour: blue", "unknown key colour"),
        more(
            "idempotency: {ttl: 31d}\njournal: {archive: {keep: 31d}}",
            "journal.archive.keep must be at least a day longer than idempotency.ttl"
        ),
        more("journal:\n  floor: 1", line: 1, problem: "unknown key journal.floor"),
        more("journal: {encryption: {}}", "journal.encryption: needs a key_file or a key_command"),
        more(
            "journal: {encryption: {key_file: a, key_command: [b]}}",
            "journal.encryption: needs a key_file or a key_command"
        ),
        more(
            "journal: {encryption: {key_file: a, key_command_timeout: 1s}}",
            "journal.encryption: key_command_timeout is for a key_command"
        ),
        more("journal: {encryption: {key_command: []}}", "journal.encryption: key_command must name a program"),
        more("journal: {encryption: {key_command: vault}}", "journal.encryption.key_command must be a list"),
        more(
            "journal: {encryption: {key_file: missing.pem}}",
            "journal.encryption.key_file: /etc/millrace/missing.pem: No such file or directory"
        ),
        more(
            "journal: {archive: {keep: 7y}}",
            "journal.archive.keep: must be forever, or a duration such as 2557d, from 2d to 36525d"
        ),
        more("journal: {checkpoints: {interval: 5s}}", "journal.checkpoints: needs a signing_key_file"),
        more(
            "journal: {checkpoints: {signing_key_file: a, interval: 1ms}}",
            "journal.checkpoints.interval: must be a duration such as 500ms or 24h, from 1s to 1h"
        ),
        more("loops: none", "loops: must be a whole number from 1 to 256"),
        more("loops: 0", "loops: must be a whole number from 1 to 256"),
        more("shards: 1025", "shards: must be a whole number from 1 to 1024"),
        more("loops: [1]", "loops must be a single value"),
        more("loops:", "loops has no value"),
        more(
            "payments: {parked_per_shard: 64, parked_per_merchant: 65}",
            "payments: parked_per_merchant must not be above parked_per_shard"
        ),
        more(
            "idempotency: {parked_per_merchant: 1025}",
            "idempotency: parked_per_merchant must not be above parked_per_shard"
        ),
        more("payments: {parked_per_shard: 31}", "payments.parked_per_shard: must be a whole number from 32 to 65536"),
        more(
            "idempotency: {parked_per_merchant: 0}",
            "idempotency.parked_per_merchant: must be a whole number from 1 to 65536"
        ),
        more("journal: 7", "journal must be a mapping of keys to values"),
        more(
            "journal: {segment_bytes: 64MB}",
            "journal.segment_bytes: must be a multiple of 4KiB such as 64MiB, from 2097152 to 4294967296 bytes"
        ),
        more(
            "journal: {segment_bytes: 4194305}",
            "journal.segment_bytes: must be a multiple of 4KiB such as 64MiB, from 2097152 to 4294967296 bytes"
        ),
        more(
            "journal: {floor_microseconds: 10001}",
            "journal.floor_microseconds: must be a whole number from 0 to 10000"
        ),
        more(
            "idempotency:\n  ttl: 23h",
            line: 1,
            problem: "idempotency.ttl: must be a duration such as 500ms or 24h, from 1d to 31d"
        ),
        more("idempotency: {ttl: 32d}", "idempotency.ttl: must be a duration such as 500ms or 24h, from 1d to 31d"),
        more(
            "limits: {max_body_bytes: 128KiB}",
            "limits.max_body_bytes: must be a size such as 64MiB, from 1024 to 65536 bytes"
        ),
        more("provider: {kind: stripe}", "provider.kind: must be one of simulated, simulated_limited"),
        more("provider: {url: ftp://x}", "provider.url: must be https://HOST:PORT or http://HOST:PORT, without a path"),
        more(
            "provider: {tls_ca_file: missing.pem}",
            "provider.tls_ca_file: /etc/millrace/missing.pem: No such file or directory"
        ),
        Case(
            text: ConfigurationText.minimal + "provider: {url: http://psp.example}\n",
            line: nil,
            problem: "the url of simulated would send the provider's secret in clear text to psp.example; "
                + "use https, or set allow_cleartext: true"
        ),
        Case(
            text: ConfigurationText.minimal + "admin: {host: 0.0.0.0}\n",
            line: nil,
            problem: "admin.host 0.0.0.0 would serve the admin port, which asks for no key, to other hosts; "
                + "use loopback, or set admin.allow_remote: true"
        ),
        Case(
            text: "listen: {cleartext_h2: true, host: 10.0.0.1}\n" + ConfigurationText.merchants,
            line: nil,
            problem: "listen.cleartext_h2 on 10.0.0.1 would receive API keys in clear text from other hosts; "
                + "listen on loopback, or set listen.allow_remote_cleartext: true"
        ),
        Case(
            text: "listen:\n  cleartext_h2: true\n  tls: {certificate_file: server.pem, key_file: server.key}\n"
                + ConfigurationText.merchants,
            line: nil,
            problem: "listen.cleartext_h2 and listen.tls exclude each other: nothing would be encrypted although a "
                + "certificate is configured; take one of them out"
        ),
        Case(
            text: ConfigurationText.minimal + "risk: {scorer: {url: 'http://scorer.example/score'}}\n",
            line: nil,
            problem: "risk.scorer.url would send the scorer's token and payments in clear text to scorer.example; "
                + "use https, or set risk.scorer.allow_cleartext: true"
        ),
        Case(
            text: ConfigurationText.minimal + "admin: {port: 8443}\n",
            line: nil,
            problem: "listen.port and admin.port are both 8443"
        ),
        more("admin: {port: 65536}", "admin.port: must be a whole number from 0 to 65535"),
        more("log_level: loud", "log_level: must be one of trace, debug, info, notice, warning, error, critical"),
        more(
            "clock: {max_jump: 5s}",
            "clock.max_jump: must be a duration such as 500ms or 24h, from 1m to 3650d"
        ),
        more("lame_duck: 11m", "lame_duck: must be a duration such as 500ms or 24h, from 0s to 10m"),
        more("admin: {names: ['a/b']}", "admin.names: must list host names such as gateway.internal"),
        more(
            "journal: {scrub: {interval: 1ms}}",
            "journal.scrub.interval: must be a duration such as 500ms or 24h, from 1s to 365d"
        ),
        more("drain_timeout: 2h", "drain_timeout: must be a duration such as 500ms or 24h, from 0s to 1h"),
        Case(text: "listen: {http1: yes}\n", line: 1, problem: "listen.http1: must be true or false"),
        Case(
            text: "listen:\n  tls: {minimum_version: 1.1}\n",
            line: 2,
            problem: "listen.tls.minimum_version: must be one of 1.2, 1.3"
        ),
        Case(
            text: ConfigurationText.merchants,
            line: 1,
            problem: "listen.tls needs certificate_file and key_file (or listen.cleartext_h2: true)"
        ),
    ]

    static let documents: [Case] = [
        Case(text: "", line: nil, problem: "is empty"),
        Case(text: "- a\n", line: 1, problem: "the document must be a mapping of keys to values"),
        Case(text: "loops: 1\nloops: 2\n", line: 1, problem: "the key loops is given twice"),
        Case(
            text: "loops: 1\n\tshards: 2\n",
            line: 2,
            problem: "not valid YAML: found a tab character that violates indentation"
        ),
        Case(text: "a: [1\nb: 2\n", line: 2, problem: "not valid YAML: did not find expected ',' or ']'"),
    ]

    private static let key = ConfigurationText.hashes[0]
    static let merchants: [Case] = [
        Case(text: "listen: {cleartext_h2: true}\n", line: 1, problem: "merchants: at least one is needed"),
        Case(
            text: "listen: {cleartext_h2: true}\nmerchants: []\n",
            line: 1,
            problem: "merchants: at least one is needed"
        ),
        merchant("  - name: x\n", line: 1, problem: "merchants[0]: id is missing"),
        merchant(
            "  - {id: 'a b', api_keys: ['\(key)']}\n",
            line: 1,
            problem: "merchants[0].id: must be 1 to 128 letters, digits, dots, hyphens or underscores"
        ),
        merchant("  - {id: a}\n", line: 1, problem: "merchants[0]: api_keys must list 1 to 16 hashes"),
        merchant("  - {id: a, api_keys: []}\n", line: 1, problem: "merchants[0]: api_keys must list 1 to 16 hashes"),
        merchant(
            "  - id: a\n    api_keys: ['mk_secret']\n",
            line: 2,
            problem: "an API key must be given as sha256: and 64 hexadecimal digits"
        ),
        merchant(
            "  - id: a\n    api_keys:\n      - 'sha256:12'\n",
            line: 3,
            problem: "an API key must be given as sha256: and 64 hexadecimal digits"
        ),
        merchant(
            "  - {id: a, fee_basis_points: 10001, api_keys: ['\(key)']}\n",
            line: 1,
            problem: "merchants[0].fee_basis_points: must be a whole number from 0 to 10000"
        ),
        merchant(
            "  - {id: a, fee_basis_points: 1.5, api_keys: ['\(key)']}\n",
            line: 1,
            problem: "merchants[0].fee_basis_points: must be a whole number from 0 to 10000"
        ),
        merchant("  - {id: a, fee: 1, api_keys: ['\(key)']}\n", line: 1, problem: "unknown key merchants[0].fee"),
        merchant(
            "  - {id: a, api_keys: ['\(key)']}\n  - {id: a, api_keys: ['\(ConfigurationText.hashes[1])']}\n",
            line: 2,
            problem: "merchants[1].id: the merchant a is listed twice"
        ),
        merchant(
            "  - {id: a, api_keys: ['\(key)']}\n  - {id: b, api_keys: ['\(key)']}\n",
            line: 2,
            problem: "this API key is listed twice"
        ),
    ]

    @Test("a mistake is one clear line with its place", arguments: values + documents + merchants)
    func mistakes(mistake: Case) {
        let error = ConfigurationText.error(mistake.text)
        #expect(error?.problem == mistake.problem)
        #expect(error?.line == mistake.line)
        #expect(error?.place == "/etc/millrace/millrace.yaml")
        #expect(error?.description.contains("\n") == false)
    }

    @Test("a secret in the wrong place is not repeated")
    func secretIsNotRepeated() {
        let error = ConfigurationText.error(
            "listen: {cleartext_h2: true}\nmerchants:\n  - {id: a, api_keys: [mk_verysecret]}\n"
        )
        #expect(error != nil)
        #expect(error?.description.contains("verysecret") == false)
    }

    @Test("bytes that are not UTF-8 are refused")
    func notText() {
        #expect(throws: ConfigurationError(place: "f", "is not UTF-8 text")) {
            try GatewayConfiguration.parse([0xff, 0xfe, 0x41], file: "f") { _ in nil }
        }
    }

    @Test("two merchants whose identities collide are refused by name")
    func collision() throws {
        let source = ConfigurationSource(file: "f", directory: "/", environment: [:]) { _ in nil }
        var identities = GatewayConfiguration.Merchant.Identities(source: source)
        let place = ConfigurationSection.Value(text: "new", name: "merchants[1].id", place: "f", line: 9)
        try identities.add("old", as: MerchantID(rawValue: 7), place)
        let error = #expect(throws: ConfigurationError.self) {
            try identities.add("new", as: MerchantID(rawValue: 7), place)
        }
        #expect(
            error?.description
                == "f:9: merchants[1].id: new and old have the same journal identity; rename the newer one"
        )
    }

    @Test(
        "an unsafe setting is taken when a word says so, and on loopback",
        arguments: [
            "provider: {url: http://psp.example, allow_cleartext: true}", "provider: {url: http://127.8.9.1}",
            "provider: {url: 'http://[::1]:9090'}", "admin: {host: 0.0.0.0, allow_remote: true}",
            "admin: {host: localhost}", "provider: {url: https://psp.example}",
            "risk: {scorer: {url: 'http://scorer.example/score', allow_cleartext: true}}",
            "risk: {scorer: {url: 'http://127.0.0.1:8080/score'}}",
            "risk: {scorer: {url: 'https://scorer.example/score'}}",
        ]
    )
    func safe(text: String) {
        #expect(ConfigurationText.error(ConfigurationText.minimal + text + "\n") == nil)
    }

    @Test(
        "names that only look like loopback are other hosts",
        arguments: ["127.0.0.1.example", "127.0.0", "127.x.0.1", ""]
    )
    func notLoopback(host: String) {
        #expect(!GatewayConfiguration.isLoopback(host))
    }

    @Test("variables that nothing reads are found, ours and others' are not")
    func variables() {
        let environment = ["MILLRACE_LISTEN_PORT": "1", "MILLRACE_LISTN_PORT": "1", "PATH": "x", "MILLRACE_A": ""]
        #expect(GatewayConfiguration.unknownVariables(in: environment) == ["MILLRACE_A", "MILLRACE_LISTN_PORT"])
    }
}
