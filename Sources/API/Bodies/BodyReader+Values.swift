import Money
import Payments
import Time
import WireJSON

// Values that several bodies have: each is read with its rules.
extension BodyReader {
    mutating func currency(
        _ name: StaticString,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) -> Currency {
        let value = try string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { code throws(Rejection) in
            guard let known = Currency(code: code) else { throw Rejection(.currencyUnknown, .known(name)) }
            return known
        }
    }

    /// Visible ASCII characters without spaces.
    mutating func token(
        _ name: StaticString,
        lengths: ClosedRange<Int>,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) -> String {
        let value = try string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard text.count >= lengths.lowerBound else { throw Rejection(.parameterTooShort, .known(name)) }
            guard text.count <= lengths.upperBound else { throw Rejection(.parameterTooLong, .known(name)) }
            guard VisibleASCII.isAll(text) else { throw Rejection(.parameterCharactersInvalid, .known(name)) }
            return String(copying: text)
        }
    }

    mutating func seller(_ input: Span<UInt8>, _ scratch: inout RequestScratch) throws(Rejection) -> SellerName {
        let text = try token("seller", lengths: 1...SellerName.maximumBytes, in: input, scratch: &scratch)
        guard let name = SellerName(text) else { throw Rejection(.parameterCharactersInvalid, .known("seller")) }
        return name
    }

    /// Free text, lengths in bytes; control characters are refused.
    mutating func text(
        _ name: StaticString,
        lengths: ClosedRange<Int>,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) -> String {
        let value = try string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard text.count >= lengths.lowerBound else { throw Rejection(.parameterTooShort, .known(name)) }
            guard text.count <= lengths.upperBound else { throw Rejection(.parameterTooLong, .known(name)) }
            for index in text.indices where text[index] < 0x20 || text[index] == 0x7F {
                throw Rejection(.parameterCharactersInvalid, .known(name))
            }
            return String(copying: text)
        }
    }

    /// Text that is kept and shown as it came, at most so many bytes.
    mutating func anyText(
        _ name: StaticString,
        atMost maximum: Int,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) -> String {
        let value = try string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard text.count <= maximum else { throw Rejection(.parameterTooLong, .known(name)) }
            return String(copying: text)
        }
    }

    /// An identifier of the gateway. One that the gateway cannot have made is treated as not found.
    mutating func identifier(
        _ name: StaticString,
        prefix: StaticString,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) -> (high: UInt64, low: UInt64) {
        let value = try string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard let numbers = Identifier.parse(prefix, text) else { throw Rejection(.resourceNotFound) }
            return numbers
        }
    }

    /// A moment after 1970 (RFC 3339).
    mutating func moment(
        _ name: StaticString,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) -> Timestamp {
        let value = try string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard let time = TimestampText.milliseconds(text), time > 0 else {
                throw Rejection(.parameterTypeInvalid, .known(name))
            }
            return Timestamp(milliseconds: time)
        }
    }
}
