import Payments
package import ShardCore
import ShardRecords
import ShardState

/// Where the shard and the naive model do not agree.
package struct Mismatch: Error, CustomStringConvertible {
    package var description: String
}

/// The oracle: hears what a driver did, step by step, decides by the naive model what ought to have
/// come of it, and compares records, bookings, calls, answers, counters and statuses.
///
/// What time does is not foretold to the tick. The shard says when (an expiry, a void of its own),
/// and the model says whether it may; that it does in the end is what `Workload` checks when a run
/// is over.
package struct Auditor {
    /// What the step leads to, until a record or an answer says so.
    enum Expectation {
        case nothing
        case start(NaivePayment.Operation)
        case create(NaivePayment)
        /// An outcome that ends the operation.
        case end(NaivePayment.Operation, NaivePayment.Result)
        case unresolved(NaivePayment.Operation)
        /// An authorization that goes on to the next connector of the route.
        case nextAttempt(NaivePayment.Operation)
        /// An outcome that ends nothing and is known to be in doubt, or is tried again.
        case noted
        /// The PSP is asked at once.
        case query
        /// The PSP is asked at once, or told to void, because of what was told.
        case asked
        /// The fraud hook decides.
        case verdict(NaiveVerdict)
        /// People end a review.
        case rejected
        case payout(Int, NaivePayout)
        case payoutEvent(Int, PayoutEvent, to: NaivePayout.State, reason: String)
        case wallet(Int, NaiveWallet)
        case quote(Int, NaiveQuote)
        case conversion(Int)
    }

    /// An operation, by payment.
    struct Sending: Hashable {
        var payment: Int
        var kind: ProviderOperation
        var ordinal: Int
    }

    /// An event that is to be applied, behind the end of the operation that it ends.
    struct Told {
        var type: PaymentEventType
        var fact: NaiveFact
        var reference = ""
        var isDefence = false
    }

    /// A request's key.
    enum Key {
        case unused
        case running(ProviderOperation, ordinal: Int)
        case done(record: Int)
    }

    let configuration: ShardConfiguration
    let faults: Set<PlantedFault>
    var payments: [Int: NaivePayment] = [:]
    var numbers: [PaymentID: Int] = [:]
    /// By the number of their creation.
    var payouts: [Int: NaivePayout] = [:]
    var wallets: [Int: NaiveWallet] = [:]
    var quotes: [Int: NaiveQuote] = [:]
    /// Those that have money.
    var sellers: [NaiveSeller.Key: NaiveSeller] = [:]
    /// How many numbers sellers ever had.
    var sellerNumbers: UInt64 = 0
    var totals: [NaivePosting: (debits: Int64, credits: Int64)] = [:]
    /// The calls that wait, as the driver answers them.
    var calls: [Int: [(operation: ProviderOperation, ordinal: Int, mode: ProviderCall.Mode)]] = [:]
    var last: (step: Step, key: Key, at: Int64)?
    var expectation = Expectation.nothing
    var told: Told?
    /// The quote that this step asks for and that the shard may have forgotten.
    var forgettable: Int?
    /// What must leave for the PSP in this step.
    var sending: Set<Sending> = []
    /// Payments whose score is awaited, in the order of the questions.
    var questions: [Int] = []
    /// Answers that must come, in order; the body nil where a stored one is repeated.
    var answers: [(status: UInt16, body: String)] = []
    var replays: [Int] = []
    var records = 0

    package internal(set) var checks = 0
    /// How often what happened: ends of operations, effects of events, verdicts, changes, refusals.
    package internal(set) var tally: [String: Int] = [:]

    package init(configuration: ShardConfiguration, faults: Set<PlantedFault> = []) {
        self.configuration = configuration
        self.faults = faults
    }

    package var paymentCount: Int { payments.count }
    /// How many each payment has that has any.
    var disputes: [(payment: Int, count: Int)] {
        payments.values.filter { !$0.disputes.isEmpty }.map { ($0.number, $0.disputes.count) }.sorted { $0.0 < $1.0 }
    }

    // MARK: A step

    package mutating func audit(_ step: Step, _ driver: borrowing ShardDriver, before: Int64) throws(Mismatch) {
        answers.removeAll(keepingCapacity: true)
        replays.removeAll(keepingCapacity: true)
        expectation = .nothing
        told = nil
        forgettable = nil
        sending.removeAll(keepingCapacity: true)
        guard !driver.didNothing else { return }
        try expect(step, at: before)
        if let number = step.payment ?? last?.step.payment, let (id, _) = driver.payments[number] {
            numbers[id] = number
        }
        var touched: Set<Int> = []
        if let payment = step.payment { touched.insert(payment) }
        for timed in driver.events { try hear(timed, of: driver, touching: &touched) }
        if case .nothing = expectation {
        } else if case .noted = expectation {
        } else {
            throw Mismatch(description: "nothing came of \(expectation)")
        }
        guard sending.isEmpty else { throw Mismatch(description: "never sent: \(sending)") }
        guard told == nil else { throw Mismatch(description: "an event was not applied") }
        guard answers.isEmpty, replays.isEmpty else { throw Mismatch(description: "no answer: \(answers) \(replays)") }
        for number in touched.sorted() { try compare(number, driver) }
    }

    mutating func hear(
        _ timed: TimedEvent,
        of driver: borrowing ShardDriver,
        touching touched: inout Set<Int>
    ) throws(Mismatch) {
        switch timed.event {
        case .record(let record):
            records += 1
            count(record)
            guard let id = record.payment else { return try hear(treasury: record, driver, at: timed.time) }
            let number = try number(id)
            touched.insert(number)
            try hear(record, number, at: timed.time)
        case .call(let call, _): try hear(call, at: timed.time)
        case .response(let response): try hear(response)
        case .replay(let record):
            let expected = replays.isEmpty ? 0 : replays.removeFirst()
            let seen = Int(record) + (faults.contains(.wrongReplay) && record.isMultiple(of: 3) ? 1 : 0)
            guard expected == seen else { throw Mismatch(description: "answer of record \(seen), not \(expected)") }
        case .load(let item): tally["read back: \(item.kind)", default: 0] += 1
        case .question(let question): try hear(question)
        case .other(let text): throw Mismatch(description: "unasked: \(text)")
        }
    }

    func number(_ id: PaymentID) throws(Mismatch) -> Int {
        guard let number = numbers[id] else { throw Mismatch(description: "nobody knows \(id)") }
        return number
    }
}
