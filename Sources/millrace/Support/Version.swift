import CVersion

/// What `millrace --version` says.
enum Version {
    /// Semantic version; CHANGELOG.md says what changed.
    static let number = "0.1.0"

    /// The commit that the binary was built from, or `unknown` (`Sources/CVersion`).
    static var commit: String { String(cString: millrace_commit()) }

    static var text: String { "millrace \(number) (commit \(commit))" }
}
