/// How a request ended.
enum Outcome: UInt8, CaseIterable, Sendable {
    /// 2xx.
    case succeeded
    /// 402.
    case declined
    /// A duplicate that got the first answer again, or 409 while that was in flight.
    case repeated
    /// A conflicting duplicate that got 422.
    case refusedConflict
    /// 202, and retries are off.
    case processing
    /// Another 4xx, or a violated expectation.
    case refused
    /// A 5xx that retries did not help, or retries are off.
    case failed
    /// No answer, and retries are off.
    case lost
    /// Retries did not lead to a final answer in time.
    case gaveUp

    var name: String {
        switch self {
        case .succeeded: "succeeded"
        case .declined: "declined"
        case .repeated: "repeated"
        case .refusedConflict: "conflict refused"
        case .processing: "processing"
        case .refused: "refused"
        case .failed: "failed"
        case .lost: "lost"
        case .gaveUp: "gave up"
        }
    }

    var isError: Bool {
        switch self {
        case .succeeded, .declined, .repeated, .refusedConflict, .processing: false
        case .refused, .failed, .lost, .gaveUp: true
        }
    }
}

/// What a latency is filed under: an operation's first use of its key, or another use of a key.
enum LatencyClass {
    static let duplicate = Operation.allCases.count
    static let conflict = Operation.allCases.count + 1
    static let count = Operation.allCases.count + 2

    static func name(_ index: Int) -> String {
        if index == duplicate { return "duplicate" }
        if index == conflict { return "conflict" }
        return Operation.allCases[index].name
    }
}

/// What one phase measured on one loop; adds up over loops.
struct PhaseRecord: Sendable {
    static let statusLimit = 600

    var name: String
    var isWarmUp: Bool
    var durationSeconds: Double
    /// When the phase began, in nanoseconds since the start of the run.
    var start: UInt64
    /// Requests that fell due and were sent for the first time.
    var issued: UInt64 = 0
    /// Requests that fell due and were never sent.
    var unsent: UInt64 = 0
    var retries: UInt64 = 0
    /// First answers' latency, and final answers', from the due time. Conflicts and duplicates only
    /// in `byClass`.
    var first = LatencyHistogram()
    var final = LatencyHistogram()
    var byClass: [LatencyHistogram?] = Array(repeating: nil, count: LatencyClass.count)
    /// Answers by HTTP status, retried ones included; index 0 counts attempts without an answer.
    var statuses = [UInt64](repeating: 0, count: PhaseRecord.statusLimit)
    var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
    /// Ticks at which requests were due and the in-flight limit held them back.
    var saturatedTicks: UInt64 = 0
    /// How late the harness itself was at worst in sending, in nanoseconds (saturation included).
    var worstLag: UInt64 = 0
    /// When the last first-time request of this phase ended, in nanoseconds since the start of the
    /// run.
    var lastEnd: UInt64 = 0

    init(name: String, isWarmUp: Bool, durationSeconds: Double, start: UInt64 = 0) {
        self.name = name
        self.isWarmUp = isWarmUp
        self.durationSeconds = durationSeconds
        self.start = start
    }

    /// From the begin of the phase until the last of its requests ended, and at least its length:
    /// longer for a target that did not keep up.
    var elapsedSeconds: Double { max(durationSeconds, Double(lastEnd - min(start, lastEnd)) / 1e9) }

    var completed: UInt64 { outcomes.reduce(0, +) }
    var errors: UInt64 {
        unsent + Outcome.allCases.reduce(0) { $1.isError ? $0 + outcomes[Int($1.rawValue)] : $0 }
    }
    func outcome(_ outcome: Outcome) -> UInt64 { outcomes[Int(outcome.rawValue)] }

    mutating func record(_ outcome: Outcome, class index: Int, latency: UInt64) {
        outcomes[Int(outcome.rawValue)] += 1
        if index < LatencyClass.duplicate { final.record(nanoseconds: latency) }
        if byClass[index] == nil { byClass[index] = LatencyHistogram() }
        byClass[index]?.record(nanoseconds: latency)
    }

    /// Adds what another loop measured in the same phase.
    mutating func add(_ other: PhaseRecord) {
        issued += other.issued
        unsent += other.unsent
        retries += other.retries
        first.add(other.first)
        final.add(other.final)
        for index in byClass.indices {
            guard let theirs = other.byClass[index] else { continue }
            if byClass[index] == nil { byClass[index] = LatencyHistogram() }
            byClass[index]?.add(theirs)
        }
        for index in statuses.indices { statuses[index] += other.statuses[index] }
        for index in outcomes.indices { outcomes[index] += other.outcomes[index] }
        saturatedTicks += other.saturatedTicks
        worstLag = max(worstLag, other.worstLag)
        lastEnd = max(lastEnd, other.lastEnd)
    }
}
