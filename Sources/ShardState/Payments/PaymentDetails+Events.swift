package import Payments

// Which provider events were applied to a payment, for as long as the payment exists. Each event
// has 8 bytes of the digest of its identifier, in parts of a few events. So adding one copies only
// a few, and none of the payment's other details.
extension PaymentDetails {
    /// The most events that are remembered. One more forgets the oldest.
    package static let maximumAppliedEvents = 256
    /// The most events of a part that grows: 128 bytes.
    package static let eventsPerPart = 16

    /// Where the digests of a part stand, oldest first; 8 bytes each.
    package static func appliedEvents(in part: Span<UInt8>) -> Range<Int> {
        var found = 0..<0
        forEachField(in: part) { field, range in
            if field == .appliedEvents { found = range.lowerBound..<range.upperBound - range.count % 8 }
        }
        return found
    }

    /// The part with the events before those of this one; nil where there are none.
    package static func olderEvents(in part: Span<UInt8>) -> ArenaSlice? {
        var found: ArenaSlice?
        forEachField(in: part) { field, range in
            guard field == .olderEvents, range.count == 12 else { return }
            let start = range.lowerBound
            found = ArenaSlice(
                chunk: UInt32(truncatingIfNeeded: number(part, start, bytes: 4)),
                offset: UInt32(truncatingIfNeeded: number(part, start + 4, bytes: 4)),
                length: UInt32(truncatingIfNeeded: number(part, start + 8, bytes: 4))
            )
        }
        return found
    }

    /// The digest that stands at `start`.
    package static func digest(in part: Span<UInt8>, at start: Int) -> UInt64 { number(part, start, bytes: 8) }

    /// The same fields, and the event behind those of this part.
    package static func adding(applied digest: UInt64, to part: Span<UInt8>) -> PaymentDetails {
        replacing(in: part, events: events(in: part) + bytes(of: digest), older: olderEvents(in: part))
    }

    /// The events of a part and where older ones are. They become a part of their own when no more
    /// events fit in.
    package static func eventsAlone(of part: Span<UInt8>) -> PaymentDetails {
        var details = PaymentDetails()
        details.append(events: events(in: part), older: olderEvents(in: part))
        return details
    }

    /// The same fields with these events and no others.
    /// - Parameters:
    ///   - events: digests, oldest first, 8 bytes each.
    ///   - older: where the events before them are.
    package static func replacing(in part: Span<UInt8>, events: [UInt8], older: ArenaSlice?) -> PaymentDetails {
        var details = keeping(in: part, without: [.appliedEvents, .olderEvents], capacity: events.count + 18)
        details.append(events: events, older: older)
        return details
    }

    private mutating func append(events: [UInt8], older: ArenaSlice?) {
        if let older {
            var bytes: [UInt8] = []
            for word in [older.chunk, older.offset, older.length] {
                for shift in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(8 * shift))) }
            }
            append(.olderEvents, bytes.span)
        }
        if !events.isEmpty { append(.appliedEvents, events.span) }
    }

    private static func events(in part: Span<UInt8>) -> [UInt8] {
        var events: [UInt8] = []
        for place in appliedEvents(in: part) { events.append(part[place]) }
        return events
    }

    /// A digest as it is stored.
    package static func bytes(of digest: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: digest >> UInt64(8 * $0)) }
    }

    private static func number(_ packed: Span<UInt8>, _ start: Int, bytes: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<bytes { value |= UInt64(packed[start + index]) << UInt64(8 * index) }
        return value
    }
}
