/// What a pool counts. Plain numbers of one event loop: read them there. Counters only grow; gauges
/// say so.
package struct HTTPClientStatistics: Sendable, Equatable {
    /// Requests given to `execute`.
    package var requests: UInt64 = 0
    /// Results by kind; the three sum up to `requests` less those still under way.
    package var responses: UInt64 = 0
    package var notExecuted: UInt64 = 0
    package var unknown: UInt64 = 0
    /// Deadlines that passed, queued or in flight.
    package var timeouts: UInt64 = 0
    /// Refusals because the queue was full.
    package var queueFull: UInt64 = 0
    /// Dials begun, and those that did not lead to a usable connection.
    package var dials: UInt64 = 0
    package var dialFailures: UInt64 = 0
    /// Usable connections that ended although the pool did not close them.
    package var connectionsLost: UInt64 = 0
    package var goAwaysReceived: UInt64 = 0
    /// Gauges: usable connections, streams in flight, requests waiting for one.
    package var connectionsReady: Int = 0
    package var inFlight: Int = 0
    package var queued: Int = 0

    package init() {}
}
