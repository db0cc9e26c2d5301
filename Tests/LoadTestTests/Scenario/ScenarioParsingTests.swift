import Foundation
import Testing

@testable import LoadTest

@Suite struct ScenarioParsingTests {
    private func parse(_ text: String) throws -> Scenario { try Scenario(file: "s.yaml", text: text) }

    @Test func `every member is read`() throws {
        let scenario = try parse(
            """
            name: all
            description: everything
            retries: off
            give_up: 20s
            timeout: 250ms
            drain: 1m
            in_flight: 77
            connections: 3
            merchants: {count: 5, spread: zipf, exponent: 1.2}
            payment_methods: {tok_visa: 3, tok_timeout: 1}
            amounts: {minimum: 5, maximum: 6, currencies: {USD: 1}}
            mix: {sale: 1, get: 2}
            duplicates: {rate: 0.25, concurrent: 1}
            conflicts: {rate: 0.5}
            limits: {p99: 10ms, error_rate: 0.01, saturation: true, send_lag: 7s}
            psp_profile: {drop_rate: 0.05, latency: {ms: 3}, name: "5"}
            phases:
              - {name: warm, duration: 2s, rate: 10, warm_up: true}
              - {name: ramp, duration: 3s, rate: {from: 10, to: 20}, arrival: poisson, mix: {authorize: 1}}
              - {name: step, duration: 1s, steps: {from: 10, to: 30, by: 10}, stop_above_p99: 50ms}
            """
        )
        #expect(scenario.retries == false && scenario.inFlight == 77 && scenario.connections == 3)
        #expect(
            scenario.giveUp == 20_000_000_000 && scenario.timeout == 250_000_000 && scenario.drain == 60_000_000_000
        )
        #expect(scenario.merchants == .init(count: 5, exponent: 1.2))
        #expect(
            scenario.limits
                == .init(errorRate: 0.01, percentiles: [.p99: 10], sendLag: 7_000_000_000, allowsSaturation: true)
        )
        #expect(scenario.pspProfile == #"{"drop_rate":0.05,"latency":{"ms":3},"name":"5"}"#)
        #expect(scenario.phases.map(\.name) == ["warm", "ramp", "step-10", "step-20", "step-30"])
        #expect(scenario.phases[0].isWarmUp && scenario.phases[0].load.mix == [.sale: 1, .get: 2])
        #expect(scenario.phases[1].startRate == 10 && scenario.phases[1].endRate == 20)
        #expect(scenario.phases[1].arrival == .poisson && scenario.phases[1].load.mix == [.authorize: 1])
        #expect(scenario.phases[1].load.amounts == 5...6 && scenario.phases[1].load.currencies == ["USD": 1])
        #expect(scenario.phases[1].load.duplicateRate == 0.25 && scenario.phases[1].load.conflictRate == 0.5)
        #expect(scenario.phases[4].startRate == 30 && scenario.phases[4].stopAboveP99 == 50)
    }

    private static let phase = "phases: [{duration: 1s, rate: 1}]"
    private static let mistakes: [(String, String)] = [
        ("name: x\nratte: 5\n\(phase)", "s.yaml:2: ratte is not known here"),
        ("name: x\nphases: [{duration: 1s, rate: 1, durration: 2}]", "phases[0].durration is not known here"),
        ("\(phase)", "\"name\" is missing"),
        ("name: x", "\"phases\" must list at least one phase"),
        ("name: x\nphases: []", "\"phases\" must list at least one phase"),
        ("name: x\nphases: [{rate: 1}]", "phases[0].duration must be given"),
        ("name: x\nphases: [{duration: 1, rate: 1}]", "phases[0].duration must be a duration with a unit"),
        ("name: x\nphases: [{duration: 1s}]", "phases[0].rate or steps must be given"),
        ("name: x\nphases: [{duration: 1s, rate: -1}]", "phases[0].rate must be a number"),
        ("name: x\nphases: [{duration: 1s, rate: 0}]", "phases[0].rate must be above 0"),
        (
            "name: x\nphases: [{duration: 1s, rate: 1, arrival: uniform}]",
            "phases[0].arrival must be constant or poisson"
        ),
        ("name: x\nphases: [{duration: 1s, steps: {from: 5, to: 1, by: 1}}]", "phases[0].steps.by must lead from"),
        ("name: x\nmix: {sail: 1}\n\(phase)", "s.yaml:2: mix has an unknown operation \"sail\""),
        ("name: x\nmix: {sale: 0}\n\(phase)", "mix needs a weight above 0"),
        ("name: x\nduplicates: {rate: 2}\n\(phase)", "duplicates.rate must be a number between 0.0 and 1.0"),
        ("name: x\nin_flight: 0\n\(phase)", "in_flight must be a whole number between 1 and 200000"),
        ("name: x\nretries: maybe\n\(phase)", "retries must be true or false"),
        ("name: x\nlimits: {send_lag: 5}\n\(phase)", "limits.send_lag must be a duration with a unit"),
        ("name: x\nraw: {path: /x, api: bank}\n\(phase)", "raw.api must be gateway or provider"),
        ("name: x\nlimits: {p98: 5ms}\n\(phase)", "limits.p98 is not known here"),
        ("name: x\nmerchants: {exponent: 1}\n\(phase)", "merchants.exponent belongs to a zipf spread"),
        ("name: x\nname: y\n\(phase)", "s.yaml"),
        ("- a\n- b", "the scenario must be a mapping"),
        ("name: [", "s.yaml"),
        ("", "the file is empty"),
    ]

    @Test(arguments: mistakes) func `a mistake gives one clear line`(text: String, message: String) {
        let error = #expect(throws: LoadUsageError.self) { try parse(text) }
        let description = error?.description ?? ""
        #expect(description.hasPrefix("s.yaml"), "\(description)")
        #expect(description.contains(message), "\(description)")
        #expect(!description.contains("\n"))
    }

    @Test func `every scenario in the repository is valid`() throws {
        let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("loadtest/scenarios")
        let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
        let names = Set(files.map(\.lastPathComponent))
        #expect(
            names.isSuperset(of: [
                "smoke.yaml", "steady.yaml", "steady-10k.yaml", "saturation.yaml", "duplicates.yaml", "psp-drops.yaml",
                "lifecycle.yaml",
            ])
        )
        for file in files {
            let scenario = try Scenario(file: file.lastPathComponent, text: String(contentsOf: file, encoding: .utf8))
            _ = try CompiledScenario(scenario, merchantCount: 3)
        }
    }
}
