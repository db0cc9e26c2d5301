import Yams

/// A YAML mapping being read. Each key is taken once, and a key that was not taken in the end is
/// unknown.
struct ConfigurationSection {
    let source: ConfigurationSource
    /// Where the section begins.
    let line: Int?
    let path: String
    /// Whether the file has it at all.
    var isPresent: Bool { line != nil }
    private var remaining: [(key: String, line: Int?, value: Node)] = []

    /// The mapping `node`, which stands under `path` (empty for the document itself).
    init(_ node: Node, path: String, source: ConfigurationSource) throws(ConfigurationError) {
        self.source = source
        self.path = path
        self.line = node.mark?.line
        let place = path.isEmpty ? "the document" : path
        guard let mapping = node.mapping else {
            throw source.error(node, "\(place) must be a mapping of keys to values")
        }
        for (key, value) in mapping {
            guard let name = key.scalar?.string else { throw source.error(key, "a key of \(place) is not text") }
            remaining.append((name, key.mark?.line, value))
        }
    }

    private init(empty path: String, source: ConfigurationSource) {
        self.source = source
        self.path = path
        self.line = nil
    }

    /// A nested mapping; an empty one when it is absent.
    mutating func section(_ key: String) throws(ConfigurationError) -> ConfigurationSection {
        guard let node = take(key) else { return ConfigurationSection(empty: name(key), source: source) }
        return try ConfigurationSection(node, path: name(key), source: source)
    }

    /// A list's elements; `nil` when it is absent.
    mutating func list(_ key: String) throws(ConfigurationError) -> [Node]? {
        guard let node = take(key) else { return nil }
        guard let sequence = node.sequence else { throw source.error(node, "\(name(key)) must be a list") }
        return Array(sequence)
    }

    /// A single value with its place: the environment's override if there is one, else the file's.
    mutating func value(_ key: String, override variable: String? = nil) throws(ConfigurationError) -> Value? {
        let node = take(key)
        if let variable, let text = source.environment[variable] {
            return Value(text: text, name: name(key), place: "environment \(variable)", line: nil)
        }
        guard let node else { return nil }
        guard let scalar = node.scalar else { throw source.error(node, "\(name(key)) must be a single value") }
        guard !scalar.string.isEmpty || scalar.style != .any && scalar.style != .plain else {
            throw source.error(node, "\(name(key)) has no value")
        }
        return Value(text: scalar.string, name: name(key), place: source.file, line: node.mark?.line)
    }

    /// Refuses keys that were not taken.
    func finish() throws(ConfigurationError) {
        guard let unknown = remaining.first else { return }
        throw ConfigurationError(place: source.file, line: unknown.line, "unknown key \(name(unknown.key))")
    }

    private mutating func take(_ key: String) -> Node? {
        guard let index = remaining.firstIndex(where: { $0.key == key }) else { return nil }
        return remaining.remove(at: index).value
    }

    private func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// One value's text, and how errors name it.
    struct Value {
        var text: String
        var name: String
        var place: String
        var line: Int?

        func error(_ problem: String) -> ConfigurationError {
            ConfigurationError(place: place, line: line, "\(name): \(problem)")
        }
    }
}

/// What a configuration is read from: a file's name and directory, the environment, and a way to
/// look at files.
struct ConfigurationSource {
    /// As the operator named it.
    var file: String
    /// What relative paths are relative to.
    var directory: String
    var environment: [String: String]
    /// Why a file cannot be read; `nil` when it can.
    var readProblem: (String) -> String?

    func error(_ node: Node, _ problem: String) -> ConfigurationError {
        ConfigurationError(place: file, line: node.mark?.line, problem)
    }
}
