import Testing

@testable import API

@Suite struct IdempotencyKeyTests {
    static func parse(_ header: String) -> String? {
        var output: [UInt8] = []
        do throws(Rejection) {
            try IdempotencyKey.parse(header: Array(header.utf8).span, into: &output)
        } catch {
            #expect(error.code == .idempotencyKeyInvalid)
            return nil
        }
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: [
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("!", "!"),
        ("~", "~"),
        ("a\"b", "a\"b"),
        ("a\\b", "a\\b"),
        ("\"a\\\"b\\\\c\"", "a\"b\\c"),
    ])
    func `bare and quoted keys mean their text`(_ header: String, _ key: String) {
        #expect(Self.parse(header) == key)
    }

    @Test(arguments: [
        "", "\"", "\"\"", "\"abc", "\"abc\\\"", "\"a\\b\"", "\"a\";p=1", "\"a\" ", "two words", "\"two words\"",
        "tab\t",
        "é", "\u{7F}", "\"é\"",
    ])
    func `anything else is refused`(_ header: String) {
        #expect(Self.parse(header) == nil)
    }

    @Test func `a key has at most 255 characters`() {
        let longest = String(repeating: "k", count: 255)
        #expect(Self.parse(longest) == longest)
        #expect(Self.parse("\"\(longest)\"") == longest)
        #expect(Self.parse(longest + "k") == nil)
        #expect(Self.parse("\"\(longest)k\"") == nil)
        #expect(Self.parse(String(repeating: "\\\"", count: 5000)) == nil)
    }
}
