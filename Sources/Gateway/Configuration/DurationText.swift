/// Durations as the command line takes them.
package enum DurationText {
    /// `500ms`, `60s`, `5m` (as in configuration files), or a bare number of seconds.
    package static func seconds(_ text: String) -> Double? {
        if let number = ConfigurationValues.integer(text) { return Double(number) }
        guard let duration = ConfigurationValues.duration(text) else { return nil }
        return duration / .seconds(1)
    }
}
