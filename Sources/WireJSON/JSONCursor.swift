/// A strict RFC 8259 pull parser: a position in a text that its user passes to every call.
///
/// The text is a parameter, not a property. A `Span<UInt8>` parameter with safe subscripts is the
/// fastest form measured. A cursor that holds no span can be stored anywhere. Passing different
/// texts to one cursor is a mistake of the caller; it gives errors, never a trap.
///
///     var cursor = JSONCursor(maximumDepth: 8)
///     try cursor.beginObject(body)
///     var names = JSONMemberNames()
///     while let name = try cursor.nextMember(body, distinctFrom: &names) {
///         if name.equals("amount", in: body) { amount = try cursor.readInt64(body) }
///         else { try cursor.skipValue(body) }
///     }
///     try cursor.finish(body)
///
/// Strings are checked as they pass (UTF-8, escapes, paired surrogates), so everything read
/// afterwards is well-formed. After an error the cursor is of no further use.
package struct JSONCursor: Sendable {
    /// The longest text; offsets fit `Int32`.
    package static let maximumBytes = Int(Int32.max) - 1
    package static let defaultMaximumDepth = 32
    /// The largest `maximumDepth` that can be asked for: `skipValue` recurses.
    package static let depthLimit = 512

    /// The offset of the next byte to read.
    package internal(set) var offset = 0
    /// The number of arrays and objects around the next value.
    package private(set) var depth = 0
    /// More nested arrays and objects than this are refused (`tooDeep`).
    package let maximumDepth: Int
    /// An array or object was just opened: no comma may come yet.
    private var isFresh = false

    package init(maximumDepth: Int = JSONCursor.defaultMaximumDepth) {
        precondition(maximumDepth >= 0 && maximumDepth <= Self.depthLimit)
        self.maximumDepth = maximumDepth
    }

    /// The kind of the next value, without consuming it.
    package mutating func peekKind(_ input: Span<UInt8>) throws(JSONError) -> JSONKind {
        switch try peek(input) {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: throw JSONError(.unexpectedByte, at: offset)
        }
    }

    /// Enters an object.
    package mutating func beginObject(_ input: Span<UInt8>) throws(JSONError) {
        try open(input, UInt8(ascii: "{"))
    }

    /// Enters an array.
    package mutating func beginArray(_ input: Span<UInt8>) throws(JSONError) {
        try open(input, UInt8(ascii: "["))
    }

    /// The next member's name, with the cursor at its value, which must be read or skipped before
    /// the next call; `nil` after the closing brace. Names that repeat are not noticed here: see
    /// the other `nextMember`.
    package mutating func nextMember(_ input: Span<UInt8>) throws(JSONError) -> JSONString? {
        guard try nextItem(input, closing: UInt8(ascii: "}")) else { return nil }
        guard try peek(input) == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: offset) }
        let name = try lexString(input)
        guard try peek(input) == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: offset) }
        offset += 1
        return name
    }

    /// The same, and refuses a name that this object had before (`duplicateKey`), or more of them
    /// than `JSONMemberNames.maximumCount`. Use a fresh `names` per object.
    package mutating func nextMember(
        _ input: Span<UInt8>,
        distinctFrom names: inout JSONMemberNames
    ) throws(JSONError) -> JSONString? {
        guard let name = try nextMember(input) else { return nil }
        try names.insert(name, input)
        return name
    }

    /// Whether another element follows, with the cursor at it; it must be read or skipped before
    /// the next call. False after the closing bracket.
    package mutating func nextElement(_ input: Span<UInt8>) throws(JSONError) -> Bool {
        try nextItem(input, closing: UInt8(ascii: "]"))
    }

    /// Reads a string.
    package mutating func readString(_ input: Span<UInt8>) throws(JSONError) -> JSONString {
        try require(.string, input)
        isFresh = false
        return try lexString(input)
    }

    /// Reads a number of any form.
    package mutating func readNumber(_ input: Span<UInt8>) throws(JSONError) -> JSONNumber {
        try require(.number, input)
        isFresh = false
        return try lexNumber(input)
    }

    /// Reads an integer: a number without fraction and exponent (`notAnInteger`) within `Int64`
    /// (`numberOutOfRange`).
    package mutating func readInt64(_ input: Span<UInt8>) throws(JSONError) -> Int64 {
        let number = try readNumber(input)
        switch number.value {
        case .integer(let value): return value
        case .decimal: throw JSONError(.notAnInteger, at: Int(number.start))
        case .integerOverflow: throw JSONError(.numberOutOfRange, at: Int(number.start))
        }
    }

    /// Reads `true` or `false`.
    package mutating func readBool(_ input: Span<UInt8>) throws(JSONError) -> Bool {
        try require(.bool, input)
        let isTrue = input[offset] == UInt8(ascii: "t")
        try expect(isTrue ? "true" : "false", input)
        return isTrue
    }

    /// Reads `null`.
    package mutating func readNull(_ input: Span<UInt8>) throws(JSONError) {
        try require(.null, input)
        try expect("null", input)
    }

    /// Passes over a value of any kind, which is checked like any other (but for repeated names).
    package mutating func skipValue(_ input: Span<UInt8>) throws(JSONError) {
        switch try peekKind(input) {
        case .object:
            try beginObject(input)
            while try nextMember(input) != nil { try skipValue(input) }
        case .array:
            try beginArray(input)
            while try nextElement(input) { try skipValue(input) }
        case .string: _ = try lexString(input)
        case .number: _ = try lexNumber(input)
        case .bool: _ = try readBool(input)
        case .null: try readNull(input)
        }
    }

    /// Ends the reading: after the top-level value only white space may follow (`trailingBytes`).
    package mutating func finish(_ input: Span<UInt8>) throws(JSONError) {
        assert(depth == 0, "all arrays and objects have been read to their ends")
        skipWhiteSpace(input)
        guard offset == input.count else { throw JSONError(.trailingBytes, at: offset) }
    }

    @inline(__always)
    private mutating func skipWhiteSpace(_ input: Span<UInt8>) {
        // Mostly there is none: compact JSON.
        if offset < input.count, input[offset] > 0x20 { return }
        skipSomeWhiteSpace(input)
    }

    private mutating func skipSomeWhiteSpace(_ input: Span<UInt8>) {
        var index = offset
        while index < input.count {
            let byte = input[index]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { break }
            index += 1
        }
        offset = index
    }

    /// The next byte that is not white space, not consumed.
    private mutating func peek(_ input: Span<UInt8>) throws(JSONError) -> UInt8 {
        skipWhiteSpace(input)
        guard offset < input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
        return input[offset]
    }

    private mutating func require(_ kind: JSONKind, _ input: Span<UInt8>) throws(JSONError) {
        guard try peekKind(input) == kind else { throw JSONError(.wrongType, at: offset) }
    }

    private mutating func open(_ input: Span<UInt8>, _ bracket: UInt8) throws(JSONError) {
        guard input.count <= Self.maximumBytes else { throw JSONError(.tooLong, at: Self.maximumBytes) }
        guard try peek(input) == bracket else {
            _ = try peekKind(input)
            throw JSONError(.wrongType, at: offset)
        }
        guard depth < maximumDepth else { throw JSONError(.tooDeep, at: offset) }
        depth += 1
        offset += 1
        isFresh = true
    }

    /// Steps over the comma before the next item, or over the closing bracket (then false).
    private mutating func nextItem(_ input: Span<UInt8>, closing: UInt8) throws(JSONError) -> Bool {
        assert(depth > 0, "only inside an array or object")
        let byte = try peek(input)
        if byte == closing {
            offset += 1
            depth -= 1
            isFresh = false
            return false
        }
        if isFresh {
            isFresh = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte, at: offset) }
        offset += 1
        // A trailing comma is refused: the next read finds a closing bracket instead of an item.
        return true
    }

    private mutating func expect(_ literal: StaticString, _ input: Span<UInt8>) throws(JSONError) {
        isFresh = false
        let length = literal.utf8CodeUnitCount
        let error: JSONError? = literal.withUTF8Buffer { expected in
            for index in 0..<length {
                guard offset + index < input.count else { return JSONError(.unexpectedEnd, at: input.count) }
                guard input[offset + index] == expected[index] else {
                    return JSONError(.unexpectedByte, at: offset + index)
                }
            }
            return nil
        }
        if let error { throw error }
        offset += length
    }
}
