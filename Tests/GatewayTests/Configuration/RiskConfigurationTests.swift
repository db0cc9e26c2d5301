import Money
import Payments
import Risk
import Testing
import Time

@testable import Gateway

@Suite struct RiskConfigurationTests {
    static let everything = """
        risk:
          rules:
            - name: card_burst
              velocity: {per: payment_method, window: 10m, max_count: 3}
              score: 40
            - name: spending
              velocity: {per: customer, window: 24h, max_amount: 100000, currency: EUR}
              score: 60
            - name: large
              amount: {over: 500000, currency: JPY}
              score: 45
          bands: {review: 40, block: 101}
          lists:
            allow: {payment_methods: [tok_good], customers: [vip]}
            block: {payment_methods: [tok_bad], customers_file: blocked.txt}
            sanctions: {customers: ["N. N."], outcome: review}
          counters: {capacity_per_shard: 1000, on_full: review}
          scorer:
            url: http://127.0.0.1:8089/v2/score?mode=fast
            timeout: 250ms
            on_failure: block
            max_in_flight_per_loop: 10
            connections_per_loop: 2
          review: {timeout: 2h}

        """

    private func read(_ text: String, environment: [String: String] = [:]) throws -> GatewayConfiguration.RiskSettings {
        try ConfigurationText.parse(ConfigurationText.minimal + text, environment: environment).risk
    }

    @Test func `nothing is configured by default`() throws {
        let risk = try read("")
        #expect(risk == GatewayConfiguration.RiskSettings() && !risk.isActive && !risk.isPresent)
        #expect(try RiskPolicy(risk, seed: [1]) == nil)
    }

    @Test func `every key`() throws {
        let risk = try read(Self.everything, environment: ["MILLRACE_RISK_SCORER_TOKEN": "secret"])
        #expect(risk.isPresent && risk.isActive)
        #expect(
            risk.rules == [
                RiskRule(
                    name: "card_burst",
                    score: 40,
                    condition: .count(.paymentMethod, window: 600_000, limit: 3)
                ),
                RiskRule(
                    name: "spending",
                    score: 60,
                    condition: .sum(.customer, window: 86_400_000, limitMinor: 100_000, .eur)
                ),
                RiskRule(name: "large", score: 45, condition: .amount(overMinor: 500_000, .jpy)),
            ]
        )
        #expect(risk.bands == RiskPolicy.Bands(review: 40, block: 101))
        #expect(risk.allow.paymentMethods == ["tok_good"] && risk.allow.customers == ["vip"])
        #expect(risk.block.paymentMethods == ["tok_bad"] && risk.block.customersFile == "/etc/millrace/blocked.txt")
        #expect(risk.sanctions.customers == ["N. N."] && risk.sanctionsOutcome == .review)
        #expect(risk.countersPerShard == 1_000 && risk.whenCountersAreFull == .review)
        let scorer = try #require(risk.scorer)
        #expect(scorer.url.authority.host == "127.0.0.1" && scorer.url.authority.port == 8_089)
        #expect(scorer.url.path == "/v2/score?mode=fast" && scorer.token == "secret")
        #expect(scorer.timeout == .milliseconds(250) && scorer.onFailure == .block)
        #expect(scorer.maxInFlightPerLoop == 10 && scorer.connectionsPerLoop == 2)
        #expect(risk.reviewTimeout == .seconds(7_200))
    }

    @Test(arguments: [
        ("risk: {colour: red}", "unknown key risk.colour"),
        ("risk: {rules: [{score: 1}]}", "risk.rules[0]: name is missing"),
        ("risk: {rules: [{name: A, score: 1}]}", "risk.rules[0].name: must be 1 to 40 lower-case"),
        ("risk: {rules: [{name: block_list, score: 1}]}", "risk.rules[0].name: is a reason of its own"),
        ("risk: {rules: [{name: a}]}", "risk.rules[0]: score is missing"),
        ("risk: {rules: [{name: a, score: 101}]}", "risk.rules[0].score: must be a whole number from 0 to 100"),
        ("risk: {rules: [{name: a, score: 1}]}", "risk.rules[0]: needs a velocity or an amount"),
        (
            "risk: {rules: [{name: a, score: 1, amount: {over: 1, currency: EUR}, velocity: {per: customer}}]}",
            "risk.rules[0]: needs a velocity or an amount"
        ),
        (
            "risk: {rules: [{name: a, score: 1, velocity: {per: ip, window: 1m, max_count: 1}}]}",
            "risk.rules[0].velocity.per: must be one of merchant"
        ),
        (
            "risk: {rules: [{name: a, score: 1, velocity: {per: customer, window: 1ms, max_count: 1}}]}",
            "risk.rules[0].velocity.window: must be a duration"
        ),
        (
            "risk: {rules: [{name: a, score: 1, velocity: {per: customer, window: 1m, max_amount: 1}}]}",
            "risk.rules[0].velocity: needs max_count, or max_amount and currency"
        ),
        (
            "risk: {rules: [{name: a, score: 1, velocity: {per: amount, window: 1m, max_amount: 1, currency: EUR}}]}",
            "risk.rules[0].velocity: per amount counts payments"
        ),
        (
            "risk: {rules: [{name: a, score: 1, amount: {over: 1, currency: XAU}}]}",
            "risk.rules[0].amount.currency: must be an ISO 4217 code"
        ),
        (
            "risk: {rules: [{name: a, score: 1, amount: {over: 1, currency: EUR}}, "
                + "{name: a, score: 1, amount: {over: 1, currency: EUR}}]}",
            "the rule a is listed twice"
        ),
        ("risk: {bands: {review: 60, block: 50}}", "risk.bands: review must not be above block"),
        ("risk: {lists: {sanctions: {outcome: allow}}}", "outcome must be one of review, block"),
        ("risk: {lists: {block: {customers: [[]]}}}", "risk.lists.block.customers must be a list of texts"),
        ("risk: {lists: {allow: {customers_file: missing.pem}}}", "No such file or directory"),
        ("risk: {lists: {sanctions: {payment_methods: [a]}}}", "unknown key risk.lists.sanctions.payment_methods"),
        ("risk: {counters: {on_full: panic}}", "risk.counters.on_full: must be one of allow, review, block"),
        ("risk: {scorer: {timeout: 1s}}", "risk.scorer: url is missing"),
        ("risk: {scorer: {url: localhost}}", "risk.scorer.url: must be https://"),
        ("risk: {scorer: {url: 'http://a b/'}}", "risk.scorer.url: must be https://"),
        ("risk: {scorer: {url: http://a/b, timeout: 1ms}}", "risk.scorer.timeout: must be a duration"),
        ("risk: {scorer: {url: http://a/b, token: x}}", "unknown key risk.scorer.token"),
        ("risk: {review: {timeout: 31d}}", "risk.review.timeout: must be a duration"),
    ])
    func `what is wrong is named`(_ text: String, _ problem: String) throws {
        let error = try #require(ConfigurationText.error(ConfigurationText.minimal + text + "\n"))
        #expect(error.description.contains(problem), "\(error)")
    }

    @Test(arguments: [
        ("http://scorer", "scorer", 80, "/"), ("https://scorer/", "scorer", 443, "/"),
        ("http://[::1]:9/a/b", "::1", 9, "/a/b"),
    ])
    func `addresses of scorers`(_ text: String, _ host: String, _ port: Int, _ path: String) throws {
        let url = try #require(ScorerURL(text))
        #expect(url.authority.host == host && url.authority.port == port && url.path == path)
    }

    @Test func `lists are read from files, and compiled with those of the configuration`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("# sanctioned\n\n  N. N.\t\r\n\u{fc}n\u{ef}\n", to: "customers.txt")
        var settings = GatewayConfiguration.RiskSettings()
        settings.sanctions.customersFile = path
        settings.sanctions.customers = ["inline"]
        let policy = try #require(try RiskPolicy(settings, seed: [1, 2, 3]))
        #expect(policy.lists.sanctionedCustomers.count == 3)
        for (customer, band) in [("N. N.", RiskBand.block), ("ünï", .block), ("inline", .block), ("N.", .allow)] {
            var details = PaymentDetails()
            details.append(.customer, customer)
            let facts = RiskFacts(merchant: MerchantID(rawValue: 1), amountMinor: 1, currency: .eur)
            let packed = details.bytes
            #expect(policy.assess(facts, details: packed.span, nil, at: 0).band == band)
        }
    }

    /// The band of a payment of a customer, by a sanctions list with this content.
    private func band(of customer: String, sanctioned content: [UInt8]) throws -> RiskBand {
        let directory = try TemporaryDirectory()
        let path = try directory.write("", to: "customers.txt")
        try Files.writeAtomically(content, to: path)
        var settings = GatewayConfiguration.RiskSettings()
        settings.sanctions.customersFile = path
        let policy = try #require(try RiskPolicy(settings, seed: [1, 2, 3]))
        var details = PaymentDetails()
        details.append(.customer, customer)
        let facts = RiskFacts(merchant: MerchantID(rawValue: 1), amountMinor: 1, currency: .eur)
        let packed = details.bytes
        return policy.assess(facts, details: packed.span, nil, at: 0).band
    }

    @Test(arguments: [
        "\u{FEFF}M\u{FC}ller GmbH\nEva\n", "Eva\r\nM\u{FC}ller GmbH\r\n", "Eva\rM\u{FC}ller GmbH\r",
        "  M\u{FC}ller \t GmbH\u{A0}\n", "mu\u{308}LLER\u{2003}gmbh", "# list\n\nM\u{FC}LLER\u{AD} GMBH\u{200B}",
        "\u{FF2D}\u{FF35}\u{308}LLER GMBH",
    ])
    func `a sanctioned customer is found however file and merchant write the name`(content: String) throws {
        for customer in ["M\u{FC}ller GmbH", "MU\u{308}LLER  GMBH", " m\u{FC}ller\u{A0}gmbh "] {
            #expect(try band(of: customer, sanctioned: Array(content.utf8)) == .block, "\(customer)")
        }
        #expect(try band(of: "Muller GmbH", sanctioned: Array(content.utf8)) == .allow)
        #expect(try band(of: "M\u{FC}llerGmbH", sanctioned: Array(content.utf8)) == .allow)
    }

    @Test func `an allow list is compared byte for byte`() throws {
        let directory = try TemporaryDirectory()
        var settings = GatewayConfiguration.RiskSettings()
        settings.block.customers = ["Eva", "Vip-2"]
        settings.allow.customersFile = try directory.write("Vip-1\n", to: "allowed.txt")
        settings.rules = [RiskRule(name: "all", score: 100, condition: .amount(overMinor: 0, .eur))]
        let policy = try #require(try RiskPolicy(settings, seed: [1]))
        for (customer, band) in [("Vip-1", RiskBand.allow), ("vip-1", .block), ("vip-2", .block)] {
            var details = PaymentDetails()
            details.append(.customer, customer)
            let facts = RiskFacts(merchant: MerchantID(rawValue: 1), amountMinor: 1, currency: .eur)
            let packed = details.bytes
            #expect(policy.assess(facts, details: packed.span, nil, at: 0).band == band)
        }
    }

    @Test func `a list file that would match nobody is refused`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("", to: "customers.txt")
        let noName = ConfigurationError(place: path, "holds no name; leave the setting out where there is no list")
        let refused: [([UInt8], ConfigurationError)] = [
            ([0x61, 0x0A, 0xFF], ConfigurationError(place: path, line: 2, "is not UTF-8 text")),
            ([0x61, 0x0D, 0x0D, 0x0A, 0xFF], ConfigurationError(place: path, line: 3, "is not UTF-8 text")),
            (
                Array("E\0v\0a\0\n\0".utf8),
                ConfigurationError(place: path, line: 1, "holds a control character or a line separator")
            ),
            (
                Array("Eva\u{2028}Adam".utf8),
                ConfigurationError(place: path, line: 1, "holds a control character or a line separator")
            ),
            ([], noName), (Array("\u{200B}\n\u{FEFF}\n".utf8), noName),
            (Array("\u{FEFF}# all of them\r\n \u{A0}\n".utf8), noName),
        ]
        for (content, error) in refused {
            try Files.writeAtomically(content, to: path)
            var settings = GatewayConfiguration.RiskSettings()
            settings.sanctions.customersFile = path
            #expect(throws: error) { try RiskPolicy(settings, seed: [1]) }
            settings.sanctions.customersFile = nil
            settings.block.paymentMethodsFile = path
            #expect(throws: error) { try RiskPolicy(settings, seed: [1]) }
        }
        var settings = GatewayConfiguration.RiskSettings()
        settings.allow.customersFile = path
        #expect(try RiskPolicy(settings, seed: [1])?.lists.allowedCustomers.isEmpty == true)
    }
}
