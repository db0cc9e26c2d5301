import Payments

// What a shard notes on a payment (`Payment.notes`): plans, sellers' parts and captures by hand,
// and the events that were applied. Events stand in parts: the notes hold the newest few and name
// the part before, which names the part before it. So an event costs a few bytes of the arena,
// however large its payment's notes are. A part is never changed.
extension ByteArena {
    /// Whether an event with this digest is among the newest `PaymentDetails.maximumAppliedEvents`
    /// of the notes.
    package func hasApplied(_ digest: UInt64, in notes: ArenaSlice) -> Bool {
        var found = false
        forEachPart(of: notes) { _, part, events in
            for start in stride(from: events.lowerBound, to: events.upperBound, by: 8)
            where PaymentDetails.digest(in: part, at: start) == digest {
                found = true
            }
        }
        return found
    }

    /// Notes an event.
    /// - Returns: the notes with it.
    package mutating func append(applied digest: UInt64, to notes: ArenaSlice) -> ArenaSlice {
        let count = withBytes(notes) { PaymentDetails.appliedEvents(in: $0).count / 8 }
        guard count >= PaymentDetails.eventsPerPart else {
            let bytes = withBytes(notes) { PaymentDetails.adding(applied: digest, to: $0).bytes }
            return append(bytes.span)
        }
        let full = withBytes(notes) { PaymentDetails.eventsAlone(of: $0).bytes }
        let older = append(full.span)
        let bytes = withBytes(notes) {
            PaymentDetails.replacing(in: $0, events: PaymentDetails.bytes(of: digest), older: older).bytes
        }
        return append(bytes.span)
    }

    /// The notes in one piece, with all their events and no parts: as snapshots and cold files hold
    /// them.
    package func flattened(_ notes: ArenaSlice) -> [UInt8] {
        guard notes.length > 0 else { return [] }
        var parts: [[UInt8]] = []
        forEachPart(of: notes) { _, part, events in
            parts.append(part.extracting(events).withUnsafeBufferPointer { Array($0) })
        }
        let events = parts.reversed().flatMap { $0 }
        return withBytes(notes) { PaymentDetails.replacing(in: $0, events: events, older: nil).bytes }
    }

    /// Visits the notes and the parts that they need.
    package func forEachSlice(of notes: ArenaSlice, _ body: (ArenaSlice) -> Void) {
        forEachPart(of: notes) { slice, _, _ in body(slice) }
    }

    /// Visits the notes and the parts before them, newest first, with the places of those digests
    /// that count. Parts behind the most that are remembered are not looked at: their chunks may be
    /// released.
    private func forEachPart(of notes: ArenaSlice, _ body: (ArenaSlice, Span<UInt8>, Range<Int>) -> Void) {
        var slice = notes
        var left = PaymentDetails.maximumAppliedEvents
        while slice.length > 0 {
            let older = withBytes(slice) { part in
                let events = PaymentDetails.appliedEvents(in: part)
                let count = min(left, events.count / 8)
                left -= count
                body(slice, part, events.upperBound - 8 * count..<events.upperBound)
                return PaymentDetails.olderEvents(in: part)
            }
            guard left > 0, let older else { return }
            slice = older
        }
    }
}
