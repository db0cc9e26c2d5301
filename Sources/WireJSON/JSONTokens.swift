/// The kind of a JSON value, told from its first byte.
package enum JSONKind: UInt8, Sendable {
    case object
    case array
    case string
    case number
    case bool
    case null
}

/// A string (or a member's name) in a text: the bytes between the quotes, already checked to be
/// well-formed.
package struct JSONString: Sendable, Equatable {
    /// Offsets of the first byte after the opening quote and of the closing quote.
    package let start: Int32
    package let end: Int32
    /// The bytes hold at least one backslash, so that they differ from the string's value.
    package let hasEscapes: Bool

    package init(start: Int, end: Int, hasEscapes: Bool) {
        self.start = Int32(truncatingIfNeeded: start)
        self.end = Int32(truncatingIfNeeded: end)
        self.hasEscapes = hasEscapes
    }

    /// The bytes between the quotes, with their escapes.
    package var range: Range<Int> { Int(start)..<Int(end) }
    package var isEmpty: Bool { start == end }
}

/// A number in a text, well-formed by RFC 8259.
package struct JSONNumber: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        /// No fraction, no exponent, within `Int64`.
        case integer(Int64)
        /// No fraction, no exponent, but outside `Int64`.
        case integerOverflow
        /// With a fraction or an exponent (even if its value is whole, as in `1.0` or `1e3`).
        case decimal
    }

    package let start: Int32
    package let end: Int32
    package let value: Value

    package init(start: Int, end: Int, value: Value) {
        self.start = Int32(truncatingIfNeeded: start)
        self.end = Int32(truncatingIfNeeded: end)
        self.value = value
    }

    /// The number's bytes.
    package var range: Range<Int> { Int(start)..<Int(end) }
}
