package import Money
package import Payments

// What snapshots hold of the same values.
extension [UInt8] {
    package mutating func append(_ terms: ExchangeTerms) { terms.write(into: &self) }

    /// No key is 48 zeros.
    package mutating func append(_ key: RequestKey?) {
        if let key { key.write(into: &self) } else { RequestKey.writeNothing(into: &self) }
    }

    package mutating func appendText(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            appendInteger(UInt32(utf8.count))
            append(contentsOf: utf8)
        }
    }
}

extension RecordReader {
    package mutating func optionalKey(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> RequestKey? {
        try RequestKey.optional(&self, bytes)
    }

    package mutating func currency(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> Currency {
        try Currency(reading: &self, bytes)
    }

    /// A seller's name; nil for an empty text.
    package mutating func sellerName(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> SellerName? {
        try SellerName.optional(&self, bytes)
    }

    package mutating func shortText(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> String {
        let text = try String(reading: &self, bytes)
        guard text.utf8.count <= Payout.maximumTextBytes else { throw .invalidValue }
        return text
    }

    package mutating func exchangeTerms(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> ExchangeTerms {
        try ExchangeTerms(reading: &self, bytes)
    }
}
