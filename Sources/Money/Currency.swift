/// An ISO 4217 currency with minor units, held as its numeric code so that it fits two bytes of a
/// record.
///
/// Every value names a currency of `CurrencyTable`: the initialisers refuse all else, so `exponent`
/// and `code` are total.
package struct Currency: Hashable, Sendable {
    /// The ISO 4217 numeric code, for example 978 for EUR.
    package let numericCode: UInt16

    init(unchecked numericCode: UInt16) {
        self.numericCode = numericCode
    }

    /// The currency with this ISO 4217 numeric code; `nil` for unknown codes and for those without
    /// minor units (XAU, XXX).
    package init?(numericCode: UInt16) {
        guard numericCode < 1000, CurrencyTable.indexByNumericCode[Int(numericCode)] != CurrencyTable.absent else {
            return nil
        }
        self.numericCode = numericCode
    }

    /// The currency with these three letters (ASCII); lower case is accepted as Stripe's users
    /// write it, and means the same. `nil` for any other length or code. Does not allocate.
    package init?(code: Span<UInt8>) {
        guard code.count == 3 else { return nil }
        self.init(letters: code[0], code[1], code[2])
    }

    /// The currency with this code; see `init(code: Span<UInt8>)`.
    package init?(code: String) {
        var bytes = code.utf8.makeIterator()
        guard let first = bytes.next(), let second = bytes.next(), let third = bytes.next(), bytes.next() == nil else {
            return nil
        }
        self.init(letters: first, second, third)
    }

    private init?(letters first: UInt8, _ second: UInt8, _ third: UInt8) {
        guard let letters = CurrencyTable.packLetters(first, second: second, third: third) else { return nil }
        let index = CurrencyTable.indexByLetters[letters]
        guard index != CurrencyTable.absent else { return nil }
        self.numericCode = CurrencyTable.entries[Int(index)].numericCode
    }

    /// The canonical code: three upper-case letters. Write it without allocating by
    /// `withUTF8Buffer` or `JSONWriter.string(_: StaticString, into:)`.
    package var code: StaticString { entry.code }

    /// The number of decimal digits of the minor unit (0, 2, 3 or 4).
    package var exponent: Int { Int(entry.exponent) }

    private var entry: CurrencyTable.Entry {
        CurrencyTable.entries[Int(CurrencyTable.indexByNumericCode[Int(numericCode)])]
    }

    /// All currencies, by code.
    package static var all: [Currency] { CurrencyTable.entries.map { Currency(unchecked: $0.numericCode) } }

    package static let eur = Currency(unchecked: 978)
    package static let usd = Currency(unchecked: 840)
    package static let gbp = Currency(unchecked: 826)
    package static let jpy = Currency(unchecked: 392)
    package static let kwd = Currency(unchecked: 414)
}

extension Currency: CustomStringConvertible {
    /// The canonical code, for logs and tests.
    package var description: String { code.description }
}
