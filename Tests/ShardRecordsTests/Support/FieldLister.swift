import NIOCore
import ShardRecords

/// Lists the fields of a record by name and layout, as docs/records.md does.
struct FieldLister: RecordCodec {
    let header: RecordHeader
    private(set) var fields: [String] = []

    static func fields<Record: RecordLayout>(of record: Record, _ header: RecordHeader) -> [String] {
        var lister = FieldLister(header: header)
        _ = Record.fields(of: record, &lister)
        return lister.fields
    }

    private init(header: RecordHeader) { self.header = header }

    mutating func field<Value: RecordField>(_ name: StaticString, _ value: Value?) -> Value {
        guard let value else { preconditionFailure("a record is listed by a sample with every field") }
        fields.append("\(name) \(Value.layout)")
        return value
    }

    mutating func optional<Value: OptionalRecordField>(_ name: StaticString, _ value: Value?) -> Value? {
        fields.append("\(name) \(Value.layout), or zeros")
        return value
    }

    mutating func bytes(_ name: StaticString, _ value: [UInt8]?) -> [UInt8] {
        fields.append("\(name) bytes")
        return value ?? []
    }

    mutating func body(_ name: StaticString, _ value: ByteBuffer?) -> ByteBuffer {
        fields.append("\(name) bytes")
        return value ?? ByteBuffer()
    }
}

extension ShardRecord {
    func fieldList(_ header: RecordHeader) -> [String] {
        switch self {
        case .paymentCreated(let record): FieldLister.fields(of: record, header)
        case .operationStarted(let record): FieldLister.fields(of: record, header)
        case .operationFinished(let record): FieldLister.fields(of: record, header)
        case .operationUnresolved(let record): FieldLister.fields(of: record, header)
        case .refundBounced(let record): FieldLister.fields(of: record, header)
        case .operationAttempted(let record): FieldLister.fields(of: record, header)
        case .paymentChanged(let record): FieldLister.fields(of: record, header)
        case .eventApplied(let record): FieldLister.fields(of: record, header)
        case .payoutChanged(let record): FieldLister.fields(of: record, header)
        case .walletOpened(let record): FieldLister.fields(of: record, header)
        case .exchangeQuoted(let record): FieldLister.fields(of: record, header)
        case .exchangeConverted(let record): FieldLister.fields(of: record, header)
        case .riskDecided(let record): FieldLister.fields(of: record, header)
        case .balanceMark(let record): FieldLister.fields(of: record, header)
        case .attemptEnded(let record): FieldLister.fields(of: record, header)
        }
    }
}
