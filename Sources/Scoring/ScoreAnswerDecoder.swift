import HTTPTransport
import NIOCore
import Risk
import WireJSON

/// Says what the scorer's answers mean: 200 with `{"score": 0...100, "reasons": [...]}`; everything
/// else is no score.
enum ScoreAnswerDecoder {
    static func outcome(of result: HTTPClientResult) -> ScoreOutcome {
        switch result {
        case .response(let response):
            guard response.status == 200 else { return .failed(response.status == 503 ? .overloaded : .badAnswer) }
            do throws(JSONError) {
                return try decode(response.body.readableBytesUInt8Span)
            } catch {
                return .failed(.badAnswer)
            }
        case .notExecuted(let failure), .unknown(let failure):
            return .failed(reason(failure))
        }
    }

    private static func reason(_ failure: HTTPClientFailure) -> ScoreFailure {
        switch failure {
        case .timeout: .timeout
        case .connectFailed, .connectionLost, .streamReset, .goAway, .shutdown, .withdrawn: .unreachable
        case .queueFull: .overloaded
        case .badResponse, .badRequest: .badAnswer
        }
    }

    private static func decode(_ input: Span<UInt8>) throws(JSONError) -> ScoreOutcome {
        var cursor = JSONCursor()
        var score: Int64?
        var reasons: [String] = []
        try cursor.beginObject(input)
        while let name = try cursor.nextMember(input) {
            if name.equals("score", in: input) {
                score = try cursor.readInt64(input)
            } else if name.equals("reasons", in: input), try cursor.peekKind(input) != .null {
                reasons = try readReasons(&cursor, input)
            } else {
                try cursor.skipValue(input)
            }
        }
        try cursor.finish(input)
        guard let score, (0...100).contains(score) else { return .failed(.badAnswer) }
        return .scored(UInt8(score), reasons: reasons)
    }

    /// The first ones, cut to their greatest length. What looks like a card number is not kept.
    private static func readReasons(_ cursor: inout JSONCursor, _ input: Span<UInt8>) throws(JSONError) -> [String] {
        var reasons: [String] = []
        try cursor.beginArray(input)
        while try cursor.nextElement(input) {
            let text = cut(try cursor.readString(input).string(in: input))
            guard reasons.count < ScoreOutcome.maximumReasons, !text.isEmpty else { continue }
            guard !CardNumberScan.containsCardNumber(text.utf8.span) else { continue }
            reasons.append(text)
        }
        return reasons
    }

    /// Cut between characters, never inside one.
    private static func cut(_ text: String) -> String {
        guard text.utf8.count > ScoreOutcome.maximumReasonBytes else { return text }
        var kept = ""
        for character in text.unicodeScalars {
            guard kept.utf8.count + UTF8.width(character) <= ScoreOutcome.maximumReasonBytes else { break }
            kept.unicodeScalars.append(character)
        }
        return kept
    }
}
