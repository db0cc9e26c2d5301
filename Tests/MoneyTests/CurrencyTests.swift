import Testing

@testable import Money

@Suite struct CurrencyTests {
    @Test(
        arguments: [
            ("EUR", 978, 2), ("USD", 840, 2), ("GBP", 826, 2), ("JPY", 392, 0), ("KWD", 414, 3), ("CLF", 990, 4),
            ("UYW", 927, 4), ("ISK", 352, 0), ("BHD", 48, 3), ("ALL", 8, 2), ("ZWG", 924, 2), ("XCG", 532, 2),
            ("MGA", 969, 2), ("XOF", 952, 0),
        ] as [(String, UInt16, Int)]
    )
    func `a code leads to its number and exponent and back`(code: String, number: UInt16, exponent: Int) throws {
        let currency = try #require(Currency(code: code))
        #expect(currency.numericCode == number)
        #expect(currency.exponent == exponent)
        #expect(currency.description == code)
        #expect(Currency(numericCode: number) == currency)
    }

    @Test func `exponents other than two are exactly those of the standard`() {
        func codes(_ exponent: Int) -> [String] {
            Currency.all.filter { $0.exponent == exponent }.map(\.description).sorted()
        }
        let zero = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
        #expect(codes(0).joined(separator: " ") == zero)
        #expect(codes(3).joined(separator: " ") == "BHD IQD JOD KWD LYD OMR TND")
        #expect(codes(4).joined(separator: " ") == "CLF UYW")
        #expect(codes(2).count == Currency.all.count - 17 - 7 - 2)
    }

    @Test func `every entry is found by both its codes, and both are unique`() {
        #expect(CurrencyTable.entries.count < Int(CurrencyTable.absent))
        #expect(Set(Currency.all).count == CurrencyTable.entries.count)
        #expect(Set(Currency.all.map(\.description)).count == CurrencyTable.entries.count)
        for currency in Currency.all {
            #expect(Currency(code: currency.description) == currency)
            #expect(Currency(code: currency.description.lowercased()) == currency)
            #expect(Currency(code: Array(currency.description.utf8).span) == currency)
            #expect(Currency(numericCode: currency.numericCode) == currency)
        }
    }

    @Test(arguments: [
        "XAU", "XAG", "XPT", "XPD", "XDR", "XSU", "XUA", "XBA", "XBB", "XBC", "XBD", "XTS", "XXX", "DEM", "HRK", "ABC",
        "", "EU", "EURO", "E R", "€", "eu1", "[[[", "@@@", "{{{", "EUR ",
    ])
    func `codes without minor units, withdrawn and malformed codes are refused`(code: String) {
        #expect(Currency(code: code) == nil)
        #expect(Currency(code: Array(code.utf8).span) == nil)
    }

    @Test func `no three bytes but letters of a known code are a currency`() {
        var accepted = 0
        for first in UInt8.min...UInt8.max {
            let bytes: [UInt8] = [first, UInt8(ascii: "U"), UInt8(ascii: "r")]
            if let currency = Currency(code: bytes.span) {
                accepted += 1
                #expect(currency.description.utf8.first == first & ~0x20)
            }
        }
        // EUR, RUR is withdrawn, MUR: in both cases.
        #expect(accepted == 4)
    }

    @Test(arguments: [0, 959, 999, 1000, UInt16.max] as [UInt16])
    func `unknown numbers are refused`(number: UInt16) {
        #expect(Currency(numericCode: number) == nil)
    }
}
