/// An ISO 4217 currency, held as its numeric code so that it fits two bytes of a record.
package struct Currency: Hashable, Sendable {
    /// The ISO 4217 numeric code, for example 978 for EUR.
    package let numericCode: UInt16

    init(unchecked numericCode: UInt16) {
        self.numericCode = numericCode
    }
}
