package import Journal

/// Where master keys come from. The text is the same from both: `MasterKeyRing`'s.
package enum KeySource: Sendable, Equatable {
    case file(String)
    /// A program and its arguments, and how long it may take.
    case command([String], timeout: Duration)

    /// The keys as they are now. Blocks.
    package func ring() throws(ConfigurationError) -> MasterKeyRing {
        let (text, name) = try read()
        do throws(KeyTextError) {
            return try MasterKeyRing(text: text, source: name)
        } catch {
            throw ConfigurationError(error)
        }
    }

    private func read() throws(ConfigurationError) -> ([UInt8], String) {
        switch self {
        case .file(let path): (try SecretFile.read(path), path)
        case .command(let arguments, let timeout):
            (try KeyCommand.run(arguments, timeout: timeout), "the output of \(arguments[0])")
        }
    }
}

extension ConfigurationError {
    package init(_ error: KeyTextError) {
        self.init(place: error.source, line: error.line, error.detail)
    }
}
