import Yams

/// `configurations.yaml` of a data directory: the numbers of the configurations that decided about
/// money, and their digests (`ConfigurationDigest`). Every record names such a number.
///
/// Numbers begin at 1 and only grow. A configuration that returns after another one gets a new
/// number. So the records of a shard never name an older number again.
package struct ConfigurationVersions: Sendable, Equatable {
    static let format = 1
    /// The newest configurations whose digests are kept; older numbers are known from records
    /// alone.
    static let kept = 256
    /// 256 lines of 64 hexadecimal digits and a number.
    private static let maximumBytes = 1 << 16

    package struct Entry: Sendable, Equatable {
        package var number: UInt32
        /// 64 hexadecimal digits.
        package var digest: String
    }

    /// Oldest first; the last one is in force.
    package private(set) var entries: [Entry] = []

    package var current: Entry? { entries.last }

    /// The number of a configuration. It is the last one's number if that has the same digest, else
    /// the next.
    /// - Returns: nil when there are no more numbers.
    mutating func number(of digest: String) -> UInt32? {
        if let current, current.digest == digest { return current.number }
        let (number, isOver) = (current?.number ?? 0).addingReportingOverflow(1)
        guard !isOver else { return nil }
        entries.append(Entry(number: number, digest: digest))
        entries.removeFirst(max(0, entries.count - Self.kept))
        return number
    }

    // MARK: The file

    package static func path(in directory: String) -> String { FilePaths.join(directory, "configurations.yaml") }

    /// Reads the file of the data directory at `directory`. Blocks.
    ///
    /// Throws `damaged` for a file that is missing or makes no sense, `io` when the system refuses.
    package static func read(in directory: String) throws(DataDirectoryError) -> ConfigurationVersions {
        let file = path(in: directory)
        guard Files.exists(file) else {
            throw .damaged(path: file, reason: "is missing; without it numbers of configurations would be given twice")
        }
        return try DataDirectoryFile.read(file, limit: maximumBytes, parse: parse)
    }

    /// Replaces the file as a whole; returns when it is durable. Blocks.
    func write(in directory: String) throws(DataDirectoryError) {
        var text = """
            # The configurations that decided about money, oldest first. Every record of the journals names such a number.
            format: \(Self.format)
            configurations:

            """
        if entries.isEmpty { text = text.dropLast() + " []\n" }
        for entry in entries { text += "  - {number: \(entry.number), digest: \"\(entry.digest)\"}\n" }
        try DataDirectoryFile.write(text, to: Self.path(in: directory))
    }

    private static func parse(
        _ document: inout ConfigurationSection
    ) throws(ConfigurationError) -> ConfigurationVersions {
        guard try document.integer("format", in: 0...Int.max) == format else {
            throw document.problem("the format is not one that this version reads (\(format))")
        }
        guard let nodes = try document.list("configurations") else { throw document.missing("configurations") }
        var versions = ConfigurationVersions()
        for (index, node) in nodes.enumerated() {
            var entry = try ConfigurationSection(node, path: "configurations[\(index)]", source: document.source)
            guard let number = try entry.integer("number", in: 1...Int(UInt32.max)) else {
                throw entry.missing("number")
            }
            guard let digest = try entry.text("digest"), Hexadecimal.decode(digest)?.count == 32 else {
                throw entry.problem("digest must be 64 hexadecimal digits")
            }
            try entry.finish()
            guard number > Int(versions.current?.number ?? 0) else { throw entry.problem("the numbers do not grow") }
            versions.entries.append(Entry(number: UInt32(number), digest: digest))
        }
        guard versions.entries.count <= kept else { throw document.problem("more than \(kept) configurations") }
        return versions
    }
}
