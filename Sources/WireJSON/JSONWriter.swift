package import NIOCore

/// Writes JSON into a `ByteBuffer`; knows only whether a comma is due.
package struct JSONWriter: Sendable {
    package init() {}

    package mutating func beginObject(into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func endObject(into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func beginArray(into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func endArray(into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    /// A member's name that needs no escaping.
    package mutating func name(_ name: StaticString, into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    /// A member's name that may need escaping (metadata keys).
    package mutating func name(_ name: Span<UInt8>, into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func string(_ utf8: Span<UInt8>, into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func string(_ text: StaticString, into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func string(_ text: String, into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func integer(_ value: Int64, into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func bool(_ value: Bool, into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func null(into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    /// A string `2026-11-21T10:50:41.123Z`.
    package mutating func timestamp(milliseconds: Int64, into buffer: inout ByteBuffer) {
        preconditionFailure("not yet")
    }
    /// A value that is JSON already.
    package mutating func raw(_ json: StaticString, into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    /// Starts a string value to be filled by the caller with bytes that need no escaping; `endString` closes it.
    package mutating func beginString(into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
    package mutating func endString(into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
}

/// RFC 3339 in UTC.
package enum Timestamp {
    package static let length = 24
    /// Writes `2026-11-21T10:50:41.123Z` without quotes.
    package static func write(milliseconds: Int64, into buffer: inout ByteBuffer) { preconditionFailure("not yet") }
}
