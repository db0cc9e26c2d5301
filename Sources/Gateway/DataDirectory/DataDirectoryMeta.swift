/// The content of `meta.yaml`.
struct DataDirectoryMeta: Equatable {
    /// The only format there is.
    static let format = 1

    /// 32 hexadecimal digits, drawn when the directory is made.
    var id: String
    var shards: Int
    var logs: Int
    var digestSeed: [UInt8]

    init(id: String, shards: Int, logs: Int, digestSeed: [UInt8]) {
        precondition(digestSeed.count == 32, "the digest key has 256 bits")
        precondition(Self.isID(id), "an identity has 32 hexadecimal digits")
        self.id = id
        self.shards = shards
        self.logs = logs
        self.digestSeed = digestSeed
    }

    init(readingFrom path: String) throws(DataDirectoryError) {
        self = try DataDirectoryFile.read(path, limit: 4_096, parse: Self.init(parsing:))
    }

    private init(parsing document: inout ConfigurationSection) throws(ConfigurationError) {
        let known = 1...Self.format
        guard let format = try document.integer("format", in: 0...Int.max), known.contains(format) else {
            throw document.problem("the format is not one that this version reads (\(Self.format))")
        }
        guard let id = try document.text("id"), Self.isID(id) else {
            throw document.problem("id must be 32 hexadecimal digits in lower case")
        }
        guard let shards = try document.integer("shards", in: 1...1_024) else { throw document.missing("shards") }
        guard let logs = try document.integer("logs", in: 1...shards) else { throw document.missing("logs") }
        guard DataDirectory.fits(shards: shards, logs: logs) else {
            throw document.problem("\(logs) logs do not take \(shards) shards")
        }
        guard let text = try document.text("digest_seed"), let seed = Hexadecimal.decode(text), seed.count == 32 else {
            throw document.problem("digest_seed must be 64 hexadecimal digits")
        }
        self.init(id: id, shards: shards, logs: logs, digestSeed: seed)
    }

    /// The log that holds a shard's records as a stream: shard s is in log s mod `logs`.
    func log(of shard: Int) -> Int { shard % logs }

    /// The shards that are streams of a log.
    func shards(of log: Int) -> [Int] { (0..<shards).filter { self.log(of: $0) == log } }

    /// Whether `text` has the form of an identity.
    static func isID(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    func write(to path: String) throws(DataDirectoryError) {
        let text = """
            # Made once with this data directory. Without it the journals beside it cannot be used.
            format: \(Self.format)
            id: "\(id)"
            shards: \(shards)
            logs: \(logs)
            digest_seed: "\(Hexadecimal.encode(digestSeed))"

            """
        try DataDirectoryFile.write(text, to: path)
    }
}
