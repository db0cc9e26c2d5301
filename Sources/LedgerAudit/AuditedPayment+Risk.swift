import Journal
import Payments
import Risk
import ShardRecords

extension AuditedPayment {
    /// The band in the note in front of the details, when a verdict must follow. The note is tag 8,
    /// length u16, then version, band, score and flags. A verdict must follow when the band is not
    /// allow, and when the scorer's answer is awaited.
    static func awaitedBand(_ details: [UInt8]) -> UInt8? {
        guard details.count > 7, details[0] == 8 else { return nil }
        return details[4] > 0 || details[6] & 1 != 0 ? details[4] : nil
    }

    /// Takes a verdict in; returns why the verdict is not possible.
    mutating func judge(_ record: RiskDecided) -> Violation? {
        guard let least = awaitedBand, phase == .created, running == .authorize else {
            return "a verdict on a payment in \(phase) that awaits none"
        }
        awaitedBand = nil
        switch record.band {
        case .allow: break
        case .review:
            phase = .review
            running = nil
            // Nothing was sent: the approval of the review sends the first call.
            authorizations = 0
        case .block:
            phase = .failed
            running = nil
        }
        if record.band.rawValue < least { return "a verdict milder than the rules: \(record.band)" }
        let status: UInt16 = record.band == .allow ? 0 : record.band == .review ? 202 : 402
        guard record.responseStatus == status else {
            return "a verdict \(record.band) answered \(record.responseStatus)"
        }
        guard (record.band == .review) == (record.deadline > record.time) else { return "a review without a deadline" }
        return nil
    }
}

extension LedgerCheck {
    mutating func examine(_ record: RiskDecided, _ position: RecordPosition) {
        guard let index = payment(record.payment, position) else { return }
        if let violation = payments[index].judge(record) { note(position, violation.text) }
        guard record.band != .allow else { return }
        let operation = open(record.payment, operation: .authorize, ordinal: 1)
        guard let digest = openKeys.removeValue(forKey: operation) else {
            return note(position, "\(record.payment) was judged, but its authorization is not open")
        }
        if let digest { reservedKeys.remove(digest) }
    }

    /// Checks that nothing is recorded of a call before the verdict that allows it.
    mutating func checkCleared(_ id: PaymentID, _ position: RecordPosition) {
        let index = Int(clamping: id.sequence) - 1
        guard payments.indices.contains(index), payments[index].awaitedBand != nil else { return }
        note(position, "\(id) was sent to the provider before it was cleared")
    }
}
