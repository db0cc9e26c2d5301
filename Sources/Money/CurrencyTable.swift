/// The currencies of ISO 4217 list one, as published for 2026-01-01, that have minor units.
///
/// Codes without an exponent in the standard are left out, because no payment can be made in them.
/// They are precious metals (XAU, XAG, XPT, XPD) and bond units (XBA, XBB, XBC, XBD). They are also
/// XDR, XSU, XUA, the test code XTS, and XXX for no currency. Withdrawn codes (list three) are left
/// out as well; their numeric codes may have been given to successors.
enum CurrencyTable {
    struct Entry: Sendable {
        let code: StaticString
        let numericCode: UInt16
        let exponent: UInt8

        init(_ code: StaticString, numericCode: UInt16, exponent: UInt8) {
            self.code = code
            self.numericCode = numericCode
            self.exponent = exponent
        }
    }

    /// Marks a gap in the index tables; there are fewer than 255 currencies.
    static let absent: UInt8 = 255

    /// The position in `entries` by numeric code (0...999).
    static let indexByNumericCode: [UInt8] = {
        var table = [UInt8](repeating: absent, count: 1000)
        for (index, entry) in entries.enumerated() { table[Int(entry.numericCode)] = UInt8(index) }
        return table
    }()

    /// The position in `entries` by letters, packed as a three-digit number of base 26.
    static let indexByLetters: [UInt8] = {
        var table = [UInt8](repeating: absent, count: 26 * 26 * 26)
        for (index, entry) in entries.enumerated() {
            let letters = entry.code.withUTF8Buffer { packLetters($0[0], second: $0[1], third: $0[2]) }
            table[letters!] = UInt8(index)
        }
        return table
    }()

    /// Three ASCII letters of either case as a number of base 26; `nil` if one is not a letter.
    static func packLetters(_ first: UInt8, second: UInt8, third: UInt8) -> Int? {
        let (a, b, c) = (letter(first), letter(second), letter(third))
        guard a < 26, b < 26, c < 26 else { return nil }
        return (Int(a) * 26 + Int(b)) * 26 + Int(c)
    }

    /// 0...25 for a letter of either case, more for anything else.
    private static func letter(_ byte: UInt8) -> UInt8 {
        (byte | 0x20) &- UInt8(ascii: "a")
    }

    static let entries: [Entry] = [
        Entry("AED", numericCode: 784, exponent: 2),
        Entry("AFN", numericCode: 971, exponent: 2),
        Entry("ALL", numericCode: 8, exponent: 2),
        Entry("AMD", numericCode: 51, exponent: 2),
        Entry("AOA", numericCode: 973, exponent: 2),
        Entry("ARS", numericCode: 32, exponent: 2),
        Entry("AUD", numericCode: 36, exponent: 2),
        Entry("AWG", numericCode: 533, exponent: 2),
        Entry("AZN", numericCode: 944, exponent: 2),
        Entry("BAM", numericCode: 977, exponent: 2),
        Entry("BBD", numericCode: 52, exponent: 2),
        Entry("BDT", numericCode: 50, exponent: 2),
        Entry("BHD", numericCode: 48, exponent: 3),
        Entry("BIF", numericCode: 108, exponent: 0),
        Entry("BMD", numericCode: 60, exponent: 2),
        Entry("BND", numericCode: 96, exponent: 2),
        Entry("BOB", numericCode: 68, exponent: 2),
        Entry("BOV", numericCode: 984, exponent: 2),
        Entry("BRL", numericCode: 986, exponent: 2),
        Entry("BSD", numericCode: 44, exponent: 2),
        Entry("BTN", numericCode: 64, exponent: 2),
        Entry("BWP", numericCode: 72, exponent: 2),
        Entry("BYN", numericCode: 933, exponent: 2),
        Entry("BZD", numericCode: 84, exponent: 2),
        Entry("CAD", numericCode: 124, exponent: 2),
        Entry("CDF", numericCode: 976, exponent: 2),
        Entry("CHE", numericCode: 947, exponent: 2),
        Entry("CHF", numericCode: 756, exponent: 2),
        Entry("CHW", numericCode: 948, exponent: 2),
        Entry("CLF", numericCode: 990, exponent: 4),
        Entry("CLP", numericCode: 152, exponent: 0),
        Entry("CNY", numericCode: 156, exponent: 2),
        Entry("COP", numericCode: 170, exponent: 2),
        Entry("COU", numericCode: 970, exponent: 2),
        Entry("CRC", numericCode: 188, exponent: 2),
        Entry("CUP", numericCode: 192, exponent: 2),
        Entry("CVE", numericCode: 132, exponent: 2),
        Entry("CZK", numericCode: 203, exponent: 2),
        Entry("DJF", numericCode: 262, exponent: 0),
        Entry("DKK", numericCode: 208, exponent: 2),
        Entry("DOP", numericCode: 214, exponent: 2),
        Entry("DZD", numericCode: 12, exponent: 2),
        Entry("EGP", numericCode: 818, exponent: 2),
        Entry("ERN", numericCode: 232, exponent: 2),
        Entry("ETB", numericCode: 230, exponent: 2),
        Entry("EUR", numericCode: 978, exponent: 2),
        Entry("FJD", numericCode: 242, exponent: 2),
        Entry("FKP", numericCode: 238, exponent: 2),
        Entry("GBP", numericCode: 826, exponent: 2),
        Entry("GEL", numericCode: 981, exponent: 2),
        Entry("GHS", numericCode: 936, exponent: 2),
        Entry("GIP", numericCode: 292, exponent: 2),
        Entry("GMD", numericCode: 270, exponent: 2),
        Entry("GNF", numericCode: 324, exponent: 0),
        Entry("GTQ", numericCode: 320, exponent: 2),
        Entry("GYD", numericCode: 328, exponent: 2),
        Entry("HKD", numericCode: 344, exponent: 2),
        Entry("HNL", numericCode: 340, exponent: 2),
        Entry("HTG", numericCode: 332, exponent: 2),
        Entry("HUF", numericCode: 348, exponent: 2),
        Entry("IDR", numericCode: 360, exponent: 2),
        Entry("ILS", numericCode: 376, exponent: 2),
        Entry("INR", numericCode: 356, exponent: 2),
        Entry("IQD", numericCode: 368, exponent: 3),
        Entry("IRR", numericCode: 364, exponent: 2),
        Entry("ISK", numericCode: 352, exponent: 0),
        Entry("JMD", numericCode: 388, exponent: 2),
        Entry("JOD", numericCode: 400, exponent: 3),
        Entry("JPY", numericCode: 392, exponent: 0),
        Entry("KES", numericCode: 404, exponent: 2),
        Entry("KGS", numericCode: 417, exponent: 2),
        Entry("KHR", numericCode: 116, exponent: 2),
        Entry("KMF", numericCode: 174, exponent: 0),
        Entry("KPW", numericCode: 408, exponent: 2),
        Entry("KRW", numericCode: 410, exponent: 0),
        Entry("KWD", numericCode: 414, exponent: 3),
        Entry("KYD", numericCode: 136, exponent: 2),
        Entry("KZT", numericCode: 398, exponent: 2),
        Entry("LAK", numericCode: 418, exponent: 2),
        Entry("LBP", numericCode: 422, exponent: 2),
        Entry("LKR", numericCode: 144, exponent: 2),
        Entry("LRD", numericCode: 430, exponent: 2),
        Entry("LSL", numericCode: 426, exponent: 2),
        Entry("LYD", numericCode: 434, exponent: 3),
        Entry("MAD", numericCode: 504, exponent: 2),
        Entry("MDL", numericCode: 498, exponent: 2),
        Entry("MGA", numericCode: 969, exponent: 2),
        Entry("MKD", numericCode: 807, exponent: 2),
        Entry("MMK", numericCode: 104, exponent: 2),
        Entry("MNT", numericCode: 496, exponent: 2),
        Entry("MOP", numericCode: 446, exponent: 2),
        Entry("MRU", numericCode: 929, exponent: 2),
        Entry("MUR", numericCode: 480, exponent: 2),
        Entry("MVR", numericCode: 462, exponent: 2),
        Entry("MWK", numericCode: 454, exponent: 2),
        Entry("MXN", numericCode: 484, exponent: 2),
        Entry("MXV", numericCode: 979, exponent: 2),
        Entry("MYR", numericCode: 458, exponent: 2),
        Entry("MZN", numericCode: 943, exponent: 2),
        Entry("NAD", numericCode: 516, exponent: 2),
        Entry("NGN", numericCode: 566, exponent: 2),
        Entry("NIO", numericCode: 558, exponent: 2),
        Entry("NOK", numericCode: 578, exponent: 2),
        Entry("NPR", numericCode: 524, exponent: 2),
        Entry("NZD", numericCode: 554, exponent: 2),
        Entry("OMR", numericCode: 512, exponent: 3),
        Entry("PAB", numericCode: 590, exponent: 2),
        Entry("PEN", numericCode: 604, exponent: 2),
        Entry("PGK", numericCode: 598, exponent: 2),
        Entry("PHP", numericCode: 608, exponent: 2),
        Entry("PKR", numericCode: 586, exponent: 2),
        Entry("PLN", numericCode: 985, exponent: 2),
        Entry("PYG", numericCode: 600, exponent: 0),
        Entry("QAR", numericCode: 634, exponent: 2),
        Entry("RON", numericCode: 946, exponent: 2),
        Entry("RSD", numericCode: 941, exponent: 2),
        Entry("RUB", numericCode: 643, exponent: 2),
        Entry("RWF", numericCode: 646, exponent: 0),
        Entry("SAR", numericCode: 682, exponent: 2),
        Entry("SBD", numericCode: 90, exponent: 2),
        Entry("SCR", numericCode: 690, exponent: 2),
        Entry("SDG", numericCode: 938, exponent: 2),
        Entry("SEK", numericCode: 752, exponent: 2),
        Entry("SGD", numericCode: 702, exponent: 2),
        Entry("SHP", numericCode: 654, exponent: 2),
        Entry("SLE", numericCode: 925, exponent: 2),
        Entry("SOS", numericCode: 706, exponent: 2),
        Entry("SRD", numericCode: 968, exponent: 2),
        Entry("SSP", numericCode: 728, exponent: 2),
        Entry("STN", numericCode: 930, exponent: 2),
        Entry("SVC", numericCode: 222, exponent: 2),
        Entry("SYP", numericCode: 760, exponent: 2),
        Entry("SZL", numericCode: 748, exponent: 2),
        Entry("THB", numericCode: 764, exponent: 2),
        Entry("TJS", numericCode: 972, exponent: 2),
        Entry("TMT", numericCode: 934, exponent: 2),
        Entry("TND", numericCode: 788, exponent: 3),
        Entry("TOP", numericCode: 776, exponent: 2),
        Entry("TRY", numericCode: 949, exponent: 2),
        Entry("TTD", numericCode: 780, exponent: 2),
        Entry("TWD", numericCode: 901, exponent: 2),
        Entry("TZS", numericCode: 834, exponent: 2),
        Entry("UAH", numericCode: 980, exponent: 2),
        Entry("UGX", numericCode: 800, exponent: 0),
        Entry("USD", numericCode: 840, exponent: 2),
        Entry("USN", numericCode: 997, exponent: 2),
        Entry("UYI", numericCode: 940, exponent: 0),
        Entry("UYU", numericCode: 858, exponent: 2),
        Entry("UYW", numericCode: 927, exponent: 4),
        Entry("UZS", numericCode: 860, exponent: 2),
        Entry("VED", numericCode: 926, exponent: 2),
        Entry("VES", numericCode: 928, exponent: 2),
        Entry("VND", numericCode: 704, exponent: 0),
        Entry("VUV", numericCode: 548, exponent: 0),
        Entry("WST", numericCode: 882, exponent: 2),
        Entry("XAD", numericCode: 396, exponent: 2),
        Entry("XAF", numericCode: 950, exponent: 0),
        Entry("XCD", numericCode: 951, exponent: 2),
        Entry("XCG", numericCode: 532, exponent: 2),
        Entry("XOF", numericCode: 952, exponent: 0),
        Entry("XPF", numericCode: 953, exponent: 0),
        Entry("YER", numericCode: 886, exponent: 2),
        Entry("ZAR", numericCode: 710, exponent: 2),
        Entry("ZMW", numericCode: 967, exponent: 2),
        Entry("ZWG", numericCode: 924, exponent: 2),
    ]
}
