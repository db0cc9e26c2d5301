/// The currencies of ISO 4217 list one, as published for 2026-01-01, that have minor units.
///
/// Left out, because no payment can be made in them: precious metals and bond units (XAU, XAG, XPT, XPD, XBA, XBB, XBC,
/// XBD), XDR, XSU, XUA, the test code XTS and "no currency" XXX: the standard gives them no exponent.
/// Withdrawn codes (list three) are left out as well; their numeric codes may have been given to successors.
enum CurrencyTable {
    struct Entry: Sendable {
        let code: StaticString
        let numericCode: UInt16
        let exponent: UInt8

        init(_ code: StaticString, _ numericCode: UInt16, _ exponent: UInt8) {
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
            let letters = entry.code.withUTF8Buffer { packLetters($0[0], $0[1], $0[2]) }
            table[letters!] = UInt8(index)
        }
        return table
    }()

    /// Three ASCII letters of either case as a number of base 26; `nil` if one is not a letter.
    static func packLetters(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int? {
        let (a, b, c) = (letter(first), letter(second), letter(third))
        guard a < 26, b < 26, c < 26 else { return nil }
        return (Int(a) * 26 + Int(b)) * 26 + Int(c)
    }

    /// 0...25 for a letter of either case, more for anything else.
    private static func letter(_ byte: UInt8) -> UInt8 {
        (byte | 0x20) &- UInt8(ascii: "a")
    }

    static let entries: [Entry] = [
        Entry("AED", 784, 2),
        Entry("AFN", 971, 2),
        Entry("ALL", 8, 2),
        Entry("AMD", 51, 2),
        Entry("AOA", 973, 2),
        Entry("ARS", 32, 2),
        Entry("AUD", 36, 2),
        Entry("AWG", 533, 2),
        Entry("AZN", 944, 2),
        Entry("BAM", 977, 2),
        Entry("BBD", 52, 2),
        Entry("BDT", 50, 2),
        Entry("BHD", 48, 3),
        Entry("BIF", 108, 0),
        Entry("BMD", 60, 2),
        Entry("BND", 96, 2),
        Entry("BOB", 68, 2),
        Entry("BOV", 984, 2),
        Entry("BRL", 986, 2),
        Entry("BSD", 44, 2),
        Entry("BTN", 64, 2),
        Entry("BWP", 72, 2),
        Entry("BYN", 933, 2),
        Entry("BZD", 84, 2),
        Entry("CAD", 124, 2),
        Entry("CDF", 976, 2),
        Entry("CHE", 947, 2),
        Entry("CHF", 756, 2),
        Entry("CHW", 948, 2),
        Entry("CLF", 990, 4),
        Entry("CLP", 152, 0),
        Entry("CNY", 156, 2),
        Entry("COP", 170, 2),
        Entry("COU", 970, 2),
        Entry("CRC", 188, 2),
        Entry("CUP", 192, 2),
        Entry("CVE", 132, 2),
        Entry("CZK", 203, 2),
        Entry("DJF", 262, 0),
        Entry("DKK", 208, 2),
        Entry("DOP", 214, 2),
        Entry("DZD", 12, 2),
        Entry("EGP", 818, 2),
        Entry("ERN", 232, 2),
        Entry("ETB", 230, 2),
        Entry("EUR", 978, 2),
        Entry("FJD", 242, 2),
        Entry("FKP", 238, 2),
        Entry("GBP", 826, 2),
        Entry("GEL", 981, 2),
        Entry("GHS", 936, 2),
        Entry("GIP", 292, 2),
        Entry("GMD", 270, 2),
        Entry("GNF", 324, 0),
        Entry("GTQ", 320, 2),
        Entry("GYD", 328, 2),
        Entry("HKD", 344, 2),
        Entry("HNL", 340, 2),
        Entry("HTG", 332, 2),
        Entry("HUF", 348, 2),
        Entry("IDR", 360, 2),
        Entry("ILS", 376, 2),
        Entry("INR", 356, 2),
        Entry("IQD", 368, 3),
        Entry("IRR", 364, 2),
        Entry("ISK", 352, 0),
        Entry("JMD", 388, 2),
        Entry("JOD", 400, 3),
        Entry("JPY", 392, 0),
        Entry("KES", 404, 2),
        Entry("KGS", 417, 2),
        Entry("KHR", 116, 2),
        Entry("KMF", 174, 0),
        Entry("KPW", 408, 2),
        Entry("KRW", 410, 0),
        Entry("KWD", 414, 3),
        Entry("KYD", 136, 2),
        Entry("KZT", 398, 2),
        Entry("LAK", 418, 2),
        Entry("LBP", 422, 2),
        Entry("LKR", 144, 2),
        Entry("LRD", 430, 2),
        Entry("LSL", 426, 2),
        Entry("LYD", 434, 3),
        Entry("MAD", 504, 2),
        Entry("MDL", 498, 2),
        Entry("MGA", 969, 2),
        Entry("MKD", 807, 2),
        Entry("MMK", 104, 2),
        Entry("MNT", 496, 2),
        Entry("MOP", 446, 2),
        Entry("MRU", 929, 2),
        Entry("MUR", 480, 2),
        Entry("MVR", 462, 2),
        Entry("MWK", 454, 2),
        Entry("MXN", 484, 2),
        Entry("MXV", 979, 2),
        Entry("MYR", 458, 2),
        Entry("MZN", 943, 2),
        Entry("NAD", 516, 2),
        Entry("NGN", 566, 2),
        Entry("NIO", 558, 2),
        Entry("NOK", 578, 2),
        Entry("NPR", 524, 2),
        Entry("NZD", 554, 2),
        Entry("OMR", 512, 3),
        Entry("PAB", 590, 2),
        Entry("PEN", 604, 2),
        Entry("PGK", 598, 2),
        Entry("PHP", 608, 2),
        Entry("PKR", 586, 2),
        Entry("PLN", 985, 2),
        Entry("PYG", 600, 0),
        Entry("QAR", 634, 2),
        Entry("RON", 946, 2),
        Entry("RSD", 941, 2),
        Entry("RUB", 643, 2),
        Entry("RWF", 646, 0),
        Entry("SAR", 682, 2),
        Entry("SBD", 90, 2),
        Entry("SCR", 690, 2),
        Entry("SDG", 938, 2),
        Entry("SEK", 752, 2),
        Entry("SGD", 702, 2),
        Entry("SHP", 654, 2),
        Entry("SLE", 925, 2),
        Entry("SOS", 706, 2),
        Entry("SRD", 968, 2),
        Entry("SSP", 728, 2),
        Entry("STN", 930, 2),
        Entry("SVC", 222, 2),
        Entry("SYP", 760, 2),
        Entry("SZL", 748, 2),
        Entry("THB", 764, 2),
        Entry("TJS", 972, 2),
        Entry("TMT", 934, 2),
        Entry("TND", 788, 3),
        Entry("TOP", 776, 2),
        Entry("TRY", 949, 2),
        Entry("TTD", 780, 2),
        Entry("TWD", 901, 2),
        Entry("TZS", 834, 2),
        Entry("UAH", 980, 2),
        Entry("UGX", 800, 0),
        Entry("USD", 840, 2),
        Entry("USN", 997, 2),
        Entry("UYI", 940, 0),
        Entry("UYU", 858, 2),
        Entry("UYW", 927, 4),
        Entry("UZS", 860, 2),
        Entry("VED", 926, 2),
        Entry("VES", 928, 2),
        Entry("VND", 704, 0),
        Entry("VUV", 548, 0),
        Entry("WST", 882, 2),
        Entry("XAD", 396, 2),
        Entry("XAF", 950, 0),
        Entry("XCD", 951, 2),
        Entry("XCG", 532, 2),
        Entry("XOF", 952, 0),
        Entry("XPF", 953, 0),
        Entry("YER", 886, 2),
        Entry("ZAR", 710, 2),
        Entry("ZMW", 967, 2),
        Entry("ZWG", 924, 2),
    ]
}
