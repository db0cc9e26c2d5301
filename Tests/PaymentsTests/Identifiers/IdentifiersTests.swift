import Payments
import Testing
import Time

@Suite("Identifiers")
struct IdentifiersTests {
    @Test("read back what they wrote, and nothing else")
    func roundTrip() throws {
        let id = PaymentID(createdAt: 1_790_000_000_123, shard: 65_535, sequence: 9_876_543_210)
        let text = id.description
        #expect(text.hasPrefix("pay_") && text.utf8.count == 30)
        #expect(PaymentID(text) == id)
        #expect(id.shard == 65_535 && id.createdAt == 1_790_000_000_123 && id.sequence == 9_876_543_210)
        #expect(PaymentID(text.uppercased()) == nil)
        #expect(PaymentID(String(text.dropLast())) == nil)
        #expect(PaymentID(text + "0") == nil)
        #expect(PaymentID("ref_" + text.dropFirst(4)) == nil)
        #expect(PaymentID("pay_80000000000000000000000000") == nil, "above 2^128")
        #expect(PaymentID("pay_0000000000000000000000000u") == nil, "u is not in the alphabet")
        #expect(RefundID("ref_" + text.dropFirst(4)) != nil)
    }

    @Test("sort by time of creation as texts")
    func order() {
        let earlier = PaymentID(createdAt: 1_000, shard: 9, sequence: 500).description
        let later = PaymentID(createdAt: 1_001, shard: 0, sequence: 1).description
        #expect(earlier < later)
    }

    @Test("a refund leads to its payment")
    func refund() {
        let id = RefundID(createdAt: 5, shard: 2, paymentSequence: 77, ordinal: 3)
        #expect(id.paymentSequence == 77 && id.ordinal == 3 && id.shard == 2 && id.createdAt == 5)
        #expect(RefundID(id.description) == id)
    }

    @Test("a merchant's shard is the remainder, so it never changes")
    func shard() {
        #expect(MerchantID(rawValue: 10).shard(of: 4) == 2)
        #expect(MerchantID(rawValue: .max).shard(of: 2) == 1)
    }
}
