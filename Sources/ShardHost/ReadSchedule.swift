import NIOCore
package import Payments

/// What a shard's host reads off its event loop.
package enum ReadKind: Int, CaseIterable, Sendable {
    /// A stored answer, for a replay: one record.
    case storedAnswer = 0
    /// A payment that left memory: one entry of a cold file.
    case coldPayment = 1
    /// A payment's timeline: all its records.
    case timeline = 2
    /// A page of a ledger, or a balance of the past: up to a thousand records.
    case ledger = 3

    /// As metrics name it.
    package var name: String {
        switch self {
        case .storedAnswer: "stored_answer"
        case .coldPayment: "cold_payment"
        case .timeline: "timeline"
        case .ledger: "ledger"
        }
    }
}

/// Which of a shard's reads the threads run, and which wait for their turn. Pure.
///
/// Each kind has a limit of its own, and so has each merchant within a kind. The threads run a few
/// reads of a kind at once, and half of these for one merchant. The others wait here, and merchants
/// take turns. So no read waits for another kind's, and a merchant with many reads delays another's
/// by a few.
package struct ReadSchedule<Job> {
    /// How many reads of a kind there may be.
    package struct Bounds: Sendable, Equatable {
        /// Running or waiting.
        package var total: Int
        /// Of these, of one merchant.
        package var ofMerchant: Int
        /// Running at once.
        package var running: Int

        package init(total: Int, ofMerchant: Int, running: Int) {
            precondition(total > 0 && ofMerchant > 0 && running > 0, "some are read")
            self.total = total
            self.ofMerchant = ofMerchant
            self.running = running
        }

        /// Running at once, of one merchant.
        var runningOfMerchant: Int { max(1, running / 2) }
    }

    /// What happens to a read.
    package enum Admission {
        /// The threads run it now.
        case run(Job)
        /// It waits until `ended` returns it.
        case waits
        /// There are as many of its kind as may be.
        case full
        /// There are as many of its kind and merchant as may be.
        case merchantFull
    }

    private var queues: [ReadQueue<Job>]

    /// - Parameter bounds: of each kind.
    package init(_ bounds: (ReadKind) -> Bounds) {
        queues = ReadKind.allCases.map { ReadQueue(bounds: bounds($0)) }
    }

    /// Forgets every read.
    mutating func removeAll() { queues = queues.map { ReadQueue(bounds: $0.bounds) } }

    /// Reads of a kind, running or waiting.
    package func count(_ kind: ReadKind) -> Int { queues[kind.rawValue].count }

    /// The most of a kind.
    package func capacity(_ kind: ReadKind) -> Int { queues[kind.rawValue].bounds.total }

    /// Reads of all kinds.
    package var count: Int { queues.reduce(0) { $0 + $1.count } }

    /// A read is asked for.
    package mutating func admit(_ job: Job, _ kind: ReadKind, of merchant: MerchantID) -> Admission {
        queues[kind.rawValue].admit(job, of: merchant)
    }

    /// A read that the threads ran has ended.
    /// - Returns: the read that they run now, and its merchant. nil where no waiting read may run.
    package mutating func ended(_ kind: ReadKind, of merchant: MerchantID) -> (job: Job, merchant: MerchantID)? {
        queues[kind.rawValue].ended(of: merchant)
    }
}

/// The reads of one kind. Merchants in the order of turns wait because the most reads are running.
private struct ReadQueue<Job> {
    private struct Merchant {
        var running = 0
        var waiting = CircularBuffer<Job>(initialCapacity: 4)
        /// Whether it stands in the order of turns.
        var isInTurn = false
    }

    let bounds: ReadSchedule<Job>.Bounds
    private(set) var count = 0
    private var running = 0
    /// Those with reads.
    private var merchants: [MerchantID: Merchant] = [:]
    /// Those with waiting reads that may run one more, in the order of their turns.
    private var turns = CircularBuffer<MerchantID>(initialCapacity: 4)

    init(bounds: ReadSchedule<Job>.Bounds) { self.bounds = bounds }

    mutating func admit(_ job: Job, of id: MerchantID) -> ReadSchedule<Job>.Admission {
        guard count < bounds.total else { return .full }
        var merchant = merchants.removeValue(forKey: id) ?? Merchant()
        defer { merchants[id] = merchant }
        guard merchant.running + merchant.waiting.count < bounds.ofMerchant else { return .merchantFull }
        count += 1
        if running < bounds.running, merchant.running < bounds.runningOfMerchant {
            running += 1
            merchant.running += 1
            return .run(job)
        }
        merchant.waiting.append(job)
        takePlace(&merchant, id)
        return .waits
    }

    mutating func ended(of id: MerchantID) -> (job: Job, merchant: MerchantID)? {
        guard var merchant = merchants.removeValue(forKey: id), merchant.running > 0 else {
            preconditionFailure("a read ended that never began")
        }
        count -= 1
        running -= 1
        merchant.running -= 1
        takePlace(&merchant, id)
        if merchant.running > 0 || !merchant.waiting.isEmpty { merchants[id] = merchant }
        return takeTurn()
    }

    /// The merchant gets a place in the order of turns, if a read of it waits that may run.
    private mutating func takePlace(_ merchant: inout Merchant, _ id: MerchantID) {
        guard !merchant.isInTurn, !merchant.waiting.isEmpty, merchant.running < bounds.runningOfMerchant else { return }
        merchant.isInTurn = true
        turns.append(id)
    }

    /// The first waiting read of the merchant whose turn it is.
    private mutating func takeTurn() -> (job: Job, merchant: MerchantID)? {
        guard let id = turns.popFirst() else { return nil }
        guard var merchant = merchants.removeValue(forKey: id), let job = merchant.waiting.popFirst() else {
            preconditionFailure("only who waits has a turn")
        }
        running += 1
        merchant.running += 1
        merchant.isInTurn = false
        takePlace(&merchant, id)
        merchants[id] = merchant
        return (job, id)
    }
}
