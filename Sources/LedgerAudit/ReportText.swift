package import Money
import NIOCore
package import Time
import WireJSON

/// Texts of reports.
package enum ReportText {
    /// Minor units as a decimal with the currency's number of digits: -5 EUR cents are `-0.05`.
    package static func decimal(_ minor: Int128, _ currency: Currency) -> String {
        let digits = String(minor.magnitude)
        let sign = minor < 0 ? "-" : ""
        let exponent = currency.exponent
        guard exponent > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, exponent + 1 - digits.count)) + digits
        return "\(sign)\(padded.dropLast(exponent)).\(padded.suffix(exponent))"
    }

    /// RFC 3339 in UTC, with milliseconds.
    package static func time(_ time: Timestamp) -> String {
        var buffer = ByteBuffer()
        TimestampText.write(milliseconds: time.milliseconds, into: &buffer)
        return String(buffer: buffer)
    }
}
