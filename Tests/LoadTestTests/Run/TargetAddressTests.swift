import Testing

@testable import LoadTest

@Suite struct TargetAddressTests {
    @Test func `scheme, host, port, path and query are told apart`() throws {
        let address = try TargetAddress("https://[::1]:8443/a%20b/?limit=5")
        #expect(address.isSecure && address.host == "::1" && address.port == 8_443 && address.authority == "[::1]:8443")
        #expect(address.path == "/a%20b/" && address.query == "limit=5" && address.serverName == nil)
        #expect(address.requestTarget == "/a%20b/?limit=5" && address.basePath == "/a%20b")
    }

    @Test(arguments: [
        ("http://h", ""), ("http://h/", ""), ("https://h/pay", "/pay"), ("https://h/pay/", "/pay"),
        ("https://h/pay/eu//", "/pay/eu"),
    ])
    func `the path before others has no slash at its end`(text: String, base: String) throws {
        #expect(try TargetAddress(text).basePath == base)
    }

    @Test(arguments: [
        "", "h", "ftp://h", "https://", "https://u@h", "https://u:p@h", "https://h#f", "https://h:0", "https://h:65536",
        "https://h:99999999",
    ])
    func `an address that no request could use is refused`(text: String) {
        #expect(throws: LoadUsageError.self) { try TargetAddress(text) }
    }
}
