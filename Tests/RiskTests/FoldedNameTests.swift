import Testing

@testable import Risk

@Suite struct FoldedNameTests {
    private func folded(_ text: String) -> String {
        String(decoding: FoldedName.bytes(of: Array(text.utf8).span), as: UTF8.self)
    }

    @Test(arguments: [
        ("", ""), (" \t\r\n", ""), ("Eva", "eva"), ("  Eva   MARIA\tBraun\n", "eva maria braun"),
        ("STRASSE", "strasse"), ("Straße", "strasse"), ("STRA\u{1E9E}E", "strasse"),
        ("\u{FC}", "\u{FC}"), ("u\u{308}", "\u{FC}"), ("\u{DC}", "\u{FC}"), ("\u{FB01}ve", "five"),
        ("\u{FF21}\u{FF22}", "ab"), ("a\u{A0}\u{2003}b", "a b"), ("a\u{200B}b\u{FEFF}\u{AD}", "ab"),
        ("Ivan\u{1} Petrov\u{7F}", "ivan petrov"), ("Iv\u{FE0F}an\u{3164} Petrov\u{1}é", "ivan petrové"),
        ("\u{200B}\u{3164}", ""), ("\u{1}", ""), ("ΣΊΣΥΦΟΣ", "σίσυφοσ"), ("σίσυφος", "σίσυφοσ"),
        ("\u{130}", "i\u{307}"),
    ])
    func `a name is folded`(name: String, expected: String) {
        #expect(Array(folded(name).utf8) == Array(expected.utf8))
    }

    @Test func `a folded name is folded to itself`() {
        for value in (0x20...0x2FFF).compactMap(Unicode.Scalar.init) {
            let once = folded("a\(value)b")
            #expect(folded(once) == once, "\(value.value)")
        }
    }

    @Test func `bytes that are no text are folded, too`() {
        #expect(FoldedName.bytes(of: [0xFF, 0x41].span).isEmpty == false)
    }
}
