import Payments

/// The assessment of a payment when it was made, in front of its packed details
/// (`PaymentDetails.Field.risk`). A payment without an assessment has none.
///
/// Layout: version u8 (1), band u8, score u8, flags u8, number of reasons u8, and each reason as
/// length u8 and UTF-8. Flag 1 says that the scorer's answer is awaited.
package enum RiskNote {
    private static let version: UInt8 = 1
    private static let headBytes = 5

    /// The most reasons that are kept; later ones are left out.
    package static let maximumReasons = RiskPolicy.maximumRules + RiskReason.all.count + ScoreOutcome.maximumReasons

    /// The reasons as they are journaled: their number, then each with its length.
    package static func pack(_ reasons: [String], into bytes: inout [UInt8]) {
        let kept = reasons.prefix(maximumReasons)
        bytes.append(UInt8(kept.count))
        for reason in kept {
            let utf8 = reason.utf8.prefix(ScoreOutcome.maximumReasonBytes)
            bytes.append(UInt8(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    /// Details that begin with the note, followed by those given.
    package static func prepend(_ assessment: RiskAssessment, to details: [UInt8]) -> [UInt8] {
        var value: [UInt8] = [
            version, assessment.band.rawValue, assessment.score, assessment.asksScorer ? 1 : 0,
        ]
        pack(assessment.reasons, into: &value)
        var noted = PaymentDetails(minimumCapacity: details.count + value.count + 3)
        noted.append(.risk, value.span)
        return noted.bytes + details
    }

    /// The assessment in front of packed details; nil when there is none.
    package static func read(_ details: Span<UInt8>) -> RiskAssessment? {
        guard let range = range(in: details) else { return nil }
        let value = details.extracting(range)
        guard value.count >= headBytes, value[0] == version, let band = RiskBand(rawValue: value[1]) else { return nil }
        return RiskAssessment(
            band: band,
            score: value[2],
            reasons: reasons(value.extracting(4..<value.count)),
            asksScorer: value[3] & 1 != 0
        )
    }

    /// Where the note's value stands.
    package static func range(in details: Span<UInt8>) -> Range<Int>? {
        guard details.count >= 3 + headBytes, details[0] == PaymentDetails.Field.risk.rawValue else { return nil }
        let end = 3 + (Int(details[1]) | Int(details[2]) << 8)
        return end <= details.count ? 3..<end : nil
    }

    /// Reads what `pack` wrote. Stops at a malformed end.
    package static func reasons(_ packed: Span<UInt8>) -> [String] {
        var reasons: [String] = []
        guard !packed.isEmpty else { return reasons }
        var offset = 1
        for _ in 0..<packed[0] {
            guard offset < packed.count, offset + 1 + Int(packed[offset]) <= packed.count else { break }
            let text = packed.extracting(offset + 1..<offset + 1 + Int(packed[offset]))
            reasons.append(text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
            offset += 1 + text.count
        }
        return reasons
    }
}
