/// RFC 8785 canonical form. A value to be kept and reused: it owns its scratch arrays.
package struct CanonicalJSON: Sendable {
    package init(maximumDepth: Int = JSONCursor.defaultMaximumDepth) {}

    /// Appends the canonical form of `input` to `output`; leaves out the top-level member `excluded`. Refuses duplicate names.
    package mutating func canonicalize(
        _ input: Span<UInt8>,
        excludingTopLevelKey excluded: StaticString? = nil,
        into output: inout [UInt8]
    ) throws(JSONError) { preconditionFailure("not yet") }
}

/// Finds card numbers (PAN).
package enum CardNumberScan {
    /// Whether `text` (a string's value, or a number's digits) holds a card number.
    package static func containsCardNumber(_ text: Span<UInt8>) -> Bool { preconditionFailure("not yet") }
    /// Whether any string, name or number of a well-formed JSON document holds a card number. `scratch` is reused.
    package static func documentContainsCardNumber(_ document: Span<UInt8>, scratch: inout [UInt8]) -> Bool {
        preconditionFailure("not yet")
    }
}
