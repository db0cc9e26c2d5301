// Which provider events were applied to a payment, for as long as there is the payment.
extension PaymentDetails {
    /// As many are remembered; more than that forget the oldest.
    package static let maximumAppliedEvents = 256

    /// Whether an event with this digest was applied.
    package static func hasApplied(_ digest: UInt64, in packed: Span<UInt8>) -> Bool {
        var found = false
        forEachField(in: packed) { field, range in
            guard field == .appliedEvents else { return }
            for start in stride(from: range.lowerBound, to: range.upperBound - 7, by: 8)
            where Self.digest(packed, start) == digest {
                found = true
            }
        }
        return found
    }

    /// The same details, and the event among those that were applied.
    package static func adding(applied digest: UInt64, to packed: Span<UInt8>) -> PaymentDetails {
        var details = keeping(in: packed, without: [.appliedEvents], capacity: 16)
        var events: [UInt8] = []
        forEachField(in: packed) { field, range in
            guard field == .appliedEvents else { return }
            for place in range { events.append(packed[place]) }
        }
        for shift in 0..<8 { events.append(UInt8(truncatingIfNeeded: digest >> UInt64(8 * shift))) }
        details.append(.appliedEvents, Array(events.suffix(maximumAppliedEvents * 8)).span)
        return details
    }

    private static func digest(_ packed: Span<UInt8>, _ start: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(packed[start + index]) << UInt64(8 * index) }
        return value
    }
}
