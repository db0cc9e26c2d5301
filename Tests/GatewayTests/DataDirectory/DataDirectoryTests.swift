import Testing

@testable import Gateway

@Suite struct DataDirectoryTests {
    private let temporary: TemporaryDirectory
    private var path: String { temporary.file("nested/data") }
    private var meta: String { FilePaths.join(path, "meta.yaml") }

    init() throws {
        temporary = try TemporaryDirectory()
    }

    private func open(_ shards: Int?, defaultShards: Int = 2) throws(DataDirectoryError) -> DataDirectory {
        try DataDirectory.open(path: path, shards: shards, defaultShards: defaultShards)
    }

    @Test("a new directory is made for the configured shards, and found again")
    func madeAndFound() throws {
        let first = try open(4)
        #expect(first.isNew)
        #expect(first.shards == 4)
        #expect(first.digestSeed.count == 32)
        #expect(Set(first.digestSeed).count > 8, "random, not constant")
        #expect(first.journalDirectory(shard: 3) == FilePaths.join(path, "shard-003"))
        first.close()

        let second = try open(nil, defaultShards: 9)
        #expect(!second.isNew)
        #expect(second.shards == 4, "not the default")
        #expect(second.digestSeed == first.digestSeed)
    }

    @Test("two directories have different seeds")
    func seeds() throws {
        let other = try DataDirectory.open(path: temporary.file("other"), shards: 1, defaultShards: 1)
        let first = try open(1)
        #expect(first.digestSeed != other.digestSeed)
    }

    @Test("nobody else may read the seed")
    func seedIsSecret() throws {
        _ = try open(1)
        #expect(try permissions(meta) == 0o600)
        #expect(try permissions(path) == 0o700)
    }

    @Test("another number of shards is refused in so many words")
    func mismatch() throws {
        try open(4).close()
        let error = #expect(throws: DataDirectoryError.mismatch(path: path, configured: 2, found: 4)) { try open(2) }
        #expect(error?.exitStatus == 78)
        #expect(error?.description.contains("made for 4 shards, but the configuration says 2") == true)
        try open(4).close()
    }

    @Test("a second opening is refused until the first is closed")
    func held() throws {
        let first = try open(1)
        let error = #expect(throws: DataDirectoryError.held(path: path)) { try open(1) }
        #expect(error?.exitStatus == 75)
        first.close()
        _ = try open(1)
    }

    @Test("a lost meta file beside journals is not made anew")
    func orphans() throws {
        let first = try open(1)
        try Files.makeDirectory(first.journalDirectory(shard: 0))
        first.close()
        try #require(FilesForTests.remove(meta))
        let error = #expect(throws: DataDirectoryError.self) { try open(1) }
        #expect(error?.exitStatus == 65)
        #expect(error?.description.contains("is missing, but there are journals beside it") == true)
    }

    @Test(
        "a meta file that makes no sense is refused",
        arguments: [
            ("format: 2\nshards: 1\n", "the format is not one that this version reads (1)"),
            ("format: 1\n", "shards is missing"),
            ("format: 1\nshards: 1\ndigest_seed: '00'\n", "digest_seed must be 64 hexadecimal digits"),
            ("format: 1\nshards: 1\n", "digest_seed must be 64 hexadecimal digits"),
            ("nonsense", "must be a mapping"),
            ("", "is empty"),
        ]
    )
    func damaged(text: String, problem: String) throws {
        try open(1).close()
        try Files.writeAtomically(Array(text.utf8), to: meta)
        let error = #expect(throws: DataDirectoryError.self) { try open(1) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
        #expect(error?.exitStatus == 65)
    }

    @Test("a path that cannot be made is an I/O error")
    func notADirectory() throws {
        let file = try temporary.write("", to: "file")
        let error = #expect(throws: DataDirectoryError.self) {
            try DataDirectory.open(path: FilePaths.join(file, "data"), shards: 1, defaultShards: 1)
        }
        #expect(error?.exitStatus == 74)
    }

    @Test("many shards sort as they count")
    func names() {
        #expect(DataDirectory.journalDirectory(in: "/d", shard: 7) == "/d/shard-007")
        #expect(DataDirectory.journalDirectory(in: "/d", shard: 1_023) == "/d/shard-1023")
    }
}
