package import NIOCore

/// The fields of one kind of record, in the order of their bytes: declared once, written and read
/// by the same declaration.
///
/// The initialiser's arguments are evaluated in their order, so the order of the fields is the
/// order of the bytes. The subject, merchant, time and previous position come from the header.
/// docs/records.md lists the fields; a test compares.
package protocol RecordLayout: Sendable {
    static var kind: ShardRecord.Kind { get }

    /// Visits every field.
    /// - Parameter record: what is written; nil while a record is read.
    /// - Returns: the record that was read, or a copy of the one that was written.
    static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self

    /// Whether the fields fit each other. A record whose fields do not is refused when it is read:
    /// it is damaged, or a defect.
    var isConsistent: Bool { get }
}

extension RecordLayout {
    package var isConsistent: Bool { true }
}

/// Visits the fields of a record: it writes them, reads them, or lists them.
package protocol RecordCodec {
    /// The error that ends a visit; `Never` for all but a reader.
    associatedtype Failure: Error

    /// What stands in front of the fields.
    var header: RecordHeader { get }

    /// The next field.
    /// - Parameters:
    ///   - name: as in docs/records.md.
    ///   - value: what is written; a reader is given nil.
    /// - Returns: the value, read or written.
    mutating func field<Value: RecordField>(_ name: StaticString, _ value: Value?) throws(Failure) -> Value

    /// The next field, which may be absent: all its bytes are zeros then.
    mutating func optional<Value: OptionalRecordField>(_ name: StaticString, _ value: Value?) throws(Failure) -> Value?

    /// Bytes behind their length (`u32`).
    mutating func bytes(_ name: StaticString, _ value: [UInt8]?) throws(Failure) -> [UInt8]

    /// The body of a stored answer behind its length (`u32`). A reader that was not asked for
    /// answers skips it.
    mutating func body(_ name: StaticString, _ value: ByteBuffer?) throws(Failure) -> ByteBuffer
}

/// A value that is a field of a record, or of a snapshot's entry.
package protocol RecordField {
    /// How docs/records.md calls its bytes.
    static var layout: StaticString { get }

    func write(into bytes: inout [UInt8])

    /// - Throws: `truncated`, or `invalidValue` for bytes that are no such value.
    init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError)
}

/// A field whose bytes are never all zeros: zeros stand for an absent value.
package protocol OptionalRecordField: RecordField {
    /// - Throws: as `init(reading:)`.
    /// - Returns: nil for zeros.
    static func optional(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) -> Self?

    static func writeNothing(into bytes: inout [UInt8])
}
