import NIOCore

/// Appends the fields of a record.
struct RecordWriter: RecordCodec {
    let header: RecordHeader
    private var bytes: [UInt8] = []

    /// Appends a record's fields to `bytes`.
    @inline(__always)
    static func write<Record: RecordLayout>(_ record: Record, header: RecordHeader, into bytes: inout [UInt8]) {
        var writer = RecordWriter(header: header)
        // Moved in and out again, not copied.
        swap(&writer.bytes, &bytes)
        _ = Record.fields(of: record, &writer)
        swap(&writer.bytes, &bytes)
    }

    private init(header: RecordHeader) { self.header = header }

    @inline(__always)
    mutating func field<Value: RecordField>(_ name: StaticString, _ value: Value?) -> Value {
        guard let value else { preconditionFailure("a writer is given a record") }
        value.write(into: &bytes)
        return value
    }

    @inline(__always)
    mutating func optional<Value: OptionalRecordField>(_ name: StaticString, _ value: Value?) -> Value? {
        if let value { value.write(into: &bytes) } else { Value.writeNothing(into: &bytes) }
        return value
    }

    @inline(__always)
    mutating func bytes(_ name: StaticString, _ value: [UInt8]?) -> [UInt8] {
        guard let value else { preconditionFailure("a writer is given a record") }
        bytes.appendInteger(UInt32(value.count))
        bytes.append(contentsOf: value)
        return value
    }

    @inline(__always)
    mutating func body(_ name: StaticString, _ value: ByteBuffer?) -> ByteBuffer {
        guard let value else { preconditionFailure("a writer is given a record") }
        bytes.appendInteger(UInt32(value.readableBytes))
        value.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
        return value
    }
}
