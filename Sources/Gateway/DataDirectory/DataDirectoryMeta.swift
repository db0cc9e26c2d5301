/// The content of `meta.yaml`.
struct DataDirectoryMeta: Equatable {
    /// The only format there is.
    static let format = 1

    var shards: Int
    var digestSeed: [UInt8]

    init(shards: Int, digestSeed: [UInt8]) {
        precondition(digestSeed.count == 32, "the digest key has 256 bits")
        self.shards = shards
        self.digestSeed = digestSeed
    }

    init(readingFrom path: String) throws(DataDirectoryError) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(path, limit: 4_096)
        } catch {
            throw .io(error)
        }
        do throws(ConfigurationError) {
            try self.init(parsing: bytes, file: path)
        } catch {
            throw .damaged(path: error.line.map { "\(path):\($0)" } ?? path, reason: error.problem)
        }
    }

    private init(parsing bytes: [UInt8], file: String) throws(ConfigurationError) {
        var document = try ConfigurationSection(document: bytes, file: file)
        let known = 1...Self.format
        guard let format = try document.integer("format", in: 0...Int.max), known.contains(format) else {
            throw document.problem("the format is not one that this version reads (\(Self.format))")
        }
        guard let shards = try document.integer("shards", in: 1...1_024) else { throw document.missing("shards") }
        guard let text = try document.text("digest_seed"), let seed = Hexadecimal.decode(text), seed.count == 32 else {
            throw document.problem("digest_seed must be 64 hexadecimal digits")
        }
        try document.finish()
        self.init(shards: shards, digestSeed: seed)
    }

    func write(to path: String) throws(DataDirectoryError) {
        let text = """
            # Made once with this data directory. Without it the journals beside it cannot be used.
            format: \(Self.format)
            shards: \(shards)
            digest_seed: "\(Hexadecimal.encode(digestSeed))"

            """
        do throws(FileError) {
            try Files.writeAtomically(Array(text.utf8), to: path, permissions: 0o600)
        } catch {
            throw .io(error)
        }
    }
}
