import Yams

/// Reads one YAML mapping and insists that every key is known: a misspelt key that is silently
/// ignored makes a load test measure something else than its author thinks.
struct YAMLReader {
    let file: String
    /// Where the mapping is, for messages: `phases[0]`; empty at the top.
    let path: String
    private let node: Node
    private let members: [String: Node]

    /// Throws when the text is not YAML, or not a mapping.
    init(file: String, text: String) throws {
        let composed: Node?
        do {
            composed = try Yams.compose(yaml: text)
        } catch {
            let line = "\(error)".split(separator: "\n").first.map(String.init) ?? "not YAML"
            throw LoadUsageError("\(file): \(line)")
        }
        guard let composed else { throw LoadUsageError("\(file): the file is empty") }
        try self.init(file: file, path: "", node: composed)
    }

    init(file: String, path: String, node: Node) throws {
        self.file = file
        self.path = path
        self.node = node
        guard let mapping = node.mapping else {
            throw Self.failure(file, node: node, path: path, message: "must be a mapping")
        }
        var members: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.string ?? "?"
            guard members.updateValue(value, forKey: name) == nil else {
                throw Self.failure(file, node: key, path: path, message: "has \"\(name)\" twice")
            }
        }
        self.members = members
    }

    var keys: [String] { members.keys.sorted() }

    func has(_ key: String) -> Bool { members[key] != nil }

    /// Refuses keys that are not in `known`.
    func checkKeys(_ known: [String]) throws {
        for key in keys where !known.contains(key) {
            throw failure(key, "is not known here; known: \(known.sorted().joined(separator: ", "))")
        }
    }

    func child(_ key: String) throws -> YAMLReader? {
        guard let node = members[key] else { return nil }
        return try YAMLReader(file: file, path: join(key), node: node)
    }

    func children(_ key: String) throws -> [YAMLReader] {
        guard let node = members[key] else { return [] }
        guard let sequence = node.sequence else { throw failure(key, "must be a list") }
        return try sequence.enumerated().map { index, element in
            try YAMLReader(file: file, path: "\(join(key))[\(index)]", node: element)
        }
    }

    func string(_ key: String) throws -> String? {
        guard let node = members[key] else { return nil }
        guard let text = node.scalar?.string else { throw failure(key, "must be a text") }
        return text
    }

    func bool(_ key: String) throws -> Bool? {
        guard let node = members[key] else { return nil }
        guard let value = node.bool else { throw failure(key, "must be true or false") }
        return value
    }

    func int(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let node = members[key] else { return nil }
        guard let value = node.int, range.contains(value) else {
            throw failure(key, "must be a whole number between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let node = members[key] else { return nil }
        guard let value = node.float, range.contains(value) else {
            throw failure(key, "must be a number between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    /// Nanoseconds of `250ms`, `60s`, `5m`; a unit is required.
    func duration(_ key: String) throws -> UInt64? {
        guard let text = try string(key) else { return nil }
        guard let value = Duration.nanoseconds(text) else {
            throw failure(key, "must be a duration with a unit, such as 250ms, 60s or 5m")
        }
        return value
    }

    /// A mapping from names to weights that are not all zero.
    func weights(_ key: String) throws -> [String: Double]? {
        guard let reader = try child(key) else { return nil }
        var weights: [String: Double] = [:]
        for name in reader.keys { weights[name] = try reader.number(name, in: 0...1_000_000) }
        guard weights.values.contains(where: { $0 > 0 }) else { throw failure(key, "needs a weight above 0") }
        return weights
    }

    /// The member as JSON text.
    func json(_ key: String) throws -> String? {
        guard let node = members[key] else { return nil }
        return YAMLReader.json(node)
    }

    func failure(_ key: String, _ message: String) -> LoadUsageError {
        Self.failure(file, node: members[key] ?? node, path: join(key), message: message)
    }

    private func join(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private static func failure(_ file: String, node: Node, path: String, message: String) -> LoadUsageError {
        let line = node.mark.map { ":\($0.line)" } ?? ""
        return LoadUsageError("\(file)\(line): \(path.isEmpty ? "the scenario" : path) \(message)")
    }

    private static func json(_ node: Node) -> String {
        switch node {
        case .mapping(let mapping):
            return "{" + mapping.map { "\(quote($0.key.string ?? "")):\(json($0.value))" }.joined(separator: ",") + "}"
        case .sequence(let sequence):
            return "[" + sequence.map { json($0) }.joined(separator: ",") + "]"
        case .scalar(let scalar):
            if node.null != nil { return "null" }
            let isPlain = scalar.style == .plain || scalar.style == .any
            if isPlain, let value = node.bool { return value ? "true" : "false" }
            if isPlain, node.int != nil || node.float != nil { return scalar.string }
            return quote(scalar.string)
        case .alias:
            return "null"
        }
    }

    private static func quote(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }
}

/// Durations with a unit, as scenario files spell them.
enum Duration {
    static func nanoseconds(_ text: String) -> UInt64? {
        let units: [(String, Double)] = [("ms", 1e6), ("us", 1e3), ("s", 1e9), ("m", 60e9)]
        for (suffix, scale) in units where text.hasSuffix(suffix) {
            guard let value = Double(text.dropLast(suffix.count)), value >= 0, value * scale < 1e15 else { return nil }
            return UInt64((value * scale).rounded())
        }
        return nil
    }
}
