import WireJSON

/// Reads the members of an admitted body; each reader checks its parameter's rules.
struct BodyReader {
    private var cursor = JSONCursor(maximumDepth: RequestBody.maximumDepth)

    mutating func begin(_ input: Span<UInt8>) throws(Rejection) {
        guard try kind(input) == .object else { throw Rejection(.jsonNotObject) }
        do throws(JSONError) { try cursor.beginObject(input) } catch { throw RequestBody.rejection(of: error) }
    }

    /// The name of the next member, `nil` after the last.
    mutating func next(_ input: Span<UInt8>) throws(Rejection) -> JSONString? {
        do throws(JSONError) { return try cursor.nextMember(input) } catch { throw RequestBody.rejection(of: error) }
    }

    /// Begins an object-valued parameter.
    mutating func beginObject(_ name: StaticString, _ input: Span<UInt8>) throws(Rejection) {
        try require(.object, name: name, in: input)
        do throws(JSONError) { try cursor.beginObject(input) } catch { throw RequestBody.rejection(of: error) }
    }

    /// Begins an array-valued parameter.
    mutating func beginArray(_ name: StaticString, _ input: Span<UInt8>) throws(Rejection) {
        try require(.array, name: name, in: input)
        do throws(JSONError) { try cursor.beginArray(input) } catch { throw RequestBody.rejection(of: error) }
    }

    /// Whether another element of an array follows.
    mutating func nextElement(_ input: Span<UInt8>) throws(Rejection) -> Bool {
        do throws(JSONError) { return try cursor.nextElement(input) } catch { throw RequestBody.rejection(of: error) }
    }

    mutating func string(_ name: StaticString, _ input: Span<UInt8>) throws(Rejection) -> JSONString {
        try require(.string, name: name, in: input)
        do throws(JSONError) { return try cursor.readString(input) } catch { throw RequestBody.rejection(of: error) }
    }

    mutating func flag(_ name: StaticString, _ input: Span<UInt8>) throws(Rejection) -> Bool {
        try require(.bool, name: name, in: input)
        do throws(JSONError) { return try cursor.readBool(input) } catch { throw RequestBody.rejection(of: error) }
    }

    /// Minor units: an integer from 1 to `RequestBody.maximumAmountMinor`.
    mutating func amount(_ input: Span<UInt8>) throws(Rejection) -> Int64 { try amount("amount", input) }

    mutating func amount(_ name: StaticString, _ input: Span<UInt8>) throws(Rejection) -> Int64 {
        let value = try minorUnits(name, from: 1, input)
        guard value <= RequestBody.maximumAmountMinor else { throw Rejection(.amountTooLarge, .known(name)) }
        return value
    }

    /// Minor units: an integer from `minimum` (0 or 1) to `RequestBody.maximumSumMinor`.
    mutating func minorUnits(
        _ name: StaticString,
        from minimum: Int64,
        _ input: Span<UInt8>
    ) throws(Rejection) -> Int64 {
        try require(.number, name: name, in: input)
        let number: JSONNumber
        do throws(JSONError) { number = try cursor.readNumber(input) } catch { throw RequestBody.rejection(of: error) }
        let isNegative = input[number.range.lowerBound] == UInt8(ascii: "-")
        switch number.value {
        case .decimal: throw Rejection(.amountNotInteger, .known(name))
        case .integerOverflow: throw Rejection(isNegative ? .amountNegative : .amountTooLarge, .known(name))
        case .integer(0) where minimum > 0: throw Rejection(.amountZero, .known(name))
        case .integer(let value):
            guard value >= minimum else { throw Rejection(.amountNegative, .known(name)) }
            guard value <= RequestBody.maximumSumMinor else { throw Rejection(.amountTooLarge, .known(name)) }
            return value
        }
    }

    /// The rejection of a member that no parameter has.
    func unknown(_ name: JSONString, in input: Span<UInt8>, scratch: inout RequestScratch) -> Rejection {
        scratch.text.removeAll(keepingCapacity: true)
        name.unescape(input, into: &scratch.text)
        return Rejection(.parameterUnknown, ParameterName(unknown: scratch.text.span))
    }

    /// Reads the member `idempotency_key` into `scratch.bodyKey`.
    mutating func idempotencyKey(_ input: Span<UInt8>, _ scratch: inout RequestScratch) throws(Rejection) {
        let value = try string("idempotency_key", input)
        scratch.bodyKey.removeAll(keepingCapacity: true)
        value.unescape(input, into: &scratch.bodyKey)
        try IdempotencyKey.check(scratch.bodyKey.span)
    }

    private func kind(_ input: Span<UInt8>) throws(Rejection) -> JSONKind {
        var ahead = cursor
        do throws(JSONError) { return try ahead.peekKind(input) } catch { throw RequestBody.rejection(of: error) }
    }

    private func require(_ expected: JSONKind, name: StaticString, in input: Span<UInt8>) throws(Rejection) {
        guard try kind(input) == expected else { throw Rejection(.parameterTypeInvalid, .known(name)) }
    }
}

extension JSONString {
    /// Hands the string's value to `body`: the bytes of the input where nothing is escaped, else a
    /// copy in `scratch`.
    func withValue<Result>(
        in input: Span<UInt8>,
        scratch: inout [UInt8],
        _ body: (Span<UInt8>) throws(Rejection) -> Result
    ) throws(Rejection) -> Result {
        guard hasEscapes else { return try body(input.extracting(range)) }
        scratch.removeAll(keepingCapacity: true)
        unescape(input, into: &scratch)
        return try body(scratch.span)
    }
}
