import NIOCore
import Testing

@testable import PSPSimulator

@Suite("Profiles in JSON")
struct ProfileReaderTests {
    private func read(_ text: String) throws(PSPSimulatorError) -> SimulatorProfile {
        try ProfileReader.read(text.utf8.span)
    }

    @Test("what is written is read back", arguments: SimulatorProfile.presetNames)
    func roundTrip(name: String) throws {
        let profile = try #require(SimulatorProfile.preset(named: name))
        var buffer = ByteBuffer()
        ProfileWriter.write(profile, into: &buffer)
        #expect(try read(String(buffer: buffer)) == profile)
    }

    @Test("an empty object is the clean profile; fields replace a preset's wherever it stands")
    func presets() throws {
        #expect(try read("{}") == .clean)
        #expect(try read(#"{"preset":"chaos"}"#) == .chaos)
        var expected = SimulatorProfile.drops5
        expected.dropRate = 0.5
        expected.latency = .uniform(minimum: 1, maximum: 2.5)
        let text = #"{"drop_rate":0.5,"latency":{"kind":"uniform","min_ms":1,"max_ms":2.5},"preset":"drops5"}"#
        #expect(try read(text) == expected)
    }

    @Test(
        "mistakes are named",
        arguments: [
            (#"{"drop_rat":0.5}"#, "drop_rat is not a field"),
            (#"{"drop_rate":"much"}"#, "drop_rate must be a number"),
            (#"{"drop_rate":1.5}"#, "drop_rate must be between 0 and 1"),
            (#"{"drop_modes":{"explode":1}}"#, "explode is not one of reset, close, silence"),
            (#"{"decline_codes":{"nope":1}}"#, "nope is not a decline code"),
            (#"{"latency":{"kind":"fixed"}}"#, "latency is"),
            (#"{"latency":{"kind":"normal","ms":1}}"#, "latency is"),
            (#"{"latency":7}"#, "latency must be an object"),
            (#"{"drop_first_only":1}"#, "drop_first_only must be true or false"),
            (#"{"goaway_every":1.5}"#, "goaway_every"),
            (#"{"preset":"quiet"}"#, "quiet is not one of clean"),
            (#"[]"#, "must be a JSON object"),
            (#"{"drop_rate":0.5"#, "not JSON"),
            (#"{} x"#, "not JSON"),
        ]
    )
    func mistakes(text: String, message: String) {
        let error = #expect(throws: PSPSimulatorError.self) { try self.read(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}
