import Testing

@testable import Gateway

@Suite struct DataDirectoryTests {
    private let temporary: TemporaryDirectory
    private var path: String { temporary.file("nested/data") }
    private var meta: String { FilePaths.join(path, "meta.yaml") }

    init() throws {
        temporary = try TemporaryDirectory()
    }

    private func make(_ shards: Int) throws(DataDirectoryError) -> DataDirectory {
        try DataDirectory.create(path: path, shards: shards, logs: min(shards, 2))
    }

    private func open(_ shards: Int? = nil, id: String? = nil) throws(DataDirectoryError) -> DataDirectory {
        try DataDirectory.open(path: path, shards: shards, id: id)
    }

    @Test("a new directory is made for a number of shards, and found again")
    func madeAndFound() throws {
        let first = try make(4)
        #expect(first.shards == 4)
        #expect(first.digestSeed.count == 32)
        #expect(Set(first.digestSeed).count > 8, "random, not constant")
        #expect(first.shardDirectory(3) == FilePaths.join(path, "shard-003"))
        #expect(first.logDirectory(1) == FilePaths.join(path, "log-001"))
        #expect(first.logs == 2 && first.shards(of: 1) == [1, 3] && first.log(of: 2) == 0)
        first.close()

        let second = try open()
        #expect(second.shards == 4)
        #expect(second.digestSeed == first.digestSeed)
        #expect(second.id == first.id)
    }

    @Test("two directories have different seeds and identities")
    func seeds() throws {
        let other = try DataDirectory.create(path: temporary.file("other"), shards: 1, logs: 1)
        let first = try make(1)
        #expect(first.digestSeed != other.digestSeed)
        #expect(first.id != other.id)
        #expect(DataDirectoryMeta.isID(first.id) && DataDirectoryMeta.isID(other.id))
    }

    @Test("opening makes nothing: an empty mount point, or none, is refused", arguments: [true, false])
    func missing(isMountPoint: Bool) throws {
        if isMountPoint { try Files.makeDirectory(path) }
        let error = #expect(throws: DataDirectoryError.missing(path: path)) { try open() }
        #expect(error?.exitStatus == 66)
        #expect(error?.description.contains("Is its disk mounted?") == true)
        #expect(Files.exists(path) == isMountPoint)
        #expect(!Files.exists(meta) && !Files.exists(FilePaths.join(path, "lock")), "nothing was written")
    }

    @Test("a directory is made once: an empty one is taken, one that is there is refused")
    func madeOnce() throws {
        try Files.makeDirectory(path)
        let first = try make(2)
        first.close()
        let error = #expect(throws: DataDirectoryError.exists(path: path)) { try make(2) }
        #expect(error?.exitStatus == 73)
        #expect(try open().id == first.id)
    }

    @Test("another identity than the configured one is refused, the right one is taken")
    func otherIdentity() throws {
        let made = try make(1)
        made.close()
        let wrong = String(repeating: "0", count: 32)
        let error = #expect(throws: DataDirectoryError.self) { try open(id: wrong) }
        #expect(error == .otherIdentity(path: path, configured: wrong, found: made.id))
        #expect(error?.exitStatus == 78)
        #expect(error?.description.contains(made.id) == true)
        #expect(try open(id: made.id).shards == 1)
    }

    @Test("checking locks nothing and refuses what opening would")
    func checked() throws {
        #expect(throws: DataDirectoryError.missing(path: path)) {
            try DataDirectory.check(path: path, shards: nil, id: nil)
        }
        let made = try make(3)
        #expect(try DataDirectory.check(path: path, shards: 3, id: made.id) == (3, 2))
        #expect(throws: DataDirectoryError.mismatch(path: path, configured: 2, found: 3)) {
            try DataDirectory.check(path: path, shards: 2, id: nil)
        }
        made.close()
    }

    @Test("nobody else may read the seed")
    func seedIsSecret() throws {
        _ = try make(1)
        #expect(try permissions(meta) == 0o600)
        #expect(try permissions(path) == 0o700)
    }

    @Test("another number of shards is refused in so many words")
    func mismatch() throws {
        try make(4).close()
        let error = #expect(throws: DataDirectoryError.mismatch(path: path, configured: 2, found: 4)) { try open(2) }
        #expect(error?.exitStatus == 78)
        #expect(error?.description.contains("made for 4 shards, but the configuration says 2") == true)
        try open(4).close()
    }

    @Test("a second opening is refused until the first is closed")
    func held() throws {
        let first = try make(1)
        let error = #expect(throws: DataDirectoryError.held(path: path)) { try open(1) }
        #expect(error?.exitStatus == 75)
        first.close()
        _ = try open(1)
    }

    @Test("a lost meta file beside logs is not made anew")
    func orphans() throws {
        let first = try make(1)
        try Files.makeDirectory(first.logDirectory(0))
        first.close()
        try #require(FilesForTests.remove(meta))
        let error = #expect(throws: DataDirectoryError.self) { try open(1) }
        #expect(error?.exitStatus == 65)
        #expect(error?.description.contains("is missing, but there are logs beside it") == true)
        #expect(throws: DataDirectoryError.self) { try make(1) }
        #expect(!Files.exists(meta))
    }

    private static let idLine = "id: 0123456789abcdef0123456789abcdef\n"

    @Test(
        "a meta file that makes no sense is refused",
        arguments: [
            ("format: 2\nshards: 1\n", "the format is not one that this version reads (1)"),
            ("format: 1\nshards: 1\n", "id must be 32 hexadecimal digits in lower case"),
            ("format: 1\nid: 0123456789ABCDEF0123456789ABCDEF\n", "id must be 32 hexadecimal digits in lower case"),
            ("format: 1\n\(idLine)", "shards is missing"),
            ("format: 1\n\(idLine)shards: 1\n", "logs is missing"),
            ("format: 1\n\(idLine)shards: 1\nlogs: 2\n", "logs: must be a whole number from 1 to 1"),
            ("format: 1\n\(idLine)shards: 256\nlogs: 1\n", "1 logs do not take 256 shards"),
            (
                "format: 1\n\(idLine)shards: 1\nlogs: 1\ndigest_seed: '00'\n",
                "digest_seed must be 64 hexadecimal digits"
            ),
            ("format: 1\n\(idLine)shards: 1\nlogs: 1\n", "digest_seed must be 64 hexadecimal digits"),
            ("nonsense", "must be a mapping"),
            ("", "is empty"),
        ]
    )
    func damaged(text: String, problem: String) throws {
        try make(1).close()
        try Files.writeAtomically(Array(text.utf8), to: meta)
        let error = #expect(throws: DataDirectoryError.self) { try open(1) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
        #expect(error?.exitStatus == 65)
    }

    @Test("a path that cannot be made is an I/O error")
    func notADirectory() throws {
        let file = try temporary.write("", to: "file")
        let error = #expect(throws: DataDirectoryError.self) {
            try DataDirectory.create(path: FilePaths.join(file, "data"), shards: 1, logs: 1)
        }
        #expect(error?.exitStatus == 74)
    }

    @Test("many shards sort as they count")
    func names() {
        #expect(DataDirectory.shardDirectory(in: "/d", shard: 7) == "/d/shard-007")
        #expect(DataDirectory.shardDirectory(in: "/d", shard: 1_023) == "/d/shard-1023")
        #expect(DataDirectory.logDirectory(in: "/d", log: 7) == "/d/log-007")
    }

    @Test("a log for each loop, and more for more shards than a log takes", arguments: 1...1_024, [1, 2, 7, 64])
    func logs(shards: Int, loops: Int) {
        let logs = DataDirectory.logCount(shards: shards, loops: loops)
        #expect(logs <= shards && logs >= min(shards, loops))
        #expect((shards + logs - 1) / logs <= 128)
        #expect(logs == min(shards, loops) || (shards + logs - 2) / (logs - 1) > 128)
    }
}
