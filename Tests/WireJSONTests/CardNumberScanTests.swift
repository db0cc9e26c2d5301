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
        "4111111111111111", "4242424242424242", "4000056655665556", "4222222222222", "5555555555554444",
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
        "", "4", "41111111111111112", "14111111111111111", "411111111111111", "4111  1111 1111 1111",
        "4111.1111.1111.1111",
        "4111,1111,1111,1111", "4111_1111_1111_1111", "41111111-x-11111111", "1111111111111117", "0000000000000000",
        "1763722241123", "2026-11-21T10:50:41.123Z", "2026-11-21 10 50 41", "+49 30 901820", "8000000000000002",
        "9000000000000001",
        "pay_01kb6w1v1v8w0g5m8m0x0f3k5z", "4242424242424242424242424242", "550e8400-e29b-41d4-a716-446655440000",
        "order 1234567890123",
        "a4111-1111-1111-1111", "4111-1111-1111-1111f", "41111111-1111-1111-a111-111111111111",
    ])
    func `other text is left alone`(text: String) {
        #expect(!scan(text))
    }

    private static let unlucky = [
        "62897881-7863-4480-b93d-c4abff5b775f", "25851101-4342-4444-b06f-1810c07dfe4f",
        "62203848-8119-4079-9c9f-b84bad3b65d7",
    ]

    @Test(arguments: unlucky)
    func `a UUID that happens to hold such digits is left alone, what merely resembles one is not`(uuid: String) {
        #expect(!scan(uuid) && !scan("\"\(uuid)\"") && !scan("order \(uuid), \(uuid)"))
        // The same digits without the rest of the UUID, in a longer row, or in one that RFC 9562
        // does not define.
        let digits = uuid.prefix { $0.isNumber || $0 == "-" }.split(separator: "-").joined(separator: "-")
        #expect(scan(digits))
        #expect(scan(uuid.dropLast() + "x") && scan(uuid + "0"))
        #expect(scan(uuid.prefix(19) + "c" + uuid.dropFirst(20)))
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
            let expected = (13...19).contains(digits.count) && luhn(digits)
            found += expected ? 1 : 0
            if scan("x:" + digits.map(String.init).joined() + ";") != expected { Issue.record("\(digits)") }
        }
        #expect(found > 500)
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
        #expect(!scanDocument(#"{"a":"4111\n111111111111"}"#))
        #expect(!scanDocument(#"{"a":"\u00e94111\u00e9111111111111"}"#))
        #expect(!scanDocument(#"{"amount":99999999,"currency":"EUR","reference":"2026-000123"}"#))
    }
}
