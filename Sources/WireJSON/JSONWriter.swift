package import NIOCore

/// Writes JSON into a `ByteBuffer` that its user passes to every call. Its only state is whether a
/// comma is due.
///
///     var json = JSONWriter()
///     json.beginObject(into: &body)
///     json.name("id", into: &body)
///     json.string("pay_1", into: &body)
///     json.endObject(into: &body)
///
/// The user keeps objects and arrays paired and gives every name a value. Nothing here allocates,
/// but for the buffer's own growth: reserve what is needed before.
package struct JSONWriter: Sendable {
    private var needsComma = false

    package init() {}

    package mutating func beginObject(into buffer: inout ByteBuffer) { open(UInt8(ascii: "{"), &buffer) }
    package mutating func endObject(into buffer: inout ByteBuffer) { close(UInt8(ascii: "}"), &buffer) }
    package mutating func beginArray(into buffer: inout ByteBuffer) { open(UInt8(ascii: "["), &buffer) }
    package mutating func endArray(into buffer: inout ByteBuffer) { close(UInt8(ascii: "]"), &buffer) }

    /// A member's name that needs no escaping (printable ASCII without quotes and backslashes).
    package mutating func name(_ name: StaticString, into buffer: inout ByteBuffer) {
        writePlain(name, isName: true, into: &buffer)
    }

    /// A member's name that may need escaping (metadata keys). UTF-8, known to be valid.
    package mutating func name(_ name: Span<UInt8>, into buffer: inout ByteBuffer) {
        string(name, into: &buffer)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string of valid UTF-8, escaped where needed.
    package mutating func string(_ utf8: Span<UInt8>, into buffer: inout ByteBuffer) {
        if JSONText.needsEscaping(utf8) {
            beginString(into: &buffer)
            JSONText.writeEscaped(utf8, into: &buffer)
            endString(into: &buffer)
        } else {
            utf8.withUnsafeBytes { writeQuoted($0, isName: false, into: &buffer) }
        }
    }

    /// A string that needs no escaping (printable ASCII without quotes and backslashes).
    package mutating func string(_ text: StaticString, into buffer: inout ByteBuffer) {
        writePlain(text, isName: false, into: &buffer)
    }

    /// A string, escaped where needed.
    package mutating func string(_ text: String, into buffer: inout ByteBuffer) {
        var text = text
        text.withUTF8 { string($0.span, into: &buffer) }
    }

    package mutating func integer(_ value: Int64, into buffer: inout ByteBuffer) {
        separate(&buffer)
        JSONText.writeInteger(value, into: &buffer)
    }

    package mutating func bool(_ value: Bool, into buffer: inout ByteBuffer) {
        raw(value ? "true" : "false", into: &buffer)
    }

    package mutating func null(into buffer: inout ByteBuffer) { raw("null", into: &buffer) }

    /// A string `"2026-11-21T10:50:41.123Z"` from milliseconds since 1970; see `TimestampText`.
    package mutating func timestamp(milliseconds: Int64, into buffer: inout ByteBuffer) {
        beginString(into: &buffer)
        TimestampText.write(milliseconds: milliseconds, into: &buffer)
        endString(into: &buffer)
    }

    /// A value that is JSON already.
    package mutating func raw(_ json: StaticString, into buffer: inout ByteBuffer) {
        separate(&buffer)
        buffer.writeStaticString(json)
    }

    /// A value that is JSON already.
    package mutating func raw(_ json: Span<UInt8>, into buffer: inout ByteBuffer) {
        separate(&buffer)
        buffer.writeBytes(json.bytes)
    }

    /// Opens a string that the caller fills with bytes that need no escaping (an identifier's);
    /// `endString` closes it.
    package mutating func beginString(into buffer: inout ByteBuffer) {
        separate(&buffer)
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    package mutating func endString(into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// Writes the comma if one is due, and makes it due after the value that comes now.
    private mutating func separate(_ buffer: inout ByteBuffer) {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8, _ buffer: inout ByteBuffer) {
        separate(&buffer)
        buffer.writeInteger(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8, _ buffer: inout ByteBuffer) {
        buffer.writeInteger(bracket)
        needsComma = true
    }

    private mutating func writePlain(_ text: StaticString, isName: Bool, into buffer: inout ByteBuffer) {
        assert(text.withUTF8Buffer { !JSONText.needsEscaping($0.span) && UTF8Check.isValid($0.span) })
        text.withUTF8Buffer { writeQuoted(UnsafeRawBufferPointer($0), isName: isName, into: &buffer) }
    }

    /// A string with its comma and, for a name, its colon, in one write: each write to a buffer
    /// checks its capacity and its owner again.
    private mutating func writeQuoted(_ text: UnsafeRawBufferPointer, isName: Bool, into buffer: inout ByteBuffer) {
        let hasComma = needsComma
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: text.count + 4) { output in
            var end = 0
            if hasComma {
                output[end] = UInt8(ascii: ",")
                end += 1
            }
            output[end] = UInt8(ascii: "\"")
            end += 1
            UnsafeMutableRawBufferPointer(rebasing: output[end...]).copyMemory(from: text)
            end += text.count
            output[end] = UInt8(ascii: "\"")
            end += 1
            if isName {
                output[end] = UInt8(ascii: ":")
                end += 1
            }
            return end
        }
        needsComma = !isName
    }
}
