import Testing

@testable import HTTPTransport

@Suite struct RequestAuthorityTests {
    @Test(arguments: [
        "a", "pay.example", "PAY.example:443", "127.0.0.1:8443", "[::1]", "[2001:db8::7]:8443", "a_b.test", "a%41",
        "a:",
        "a:65535", "xn--mller-kva.example",
    ])
    func `A host with or without a port`(_ text: String) {
        #expect(RequestAuthority.isValid(text))
    }

    @Test(arguments: [
        "", ":443", "user@a", "user:secret@a", "a/b", "a/b@c", "a?b", "a#b", "a b", " a", "a,b c", "a:b", "a:123456",
        "a:1:2",
        "[", "[]", "[::1", "::1", "[::1]x", "[g]", "é.example", "a\u{7F}", "a\\b", "a\"b", "a<b",
    ])
    func `What is none`(_ text: String) {
        #expect(!RequestAuthority.isValid(text))
    }

    @Test(arguments: [
        ("a", "A", "https"), ("a:443", "a", "https"), ("a", "a:", "https"), ("a:80", "a", "http"),
        ("[::AB]:443", "[::ab]", "https"),
    ])
    func `The same`(_ one: String, _ other: String, _ scheme: String) {
        #expect(RequestAuthority.isSame(one, other, scheme: scheme))
        #expect(RequestAuthority.isSame(other, one, scheme: scheme))
    }

    @Test(arguments: [
        ("a", "b", "https"), ("a:443", "a", "http"), ("a:80", "a", "https"), ("a:8443", "a", "https"),
        ("a", "aa", "https"),
        ("a:80", "a:81", "https"), ("a.test", "a.test.", "https"),
    ])
    func `Not the same`(_ one: String, _ other: String, _ scheme: String) {
        #expect(!RequestAuthority.isSame(one, other, scheme: scheme))
        #expect(!RequestAuthority.isSame(other, one, scheme: scheme))
    }
}
