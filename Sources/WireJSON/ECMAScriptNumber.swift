/// Numbers as ECMAScript's Number::toString writes them (ECMA-262, 6.1.6.1.20), which RFC 8785 asks
/// for. They are the shortest digits that read back as the same double. The notation is fixed from
/// 1e-6 to below 1e21.
enum ECMAScriptNumber {
    /// Appends the canonical form of a number of a text. Allocates: for numbers that are not plain
    /// integers.
    static func append(_ number: JSONNumber, in input: Span<UInt8>, into output: inout [UInt8]) throws(JSONError) {
        let text = String(unsafeUninitializedCapacity: number.range.count) { buffer in
            for index in 0..<number.range.count { buffer[index] = input[number.range.lowerBound + index] }
            return number.range.count
        }
        guard let value = Double(text), value.isFinite else {
            throw JSONError(.numberOutOfRange, at: Int(number.start))
        }
        append(value, &output)
    }

    /// Appends a finite double.
    static func append(_ value: Double, _ output: inout [UInt8]) {
        precondition(value.isFinite, "JSON has no infinities")
        guard value != 0 else {
            output.append(UInt8(ascii: "0"))
            return
        }
        if value < 0 { output.append(UInt8(ascii: "-")) }
        let decimal = ShortestDecimal(value.magnitude)
        append(decimal.digits, point: decimal.point, &output)
    }

    /// `point` is the place of the decimal point: 0.d1d2d3... x 10^point. The standard calls it n,
    /// and the count of digits k.
    private static func append(_ digits: [UInt8], point: Int, _ output: inout [UInt8]) {
        let count = digits.count
        switch point {
        case _ where point >= count && point <= 21:
            output.append(contentsOf: digits)
            appendZeros(point - count, &output)
        case 1...21:
            output.append(contentsOf: digits[..<point])
            output.append(UInt8(ascii: "."))
            output.append(contentsOf: digits[point...])
        case -5...0:
            output.append(contentsOf: [UInt8(ascii: "0"), UInt8(ascii: ".")])
            appendZeros(-point, &output)
            output.append(contentsOf: digits)
        default:
            output.append(digits[0])
            if count > 1 {
                output.append(UInt8(ascii: "."))
                output.append(contentsOf: digits[1...])
            }
            output.append(UInt8(ascii: "e"))
            output.append(UInt8(ascii: point > 0 ? "+" : "-"))
            output.append(contentsOf: String((point - 1).magnitude).utf8)
        }
    }

    private static func appendZeros(_ count: Int, _ output: inout [UInt8]) {
        for _ in 0..<count { output.append(UInt8(ascii: "0")) }
    }
}

/// The shortest decimal digits of a positive double, without leading and trailing zeros. They are
/// taken from Swift's description. That is the shortest, and the closest among the shortest, as
/// ECMAScript demands.
private struct ShortestDecimal {
    /// ASCII digits.
    private(set) var digits: [UInt8] = []
    /// The value is 0.digits x 10^point.
    private(set) var point = 0

    init(_ value: Double) {
        var exponent = 0
        var hasPoint = false
        var text = value.description.utf8.makeIterator()
        while let byte = text.next() {
            switch byte {
            case UInt8(ascii: "."): hasPoint = true
            case UInt8(ascii: "e"): exponent = Self.exponent(&text)
            default:
                if !digits.isEmpty || byte != UInt8(ascii: "0") { digits.append(byte) } else if hasPoint { point -= 1 }
                if !hasPoint, !digits.isEmpty { point += 1 }
            }
        }
        point += exponent
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    }

    private static func exponent(_ text: inout String.UTF8View.Iterator) -> Int {
        var value = 0
        var isNegative = false
        while let byte = text.next() {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): break
            default: value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
        }
        return isNegative ? -value : value
    }
}
