import Testing

@testable import WireJSON

@Suite struct JSONStringValueTests {
    private func read(_ literal: String) throws -> (JSONString, [UInt8]) {
        let bytes = Array(literal.utf8)
        var cursor = JSONCursor()
        let string = try cursor.readString(bytes.span)
        try cursor.finish(bytes.span)
        return (string, bytes)
    }

    private func equals(_ string: JSONString, _ text: StaticString, in bytes: [UInt8]) -> Bool {
        string.equals(text, in: bytes.span)
    }

    @Test(arguments: [
        (#""""#, "", false), (#""abc""#, "abc", false), (#""a\"b\\c\/d""#, "a\"b\\c/d", true),
        (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t", true), (#""\u0041\u00e9\u20AC\uD834\udd1e""#, "Aé€𝄞", true),
        (#""\u0000""#, "\u{0}", true), ("\"é€𝄞\"", "é€𝄞", false),
        (#""\uFFFF\uDBFF\uDFFF""#, "\u{FFFF}\u{10FFFF}", true),
        (#""\u007f\u0080\u07ff\u0800""#, "\u{7F}\u{80}\u{7FF}\u{800}", true),
    ])
    func `a string's value is what its escapes say`(literal: String, value: String, hasEscapes: Bool) throws {
        let (string, bytes) = try read(literal)
        #expect(string.hasEscapes == hasEscapes)
        #expect(string.string(in: bytes.span) == value)
        #expect(string.unescapedCount(bytes.span) == value.utf8.count)
        #expect(string.scalarCount(bytes.span) == value.unicodeScalars.count)
        var output: [UInt8] = [1]
        string.unescape(bytes.span, into: &output)
        #expect(output == [1] + Array(value.utf8))
        #expect(string.isEmpty == value.isEmpty)
    }

    @Test func `a string equals a text by value, not by spelling`() throws {
        for literal in [#""amount""#, #""\u0061mount""#, #""amoun\u0074""#] {
            let (string, bytes) = try read(literal)
            #expect(equals(string, "amount", in: bytes))
            #expect(!equals(string, "amoun", in: bytes))
            #expect(!equals(string, "amounts", in: bytes))
            #expect(!equals(string, "amounT", in: bytes))
            #expect(!equals(string, "", in: bytes))
        }
        let (empty, bytes) = try read(#""""#)
        #expect(equals(empty, "", in: bytes) && !equals(empty, "a", in: bytes))
    }
}
