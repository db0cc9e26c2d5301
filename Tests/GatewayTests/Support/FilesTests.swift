import Testing

@testable import Gateway

@Suite struct FilesTests {
    private let temporary: TemporaryDirectory

    init() throws {
        temporary = try TemporaryDirectory()
    }

    @Test("an atomic write replaces the file, sets its permissions, and leaves nothing beside it")
    func atomicWrite() throws {
        let path = temporary.file("a")
        try Files.writeAtomically([1, 2, 3], to: path, permissions: 0o600)
        try Files.writeAtomically([4], to: path, permissions: 0o640)
        #expect(try Files.read(path) == [4])
        #expect(try permissions(path) == 0o640)
        #expect(!Files.exists("\(path).tmp.\(ProcessForTests.id)"))
    }

    @Test("a failed write leaves the old file")
    func failedWrite() throws {
        let path = temporary.file("a")
        try Files.makeDirectory(path)
        let error = #expect(throws: FileError.self) { try Files.writeAtomically([1], to: path) }
        #expect(error?.operation == "rename")
        #expect(Files.isDirectory(path))
        #expect(!Files.exists("\(path).tmp.\(ProcessForTests.id)"))
    }

    @Test("a file longer than the limit is refused, not cut")
    func limit() throws {
        let path = try temporary.write("12345", to: "a")
        #expect(try Files.read(path, limit: 5).count == 5)
        #expect(throws: FileError.self) { try Files.read(path, limit: 4) }
    }

    @Test("directories are made with their parents, and again without harm")
    func directories() throws {
        let path = temporary.file("a/b/c")
        try Files.makeDirectory(path)
        try Files.makeDirectory(path)
        #expect(Files.isDirectory(path))
        let file = try temporary.write("", to: "file")
        #expect(throws: FileError.self) { try Files.makeDirectory(file) }
    }

    @Test("paths are joined with one slash and without a leading dot")
    func paths() {
        #expect(FilePaths.join("/a", "b") == "/a/b")
        #expect(FilePaths.join("/a/", "./b") == "/a/b")
        #expect(FilePaths.absolute("/a", in: "/b") == "/a")
        #expect(FilePaths.absolute("a", in: "/b") == "/b/a")
        #expect(FilePaths.directory(of: "/a/b") == "/a")
        #expect(FilePaths.directory(of: "/a") == "/")
        #expect(FilePaths.directory(of: "a") == ".")
        #expect(FilePaths.directory(of: "/a/b//") == "/a" && FilePaths.directory(of: "/") == "/")
    }

    @Test("hexadecimal text is read back, and nothing else is")
    func hexadecimal() {
        #expect(Hexadecimal.encode([0, 0x1f, 0xff]) == "001fff")
        #expect(Hexadecimal.decode("001FfF") == [0, 0x1f, 0xff])
        for text in ["0", "0g", "0x", " 0", "é"] { #expect(Hexadecimal.decode(text) == nil, "\(text)") }
    }

    @Test(
        "query escapes are decoded, and broken ones left alone",
        arguments: [("a%2Fb", "a/b"), ("a+b", "a b"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%c3%a9", "é")]
    )
    func percent(text: String, expected: String) {
        #expect(PercentEncoding.decode(text) == expected)
    }

    @Test("a provider's address is a scheme, a host and a port")
    func providerURLs() {
        #expect(ProviderURL("https://psp.example:8443")?.port == 8443)
        #expect(ProviderURL("https://psp.example/")?.port == 443)
        #expect(ProviderURL("http://127.0.0.1")?.port == 80)
        #expect(ProviderURL("http://[::1]:9090")?.host == "::1")
        #expect(ProviderURL("https://a")?.usesTLS == true)
        for text in [
            "psp.example", "ftp://a", "https://", "https://a/b", "https://a:0", "https://a:65536", "https://a:x",
            "https://u@a", "https://a?b", "https://[::1", "https://[::1]x", "https://a b", "https://[a]", "https://[]",
        ] {
            #expect(ProviderURL(text) == nil, "\(text)")
        }
    }

    @Test(
        "a request names a provider as its URL does: brackets stay, zones and usual ports go",
        arguments: [
            ("http://[::1]:9090", "[::1]:9090"), ("https://[2001:db8::1]", "[2001:db8::1]"),
            ("https://[2001:db8::1]:443/", "[2001:db8::1]"), ("http://[fe80::1%eth0]:443", "[fe80::1]:443"),
            ("https://psp.example:443", "psp.example"), ("https://psp.example:80", "psp.example:80"),
            ("http://psp.example", "psp.example"), ("http://127.0.0.1:9090/", "127.0.0.1:9090"),
        ]
    )
    func providerAuthority(text: String, authority: String) {
        #expect(ProviderURL(text)?.authority == authority)
    }
}
