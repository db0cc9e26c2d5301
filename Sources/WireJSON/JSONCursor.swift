package struct JSONCursor: Sendable {
    package static let maximumBytes = 1 << 30
    package static let defaultMaximumDepth = 32

    package private(set) var offset: Int
    package private(set) var depth: Int
    package let maximumDepth: Int

    package init(maximumDepth: Int = JSONCursor.defaultMaximumDepth) {
        self.offset = 0
        self.depth = 0
        self.maximumDepth = maximumDepth
    }

    package mutating func peekKind(_ input: Span<UInt8>) throws(JSONError) -> JSONKind {
        preconditionFailure("not yet")
    }
    package mutating func beginObject(_ input: Span<UInt8>) throws(JSONError) { preconditionFailure("not yet") }
    /// The next member's name (the cursor then stands at its value), or nil after the closing brace.
    package mutating func nextMember(_ input: Span<UInt8>) throws(JSONError) -> JSONString? {
        preconditionFailure("not yet")
    }
    /// The same, and refuses a name that the object had before.
    package mutating func nextMember(
        _ input: Span<UInt8>,
        distinctFrom names: inout JSONMemberNames
    ) throws(JSONError) -> JSONString? { preconditionFailure("not yet") }
    package mutating func beginArray(_ input: Span<UInt8>) throws(JSONError) { preconditionFailure("not yet") }
    /// Whether another element follows (the cursor then stands at it); false after the closing bracket.
    package mutating func nextElement(_ input: Span<UInt8>) throws(JSONError) -> Bool { preconditionFailure("not yet") }
    package mutating func readString(_ input: Span<UInt8>) throws(JSONError) -> JSONString {
        preconditionFailure("not yet")
    }
    package mutating func readNumber(_ input: Span<UInt8>) throws(JSONError) -> JSONNumber {
        preconditionFailure("not yet")
    }
    package mutating func readInt64(_ input: Span<UInt8>) throws(JSONError) -> Int64 { preconditionFailure("not yet") }
    package mutating func readBool(_ input: Span<UInt8>) throws(JSONError) -> Bool { preconditionFailure("not yet") }
    package mutating func readNull(_ input: Span<UInt8>) throws(JSONError) { preconditionFailure("not yet") }
    package mutating func skipValue(_ input: Span<UInt8>) throws(JSONError) { preconditionFailure("not yet") }
    /// Only white space may be left.
    package mutating func finish(_ input: Span<UInt8>) throws(JSONError) { preconditionFailure("not yet") }
}

/// The names an object has had so far.
package struct JSONMemberNames: ~Copyable {
    package static let maximumCount = 64
    package init() {}
}

extension JSONString {
    /// Appends the string's value (escapes resolved, UTF-8) to `output`.
    package func unescape(_ input: Span<UInt8>, into output: inout [UInt8]) { preconditionFailure("not yet") }
    /// The length of the value in bytes.
    package func unescapedCount(_ input: Span<UInt8>) -> Int { preconditionFailure("not yet") }
    /// Whether the value is `text` (ASCII or UTF-8), without allocating.
    package func equals(_ text: StaticString, in input: Span<UInt8>) -> Bool { preconditionFailure("not yet") }
    /// The value as a `String` (allocates beyond 15 bytes).
    package func string(in input: Span<UInt8>) -> String { preconditionFailure("not yet") }
}
