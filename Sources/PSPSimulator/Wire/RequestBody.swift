import WireJSON

/// The body of a POST, read in one pass. Members that this provider does not know are skipped, as
/// real ones do.
struct RequestBody {
    var amount: JSONNumber?
    var currency: JSONString?
    var reference: JSONString?
    var paymentMethod: JSONString?
    /// `return_data`: of a confirmation, what the shopper brought back.
    var returnData: JSONString?
    var capture = true
    var partialAuthorization = false
    /// `final`: of a capture, whether the rest of the hold goes with it.
    var isLast = false

    /// Throws where the text is not such an object.
    init(_ input: Span<UInt8>) throws(JSONError) {
        var cursor = JSONCursor(maximumDepth: 8)
        try cursor.beginObject(input)
        while let name = try cursor.nextMember(input) {
            if name.equals("amount", in: input) {
                amount = try cursor.readNumber(input)
            } else if name.equals("currency", in: input) {
                currency = try cursor.readString(input)
            } else if name.equals("reference", in: input) {
                reference = try cursor.readString(input)
            } else if name.equals("payment_method", in: input) {
                paymentMethod = try cursor.readString(input)
            } else if name.equals("capture", in: input) {
                capture = try cursor.readBool(input)
            } else if name.equals("final", in: input) {
                isLast = try cursor.readBool(input)
            } else if name.equals("return_data", in: input) {
                returnData = try cursor.readString(input)
            } else if name.equals("partial_authorization", in: input) {
                partialAuthorization = try cursor.readBool(input)
            } else {
                try cursor.skipValue(input)
            }
        }
        try cursor.finish(input)
    }

    /// A positive whole number of minor units. The largest `Int64` is refused: `tok_wrong_amount`
    /// adds one.
    var minorUnits: Int64? {
        guard let amount, case .integer(let value) = amount.value, value > 0, value < .max else { return nil }
        return value
    }

    /// Three capital letters, written without escapes.
    func currencyCode(in input: Span<UInt8>) -> CurrencyCode? {
        guard let currency else { return nil }
        return CurrencyCode(input.extracting(currency.range))
    }

    /// 1 to 255 bytes, written without escapes (references are ASCII).
    func referenceRange() -> Range<Int>? {
        guard let reference, !reference.hasEscapes, (1...ByteArena.maximumLength).contains(reference.range.count)
        else { return nil }
        return reference.range
    }
}
