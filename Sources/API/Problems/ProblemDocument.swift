import NIOCore
import Payments

/// Writes problem documents (RFC 9457): a part that is the same for every occurrence of a code,
/// made once, and what this occurrence adds.
package enum ProblemDocument {
    /// `type` is this and the code's name.
    package static let typePrefix: StaticString = "https://millrace.dev/problems/"

    /// `{"type":…,"title":…,"status":…,"detail":…,"code":…,"category":…`, by raw value of the code.
    private static let heads: [[UInt8]] = ProblemCode.allCases.map { code in
        let text =
            "{\"type\":\"\(typePrefix)\(code.name)\",\"title\":\"\(code.title)\",\"status\":\(code.status),"
            + "\"detail\":\"\(code.detail)\",\"code\":\"\(code.name)\",\"category\":\"\(code.category.name)\""
        return Array(text.utf8)
    }

    static func headBytes(_ code: ProblemCode) -> Int { heads[Int(code.rawValue)].count }

    /// The most bytes that `begin`, `parameter` and `end` write beside the head and the parameter's
    /// name.
    static let overheadBytes = 128

    static func begin(_ code: ProblemCode, isRetryable: Bool, _ output: inout ByteCursor) {
        output.bytes(heads[Int(code.rawValue)])
        output.literal(isRetryable ? ",\"retryable\":true" : ",\"retryable\":false")
        if code.retryAfterSeconds > 0 {
            output.literal(",\"retry_after_ms\":")
            output.decimal(Int64(code.retryAfterSeconds) * 1_000)
        }
    }

    static func end(_ requestID: RequestID, _ output: inout ByteCursor) {
        output.literal(",\"request_id\":\"")
        output.identifier(RequestID.prefix, high: requestID.high, low: requestID.low)
        output.literal("\"}")
    }

    /// The document of a rejection at the edge.
    static func write(_ rejection: Rejection, requestID: RequestID, into body: inout ByteBuffer) {
        let size = headBytes(rejection.code) + overheadBytes + ParameterName.maximumUnknownLength * 2
        body.writeCursor(maximum: size) { output in
            begin(rejection.code, isRetryable: rejection.code.isRetryable, &output)
            writeParameter(rejection.parameter, &output)
            end(requestID, &output)
        }
    }

    static func writeParameter(_ parameter: ParameterName?, _ output: inout ByteCursor) {
        switch parameter {
        case .none: return
        case .known(let name):
            output.literal(",\"param\":\"")
            output.literal(name)
            output.literal("\"")
        case .unknown(let name):
            output.literal(",\"param\":")
            output.quoted(name.utf8.span)
        }
    }
}

extension ByteBuffer {
    /// Reserves `maximum` bytes and appends what `write` puts there.
    mutating func writeCursor(maximum: Int, _ write: (inout ByteCursor) -> Void) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: maximum) { region in
            var cursor = ByteCursor(region)
            write(&cursor)
            return cursor.count
        }
    }
}
