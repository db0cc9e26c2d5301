/// Readers of single configuration values. Each gives `nil` for a text it does not understand.
enum ConfigurationValues {
    /// A whole number with a unit of `us`, `ms`, `s`, `m`, `h` or `d`: `500ms`, `24h`.
    static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = split(text) else { return nil }
        let microsecondsPerUnit: Int64
        switch unit {
        case "us": microsecondsPerUnit = 1
        case "ms": microsecondsPerUnit = 1_000
        case "s": microsecondsPerUnit = 1_000_000
        case "m": microsecondsPerUnit = 60_000_000
        case "h": microsecondsPerUnit = 3_600_000_000
        case "d": microsecondsPerUnit = 86_400_000_000
        default: return nil
        }
        let (microseconds, overflow) = number.multipliedReportingOverflow(by: microsecondsPerUnit)
        return overflow ? nil : .microseconds(microseconds)
    }

    /// The shortest text that `duration(_:)` reads as `value`.
    static func text(_ value: Duration) -> String {
        let (seconds, attoseconds) = value.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let units: [(String, Int64)] = [
            ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000),
        ]
        if microseconds == 0 { return "0s" }
        for (unit, length) in units where microseconds % length == 0 { return "\(microseconds / length)\(unit)" }
        return "\(microseconds)us"
    }

    /// A whole number of bytes, alone or with a unit of `B`, `KiB`, `MiB` or `GiB`: `65536`,
    /// `64MiB`.
    static func size(_ text: String) -> Int? {
        guard let (number, unit) = split(text) else { return nil }
        let shift: Int64
        switch unit {
        case "", "B": shift = 0
        case "KiB": shift = 10
        case "MiB": shift = 20
        case "GiB": shift = 30
        default: return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : Int(exactly: bytes)
    }

    /// Decimal digits only (an underscore may group them): no sign, no exponent, no octal.
    static func integer(_ text: String) -> Int? {
        guard let (number, unit) = split(text), unit.isEmpty else { return nil }
        return Int(exactly: number)
    }

    /// `true` or `false`; YAML 1.1's `yes` and `on` are refused rather than guessed.
    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true": true
        case "false": false
        default: nil
        }
    }

    /// Whether a host name may hold the byte.
    static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func split(_ text: String) -> (number: Int64, unit: Substring)? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == "_") }
        guard let first = digits.first, first != "_" else { return nil }
        guard let number = Int64(digits.filter { $0 != "_" }) else { return nil }
        return (number, text.dropFirst(digits.count))
    }
}
