import Ledger
import NIOCore
import Payments
import Risk
import Testing
import Time

@testable import LedgerAudit

/// What the check says of verdicts of the fraud hook.
@Suite struct LedgerCheckRiskTests {
    private func books(_ band: RiskBand, asksScorer: Bool = false) -> Books {
        let assessment = RiskAssessment(band: band, score: 50, reasons: ["r"], asksScorer: asksScorer)
        var details = PaymentDetails()
        details.append(.paymentMethod, "tok")
        var books = Books()
        books.create(
            1_000,
            fee: 0,
            capturing: true,
            details: RiskNote.prepend(assessment, to: details.bytes)
        )
        return books
    }

    @Test func `a review that is approved is sound`() {
        var books = books(.review)
        books.judge(.review, status: 202, deadline: .latest)
        #expect(books.check.openOperations == 0)
        books.start(.authorize, ordinal: 1, amount: 1_000)
        books.finish(.authorize, ordinal: 1, amount: 1_000, transfers: books.capture(1_000, fee: 0, releasing: nil))
        #expect(books.problems == [])
    }

    @Test(arguments: [PaymentChange.reviewRejected, .reviewTimedOut])
    func `a review that ends is sound, and ends once`(_ change: PaymentChange) {
        var books = books(.review)
        books.judge(.review, status: 202, deadline: .latest)
        books.change(change)
        #expect(books.problems == [])
        books.change(change)
        #expect(books.problems.first?.contains("a review ends in failed") == true)
    }

    @Test func `what is blocked is sound and never sent`() {
        var books = books(.block)
        books.judge(.block, status: 402)
        #expect(books.problems == [])
        books.finish(.authorize, ordinal: 1, amount: 1_000, transfers: books.capture(1_000, fee: 0, releasing: nil))
        #expect(books.problems.isEmpty == false)
    }

    @Test func `what awaits its verdict must not have been sent`() {
        var books = books(.allow, asksScorer: true)
        books.finish(.authorize, ordinal: 1, amount: 1_000, transfers: books.capture(1_000, fee: 0, releasing: nil))
        #expect(books.problems.first?.contains("was sent to the provider before it was cleared") == true)
    }

    @Test func `a score that allows is sound, a second one is not`() {
        var books = books(.allow, asksScorer: true)
        books.judge(.allow, status: 0)
        #expect(books.problems == [])
        books.judge(.allow, status: 0)
        #expect(books.problems.first?.contains("awaits none") == true)
    }

    @Test func `a verdict on a payment without a note is named`() {
        var books = books(.allow)
        books.judge(.review, status: 202, deadline: .latest)
        #expect(books.problems.first?.contains("awaits none") == true)
    }

    @Test func `a verdict milder than the rules is named`() {
        var books = books(.block, asksScorer: true)
        books.judge(.review, status: 202, deadline: .latest)
        #expect(books.problems.first?.contains("milder than the rules") == true)
    }

    @Test func `wrong answers and a review without an end are named`() {
        var first = books(.review)
        first.judge(.review, status: 402, deadline: .latest)
        #expect(first.problems.first?.contains("answered 402") == true)
        var second = books(.review)
        second.judge(.review, status: 202)
        #expect(second.problems.first?.contains("without a deadline") == true)
    }
}
