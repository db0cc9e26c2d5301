import Payments
import ShardState
import Testing
import Time

/// The queue of payments that time will do something to.
@Suite struct PaymentDeadlinesTests {
    @Test func `a payment beyond the first 2^32 of a shard is looked at in its time`() {
        var deadlines = PaymentDeadlines()
        let numbers = [1, 1 << 32 - 1, 1 << 32, 1 << 37].map { Index<Payment>($0) }
        for number in numbers { deadlines.add(number, at: 5_000) }
        #expect(deadlines.count == numbers.count)
        var due: [Index<Payment>] = []
        deadlines.advance(to: 4_000, limit: 256, into: &due)
        #expect(due.isEmpty)
        deadlines.advance(to: 8_000, limit: 256, into: &due)
        #expect(due.sorted() == numbers && deadlines.count == 0)
    }
}
