import Yams

// Typed values with their permitted ranges. An absent value gives `nil`, so that defaults stay in
// one place.
extension ConfigurationSection {
    mutating func text(_ key: String, override: String? = nil) throws(ConfigurationError) -> String? {
        try value(key, override: override)?.text
    }

    mutating func integer(
        _ key: String,
        in range: ClosedRange<Int>,
        override: String? = nil
    ) throws(ConfigurationError) -> Int? {
        guard let value = try value(key, override: override) else { return nil }
        guard let number = ConfigurationValues.integer(value.text), range.contains(number) else {
            throw value.error("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    mutating func size(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let value = try value(key) else { return nil }
        guard let bytes = ConfigurationValues.size(value.text), range.contains(bytes) else {
            throw value.error(
                "must be a size such as 64MiB, from \(range.lowerBound) to \(range.upperBound) bytes"
            )
        }
        return bytes
    }

    mutating func duration(
        _ key: String,
        in range: ClosedRange<Duration>
    ) throws(ConfigurationError) -> Duration? {
        guard let value = try value(key) else { return nil }
        guard let duration = ConfigurationValues.duration(value.text), range.contains(duration) else {
            let (least, most) = (ConfigurationValues.text(range.lowerBound), ConfigurationValues.text(range.upperBound))
            throw value.error("must be a duration such as 500ms or 24h, from \(least) to \(most)")
        }
        return duration
    }

    /// A list of durations.
    /// - Parameter count: how many it may have.
    mutating func durations(
        _ key: String,
        in range: ClosedRange<Duration>,
        count: ClosedRange<Int>
    ) throws(ConfigurationError) -> [Duration]? {
        guard let nodes = try list(key) else { return nil }
        guard count.contains(nodes.count) else {
            throw problem("\(key) must list \(count.lowerBound) to \(count.upperBound) durations")
        }
        var durations: [Duration] = []
        for node in nodes {
            guard let text = node.scalar?.string, let duration = ConfigurationValues.duration(text),
                range.contains(duration)
            else {
                let (least, most) = (
                    ConfigurationValues.text(range.lowerBound), ConfigurationValues.text(range.upperBound)
                )
                throw source.error(
                    node,
                    "\(path).\(key): must list durations such as 500ms or 24h, from \(least) to \(most)"
                )
            }
            durations.append(duration)
        }
        return durations
    }

    mutating func boolean(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let value = try value(key) else { return nil }
        guard let flag = ConfigurationValues.boolean(value.text) else { throw value.error("must be true or false") }
        return flag
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String,
        override: String? = nil
    ) throws(ConfigurationError) -> Choice? {
        guard let value = try value(key, override: override) else { return nil }
        guard let choice = Choice(rawValue: value.text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw value.error("must be one of \(known)")
        }
        return choice
    }

    /// A file that must be readable now, as an absolute path.
    mutating func file(_ key: String, override: String? = nil) throws(ConfigurationError) -> String? {
        guard let value = try value(key, override: override) else { return nil }
        let path = absolute(value)
        if let problem = source.readProblem(path) { throw value.error("\(path): \(problem)") }
        return path
    }

    /// A path that need not exist yet, made absolute.
    mutating func path(_ key: String, override: String? = nil) throws(ConfigurationError) -> String? {
        guard let value = try value(key, override: override) else { return nil }
        guard !value.text.isEmpty else { throw value.error("must not be empty") }
        return absolute(value)
    }

    /// Paths of the file are relative to the file; paths of the environment to the working
    /// directory, as a shell's are.
    private func absolute(_ value: Value) -> String {
        value.line == nil ? FilePaths.absolute(value.text) : FilePaths.absolute(value.text, in: source.directory)
    }
}
