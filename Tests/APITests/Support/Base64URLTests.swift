import Testing

@testable import API

@Suite struct Base64URLTests {
    /// RFC 4648, section 10, without the padding.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the examples of the standard`(_ plain: String, _ encoded: String) {
        #expect(String(decoding: Base64URL.encode(Array(plain.utf8)), as: UTF8.self) == encoded)
        #expect(Base64URL.decode(encoded.utf8.span) == Array(plain.utf8))
    }

    @Test func `all bytes come back, in the alphabet for URLs`() {
        let bytes = (0...255).map(UInt8.init)
        let text = Base64URL.encode(bytes)
        #expect(Base64URL.decode(text.span) == bytes)
        #expect(String(decoding: Base64URL.encode([0xFB, 0xFF]), as: UTF8.self) == "-_8")
    }

    @Test(arguments: ["Zg==", "Zm+v", "Zm/v", "Z", "Zh", "Zm9vY", "Zm9 "])
    func `what nobody writes is not read`(_ text: String) {
        #expect(Base64URL.decode(text.utf8.span) == nil)
    }
}
