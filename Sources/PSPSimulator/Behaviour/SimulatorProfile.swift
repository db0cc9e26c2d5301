/// How the simulator behaves when the payment-method token does not say. Rates are probabilities
/// between 0 and 1. The simulator draws them for every operation from (seed, idempotency key,
/// attempt). So the seed reproduces a run, in whatever order its requests arrive.
package struct SimulatorProfile: Sendable, Equatable {
    /// How long an answer takes.
    package enum Latency: Sendable, Equatable {
        case fixed(milliseconds: Double)
        case uniform(minimum: Double, maximum: Double)
        /// Given by its median and its 99th percentile, in milliseconds.
        case lognormal(p50: Double, p99: Double)
    }

    /// The ways in which an answer gets lost after the operation was executed.
    package enum DropMode: String, Sendable, CaseIterable {
        /// RST_STREAM.
        case reset
        /// The whole connection is closed.
        case close
        /// Nothing is ever sent.
        case silence
    }

    /// The longest latency that can be configured, in milliseconds.
    package static let maximumLatencyMilliseconds = 60_000.0

    package var latency: Latency = .fixed(milliseconds: 0)
    /// Authorisations that the issuer declines.
    package var declineRate = 0.0
    /// Decline codes by weight; empty means `generic_decline`.
    package var declineCodes: [String: Double] = [:]
    /// Mutations answered with a 5xx.
    package var errorRate = 0.0
    /// The share of those that were executed all the same (500); the others were not (503
    /// `not_executed`).
    package var errorExecutedShare = 0.0
    /// Mutations reset (RST_STREAM) before they are executed.
    package var resetRate = 0.0
    /// Mutations that are executed and whose answer is then lost.
    package var dropRate = 0.0
    /// How those answers get lost, by weight; empty means `reset`.
    package var dropModes: [DropMode: Double] = [:]
    /// Whether only the first answer of a key is lost, and a replay gets its answer.
    package var dropFirstOnly = true
    /// Mutations whose answer is sent byte by byte.
    package var dripRate = 0.0
    /// A GOAWAY on the connection that carries every n-th request; 0 for never.
    package var goAwayEvery = 0
    /// How far captures may exceed the authorisation, in basis points; for charges made from now
    /// on.
    package var overCaptureBasisPoints: UInt16 = 0

    package init() {}
}
