import Testing

@testable import Gateway

/// Which number a configuration has (docs/records.md, "Configuration versions").
@Suite struct ConfigurationVersionsTests {
    private let temporary: TemporaryDirectory
    private var path: String { temporary.file("data") }

    init() throws {
        temporary = try TemporaryDirectory()
        try DataDirectory.create(path: path, shards: 1, logs: 1).close()
    }

    private static func digest(_ digit: Character) -> String { String(repeating: digit, count: 64) }

    /// As one start after another, each with the configuration of that digest.
    private func start(_ digit: Character) throws -> UInt32 {
        let directory = try DataDirectory.open(path: path, shards: nil, id: nil)
        defer { directory.close() }
        return try directory.configurationVersion(of: Self.digest(digit))
    }

    @Test("a configuration keeps its number, another one has the next, and one that comes back has a new one")
    func numbers() throws {
        var numbers: [UInt32] = []
        for digit in "aaabbaac" { numbers.append(try start(digit)) }
        #expect(numbers == [1, 1, 1, 2, 2, 3, 3, 4])
        let stored = try ConfigurationVersions.read(in: path)
        #expect(stored.entries.map(\.number) == [1, 2, 3, 4])
        #expect(stored.current == .init(number: 4, digest: Self.digest("c")))
    }

    @Test("a reload of an open directory is given its number in the same way, durable before it returns")
    func reload() throws {
        let directory = try DataDirectory.open(path: path, shards: nil, id: nil)
        defer { directory.close() }
        #expect(try directory.configurationVersion(of: Self.digest("a")) == 1)
        #expect(try directory.configurationVersion(of: Self.digest("b")) == 2)
        #expect(try ConfigurationVersions.read(in: path).current?.number == 2)
        #expect(try directory.configurationVersion(of: Self.digest("b")) == 2)
    }

    @Test(
        "a crash before the number is durable leaves the old one; a crash behind it leaves a number that is used then"
    )
    func crashes() throws {
        #expect(try start("a") == 1)
        // What a crash in the middle of the write leaves: a file beside the one that counts.
        let file = ConfigurationVersions.path(in: path)
        try Files.writeAtomically(Array("format: 1\nconfigura".utf8), to: file + ".new")
        #expect(try start("a") == 1)
        #expect(try start("b") == 2)
        // The number is durable, and no record names it.
        #expect(try start("b") == 2)
    }

    @Test("a number that cannot be made durable is not given")
    func notDurable() throws {
        #expect(try start("a") == 1)
        let directory = try DataDirectory.open(path: path, shards: nil, id: nil)
        #expect(FilesForTests.remove(ConfigurationVersions.path(in: path)))
        #expect(throws: DataDirectoryError.self) { try directory.configurationVersion(of: Self.digest("b")) }
        directory.close()
        let error = #expect(throws: DataDirectoryError.self) { try start("b") }
        #expect(error?.exitStatus == 65, "without the file numbers would be given twice")
    }

    @Test("the newest digests are kept, and numbers go on")
    func bounded() {
        var versions = ConfigurationVersions()
        for index in 1...300 {
            let digest = String(repeating: "0", count: 61) + String(1_000 + index).suffix(3)
            #expect(versions.number(of: digest) == UInt32(index))
        }
        #expect(versions.entries.count == 256 && versions.entries.first?.number == 45)
    }

    @Test("the last number is the last")
    func last() throws {
        let text = "format: 1\nconfigurations:\n  - {number: 4294967295, digest: \"\(Self.digest("a"))\"}\n"
        try Files.writeAtomically(Array(text.utf8), to: ConfigurationVersions.path(in: path))
        #expect(try start("a") == .max)
        let error = #expect(throws: DataDirectoryError.self) { try start("b") }
        #expect(error?.exitStatus == 78)
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            "", "format: 2\nconfigurations: []\n", "format: 1\n", "format: 1\nconfigurations: [1]\n",
            "format: 1\nconfigurations: [{number: 1}]\n", "format: 1\nconfigurations: [{number: 1, digest: abc}]\n",
            "format: 1\nconfigurations: [{number: 0, digest: \"\(digest("a"))\"}]\n",
            "format: 1\nconfigurations: [{number: 1, digest: \"\(digest("a"))\", more: 1}]\n",
            "format: 1\nconfigurations: [{number: 2, digest: \"\(digest("a"))\"}, {number: 2, digest: \"\(digest("b"))\"}]\n",
        ]
    )
    func damaged(text: String) throws {
        try Files.writeAtomically(Array(text.utf8), to: ConfigurationVersions.path(in: path))
        let error = #expect(throws: DataDirectoryError.self) { try ConfigurationVersions.read(in: path) }
        #expect(error?.exitStatus == 65)
    }
}
