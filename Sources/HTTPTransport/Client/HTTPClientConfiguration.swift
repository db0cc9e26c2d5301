package import NIOCore

/// Everything about one target of a pooled HTTP/2 client. Immutable; one value may be shared by the
/// pools of all loops.
package struct HTTPClientConfiguration: Sendable {
    /// How requests are spread over the connections that have a free stream.
    package enum Spreading: Sendable {
        /// The connection with the fewest streams in flight; ties go to the next one in turn.
        case leastLoaded
        /// One connection after the other.
        case roundRobin
        /// The same connection until it has no free stream, then the next one. So requests that
        /// leave together share the connection's writes.
        case filling
    }

    /// How many connections a pool keeps.
    package struct Connections: Sendable, Equatable {
        /// Kept established at all times, dialled by `start()`.
        package var minimum: Int
        /// Dialled up to this many while requests queue. Old connections that only finish their
        /// streams do not count.
        package var maximum: Int

        package init(minimum: Int, maximum: Int) {
            precondition(minimum >= 1 && maximum >= minimum, "a pool needs at least one connection")
            self.minimum = minimum
            self.maximum = maximum
        }
    }

    /// How the callers that share a pool share its places. A request that finds no place waits.
    package struct Sharing: Sendable, Equatable {
        /// Numbered from 0. Each has a queue of its own, and they take turns.
        package var callers: Int
        /// The most requests in flight at once.
        package var maxInFlight: Int
        /// Of these, the most of one caller, so that no caller has all places.
        package var maxInFlightPerCaller: Int

        package init(callers: Int = 1, maxInFlight: Int = .max, maxInFlightPerCaller: Int = .max) {
            precondition(callers >= 1 && callers <= Int(UInt16.max), "callers are numbered by UInt16")
            precondition(maxInFlight >= 1 && maxInFlightPerCaller >= 1, "every caller has a place at times")
            self.callers = callers
            self.maxInFlight = maxInFlight
            self.maxInFlightPerCaller = maxInFlightPerCaller
        }
    }

    /// How long to wait before dialling again. The wait doubles with each failure in a row, from
    /// `minimum` to `maximum`. Then a jitter takes up to half of it away.
    package struct Backoff: Sendable, Equatable {
        package var minimum: TimeAmount
        package var maximum: TimeAmount

        package init(minimum: TimeAmount, maximum: TimeAmount) {
            precondition(minimum > .zero && maximum >= minimum, "a backoff must be positive and ordered")
            self.minimum = minimum
            self.maximum = maximum
        }
    }

    /// The name or address to connect to.
    package var host: String
    package var port: Int
    /// What `:authority` should say; callers put it into their ready-made headers.
    package var authority: String
    /// TLS with ALPN `h2`, or `nil` for HTTP/2 in clear text with prior knowledge (RFC 9113 section
    /// 3.3). The context's `applicationProtocols` must be `["h2"]`.
    package var tls: (any TransportSecurity)?
    /// The name to ask for (SNI) and to verify; `nil` for addresses.
    package var serverName: String?
    package var connections: Connections
    package var spreading: Spreading = .leastLoaded
    /// Our own cap on streams in flight per connection. The peer's SETTINGS_MAX_CONCURRENT_STREAMS
    /// is obeyed as well. While the peer names none, it counts as 100, as in NIOHTTP2.
    package var maxStreamsPerConnection: Int = 100
    /// Requests of each caller that may wait for a free stream. One more ends with
    /// `.notExecuted(.queueFull)`.
    package var maxQueued: Int = 1_000
    package var sharing = Sharing()
    /// From dialling to the peer's SETTINGS: TCP, TLS, ALPN and the HTTP/2 preface together.
    package var connectTimeout: TimeAmount = .seconds(5)
    /// A connection is replaced at this age, less a jitter of up to a tenth, which `seed` seeds.
    /// The new connection is established first, then the old one finishes its streams.
    package var maxConnectionAge: TimeAmount = .minutes(30)
    /// A connection on which nothing was read for this long is sent a PING.
    package var idlePing: TimeAmount = .seconds(30)
    /// A PING that is not answered in this time ends the connection.
    package var pingTimeout: TimeAmount = .seconds(10)
    /// Longer answers are reset and reported as `.unknown(.badResponse)`. At most
    /// `responseBytesLimit`.
    package var maxResponseBytes: Int = 65_535
    /// The receive window of a whole connection; refilled when half of it is used up.
    package var connectionWindowBytes: Int = 1 << 20
    /// Streams after which a connection is replaced; the identifiers end at 2^31 - 1, two apart
    /// (RFC 9113 section 5.1.1).
    package var maxStreamsPerConnectionLifetime: Int = streamIdentifierLimit
    /// Whether NIOHTTP2 checks the header blocks of both directions (RFC 9113 section 8.2). The
    /// check takes about a tenth of the client's CPU per request. Switch it off only towards a
    /// trusted peer, with requests that are known to be valid.
    package var validatesHeaderBlocks = true
    package var backoff = Backoff(minimum: .milliseconds(50), maximum: .seconds(5))
    /// When no connection is established and this many dials failed in a row, requests fail at
    /// once. They end with `.notExecuted(.connectFailed)` instead of waiting for their deadlines.
    package var failFastAfterFailures: Int = 3
    /// Feeds the jitters. Pools with different seeds do not reconnect or age in step.
    package var seed: UInt64 = 1

    /// The largest permitted `maxResponseBytes`. Every stream may receive one answer without a
    /// WINDOW_UPDATE of its own, so the stream window that we announce follows `maxResponseBytes`.
    package static let responseBytesLimit = 1 << 20
    /// The streams that one connection can ever carry, less a reserve for those opened while its
    /// successor is dialled.
    package static let streamIdentifierLimit = (1 << 30) - 65_536

    package init(
        host: String,
        port: Int,
        authority: String,
        tls: (any TransportSecurity)? = nil,
        serverName: String? = nil,
        connections: Connections = Connections(minimum: 2, maximum: 4)
    ) {
        self.host = host
        self.port = port
        self.authority = authority
        self.tls = tls
        self.serverName = serverName
        self.connections = connections
    }
}
