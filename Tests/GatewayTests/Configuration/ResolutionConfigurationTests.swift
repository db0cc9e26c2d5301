import Payments
import Providers
import ShardCore
import Testing

@testable import Gateway

/// `connectors[].resolution`: what an adapter declares of each operation is narrowed, never
/// widened.
@Suite("Configuration of how unknown outcomes are resolved")
struct ResolutionConfigurationTests {
    private static func connector(_ lines: String, kind: String = "simulated") throws -> GatewayConfiguration.Connector
    {
        let text = ConfigurationText.minimal + "provider:\n  kind: \(kind)\n" + lines
        return try #require(try ConfigurationText.parse(text).connectors.first)
    }

    private static func policies(
        _ lines: String,
        kind: String = "simulated"
    ) throws -> OperationTable<ResolutionPolicy> {
        let connector = try connector(lines, kind: kind)
        return connector.resolutionPolicies(connector.declaredResolution, payments: .init())
    }

    @Test("without settings the adapter's word counts, and the defaults")
    func defaults() throws {
        for operation in ProviderOperation.allCases {
            let full = try Self.policies("")[operation]
            #expect(full.means.query == .init(lookup: .byReference, lag: 0) && full.means.replayWindow == 86_400_000)
            #expect(full.means.voidByReference == (operation == .authorize || operation == .confirm))
            #expect(full.schedule == ResolutionPolicy().schedule && full.replays == 3 && full.retries == [100, 400])
            #expect(full.inFlightHorizon == 60_000 && full.abandonAfter == 900_000 && full.attentionAfter == 86_400_000)
            let limited = try Self.policies("", kind: "simulated_limited")[operation]
            let isAsked = operation == .authorize || operation == .confirm
            #expect((limited.means.query != nil) == isAsked && limited.means.replayWindow == 86_400_000)
            #expect(limited.schedule.last == (isAsked ? 86_400_000 : 3_600_000), "each hour, while its key is honoured")
        }
    }

    @Test("settings of all operations, and of single ones before them")
    func settings() throws {
        let lines = """
              cancel_by_reference: false
              resolution:
                query_lag: 5s
                replay_window: 12h
                replays: 2
                in_flight_horizon: 5m
                schedule: [2s, 1m, 1h]
                retries: [50ms]
                abandon_after: 10m
                attention_after: 2h
                capture: {query: false, schedule: [10s], retries: []}
                refund: {query_lag: 1h, replay_window: 0s, replays: 0, abandon_after: 5m}

            """
        let policies = try Self.policies(lines)
        let sale = policies.authorize
        #expect(sale.means == ResolutionMeans(queryByReference: 5_000, replayWindow: 43_200_000))
        #expect(sale.replays == 2 && sale.inFlightHorizon == 300_000 && sale.schedule == [2_000, 60_000, 3_600_000])
        #expect(sale.retries == [50] && sale.abandonAfter == 600_000 && sale.attentionAfter == 7_200_000)
        let capture = policies.capture
        #expect(capture.means == ResolutionMeans(replayWindow: 43_200_000))
        #expect(capture.schedule == [10_000] && capture.retries.isEmpty && capture.inFlightHorizon == 300_000)
        let refund = policies.refund
        #expect(refund.means == ResolutionMeans(queryByReference: 3_600_000) && refund.replays == 0)
        #expect(refund.abandonAfter == 300_000 && refund.schedule == sale.schedule)
    }

    @Test("an operation that is only sent again takes no step of a day, whoever said so")
    func hourly() throws {
        let policies = try Self.policies("  resolution: {cancel: {query: false}}\n")
        #expect(policies.cancel.schedule.last == 3_600_000 && policies.capture.schedule.last == 86_400_000)
    }

    @Test("payments.* are the defaults of all connectors")
    func payments() throws {
        var payments = GatewayConfiguration.PaymentTable()
        payments.abandonAfter = .seconds(60)
        payments.attentionAfter = .seconds(120)
        let connector = try Self.connector("  resolution: {refund: {attention_after: 1m}}\n")
        let policies = connector.resolutionPolicies(connector.declaredResolution, payments: payments)
        #expect(policies.authorize.abandonAfter == 60_000 && policies.authorize.attentionAfter == 120_000)
        #expect(policies.refund.attentionAfter == 60_000)
    }

    @Test("whatever an operator wrote, an adapter that declares less counts")
    func narrowing() throws {
        let connector = try Self.connector("  resolution: {query_lag: 1s, replay_window: 24h}\n")
        let declared = OperationTable(ResolutionMeans(queryByReference: 2_000, replayWindow: 1_000))
        let policy = connector.resolutionPolicies(declared, payments: .init()).capture
        #expect(policy.means == declared.capture)
    }

    @Test("an adapter that looks authorizations up by an identifier that nobody has stops the process")
    func authorizationByID() async {
        await #expect(processExitsWith: .failure) {
            let declared = OperationTable(ResolutionMeans(queryByID: 0))
            _ = try Self.connector("").resolutionPolicies(declared, payments: .init())
        }
    }

    @Test(
        "what would widen what the adapter declares, what is out of range, and unknown keys are refused",
        arguments: [
            ("simulated", "{replay_window: 25h}", "replay_window must not be above the provider's, 86400s"),
            ("simulated", "{refund: {replay_window: 2d}}", "replay_window must not be above the provider's, 86400s"),
            ("simulated_limited", "{capture: {query: true}}", "query: the provider cannot be asked about this"),
            ("simulated", "{replays: 4}", "replays: must be a whole number from 0 to 3"),
            ("simulated", "{in_flight_horizon: 59s}", "in_flight_horizon: must be a duration"),
            ("simulated", "{in_flight_horizon: 2h}", "in_flight_horizon: must be a duration"),
            ("simulated", "{query_lag: 8d}", "query_lag: must be a duration"),
            ("simulated", "{schedule: []}", "schedule must list 1 to 16 durations"),
            ("simulated", "{schedule: 1s}", "schedule must be a list"),
            ("simulated", "{schedule: [1ms]}", "schedule: must list durations such as 500ms or 24h, from 100ms to 7d"),
            ("simulated", "{retries: [2m]}", "retries: must list durations such as 500ms or 24h, from 10ms to 1m"),
            ("simulated", "{abandon_after: 8d}", "abandon_after: must be a duration"),
            ("simulated", "{attention_after: 31d}", "attention_after: must be a duration"),
            ("simulated", "{sale: {query: false}}", "unknown key provider.resolution.sale"),
            ("simulated", "{capture: {window: 1h}}", "unknown key provider.resolution.capture.window"),
        ]
    )
    func refused(kind: String, section: String, problem: String) throws {
        let text = ConfigurationText.minimal + "provider:\n  kind: \(kind)\n  resolution: \(section)\n"
        let error = try #require(ConfigurationText.error(text))
        #expect("\(error)".contains(problem), "\(error)")
    }

    @Test("the adapter that a connector's kind makes declares what the configuration was checked against")
    func kinds() {
        for kind in GatewayConfiguration.Connector.Kind.allCases {
            var connector = GatewayConfiguration.Connector()
            connector.kind = kind
            #expect(connector.declaredResolution == kind.interface.resolution)
        }
    }
}
