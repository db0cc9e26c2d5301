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

    @Test("Adding an event keeps every other field as it is", arguments: 1...UInt64(8))
    func keepsOthers(seed: UInt64) {
        var details = PaymentDetails()
        for number in 0..<Int(seed) { details.append(.metadataKey, "key \(number)") }
        details.append(.returnData, "data")
        let added = PaymentDetails.adding(applied: seed, to: details.bytes.span).bytes
        #expect(Array(added.prefix(details.bytes.count)) == details.bytes && digests(added) == [seed])
    }
}
