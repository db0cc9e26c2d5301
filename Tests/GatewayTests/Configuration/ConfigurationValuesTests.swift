import Testing

@testable import Gateway

@Suite struct ConfigurationValuesTests {
    @Test(
        "durations are a whole number and a unit",
        arguments: [
            ("24h", Duration.seconds(86_400)), ("500ms", .milliseconds(500)), ("10s", .seconds(10)),
            ("15m", .seconds(900)), ("31d", .seconds(31 * 86_400)), ("250us", .microseconds(250)), ("0s", .zero),
        ]
    )
    func durations(text: String, expected: Duration) {
        #expect(ConfigurationValues.duration(text) == expected)
        #expect(ConfigurationValues.duration(ConfigurationValues.text(expected)) == expected)
    }

    @Test(
        "what is not a duration is not guessed",
        arguments: ["", "10", "h", "1.5h", "-1s", "10 s", "10S", "1h30m", "9223372036854775807h", "_1s", "１s"]
    )
    func badDurations(text: String) {
        #expect(ConfigurationValues.duration(text) == nil)
    }

    @Test(
        "sizes are bytes, or binary multiples",
        arguments: [("65536", 65_536), ("64KiB", 65_536), ("64MiB", 64 << 20), ("2GiB", 2 << 30), ("12B", 12)]
    )
    func sizes(text: String, expected: Int) {
        #expect(ConfigurationValues.size(text) == expected)
    }

    @Test("what is not a size is not guessed", arguments: ["", "64MB", "64 MiB", "-1", "1.5MiB", "9999999999999GiB"])
    func badSizes(text: String) {
        #expect(ConfigurationValues.size(text) == nil)
    }

    @Test("numbers are decimal digits, grouped or not")
    func integers() {
        #expect(ConfigurationValues.integer("1_000_000") == 1_000_000)
        #expect(ConfigurationValues.integer("010") == 10)
        for text in ["", "0x10", "1e3", "+1", "-1", "99999999999999999999", "1 "] {
            #expect(ConfigurationValues.integer(text) == nil, "\(text)")
        }
    }

    @Test("booleans are true and false only")
    func booleans() {
        #expect(ConfigurationValues.boolean("true") == true)
        #expect(ConfigurationValues.boolean("false") == false)
        for text in ["yes", "on", "True", "1", ""] { #expect(ConfigurationValues.boolean(text) == nil, "\(text)") }
    }

    @Test("the command line's durations may be bare seconds")
    func commandLineDurations() {
        #expect(DurationText.seconds("60") == 60)
        #expect(DurationText.seconds("500ms") == 0.5)
        #expect(DurationText.seconds("5m") == 300)
        #expect(DurationText.seconds("soon") == nil)
    }
}
