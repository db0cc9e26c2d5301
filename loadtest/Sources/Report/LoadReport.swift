/// What a run measured, as `report.json` has it.
struct LoadReport: Encodable, Sendable {
    struct Latency: Encodable, Sendable {
        var count: UInt64
        var mean: Double
        /// Milliseconds by percentile.
        var percentiles: [String: Double]

        init(_ histogram: LatencyHistogram) {
            count = histogram.count
            mean = histogram.meanMilliseconds
            percentiles = Dictionary(
                uniqueKeysWithValues: Percentile.allCases.map { ($0.rawValue, histogram.milliseconds($0)) }
            )
        }
    }

    struct Phase: Encodable, Sendable {
        var name: String
        var isWarmUp: Bool
        var durationSeconds: Double
        /// Until the last request of the phase ended; at least its length.
        var elapsedSeconds: Double
        var issued: UInt64
        var completed: UInt64
        var unsent: UInt64
        var retries: UInt64
        var errors: UInt64
        /// First uses of keys that ended, by second of `elapsedSeconds`.
        var completedPerSecond: Double
        var saturatedTicks: UInt64
        var worstSendLagMilliseconds: Double
        var outcomes: [String: UInt64]
        /// Answers by HTTP status; `0`: attempts without an answer.
        var statuses: [String: UInt64]
        /// From due time to the first answer, whatever it said.
        var first: Latency
        /// From due time to the final answer.
        var final: Latency
        var byOperation: [String: Latency]
    }

    struct CPU: Encodable, Sendable {
        var process: String
        var pid: Int
        var totalMicroseconds: Double
        var microsecondsPerRequest: Double
    }

    struct Audit: Encodable, Sendable {
        var passed: Bool
        var lines: [String]
    }

    var scenario: String
    var target: String
    var seed: UInt64
    var startMilliseconds: UInt64
    var loops: Int
    var connections: Int
    var retries: Bool
    /// All measured phases together.
    var total: Phase
    var phases: [Phase]
    var stopped: String?
    var repeatsSkipped: UInt64
    var substituted: UInt64
    var violations: UInt64
    var violationDetails: [String]
    /// The first few answers that were errors.
    var errorDetails: [String]
    var connectionsLost: UInt64
    var timeouts: UInt64
    /// Over the measured phases.
    var cpu: [CPU]
    /// Lines about the journal's flushes from the gateway's metrics.
    var flush: [String]
    var audit: Audit?
    var failures: [String]
}

extension LoadReport.Phase {
    init(_ record: PhaseRecord) {
        name = record.name
        isWarmUp = record.isWarmUp
        durationSeconds = record.durationSeconds
        elapsedSeconds = record.elapsedSeconds
        issued = record.issued
        completed = record.completed
        unsent = record.unsent
        retries = record.retries
        errors = record.errors
        completedPerSecond = record.elapsedSeconds > 0 ? Double(record.final.count) / record.elapsedSeconds : 0
        saturatedTicks = record.saturatedTicks
        worstSendLagMilliseconds = Double(record.worstLag) / 1e6
        outcomes = [:]
        for outcome in Outcome.allCases where record.outcome(outcome) > 0 {
            outcomes[outcome.name] = record.outcome(outcome)
        }
        statuses = [:]
        for (status, count) in record.statuses.enumerated() where count > 0 { statuses["\(status)"] = count }
        first = LoadReport.Latency(record.first)
        final = LoadReport.Latency(record.final)
        byOperation = [:]
        for (index, histogram) in record.byClass.enumerated() {
            if let histogram { byOperation[LatencyClass.name(index)] = LoadReport.Latency(histogram) }
        }
    }
}
