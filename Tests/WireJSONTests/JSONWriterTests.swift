import NIOCore
import Testing

@testable import WireJSON

@Suite struct JSONWriterTests {
    @Test func `commas come where they must`() {
        let text = written { buffer in
            var json = JSONWriter()
            json.beginObject(into: &buffer)
            json.name("id", into: &buffer)
            json.string("pay_1", into: &buffer)
            json.name("empty", into: &buffer)
            json.beginObject(into: &buffer)
            json.endObject(into: &buffer)
            json.name("list", into: &buffer)
            json.beginArray(into: &buffer)
            json.integer(1, into: &buffer)
            json.beginArray(into: &buffer)
            json.endArray(into: &buffer)
            json.bool(true, into: &buffer)
            json.bool(false, into: &buffer)
            json.null(into: &buffer)
            json.endArray(into: &buffer)
            json.name(Array("a\"b".utf8).span, into: &buffer)
            json.raw("{\"raw\":1}", into: &buffer)
            json.name("at", into: &buffer)
            json.timestamp(milliseconds: 0, into: &buffer)
            json.name("raw", into: &buffer)
            json.raw(Array("[2]".utf8).span, into: &buffer)
            json.endObject(into: &buffer)
        }
        let expected =
            #"{"id":"pay_1","empty":{},"list":[1,[],true,false,null],"a\"b":{"raw":1},"at":"1970-01-01T00:00:00.000Z","raw":[2]}"#
        #expect(text == expected)
        #expect(readingError(text) == nil)
    }

    @Test(arguments: [
        ("", #""""#), ("plain / <b> é€𝄞 \u{7F}", "\"plain / <b> é€𝄞 \u{7F}\""), ("\"\\", #""\"\\""#),
        ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#), ("\u{0}\u{1}\u{B}\u{1F}", #""\u0000\u0001\u000b\u001f""#),
        ("a\nb", #""a\nb""#),
    ])
    func `strings are escaped as little as possible`(value: String, literal: String) {
        #expect(
            written {
                var json = JSONWriter()
                json.string(value, into: &$0)
            } == literal
        )
        #expect(JSONText.needsEscaping(Array(value.utf8).span) == (literal.utf8.count != value.utf8.count + 2))
    }

    @Test(arguments: [0, 1, -1, 9, 10, -10, 99, 100, 1_234_567_890, .max, .min, .max - 1, .min + 1] as [Int64])
    func `integers are written as their description`(value: Int64) {
        #expect(
            written {
                var json = JSONWriter()
                json.integer(value, into: &$0)
            } == value.description
        )
    }

    @Test func `random strings and integers survive writing and reading`() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<3_000 {
            let scalars = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                let limit = [0x30, 0x80, 0x800, 0xD800, 0x110000].randomElement(using: &random)!
                return Unicode.Scalar(UInt32.random(in: 0..<UInt32(limit), using: &random)) ?? "?"
            }
            let value = String(String.UnicodeScalarView(scalars))
            let number = Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0...63, using: &random)
            let text = written { buffer in
                var json = JSONWriter()
                json.beginArray(into: &buffer)
                json.string(value, into: &buffer)
                json.integer(number, into: &buffer)
                json.endArray(into: &buffer)
            }
            let bytes = Array(text.utf8)
            var cursor = JSONCursor()
            try cursor.beginArray(bytes.span)
            _ = try cursor.nextElement(bytes.span)
            let string = try cursor.readString(bytes.span)
            _ = try cursor.nextElement(bytes.span)
            let integer = try cursor.readInt64(bytes.span)
            #expect(string.string(in: bytes.span).utf8.elementsEqual(value.utf8))
            #expect(integer == number)
        }
    }
}
