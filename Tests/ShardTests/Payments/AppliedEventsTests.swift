import Payments
import ShardState
import Testing

@Suite("Applied events in a payment's notes")
struct AppliedEventsTests {
    private func digests(_ bytes: [UInt8]) -> [UInt64] {
        let places = PaymentDetails.appliedEvents(in: bytes.span)
        return stride(from: places.lowerBound, to: places.upperBound, by: 8).map {
            PaymentDetails.digest(in: bytes.span, at: $0)
        }
    }

    @Test("An applied event is found, another is not, and other fields stay")
    func found() {
        var details = PaymentDetails()
        details.append(.reference, "order-1")
        var bytes = details.bytes
        for digest in 1...UInt64(10) { bytes = PaymentDetails.adding(applied: digest, to: bytes.span).bytes }
        #expect(digests(bytes) == Array(1...10) && PaymentDetails.olderEvents(in: bytes.span) == nil)
        var reference = ""
        PaymentDetails.forEachField(in: bytes.span) { field, range in
            if field == .reference { reference = String(decoding: bytes[range], as: UTF8.self) }
        }
        #expect(reference == "order-1")
    }

    @Test("A full part is kept apart with its events alone, and the next begins with where it is")
    func parts() {
        var details = PaymentDetails()
        details.append(.reference, "order-1")
        let first = PaymentDetails.replacing(
            in: details.bytes.span,
            events: PaymentDetails.bytes(of: 5) + PaymentDetails.bytes(of: .max),
            older: ArenaSlice(chunk: 1 << 20, offset: 77, length: 300)
        )
        let alone = PaymentDetails.eventsAlone(of: first.bytes.span).bytes
        #expect(digests(alone) == [5, .max] && alone.count == 3 + 12 + 3 + 16)
        #expect(PaymentDetails.olderEvents(in: alone.span) == ArenaSlice(chunk: 1 << 20, offset: 77, length: 300))
        let whole = PaymentDetails.replacing(in: first.bytes.span, events: [], older: nil)
        #expect(whole == details)
    }

    @Test("Malformed fields are no events")
    func malformed() {
        let cut: [UInt8] = [24, 11, 0] + Array(repeating: 1, count: 11) + [25, 11, 0] + Array(repeating: 1, count: 11)
        #expect(digests(cut) == [0x0101_0101_0101_0101] && PaymentDetails.olderEvents(in: cut.span) == nil)
    }

    /// Tag and value of each field but those of events, read by hand.
    private func others(_ bytes: [UInt8]) -> [[UInt8]] {
        let events = [PaymentDetails.Field.appliedEvents.rawValue, PaymentDetails.Field.olderEvents.rawValue]
        var fields: [[UInt8]] = []
        var index = 0
        while index + 3 <= bytes.count {
            let end = index + 3 + Int(bytes[index + 1]) + Int(bytes[index + 2]) << 8
            guard end <= bytes.count else { break }
            if !events.contains(bytes[index]) { fields.append(Array(bytes[index..<end])) }
            index = end
        }
        return fields
    }

    @Test("Adding an event keeps every other field as it is", arguments: 1...UInt64(8))
    func keepsOthers(seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<50 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                // Also tags that this version does not know.
                let tag = UInt8.random(in: 1...40, using: &random)
                let length = Int.random(in: 0...300, using: &random)
                bytes += [tag, UInt8(length & 0xFF), UInt8(length >> 8)]
                for _ in 0..<length { bytes.append(UInt8.random(in: 0...255, using: &random)) }
            }
            #expect(others(PaymentDetails.adding(applied: seed, to: bytes.span).bytes) == others(bytes))
        }
    }
}
