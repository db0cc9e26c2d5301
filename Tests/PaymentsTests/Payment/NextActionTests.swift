import Payments
import Testing

@Suite("A shopper's action")
struct NextActionTests {
    private func action(_ bytes: [UInt8]) -> NextAction? { NextAction(packed: bytes.span) }

    @Test("It reads back from its packed bytes; other bytes are none")
    func packed() {
        for kind in NextAction.Kind.allCases {
            let action = NextAction(kind: kind, url: "https://example.com/3ds")
            #expect(self.action(action.packed) == action)
        }
        #expect(action([]) == nil && action([99, 65]) == nil)
    }
}
