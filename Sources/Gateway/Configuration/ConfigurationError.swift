/// Why a configuration was refused: one line for the operator, and where to look.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The file as it was named, or `environment NAME` for an override.
    package var place: String
    /// From 1; `nil` where the whole file (or an environment variable) is meant.
    package var line: Int?
    package var problem: String

    package init(place: String, line: Int? = nil, _ problem: String) {
        self.place = place
        self.line = line
        self.problem = problem
    }

    /// `FILE:LINE: what`.
    package var description: String {
        guard let line else { return "\(place): \(problem)" }
        return "\(place):\(line): \(problem)"
    }
}

/// The exit statuses of the process, after sysexits.h. docs/configuration.md documents them.
package enum ExitStatus {
    /// EX_DATAERR: a journal or data directory is damaged.
    package static let damaged: Int32 = 65
    /// EX_NOINPUT: there is no data directory.
    package static let missing: Int32 = 66
    /// EX_UNAVAILABLE: an address and port are taken, or a child process of the demo ended by
    /// itself, or did not become ready.
    package static let unavailable: Int32 = 69
    /// EX_SOFTWARE: an internal error.
    package static let software: Int32 = 70
    /// EX_CANTCREAT: a new data directory was asked for where one is.
    package static let exists: Int32 = 73
    /// EX_IOERR: a write or flush failed. Everything acknowledged is safe, and nothing more is
    /// accepted.
    package static let io: Int32 = 74
    /// EX_TEMPFAIL: another process holds the data directory or a journal.
    package static let held: Int32 = 75
    /// EX_CONFIG: the configuration, or what it points to, is wrong.
    package static let configuration: Int32 = 78
}
