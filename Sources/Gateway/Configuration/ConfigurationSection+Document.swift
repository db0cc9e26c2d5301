import Yams

extension ConfigurationSection {
    /// A whole YAML document that is a mapping.
    init(document bytes: [UInt8], source: ConfigurationSource) throws(ConfigurationError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(place: source.file, "is not UTF-8 text")
        }
        try self.init(Self.compose(text, file: source.file), path: "", source: source)
    }

    /// A document that the gateway wrote itself: no environment, and no files named in it.
    init(document bytes: [UInt8], file: String) throws(ConfigurationError) {
        let source = ConfigurationSource(
            file: file,
            directory: FilePaths.directory(of: file),
            environment: [:],
            readProblem: { _ in nil }
        )
        try self.init(document: bytes, source: source)
    }

    private static func compose(_ text: String, file: String) throws(ConfigurationError) -> Node {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError(yaml: error, file: file)
        }
        guard let node else { throw ConfigurationError(place: file, "is empty") }
        return node
    }
}

extension ConfigurationError {
    /// A parser's error as a configuration error, on one line.
    fileprivate init(yaml error: any Error, file: String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(place: file, line: mark.line, "not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            self.init(place: file, line: context.mark.line, "the key \(duplicates.first ?? "") is given twice")
        case .reader(let problem, _, _, _):
            self.init(place: file, "not valid YAML: \(problem)")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded, nil:
            self.init(place: file, "not valid YAML")
        }
    }
}
