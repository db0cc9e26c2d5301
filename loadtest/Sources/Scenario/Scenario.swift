/// A load as a scenario file describes it (docs/load-testing.md is the reference). Durations are in
/// nanoseconds.
struct Scenario: Sendable {
    /// The most requests that may be in flight unless the file says otherwise.
    static let defaultInFlight = 20_000
    /// What `in_flight` may be at most: the slot table is made at the start.
    static let maximumInFlight = 200_000
    static let maximumPhases = 1_000

    var name: String
    var description = ""
    /// Whether requests are retried until a final answer or `giveUp`.
    var retries = true
    /// From the first due time to the last attempt's start.
    var giveUp: UInt64 = 30_000_000_000
    /// The deadline of one attempt.
    var timeout: UInt64 = 10_000_000_000
    /// How long after the last due time unfinished requests are waited for.
    var drain: UInt64 = 45_000_000_000
    var inFlight = Scenario.defaultInFlight
    /// HTTP/2 connections per loop.
    var connections = 4
    var merchants = Merchants()
    var phases: [Phase] = []
    var limits = Limits()
    /// A simulator profile (JSON) that is set before the run; the one before is restored
    /// afterwards.
    var pspProfile: String?
    /// The same request again and again instead of payments.
    var raw: RawRequest?

    struct Merchants: Sendable, Equatable {
        /// How many of the given API keys are used; `nil`: all.
        var count: Int?
        /// Zipf's exponent; 0 is uniform.
        var exponent = 0.0
    }

    /// What fails the run.
    struct Limits: Sendable, Equatable {
        /// The share of measured requests that end neither in the expected answer nor in a decline.
        var errorRate = 0.0
        /// Bounds of the final latency in milliseconds, by percentile.
        var percentiles: [Percentile: Double] = [:]
        /// How many nanoseconds after its due time a request may be sent at the latest. A run
        /// beyond it has not made the load that it was to make.
        var sendLag: UInt64 = 5_000_000_000
        /// Whether reaching the in-flight limit is tolerated (a search for saturation wants to).
        var allowsSaturation = false
    }

    /// A fixed request, for targets that are not Millrace. The idempotency key is still unique.
    struct RawRequest: Sendable, Equatable {
        /// Whose API the path belongs to.
        enum API: String, Sendable {
            /// The target, whatever it is; of a demo its gateway.
            case gateway
            /// A provider or a proxy before one; of a demo its first simulator. It gets no API key.
            case provider
        }

        var api = API.gateway
        var path: String
        var body: String
        var headers: [String: String] = [:]
    }

    struct Phase: Sendable {
        var name: String
        var duration: UInt64
        var startRate: Double
        var endRate: Double
        var arrival = Schedule.Arrival.constant
        /// Not measured (but audited).
        var isWarmUp = false
        var load: Load
        /// Ends the run (without failing it) when the phase's p99 exceeds this many milliseconds or
        /// the in-flight limit is reached: a step of a search for saturation.
        var stopAboveP99: Double?
    }

    /// What is sent: by scenario, and by phase where it differs.
    struct Load: Sendable {
        /// Weights by operation.
        var mix: [Operation: Double] = [.sale: 1]
        /// Weights by token.
        var paymentMethods: [String: Double] = ["tok_visa": 1]
        var amounts: ClosedRange<Int64> = 100...99_999
        /// Weights by ISO 4217 code.
        var currencies: [String: Double] = ["EUR": 1]
        /// The share of mutations that are sent twice.
        var duplicateRate = 0.0
        /// The share of duplicates sent at once; the rest wait for the first answer.
        var concurrentShare = 0.5
        /// The share of mutations after which the key is reused with another body.
        var conflictRate = 0.0
    }
}

/// The percentiles that reports show and limits bound.
enum Percentile: String, CaseIterable, Sendable {
    case p50
    case p90
    case p95
    case p99
    case p99_9 = "p99.9"
    case p99_99 = "p99.99"
    case max

    var value: Double {
        switch self {
        case .p50: 50
        case .p90: 90
        case .p95: 95
        case .p99: 99
        case .p99_9: 99.9
        case .p99_99: 99.99
        case .max: 100
        }
    }
}
