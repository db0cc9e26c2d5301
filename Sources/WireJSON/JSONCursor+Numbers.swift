extension JSONCursor {
    /// Reads a number whose first byte (a digit or a minus) is known to be there.
    mutating func lexNumber(_ input: Span<UInt8>) throws(JSONError) -> JSONNumber {
        let start = offset
        var index = start
        let isNegative = input[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        guard index < input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
        let firstDigit = index
        var magnitude: UInt64 = 0
        var overflows = false
        while index < input.count {
            let digit = input[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            if index - firstDigit < 18 {
                magnitude = magnitude &* 10 &+ UInt64(digit)
            } else {
                let (product, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
                let (sum, carried) = product.addingReportingOverflow(UInt64(digit))
                overflows = overflows || overflowed || carried
                magnitude = sum
            }
            index += 1
        }
        guard index > firstDigit else { throw JSONError(.invalidNumber, at: index) }
        guard input[firstDigit] != UInt8(ascii: "0") || index == firstDigit + 1 else {
            throw JSONError(.invalidNumber, at: firstDigit)
        }
        let end = try Self.skipFractionAndExponent(input, at: index)
        offset = end
        guard end == index else { return JSONNumber(start: start, end: end, value: .decimal) }
        let value = overflows ? nil : Self.signed(magnitude, isNegative: isNegative)
        return JSONNumber(start: start, end: end, value: value.map { .integer($0) } ?? .integerOverflow)
    }

    private static func signed(_ magnitude: UInt64, isNegative: Bool) -> Int64? {
        guard isNegative else { return Int64(exactly: magnitude) }
        guard magnitude <= Int64.min.magnitude else { return nil }
        return Int64(truncatingIfNeeded: 0 &- magnitude)
    }

    /// The index behind the fraction and the exponent, if any.
    private static func skipFractionAndExponent(_ input: Span<UInt8>, at start: Int) throws(JSONError) -> Int {
        var index = start
        if index < input.count, input[index] == UInt8(ascii: ".") {
            index = try skipDigits(input, at: index + 1)
        }
        if index < input.count, input[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < input.count, input[index] == UInt8(ascii: "+") || input[index] == UInt8(ascii: "-") {
                index += 1
            }
            index = try skipDigits(input, at: index)
        }
        return index
    }

    /// The index behind one or more digits.
    private static func skipDigits(_ input: Span<UInt8>, at start: Int) throws(JSONError) -> Int {
        var index = start
        while index < input.count, input[index] &- UInt8(ascii: "0") < 10 { index += 1 }
        guard index > start else {
            throw JSONError(index == input.count ? .unexpectedEnd : .invalidNumber, at: index)
        }
        return index
    }
}
