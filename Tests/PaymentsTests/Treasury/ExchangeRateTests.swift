import Money
import Payments
import Testing

@Suite("Exchange rates are exact")
struct ExchangeRateTests {
    @Test(
        "Decimal text is read as it stands and written back",
        arguments: ["1.0842", "0.000001", "157.33", "2", "1000000"]
    )
    func roundTrip(_ text: String) {
        #expect(ExchangeRate(text)?.description == text)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", ".5", "5.", "1.2.3", "-1", "+1", "1e3", "0", "0.000", "1,5", " 1", "1.0000000000001",
            "9999999999999999999",
        ]
    )
    func refused(_ text: String) {
        #expect(ExchangeRate(text) == nil)
    }

    @Test("Currencies with none, two and three digits convert by their own exponents, rounded down")
    func exponents() throws {
        let rate = try #require(ExchangeRate("157.339"))
        // 1.00 EUR = 157.339 JPY -> 157; 1 yen at 0.00635 = 0.00635 EUR -> 0 cents
        #expect(rate.convert(100, from: .eur, to: .jpy) == 157)
        let yen = try #require(ExchangeRate("0.00635"))
        #expect(yen.convert(1, from: .jpy, to: .eur) == 0)
        #expect(yen.convert(1_000, from: .jpy, to: .eur) == 635)
        let dinar = try #require(ExchangeRate("0.3071"))
        // 1.00 USD = 0.3071 KWD = 307.1 fils
        #expect(dinar.convert(100, from: .usd, to: .kwd) == 307)
        let back = try #require(ExchangeRate("3.256"))
        #expect(back.convert(1_000, from: .kwd, to: .usd) == 325)
        #expect(back.convert(1, from: .kwd, to: .jpy) == 0)
    }

    @Test("The largest amount at the largest rate does not overflow: it fits or is refused")
    func extremes() throws {
        let large = try #require(ExchangeRate("1000000000000000000"))
        #expect(large.convert(.max, from: .jpy, to: .kwd) == nil)
        #expect(large.convert(9, from: .jpy, to: .jpy) == 9_000_000_000_000_000_000)
        let small = try #require(ExchangeRate("0.000000000001"))
        #expect(small.convert(.max, from: .kwd, to: .jpy) == 9_223)
    }

    @Test("A hundred thousand random conversions never give more than the rate")
    func neverInTheMerchantsFavour() throws {
        var random = SplitMix(state: 7)
        let currencies: [Currency] = [.eur, .usd, .jpy, .kwd, .gbp]
        for _ in 0..<100_000 {
            let scale = UInt8(random.next() % 13)
            guard let rate = ExchangeRate(mantissa: Int64(random.next() % 1_000_000_000) + 1, scale: scale) else {
                Issue.record("a rate in range is refused")
                return
            }
            let sold = currencies[Int(random.next() % 5)]
            let bought = currencies[Int(random.next() % 5)]
            let minor = Int64(random.next() % 99_999_999) + 1
            guard let result = rate.convert(minor, from: sold, to: bought) else { continue }
            // result / 10^bought <= minor / 10^sold * mantissa / 10^scale < (result + 1) /
            // 10^bought
            let right = Int128(minor) * Int128(rate.mantissa) * power(bought.exponent)
            let unit = power(sold.exponent) * power(Int(scale))
            #expect(Int128(result) * unit <= right)
            #expect((Int128(result) + 1) * unit > right)
        }
    }

    @Test("The spread is rounded up and is a part of what is bought; terms with nothing left are refused")
    func terms() throws {
        let rate = try #require(ExchangeRate("1.0842"))
        let terms = try #require(
            ExchangeTerms(sold: .eur, soldMinor: 10_001, bought: .usd, rate: rate, spreadBasisPoints: 50)
        )
        #expect(terms.grossMinor == 10_843)  // 10843.0842
        #expect(terms.spreadMinor == 55)  // 54.215
        #expect(terms.boughtMinor == 10_788)
        #expect(ExchangeTerms(sold: .eur, soldMinor: 1, bought: .usd, rate: rate, spreadBasisPoints: 50) == nil)
        #expect(ExchangeTerms(sold: .eur, soldMinor: 50, bought: .usd, rate: rate, spreadBasisPoints: 10_000) == nil)
    }

    private func power(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { value, _ in value * 10 } }
}

private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
