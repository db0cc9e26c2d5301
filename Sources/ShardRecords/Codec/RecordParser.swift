import NIOCore

/// Reads the fields of a record.
struct RecordParser: RecordCodec {
    let header: RecordHeader
    private var reader: RecordReader
    /// Valid while `read` runs, and not used outside of it. Every read of it is bounds-checked by
    /// the span.
    private let source: UnsafeBufferPointer<UInt8>
    /// Whether a stored answer is wanted, or passed over.
    private let keepsAnswer: Bool

    /// Reads a record's fields from where `reader` stands, behind the header; nothing but the
    /// trailer may follow them.
    static func read<Record: RecordLayout>(
        _ type: Record.Type,
        header: RecordHeader,
        in bytes: Span<UInt8>,
        by reader: inout RecordReader,
        keepsAnswer: Bool
    ) throws(RecordDecodingError) -> Record {
        let start = reader
        let (record, end) = try bytes.withUnsafeBufferPointer { source throws(RecordDecodingError) in
            var parser = RecordParser(header: header, reader: start, source: source, keepsAnswer: keepsAnswer)
            let record = try Record.fields(of: nil, &parser)
            return (record, parser.reader)
        }
        guard end.offset + ShardRecord.trailerBytes == bytes.count, record.isConsistent else { throw .invalidValue }
        reader = end
        return record
    }

    private init(
        header: RecordHeader,
        reader: RecordReader,
        source: UnsafeBufferPointer<UInt8>,
        keepsAnswer: Bool
    ) {
        self.header = header
        self.reader = reader
        self.source = source
        self.keepsAnswer = keepsAnswer
    }

    @inline(__always)
    mutating func field<Value: RecordField>(
        _ name: StaticString,
        _ value: Value?
    ) throws(RecordDecodingError) -> Value {
        try Value(reading: &reader, source.span)
    }

    @inline(__always)
    mutating func optional<Value: OptionalRecordField>(
        _ name: StaticString,
        _ value: Value?
    ) throws(RecordDecodingError) -> Value? {
        try Value.optional(&reader, source.span)
    }

    mutating func bytes(_ name: StaticString, _ value: [UInt8]?) throws(RecordDecodingError) -> [UInt8] {
        let count = Int(try reader.integer(UInt32.self, source.span))
        return try reader.bytes(count: count, source.span)
    }

    mutating func body(_ name: StaticString, _ value: ByteBuffer?) throws(RecordDecodingError) -> ByteBuffer {
        let count = Int(try reader.integer(UInt32.self, source.span))
        let range = try reader.range(count: count, source.span)
        return keepsAnswer ? ByteBuffer(bytes: source[range]) : ByteBuffer()
    }
}

extension RecordReader {
    /// Reads the fields of a record of a known kind, from behind its header to its end.
    package mutating func record<Record: RecordLayout>(
        _ type: Record.Type,
        header: RecordHeader,
        in bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> Record {
        try RecordParser.read(type, header: header, in: bytes, by: &self, keepsAnswer: false)
    }
}
