package import Payments

/// Three bytes: 1 succeeded; 2 declined, class, code; 3 not executed, reason; 4 conflicted; 5
/// action required.
extension OperationResult: RecordField {
    package static var layout: StaticString { "result" }

    package func write(into bytes: inout [UInt8]) {
        let (kind, first, second): (UInt8, UInt8, UInt8) =
            switch self {
            case .succeeded: (1, 0, 0)
            case .declined(let category, let code): (2, category.rawValue, code.rawValue)
            case .notExecuted(let reason): (3, reason.rawValue, 0)
            case .conflicted: (4, 0, 0)
            case .actionRequired: (5, 0, 0)
            }
        bytes.append(kind)
        bytes.append(first)
        bytes.append(second)
    }

    package init(reading reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let kind = try reader.integer(UInt8.self, bytes)
        let first = try reader.integer(UInt8.self, bytes)
        let second = try reader.integer(UInt8.self, bytes)
        switch kind {
        case 1: self = .succeeded
        case 2:
            guard let category = DeclineClass(rawValue: first), let code = DeclineCode(rawValue: second) else {
                throw .invalidValue
            }
            self = .declined(category, code)
        case 3:
            guard let reason = FailureReason(rawValue: first) else { throw .invalidValue }
            self = .notExecuted(reason)
        case 4: self = .conflicted
        case 5: self = .actionRequired
        default: throw .invalidValue
        }
    }
}
