import Testing

@testable import WireJSON

@Suite struct CardNumberScanTests {
    private func scan(_ text: String) -> Bool { CardNumberScan.containsCardNumber(Array(text.utf8).span) }

    private func scanDocument(_ text: String) -> Bool {
        var scratch: [UInt8] = []
        return CardNumberScan.documentContainsCardNumber(Array(text.utf8).span, scratch: &scratch)
    }

    /// The payment networks' published test numbers.
    private static let cards = [
        "4111111111111111", "4242424242424242", "4000056655665556", "4111111111111111110", "5555555555554444",
        "5105105105105100",
        "2223003122003222", "2720999999999996", "378282246310005", "371449635398431", "341111111111111",
        "6011111111111117",
        "6011000990139424", "30569309025904", "38520000023237", "36227206271667", "3566002020360505",
        "3530111333300000",
        "6200000000000005", "6759649826438453", "6304000000000000", "2200000000000004",
    ]

    @Test(arguments: cards)
    func `a card number is found alone, in groups and in the midst of text`(card: String) {
        var groups = ""
        for (index, digit) in card.enumerated() { groups += index > 0 && index % 4 == 0 ? " \(digit)" : String(digit) }
        for text in [
            card, "card \(card).", "pan=\(card)&", "x\(card)y", "\"\(card)\"", groups, groups.replacing(" ", with: "-"),
            "paid with \(groups), thanks", "12 \(card)", "\(card) 12/29 123", "1 2 3 \(groups) 4 5",
            "\(card)\(String(repeating: "z", count: 40))",
            String(repeating: "z", count: 37) + card, "12345678901234567890 \(card)", "--\(card)--",
        ] {
            #expect(scan(text), "\(text)")
        }
    }

    @Test(arguments: cards)
    func `no other last digit makes a card number`(card: String) {
        let last = Int(String(card.last!))!
        for digit in 0...9 where digit != last { #expect(!scan(card.dropLast() + String(digit))) }
    }

    @Test(arguments: [
        "", "4", "41111111111111112", "14111111111111111", "411111111111111", "4111    1111 1111 1111",
        "4111,1111,1111,1111", "4222222222222", "+378282246310005", "302-1234567-1234567", "41111111/11111111",
        "4111.111111111111", "0.4111111111111111", "0,4111111111111111", "4111_1111_1111_1111", "41111111-x-11111111",
        "1111111111111117", "0000000000000000",
        "1763722241123", "2026-11-21T10:50:41.123Z", "2026-11-21 10 50 41", "+49 30 901820", "8000000000000002",
        "9000000000000001",
        "pay_01kb6w1v1v8w0g5m8m0x0f3k5z", "4242424242424242424242424242", "550e8400-e29b-41d4-a716-446655440000",
        "order 1234567890123",
        "41111111-1111-1111-a111-111111111111", "3.4111111111111111", "-12.4111111111111111", "123.4111111111111111",
    ])
    func `other text is left alone`(text: String) {
        #expect(!scan(text))
    }

    @Test(arguments: [
        "4111  1111  1111  1111", "4111 - 1111 - 1111 - 1111", "4111.1111.1111.1111", "4111/1111/1111/1111",
        "4111\n1111\r\n1111\t1111", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "41 11 11 11 11 11 11 11",
        "4111\u{A0}1111\u{A0}1111\u{A0}1111", "4111\u{202F}1111\u{2009}1111\u{3000}1111",
        "4111\u{2010}1111\u{2011}1111\u{2212}1111", "4111\u{2013}1111\u{2014}1111\u{2015}1111",
        "4111\u{B7}1111\u{2022}1111\u{2219}1111", "4111\u{2044}1111\u{2215}1111\u{FF0F}1111",
        "41\u{200B}11\u{AD}1111\u{FEFF}1111\u{2060}1111", "4111\u{2028}1111\u{2029}1111\u{85}1111",
        "\u{FF14}\u{FF11}\u{FF11}\u{FF11} 1111 1111 1111", "٤١١١ ١١١١ ١١١١ ١١١١", "४१११११११११११११११",
        "4222 222 222 222", "4222 2222 2222 2", "3782 822463 10005", "3056 930902 5904", "622202 1234567890128",
        "Order.4111111111111111", "1. 4111111111111111", "é4111111111111111", "a4111-1111-1111-1111",
        "4111-1111-1111-1111f", "Card4111 1111 1111 1111exp", "カード番号4111 1111 1111 1111です", "Nº4111-1111-1111-1111",
        "41111111 11111111", "41111111-11111111", "4111 111111111111", "411111111111 1111", "411111 1111111111",
        "411111 111111 1111", "4 111 111 111 111 111", "4111 11111111 1111", "+4111111111111111",
        "7,4111111111111111,12/29",
        "1234.4111111111111111", "1.2.4111111111111111", "6759 6498 2643 8453", "12 4111 1111 1111 1111",
    ])
    func `groups as cards have them are found, whatever is between them and whatever their script`(text: String) {
        #expect(scan(text) && scanDocument("{\"a\":\"\(text)\"}"))
        let escaped = text.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        #expect(scanDocument("{\"a\":\"\(escaped.joined())\"}"))
    }

    /// The tables against the properties that Swift has of each character.
    @Test func `digits of every script are found, and what Unicode calls blank, dash or ignorable is no end`() {
        for value in (0x80...0xE0FFF as ClosedRange<UInt32>) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let properties = scalar.properties
            let category = properties.generalCategory
            if category == .decimalNumber, properties.numericValue == 0 {
                let four = Unicode.Scalar(value + 4).map(String.init) ?? ""
                let one = Unicode.Scalar(value + 1).map(String.init) ?? ""
                #expect(scan(four + String(repeating: one, count: 15)), "digits from \(String(value, radix: 16))")
            }
            let isBlank = category == .spaceSeparator || category == .lineSeparator || category == .paragraphSeparator
            if isBlank || category == .dashPunctuation || properties.isDefaultIgnorableCodePoint {
                #expect(
                    scan("4111\(scalar)1111 1111 1111") || scan("4111\(scalar)111111111111"),
                    "\(String(value, radix: 16))"
                )
            }
        }
    }

    @Test func `a series of groups of one digit or two counts only as a whole`() {
        #expect(scan("1, 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"))
        #expect(!scan("1 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"))
        #expect(!scan("12 41 11 11 11 11 11 11 11"))
        #expect(scan("12 4111 1111 1111 1111 12") && scan("1234 4111 1111 1111 1111 5"))
    }

    @Test func `digits outside of the basic plane are found, escaped and not`() {
        let text = "\u{1D7D2}\u{1D7CF}\u{1D7CF}\u{1D7CF}111111111111"
        #expect(scan(text))
        #expect(scanDocument(#"{"a":"\ud835\udfd2\ud835\udfcf\ud835\udfcf\ud835\udfcf111111111111"}"#))
        #expect(!scanDocument(#"{"a":"\ud835"}"#) && !scanDocument(#"{"a":"\ud835\udfd2"#))
    }

    @Test func `an account number is left alone only with right check digits`() {
        #expect(!scan("AT61 1904 3002 3457 3201") && !scan("DE89 3704 0044 0532 0130 00"))
        let account = "4111111111111111"
        var remainder = 0
        for character in account + "AT00" {
            let value = Int(String(character), radix: 36) ?? 0
            remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
        }
        for check in 10...97 {
            let isRight = check == 98 - remainder
            #expect(scan("AT\(check) 4111 1111 1111 1111") != isRight)
            #expect(scan("AT\(check) 4111 1111 1111 1111 und 4242 4242 4242 4242"))
            #expect(scan("AT \(check) 4111 1111 1111 1111") && scan("AT\(check)  4111 1111 1111 1111"))
            #expect(scan("XAT\(check) 4111 1111 1111 1111") && scan("QQ\(check) 4111 1111 1111 1111"))
        }
    }

    @Test(arguments: [
        "62897881-7863-4480-b93d-c4abff5b775f", "25851101-4342-4444-b06f-1810c07dfe4f",
        "62203848-8119-4079-9c9f-b84bad3b65d7", "41111111-1111-1111-8111-111111111111",
    ])
    func `a UUID whose digits would pass is left alone`(uuid: String) {
        #expect(!scan(uuid) && !scan("\"\(uuid)\"") && !scan("order \(uuid), \(uuid)"))
    }

    @Test func `a number is found at every position of every length of text`() {
        for length in 16..<80 {
            for position in 0...length - 16 {
                let filler = position.isMultiple(of: 2) ? "." : "a"
                let text =
                    String(repeating: filler, count: position) + "4111111111111111"
                    + String(repeating: filler, count: length - 16 - position)
                if !scan(text) { Issue.record("at \(position) of \(length)") }
            }
        }
    }

    @Test func `the scan agrees with a plain one on random rows of digits`() {
        func luhn(_ digits: [Int]) -> Bool {
            digits.reversed().enumerated().reduce(0) {
                $0 + ($1.offset % 2 == 0 ? $1.element : ($1.element * 2 - ($1.element > 4 ? 9 : 0)))
            } % 10 == 0
        }
        var random = SeededGenerator(seed: 6)
        var found = 0
        for _ in 0..<30_000 {
            let digits =
                [4] + (0..<Int.random(in: 8...22, using: &random)).map { _ in Int.random(in: 0...9, using: &random) }
            let expected = [16, 19].contains(digits.count) && luhn(digits)
            found += expected ? 1 : 0
            if scan("x:" + digits.map(String.init).joined() + ";") != expected { Issue.record("\(digits)") }
        }
        #expect(found > 250)
    }

    @Test func `random bytes never trap`() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("0123456789 -x\\u\"".utf8) + [0xFF]
        for _ in 0..<30_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in alphabet.randomElement(using: &random)!
            }
            var scratch: [UInt8] = []
            let found = CardNumberScan.containsCardNumber(bytes.span)
            if !bytes.contains(UInt8(ascii: "\\")) {
                #expect(CardNumberScan.documentContainsCardNumber(bytes.span, scratch: &scratch) == found)
            } else {
                _ = CardNumberScan.documentContainsCardNumber(bytes.span, scratch: &scratch)
            }
        }
    }

    @Test func `a document is searched in strings, names and numbers, through escapes`() {
        #expect(scanDocument(#"{"a":"4111111111111111"}"#))
        #expect(scanDocument(#"{"4111111111111111":1}"#))
        #expect(scanDocument(#"{"a":[{"b":4111111111111111}]}"#))
        #expect(scanDocument(#"{"a":"\u0034111111111111111"}"#))
        #expect(scanDocument(#"{"a":"4111\u0020\u00311\u00311\u002d1111 1111"}"#))
        #expect(scanDocument(#"{"a":"x\n4111111111111111"}"#))
        #expect(!scanDocument(#"{"a":"41111111","b":"11111111"}"#))
        #expect(!scanDocument(#"["4111","1111","1111","1111"]"#))
        #expect(scanDocument(#"{"a":"4111\n111111111111"}"#))
        #expect(scanDocument(#"[1,4111111111111111]"#) && !scanDocument(#"{"a":4.1111111111111112}"#))
        #expect(scanDocument(#"{"a":"4111\u000b1111\u00001111\u007f1111"}"#))
        #expect(scanDocument(#"{"a":"4111\n1111\t1111\/1111"}"#))
        #expect(!scanDocument(#"{"a":"4111\"1111\"1111\"1111"}"#))
        #expect(!scanDocument(#"{"a":"\u00e94111\u00e9111111111111"}"#))
        #expect(!scanDocument(#"{"amount":99999999,"currency":"EUR","reference":"2026-000123"}"#))
    }
}
