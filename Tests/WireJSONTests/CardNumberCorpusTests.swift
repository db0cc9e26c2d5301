import Testing

@testable import WireJSON

/// Measures the search for card numbers both ways, on what merchants really send: it misses no
/// issued number, and refuses less than one in a thousand of other numbers of each kind.
@Suite struct CardNumberCorpusTests {
    private func scan(_ text: String) -> Bool { CardNumberScan.containsCardNumber(Array(text.utf8).span) }

    // MARK: Misses

    /// Prefixes and lengths that networks issue (ISO/IEC 7812 and the networks' BIN tables).
    private static let issued: [(network: String, prefixes: [String], lengths: [Int])] = [
        ("Visa", ["4", "400005", "401288", "4539", "4917", "4999"], [16, 19]),
        ("Mastercard", ["51", "52", "53", "54", "55", "2221", "2300", "2500", "2699", "2720"], [16]),
        ("American Express", ["34", "37"], [15]),
        ("Diners Club", ["36", "300", "305", "309", "38", "39"], [14, 16, 19]),
        ("JCB", ["3528", "3530", "3566", "3589"], [16, 17, 18, 19]),
        ("Discover", ["6011", "644", "649", "65"], [16, 17, 18, 19]),
        ("UnionPay", ["620", "622126", "625", "6282", "810", "8171"], [16, 17, 18, 19]),
        ("Maestro", ["5018", "5020", "5038", "5893", "6304", "6759", "6761", "6762", "6763", "5612"], [16, 18, 19]),
        ("RuPay, Elo, Verve, others", ["508", "60", "652", "817", "82", "506099", "650002", "636", "5067"], [16]),
        ("Mir, Borica, Troy, Napas, UzCard, Humo", ["2200", "2204", "2205", "9792", "9704", "8600", "9860"], [16]),
    ]

    private static let separators = [
        "", " ", "-", "  ", " - ", ".", "/", "\t", "\n", "\r\n", "\u{A0}", "\u{2009}", "\u{202F}", "\u{3000}",
        "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}", "\u{2212}", "\u{B7}", "\u{2022}", "\u{FF0E}",
        "\u{2044}", "\u{2215}", "\u{2028}", "\u{200B}",
    ]

    private static func digits(_ prefix: String, _ length: Int, using random: inout SeededGenerator) -> [Int] {
        var digits = prefix.map { $0.wholeNumberValue ?? 0 }
        while digits.count < length - 1 { digits.append(Int.random(in: 0...9, using: &random)) }
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let doubled = digit * 2 > 9 ? digit * 2 - 9 : digit * 2
            sum += place.isMultiple(of: 2) ? doubled : digit
        }
        return digits + [(10 - sum % 10) % 10]
    }

    private static func grouped(_ digits: [Int], _ separator: String) -> String {
        let sizes =
            switch (digits.count, digits[0]) {
            case (15, _): [4, 6, 5]
            case (14, _): [4, 6, 4]
            case (19, 6): [6, 13]
            default: [4, 4, 4, 4, 4]
            }
        var rest = digits[...]
        var groups: [String] = []
        for size in sizes where !rest.isEmpty {
            groups.append(rest.prefix(size).map(String.init).joined())
            rest = rest.dropFirst(size)
        }
        return groups.joined(separator: separator)
    }

    @Test func `no issued number is missed, in any network's groups and with any separator`() {
        var random = SeededGenerator(seed: 20)
        var count = 0
        for (network, prefixes, lengths) in Self.issued {
            for prefix in prefixes {
                for length in lengths {
                    for _ in 0..<10 {
                        let digits = Self.digits(prefix, length, using: &random)
                        let surroundings = [("", ""), ("card: ", " exp 12/29"), ("\"", "\""), ("Karte Nr. ", ".")]
                        let around = surroundings.randomElement(using: &random)!
                        for separator in Self.separators {
                            let text = around.0 + Self.grouped(digits, separator) + around.1
                            if !scan(text) { Issue.record("\(network): \(text)") }
                            count += 1
                        }
                    }
                }
            }
        }
        #expect(count > 20_000)
    }

    // MARK: False refusals

    @Test(arguments: OtherNumber.allCases)
    func `less than one of a thousand other numbers is refused`(kind: OtherNumber) {
        var random = SeededGenerator(seed: 21)
        let count = 20_000
        var refused: [String] = []
        for _ in 0..<count {
            let text = kind.text(using: &random)
            if scan(text) { refused.append(text) }
        }
        #expect(refused.count * 1_000 < count, "\(refused.count): \(refused.prefix(5))")
    }
}
