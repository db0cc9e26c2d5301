import Glibc

/// When a gateway last ran over a data directory, in its file `clock`: milliseconds since 1970.
/// Written once a minute and at the end. So a start can tell how long no gateway ran, even when the
/// last records are old.
struct ClockMark: Sendable {
    /// How often it is written.
    static let interval: Int64 = 60_000

    private let path: String

    init(directory: String) { path = FilePaths.join(directory, "clock") }

    /// nil when there is no file, or it holds no number: then the newest record alone counts.
    /// Blocks.
    func read() -> Int64? {
        do throws(FileError) {
            let text = String(decoding: try Files.read(path, limit: 64), as: UTF8.self)
            return Int64(text.prefix { $0 != "\n" })
        } catch {
            return nil
        }
    }

    /// Blocks. When a mark cannot be written, the next start reads an older one.
    func write(_ milliseconds: Int64) throws(FileError) {
        try Files.writeAtomically(Array("\(milliseconds)\n".utf8), to: path, permissions: 0o600)
    }
}

/// Whether a start believes the machine's clock. A clock that is far ahead would expire
/// authorizations and lose disputes for good. If the clock is far behind the last run, the process
/// that ran then may have had a clock that was far ahead.
enum ClockCheck {
    /// The refusal; nil for a clock that is believed.
    /// - Parameters:
    ///   - now: what the clock says, in milliseconds since 1970.
    ///   - last: when a gateway last ran here. The time of the newest record counts if that is
    ///     later. 0 for a new data directory.
    ///   - maximum: the longest time that may lie between the two, in milliseconds.
    static func refusal(now: Int64, last: Int64, maximum: Int64) -> ConfigurationError? {
        let jump = now - last
        guard last > 0, abs(jump) > maximum else { return nil }
        let hours = abs(jump) / 3_600_000
        return ConfigurationError(
            place: "clock.max_jump",
            "this machine's clock is \(hours) hours \(jump > 0 ? "ahead of" : "behind") the time at which a gateway last "
                + "ran over this data directory. Set the clock; or, if it is right, raise clock.max_jump for one start"
        )
    }
}
