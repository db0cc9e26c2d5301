import Testing

@testable import WireJSON

@Suite struct CanonicalJSONTests {
    @Test func `the example of RFC 8785, section 3.2`() {
        let input = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        let expected =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
            + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        #expect(canonical(input) == expected)
    }

    @Test func `the sorting example of RFC 8785, section 3.2.3`() {
        let input = #"""
            {
              "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
              "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
            }
            """#
        let expected =
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\","
            + "\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        #expect(canonical(input) == expected)
    }

    /// RFC 8785, appendix B.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)]
    )
    func `numbers are written as RFC 8785's samples`(bits: UInt64, text: String) {
        var output: [UInt8] = []
        ECMAScriptNumber.append(Double(bitPattern: bits), &output)
        #expect(String(decoding: output, as: UTF8.self) == text)
        #expect(canonical(text) == text)
    }

    @Test(arguments: [
        ("-0", "0"), ("-0.0", "0"), ("0e9", "0"), ("1.0", "1"), ("1e3", "1000"), ("100e-2", "1"),
        ("9007199254740993", "9007199254740992"),
        ("9223372036854775807", "9223372036854776000"), ("123456789012345678901234567890", "1.2345678901234568e+29"),
        ("1e21", "1e+21"), ("1e20", "100000000000000000000"), ("0.1", "0.1"), ("0.00001", "0.00001"), ("1e-7", "1e-7"),
        ("12.50", "12.5"),
        ("-5", "-5"), ("9007199254740991", "9007199254740991"), ("1e400", "numberOutOfRange@0"),
        ("-1e999", "numberOutOfRange@0"),
        ("1e-400", "0"),
    ])
    func `spellings of one number become one`(input: String, text: String) {
        #expect(canonical(input) == text)
    }

    @Test(arguments: [
        (#" { "b" : 1 , "a" : [ 1 , { "z":2, "y" : 3 } ] } "#, #"{"a":[1,{"y":3,"z":2}],"b":1}"#), ("{}", "{}"),
        ("[ ]", "[]"),
        (#"{"a":{},"":0}"#, #"{"":0,"a":{}}"#), (#"{"aa":1,"a":2}"#, #"{"a":2,"aa":1}"#), (#""\u0041\/""#, #""A/""#),
        (#"{"\u0062":1,"a":2}"#, #"{"a":2,"b":1}"#), ("[true,false,null]", "[true,false,null]"),
        (#""\u001F\u007f""#, "\"\\u001f\u{7F}\""),
        (
            "{\"\u{FFFF}\":1,\"\u{10000}\":2,\"\u{E000}\":3,\"\u{D7FF}\":4}",
            "{\"\u{D7FF}\":4,\"\u{10000}\":2,\"\u{E000}\":3,\"\u{FFFF}\":1}"
        ),
    ])
    func `white space goes, members are sorted at every level, escapes are minimal`(input: String, text: String) {
        #expect(canonical(input) == text)
        #expect(canonical(text) == text)
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, "duplicateKey@8"), (#"{"b":0,"a":1,"\u0061":2}"#, "duplicateKey@14"),
        (#"[{"x":{"k":1,"k":1}}]"#, "duplicateKey@14"),
        (#"{"a":1}x"#, "trailingBytes@7"), (#"{"a":"\ud800"}"#, "loneSurrogate@6"),
        (#"{"k":1,"z":0,"k":2}"#, "duplicateKey@14"),
        ("", "unexpectedEnd@0"), ("[[[", "unexpectedEnd@3"),
    ])
    func `what has no canonical form is refused`(input: String, error: String) {
        #expect(canonical(input) == error)
    }

    @Test(arguments: [
        (
            #"{"same_prefix_b":1,"same_prefix_a":2,"same_pre":3,"same_prefix":4}"#,
            #"{"same_pre":3,"same_prefix":4,"same_prefix_a":2,"same_prefix_b":1}"#
        ), (#"{"a\u0000":1,"a":2,"a\u0000b":3,"":4}"#, #"{"":4,"a":2,"a\u0000":1,"a\u0000b":3}"#),
        (
            "{\"12345678\u{FFFF}\":1,\"12345678\u{10000}\":2}",
            "{\"12345678\u{10000}\":2,\"12345678\u{FFFF}\":1}"
        ),
    ])
    func `names that begin alike are told apart by what follows`(input: String, text: String) {
        #expect(canonical(input) == text)
    }

    @Test func `the excluded key goes from the top level only, wherever it stands`() {
        let key: StaticString = "idempotency_key"
        #expect(canonical(#"{"idempotency_key":"x","b":1,"a":2}"#, excluding: key) == #"{"a":2,"b":1}"#)
        #expect(canonical(#"{"b":1,"idempotency_key":{"n":[1]},"a":2}"#, excluding: key) == #"{"a":2,"b":1}"#)
        #expect(canonical(#"{"a":2,"idempotency_\u006bey":"x"}"#, excluding: key) == #"{"a":2}"#)
        #expect(canonical(#"{"idempotency_key":"x"}"#, excluding: key) == "{}")
        #expect(canonical(#"{"a":{"idempotency_key":"x"}}"#, excluding: key) == #"{"a":{"idempotency_key":"x"}}"#)
        #expect(canonical(#"[{"idempotency_key":"x"}]"#, excluding: key) == #"[{"idempotency_key":"x"}]"#)
        #expect(canonical(#"{"idempotency_key":1,"a":1,"idempotency_key":2}"#, excluding: key) == "duplicateKey@28")
    }

    @Test func `many members are sorted by UTF-16, and any order of them gives one text`() {
        var random = SeededGenerator(seed: 4)
        let scalars: [UInt32] = [
            0x20, 0x41, 0x7A, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0x10000, 0x1F600, 0x10FFFF,
        ]
        for count in [2, 5, 16, 17, 300] {
            var names: Set<String> = []
            while names.count < count {
                let view = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    Unicode.Scalar(scalars.randomElement(using: &random)!)!
                }
                names.insert(String(String.UnicodeScalarView(view)))
            }
            let sorted = names.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
            let expected = "{" + sorted.map { "\"\($0)\":[\"\($0)\"]" }.joined(separator: ",") + "}"
            for _ in 0..<5 {
                let shuffled = names.shuffled(using: &random)
                let text = "{ " + shuffled.map { "\"\($0)\" : [\"\($0)\"]" }.joined(separator: " , ") + " }"
                #expect(canonical(text).utf8.elementsEqual(expected.utf8))
                let repeated = text.dropLast() + ",\"\(shuffled[0])\":0}"
                #expect(canonical(String(repeated)).hasPrefix("duplicateKey@"))
            }
        }
    }

    @Test func `a canonicalizer is as good after an error as before`() throws {
        var canonicalizer = CanonicalJSON()
        var output: [UInt8] = []
        #expect(throws: JSONError.self) {
            try canonicalizer.canonicalize(Array(#"{"b":1,"a":{"x":1,"#.utf8).span, into: &output)
        }
        output.removeAll()
        try canonicalizer.canonicalize(Array(#"{"b":1,"a":2}"#.utf8).span, into: &output)
        #expect(output == Array(#"{"a":2,"b":1}"#.utf8))
    }

    @Test func `random doubles read back as themselves, and canonical forms are their own`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            var output: [UInt8] = []
            ECMAScriptNumber.append(value, &output)
            let text = String(decoding: output, as: UTF8.self)
            #expect(Double(text) == value)
            #expect(canonical(text) == text)
        }
    }
}
