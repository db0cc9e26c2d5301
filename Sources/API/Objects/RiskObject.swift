import Risk
import ShardRecords

/// The JSON of the fraud hook's assessment of a payment: the member `risk`, only for a payment with
/// an assessment.
enum RiskObject {
    /// Names, punctuation and numbers; the reasons themselves are counted with the details that
    /// they stand in.
    static func maximumBytes(_ details: Span<UInt8>) -> Int {
        RiskNote.range(in: details) == nil ? 0 : 64 + 4 * RiskNote.maximumReasons
    }

    static func writeMember(_ details: Span<UInt8>, _ output: inout ByteCursor) {
        guard let note = RiskNote.read(details) else { return }
        output.literal(",\"risk\":{\"outcome\":\"")
        output.literal(note.band.name)
        output.literal("\",\"score\":")
        output.decimal(Int64(note.score))
        output.literal(",\"reasons\":")
        write(note.reasons, &output)
        output.literal("}")
    }

    /// The members of a verdict in a timeline.
    static func write(_ record: RiskDecided, _ output: inout ByteCursor) {
        output.literal(",\"outcome\":\"")
        output.literal(record.band.name)
        output.literal("\",\"score\":")
        output.decimal(Int64(record.score))
        output.literal(record.source == .rules ? ",\"by\":\"rules\"" : ",\"by\":\"scorer\"")
        output.literal(",\"reasons\":")
        write(record.reasons, &output)
        if record.responseStatus != 0 {
            output.literal(",\"http_status\":")
            output.decimal(Int64(record.responseStatus))
        }
    }

    static func write(_ reasons: [String], _ output: inout ByteCursor) {
        output.literal("[")
        var isFirst = true
        for reason in reasons {
            if !isFirst { output.literal(",") }
            isFirst = false
            output.quoted(reason.utf8.span)
        }
        output.literal("]")
    }
}

extension RiskBand {
    /// The name in answers.
    var name: StaticString {
        switch self {
        case .allow: "allow"
        case .review: "review"
        case .block: "block"
        }
    }
}
