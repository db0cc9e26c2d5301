import Testing

@testable import WireJSON

@Suite struct JSONCursorTests {
    /// After nst/JSONTestSuite's y_ files.
    @Test(arguments: [
        "[]", "{}", "[[]   ]", "[\"\"]", "[\"a\"]", "[false]", "[null, 1, \"1\", {}]", "[1\n]", " [1]",
        "[1,null,null,null,2]",
        "[2] ", "[123e65]", "[0e+1]", "[0e1]", "[ 4]", "[-0]", "[-123]", "[-1]", "[1E22]", "[1E-2]", "[1E+2]",
        "[123e45]",
        "[123.456e78]", "[1e-2]", "[1e+2]", "[123]", "[123.456789]", "[-0.0000000000000000000000000000001]",
        #"{"asd":"sdf", "dfg":"fgh"}"#, #"{"":0}"#, #"{"foo\u0000bar": 42}"#, #"{ "min": -1.0e+28, "max": 1.0e+28 }"#,
        "{\n\"a\": \"b\"\n}", #"["\u0060\u012a\u12AB"]"#, #"["\uD801\udc37"]"#, #"["\ud83d\ude39\ud83d\udc8d"]"#,
        #"["\"\\\/\b\f\n\r\t"]"#, #"["\\u0000"]"#, #"["\""]"#, "[\"a/*b*/c/*d//e\"]", #"["\\a"]"#, #"["\\n"]"#,
        #"["\u0012"]"#, #"["\uFFFF"]"#, "[\"\u{10FFFF}\"]", "[\"\u{FFFF}\"]", "[\"\u{2028}\"]", "[\"\u{7F}\"]",
        "[\"€𝄞\"]",
        #"["\uDBFF\uDFFF"]"#, #"["new\u00A0line"]"#, "[\"\u{E000}\"]", "false", "42", "-0.1", "null", "\"asd\"", "true",
        "\"\"", "[true]", " [] ", "\t\r\n{}",
    ])
    func `texts that the standard allows are accepted`(text: String) {
        #expect(readingError(text) == nil)
    }

    /// After nst/JSONTestSuite's n_ files, with the error and its offset.
    @Test(
        arguments: [
            ("", .unexpectedEnd, 0), (" ", .unexpectedEnd, 1), ("[1 true]", .unexpectedByte, 3),
            ("[\"\": 1]", .unexpectedByte, 3),
            ("[\"\"],", .trailingBytes, 4), ("[,1]", .unexpectedByte, 1), ("[1,,2]", .unexpectedByte, 3),
            ("[\"x\"]]", .trailingBytes, 5), ("[\"\",]", .unexpectedByte, 4), ("[\"x\"", .unexpectedEnd, 4),
            ("[x", .unexpectedByte, 1),
            ("[3[4]]", .unexpectedByte, 2), ("[1:2]", .unexpectedByte, 2), ("[,", .unexpectedByte, 1),
            ("[-]", .invalidNumber, 2),
            ("[   , \"\"]", .unexpectedByte, 4), ("[1,\n1\n,1", .unexpectedEnd, 8), ("[1,]", .unexpectedByte, 3),
            ("[1,", .unexpectedEnd, 3),
            ("[*]", .unexpectedByte, 1), ("[\"\"", .unexpectedEnd, 3), ("[fals]", .unexpectedByte, 5),
            ("[nul]", .unexpectedByte, 4),
            ("[tru]", .unexpectedByte, 4), ("tr", .unexpectedEnd, 2), ("[++1234]", .unexpectedByte, 1),
            ("[+1]", .unexpectedByte, 1),
            ("[+Inf]", .unexpectedByte, 1), ("[-01]", .invalidNumber, 2), ("[-1.0.]", .unexpectedByte, 5),
            ("[-2.]", .invalidNumber, 4),
            ("[-NaN]", .invalidNumber, 2), ("[.-1]", .unexpectedByte, 1), ("[.2e-3]", .unexpectedByte, 1),
            ("[0.1.2]", .unexpectedByte, 4),
            ("[0.3e+]", .invalidNumber, 6), ("[0.3e]", .invalidNumber, 5), ("[0.e1]", .invalidNumber, 3),
            ("[0E+]", .invalidNumber, 4),
            ("[0e]", .invalidNumber, 3), ("[1.0e-]", .invalidNumber, 6), ("[1 000.0]", .unexpectedByte, 3),
            ("[1eE2]", .invalidNumber, 3),
            ("[2.e3]", .invalidNumber, 3), ("[9.e+]", .invalidNumber, 3), ("[Inf]", .unexpectedByte, 1),
            ("[NaN]", .unexpectedByte, 1),
            ("[1+2]", .unexpectedByte, 2), ("[0x1]", .unexpectedByte, 2), ("[-Infinity]", .invalidNumber, 2),
            ("[-foo]", .invalidNumber, 2),
            ("[- 1]", .invalidNumber, 2), ("[-012]", .invalidNumber, 2), ("[012]", .invalidNumber, 1),
            ("[1ea]", .invalidNumber, 3),
            ("[1.]", .invalidNumber, 3), ("[1.2a-3]", .unexpectedByte, 4), ("1.", .unexpectedEnd, 2),
            ("-", .unexpectedEnd, 1),
            ("1e", .unexpectedEnd, 2), ("[\"x\", truth]", .unexpectedByte, 9), ("{[: \"x\"}", .unexpectedByte, 1),
            ("{\"x\", null}", .unexpectedByte, 4), ("{\"x\"::\"b\"}", .unexpectedByte, 5),
            ("{\"a\":\"a\" 123}", .unexpectedByte, 9),
            ("{key: 'value'}", .unexpectedByte, 1), ("{\"a\" b}", .unexpectedByte, 5), ("{:\"b\"}", .unexpectedByte, 1),
            ("{\"a\":", .unexpectedEnd, 5), ("{\"a\"", .unexpectedEnd, 4), ("{1:1}", .unexpectedByte, 1),
            ("{\"id\":0,}", .unexpectedByte, 8),
            ("{\"id\":0,,}", .unexpectedByte, 8), ("{'a':0}", .unexpectedByte, 1),
            ("{\"a\":\"b\",,\"c\":\"d\"}", .unexpectedByte, 9),
            ("{\"a\": true} \"x\"", .trailingBytes, 12), ("{\"a\":\"b\"}#", .trailingBytes, 9),
            ("{\"a\":\"b\"}/**/", .trailingBytes, 9),
            (#"["\uD800\"]"#, .loneSurrogate, 2), (#"["\uD800\u"]"#, .invalidEscape, 10),
            (#"["\uD800\u1x"]"#, .invalidEscape, 11),
            (#"["\uD800\u1111"]"#, .loneSurrogate, 2), (#"["\uD800"]"#, .loneSurrogate, 2),
            (#"["\uDC00"]"#, .loneSurrogate, 2),
            (#"["\uD800abc"]"#, .loneSurrogate, 2), (#"["\uDFFF\uD800"]"#, .loneSurrogate, 2),
            (#"["\x00"]"#, .invalidEscape, 3),
            (#"["\u00A"]"#, .invalidEscape, 7), (#"["\a"]"#, .invalidEscape, 3), (#"["\uqqqq"]"#, .invalidEscape, 4),
            ("[\"\\\"]", .unexpectedEnd, 5), ("[\"\\", .unexpectedEnd, 3), ("\"\\u12", .unexpectedEnd, 5),
            ("[\"a\u{0}a\"]", .controlCharacterInString, 3),
            ("[\"new\nline\"]", .controlCharacterInString, 5), ("[\"\t\"]", .controlCharacterInString, 2),
            ("\"a", .unexpectedEnd, 2),
            ("<null>", .unexpectedByte, 0), ("[1]x", .trailingBytes, 3), ("[1}", .unexpectedByte, 2),
            ("{]", .unexpectedByte, 1),
            ("][", .unexpectedByte, 0), ("]", .unexpectedByte, 0), ("2@", .trailingBytes, 1),
            ("{}}", .trailingBytes, 2),
            ("[True]", .unexpectedByte, 1), ("[\u{C}]", .unexpectedByte, 1), ("\u{FEFF}{}", .unexpectedByte, 0),
            ("\u{2060}", .unexpectedByte, 0),
            ("[1]\u{A0}", .trailingBytes, 3), ("é", .unexpectedByte, 0), ("'a'", .unexpectedByte, 0),
            ("{\"a\":1 \"b\":2}", .unexpectedByte, 7),
        ] as [(String, JSONError.Code, Int)]
    )
    func `texts that the standard forbids are refused at the right place`(
        text: String,
        code: JSONError.Code,
        offset: Int
    ) {
        #expect(readingError(text) == JSONError(code, at: offset))
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80],
            [0xE0, 0x9F, 0xBF],
            [0xE1, 0x80], [0xE1, 0x80, 0x28], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBB],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80], [0xF0, 0x90, 0x28, 0x80], [0xF1, 0x80, 0x80, 0x28],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xFC, 0x80, 0x80, 0x80, 0x80, 0x80], [0xE9],
        ] as [[UInt8]]
    )
    func `bytes that are not UTF-8 are refused, inside a text and at its end`(bytes: [UInt8]) {
        #expect(readingError([0x22, 0x61] + bytes + [0x22]) == JSONError(.invalidUTF8, at: 2))
        #expect(readingError([0x22, 0x61] + bytes) == JSONError(.invalidUTF8, at: 2))
        let isValid = UTF8Check.isValid(bytes.span)
        #expect(!isValid)
    }

    @Test func `UTF-8 is judged as the standard library judges it`() {
        var random = SeededGenerator(seed: 1)
        let leads: [UInt8] = [
            0x41, 0x7F, 0x80, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5,
        ]
        let others: [UInt8] = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0]
        var valid = 0
        for _ in 0..<50_000 {
            var bytes = [leads.randomElement(using: &random)!]
            for _ in 0..<Int.random(in: 0...4, using: &random) { bytes.append(others.randomElement(using: &random)!) }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            valid += expected ? 1 : 0
            if UTF8Check.isValid(bytes.span) != expected { Issue.record("\(bytes)") }
            if (readingError([0x22] + bytes + [0x22]) == nil) != expected { Issue.record("\(bytes) in a string") }
        }
        #expect(valid > 1_000)
    }

    @Test func `nesting ends at the limit`() {
        let eight = String(repeating: "[", count: 8) + String(repeating: "]", count: 8)
        #expect(readingError(eight, maximumDepth: 8) == nil)
        #expect(readingError(eight, maximumDepth: 7) == JSONError(.tooDeep, at: 7))
        #expect(
            readingError(String(repeating: "{\"a\":", count: 100_000), maximumDepth: 8) == JSONError(.tooDeep, at: 40)
        )
        #expect(readingError(String(repeating: "[", count: 100_000), maximumDepth: 512) == JSONError(.tooDeep, at: 512))
        #expect(readingError("1", maximumDepth: 0) == nil)
        #expect(readingError("[[],[[]],{\"a\":[]}]", maximumDepth: 3) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("1", 1), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("999999999999999999", 999_999_999_999_999_999), ("1000000000000000000", 1_000_000_000_000_000_000),
            ("  42 ", 42),
        ] as [(String, Int64)]
    )
    func `integers are exact`(text: String, value: Int64) throws {
        let bytes = Array(text.utf8)
        var cursor = JSONCursor()
        let actual = try cursor.readInt64(bytes.span)
        try cursor.finish(bytes.span)
        #expect(actual == value)
    }

    @Test(
        arguments: [
            ("1.0", .notAnInteger), ("1e3", .notAnInteger), ("-0.0", .notAnInteger), ("1E400", .notAnInteger),
            ("9223372036854775808", .numberOutOfRange), ("-9223372036854775809", .numberOutOfRange),
            ("18446744073709551616", .numberOutOfRange), ("99999999999999999999999999", .numberOutOfRange),
            ("36893488147419103233", .numberOutOfRange), ("\"1\"", .wrongType), ("null", .wrongType),
            ("true", .wrongType), ("[1]", .wrongType),
            ("{}", .wrongType), ("x", .unexpectedByte), ("", .unexpectedEnd),
        ] as [(String, JSONError.Code)]
    )
    func `what is no integer says why`(text: String, code: JSONError.Code) {
        let bytes = Array(text.utf8)
        #expect(throws: JSONError(code, at: 0)) {
            var cursor = JSONCursor()
            _ = try cursor.readInt64(bytes.span)
        }
    }

    @Test func `each reader refuses values of other kinds without consuming them`() throws {
        let bytes = Array(#" [1, "a", true, null, {}, []]"#.utf8)
        let input = bytes.span
        var cursor = JSONCursor()
        func refuses(_ cursor: JSONCursor, _ read: (inout JSONCursor) throws -> Void) -> Bool {
            var copy = cursor
            do {
                try read(&copy)
                return false
            } catch {
                return (error as? JSONError)?.code == .wrongType && copy.offset == (error as? JSONError)?.offset
            }
        }
        #expect(refuses(cursor) { try $0.beginObject(bytes.span) })
        try cursor.beginArray(input)
        var kinds: [JSONKind] = []
        while try cursor.nextElement(input) {
            let kind = try cursor.peekKind(input)
            kinds.append(kind)
            #expect(refuses(cursor) { _ = try $0.readInt64(bytes.span) } == (kind != .number))
            #expect(refuses(cursor) { _ = try $0.readString(bytes.span) } == (kind != .string))
            #expect(refuses(cursor) { _ = try $0.readBool(bytes.span) } == (kind != .bool))
            #expect(refuses(cursor) { try $0.readNull(bytes.span) } == (kind != .null))
            #expect(refuses(cursor) { try $0.beginObject(bytes.span) } == (kind != .object))
            #expect(refuses(cursor) { try $0.beginArray(bytes.span) } == (kind != .array))
            try cursor.skipValue(input)
        }
        try cursor.finish(input)
        #expect(kinds == [.number, .string, .bool, .null, .object, .array])
    }

    @Test func `a payment is read in place`() throws {
        let bytes = Array(
            #"{"amount": 1250, "currency":"eur", "capture":false, "description":"caf\u00e9 \ud83d\ude00", "metadata": {"k":"v"}}"#
                .utf8
        )
        let body = bytes.span
        var cursor = JSONCursor(maximumDepth: 8)
        var names = JSONMemberNames()
        var fields: [String: String] = [:]
        try cursor.beginObject(body)
        while let name = try cursor.nextMember(body, distinctFrom: &names) {
            if name.equals("amount", in: body) {
                fields["amount"] = String(try cursor.readInt64(body))
            } else if name.equals("capture", in: body) {
                fields["capture"] = String(try cursor.readBool(body))
            } else if name.equals("metadata", in: body) {
                try cursor.skipValue(body)
            } else {
                fields[name.string(in: body)] = try cursor.readString(body).string(in: body)
            }
        }
        try cursor.finish(body)
        #expect(fields == ["amount": "1250", "currency": "eur", "capture": "false", "description": "café 😀"])
        #expect(cursor.depth == 0 && cursor.offset == bytes.count)
    }

    @Test func `random bytes and damaged texts never trap`() {
        var random = SeededGenerator(seed: 2)
        let valid = Array(
            #"{"a":[1,-2.5e+3,"x\n\u00e9\ud83d\ude00€",true,false,null,{"b":{}}],"amount":9223372036854775807}"#.utf8
        )
        let alphabet =
            Array("{}[]\",:\\u0123456789abcdeDdFfnrtE+-. \n".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
        var (accepted, refused) = (0, 0)
        for turn in 0..<60_000 {
            var bytes: [UInt8]
            if turn.isMultiple(of: 2) {
                bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in alphabet.randomElement(using: &random)!
                }
            } else {
                bytes = valid
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = alphabet.randomElement(using: &random)!
                }
                bytes.removeLast(Int.random(in: 0...2, using: &random))
            }
            if let error = readingError(bytes) {
                refused += 1
                #expect(error.offset >= 0 && error.offset <= bytes.count)
            } else {
                accepted += 1
                #expect(String(validating: bytes, as: UTF8.self) != nil)
            }
        }
        #expect(accepted > 500 && refused > 10_000)
    }
}
