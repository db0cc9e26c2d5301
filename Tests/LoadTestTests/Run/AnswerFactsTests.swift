import Testing

@testable import LoadTest

@Suite struct AnswerFactsTests {
    private func facts(_ text: String) -> AnswerFacts { AnswerFacts(Array(text.utf8).span) }
    private let payment = EntityID(high: 12_345 << 16 | 3, low: 99)

    @Test func `identifiers survive the way through their text`() {
        for id in [payment, EntityID(high: .max >> 3, low: .max), EntityID(high: 0, low: 1)] {
            #expect(EntityID(id.payment) == id)
            #expect(id.payment.hasPrefix("pay_") && id.payment.utf8.count == 30)
        }
        #expect(EntityID("pay_short") == nil)
        #expect(EntityID("pay_0000000000000000000000000U") == nil)
    }

    @Test func `a payment's identifier, status and amount are found`() {
        let found = facts(
            #"{"id":"\#(payment.payment)","object":"payment","status":"captured","amount": 1234,"x":[1]}"#
        )
        #expect(found.payment == payment && found.status == .captured && found.amount == 1_234)
    }

    @Test func `a problem's numeric status is not taken for the payment's`() {
        let found = facts(
            #"{"title":"Declined","status":402,"code":"card_declined","retryable":false,"payment":{"id":"\#(payment.payment)","status":"failed","amount":7}}"#
        )
        #expect(found.status == .failed && found.payment == payment && !found.isRetryable)
        #expect(found.amount == 7)
    }

    @Test func `a refund has its own identifier beside the payment's`() {
        let found = facts(
            #"{"id":"\#(payment.refund)","payment":"\#(payment.payment)","status":"succeeded","amount":5}"#
        )
        #expect(found.refund == payment && found.payment == payment && found.status == .succeeded)
    }

    @Test func `a retryable problem says so`() {
        #expect(facts(#"{"status":409,"code":"idempotency_key_in_use","retryable":true}"#).isRetryable)
        #expect(!facts(#"{"status":409,"retryable":false}"#).isRetryable)
    }

    @Test(arguments: [
        "", "{", "\"", "\"\\", #"{"status":"#, #"{"status":""#, "{\"amount\":}", "null", "{\"id\":\"pay_\"}",
    ])
    func `broken answers yield nothing and do not trap`(text: String) {
        let found = facts(text)
        #expect(found.payment == .none && found.amount == -1)
    }
}
