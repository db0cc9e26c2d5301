import Payments
import Testing

@Suite("Applied events in a payment's details")
struct AppliedEventsTests {
    private func has(_ digest: UInt64, _ bytes: [UInt8]) -> Bool {
        PaymentDetails.hasApplied(digest, in: bytes.span)
    }

    private func action(_ bytes: [UInt8]) -> NextAction? { NextAction(packed: bytes.span) }

    @Test("An applied event is found, another is not, and other fields stay")
    func found() {
        var details = PaymentDetails()
        details.append(.reference, "order-1")
        var bytes = details.bytes
        for digest in 1...UInt64(10) { bytes = PaymentDetails.adding(applied: digest, to: bytes.span).bytes }
        for digest in 1...UInt64(10) { #expect(has(digest, bytes)) }
        #expect(!has(11, bytes))
        var reference = ""
        PaymentDetails.forEachField(in: bytes.span) { field, range in
            if field == .reference { reference = String(decoding: bytes[range], as: UTF8.self) }
        }
        #expect(reference == "order-1")
    }

    @Test("The oldest is forgotten when there are more than the most that are kept")
    func bounded() {
        var bytes: [UInt8] = []
        let count = UInt64(PaymentDetails.maximumAppliedEvents)
        for digest in 1...(count + 2) { bytes = PaymentDetails.adding(applied: digest, to: bytes.span).bytes }
        #expect(!has(2, bytes))
        #expect(has(3, bytes) && has(count + 2, bytes))
    }

    @Test("A shopper's action reads back from its packed bytes; other bytes are none")
    func nextAction() {
        for kind in NextAction.Kind.allCases {
            let action = NextAction(kind: kind, url: "https://example.com/3ds")
            #expect(self.action(action.packed) == action)
        }
        #expect(action([]) == nil && action([99, 65]) == nil)
    }
}
