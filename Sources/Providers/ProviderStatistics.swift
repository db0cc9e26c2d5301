package import HTTPTransport
import Payments

/// What a provider counts, on its own event loop. Counters only grow.
package struct ProviderStatistics: Sendable, Equatable {
    package var calls: UInt64 = 0
    package var succeeded: UInt64 = 0
    package var pending: UInt64 = 0
    package var actionRequired: UInt64 = 0
    package var declined: UInt64 = 0
    package var notExecuted: UInt64 = 0
    package var unknown: UInt64 = 0
    package var notFound: UInt64 = 0
    /// The counters and gauges of the connections below.
    package var transport = HTTPClientStatistics()

    package init() {}

    mutating func count(_ outcome: ProviderOutcome) {
        switch outcome {
        case .succeeded: succeeded += 1
        case .pending: pending += 1
        case .actionRequired: actionRequired += 1
        case .declined: declined += 1
        case .notExecuted: notExecuted += 1
        case .unknown: unknown += 1
        case .notFound: notFound += 1
        }
    }
}
